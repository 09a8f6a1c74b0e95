// @ts-check
// Help that is the same on every view: language, large text, reading aloud, back to the start; and how the network stands.
import { network } from '../../core/derive.js';
import { age, t, tIn } from '../../core/i18n.js';
import { html, icon } from '../../core/ui.js';

/** @param {{state: any, acts: any}} props */
export function Foot({ state, acts }) {
  const { large, aloud, step, helped } = state.kiosk;
  const other = state.language === 'en' ? 'zh-CN' : 'en';
  const atStart = step === 'home' && !large && !aloud;
  return html`<footer class="foot"><div class="keys">
    <button class="btn" data-size="public" id="language" lang=${other} disabled=${state.branch?.languages.length === 1} onClick=${() => acts.speakTo(other)}>${icon('globe')}${tIn(other, 'kiosk.language')}</button>
    <button class="btn" data-size="public" id="kiosk-large" aria-pressed=${large} onClick=${() => acts.help('large')}>${icon('textsize')}${t(large ? 'kiosk.normal_text' : 'kiosk.large')}</button>
    <button class="btn" data-size="public" id="kiosk-aloud" aria-pressed=${aloud} onClick=${() => acts.help('aloud')}>${icon('sound')}${t(aloud ? 'kiosk.hush' : 'kiosk.aloud')}</button>
    <button class="btn" data-size="public" id="kiosk-help" disabled=${helped === 'asking' || helped === 'coming'} aria-busy=${helped === 'asking'} onClick=${acts.askHelp}>${icon('hand')}${t('kiosk.help')}</button>
    ${!atStart && html`<button class="btn" data-size="public" id="kiosk-home" onClick=${acts.home}>${icon('back')}${t('kiosk.home')}</button>`}
    </div>
    ${(helped === 'coming' || helped === 'failed') && html`<p class="helped" role="status" data-helped=${helped}>${icon(helped === 'coming' ? 'check' : 'warn')}${t(`kiosk.help_${helped}`)}</p>`}
    <${Netline} state=${state} />
  </footer>`;
}

/** @param {{state: any}} props */
function Netline({ state }) {
  const { state: mark, key } = network(state);
  const words = t(key, { n: state.mesh?.group ?? 0, m: state.mesh?.total ?? 0, age: age(state.now - state.seenAt) });
  return html`<p class="netline"><span class="clip" title=${state.branch?.device.name}>${state.branch?.device.name}</span>
    <span class="net" data-state=${mark}>${icon(`net-${mark}`)}${words}</span></p>`;
}
