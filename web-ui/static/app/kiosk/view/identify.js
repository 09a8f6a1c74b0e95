// @ts-check
// A card, ID or phone number on the kiosk's own keypad; everything can be skipped.
import { t } from '../../core/i18n.js';
import { html, icon } from '../../core/ui.js';
import { isPlausible, settings } from '../state.js';
import { Foot } from './foot.js';
import { Keypad } from './keypad.js';
import { Plate } from './plate.js';

const LONGEST = { identity: 32, phone: 20 };
/** The last place of an ID number may be an X; a phone number may begin with a plus. */
const EXTRA = { identity: 'X', phone: '+' };

/** @param {{state: any, acts: any}} props */
export function Identify({ state, acts }) {
  const { typed, problem } = state.kiosk;
  const field = /** @type {'identity' | 'phone'} */ (state.kiosk.field);
  const { askIdentity, askPhone } = settings(state);
  const ready = isPlausible(field, typed);
  return html`<main class="view" data-view="identify">
    <${Plate} state=${state} title=${t(`kiosk.identify.title_${field}`)} line=${t('kiosk.identify.line')} />
    <div class="middle identify">
      ${askIdentity && askPhone && html`<div class="seg" data-size="touch" role="group">${['identity', 'phone'].map((name) => html`<button key=${name} aria-pressed=${field === name} onClick=${() => acts.go({ field: name, typed: '' })}>${t(`kiosk.identify.${name}`)}</button>`)}</div>`}
      <output class="typed num" id="kiosk-typed" aria-live="polite" aria-label=${t(`kiosk.identify.${field}`)}>${grouped(typed) || html`<span class="faint">${t(`kiosk.identify.sample_${field}`)}</span>`}</output>
      <p class="said" role="alert">${problem && html`${icon('warn')}${problem.detail}`}</p>
      <${Keypad} typed=${typed} extra=${EXTRA[field]} longest=${LONGEST[field]} change=${acts.type} />
      <div class="pair">
        <button class="btn" data-size="public" id="kiosk-skip" onClick=${() => acts.go({ step: 'home', typed: '' })}>${t('kiosk.identify.skip')}</button>
        <button class="btn" data-size="public" data-kind="primary" id="kiosk-known" disabled=${!ready} onClick=${() => acts.known(field, typed)}>${icon('check')}${t('kiosk.identify.next')}</button>
      </div>
    </div>
    <${Foot} state=${state} acts=${acts} />
  </main>`;
}

/** Long numbers are read in fours. @param {string} typed */
const grouped = (typed) => typed.replace(/(.{4})(?=.)/g, '$1 ');
