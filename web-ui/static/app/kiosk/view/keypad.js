// @ts-check
// Figures under the finger, for numbers and codes.
import { t } from '../../core/i18n.js';
import { html, icon } from '../../core/ui.js';

// A quick finger presses twice before the page is drawn again: each press changes what is typed then, not what was drawn.
/** @param {{typed: string, extra?: string, longest: number, change: (edit: (typed: string) => string) => void}} props */
export function Keypad({ typed, extra, longest, change }) {
  const add = (/** @type {string} */ key) => () => change((now) => (now.length < longest ? now + key : now));
  return html`<div class="keypad" role="group" aria-label=${t('kiosk.keypad')}>
    ${[...'123456789'].map((key) => html`<button key=${key} type="button" data-key=${key} onClick=${add(key)}>${key}</button>`)}
    ${extra ? html`<button type="button" data-key=${extra} onClick=${add(extra)}>${extra}</button>` : html`<button type="button" data-key="clear" disabled=${!typed} onClick=${() => change(() => '')}>${t('kiosk.clear')}</button>`}
    <button type="button" data-key="0" onClick=${add('0')}>0</button>
    <button type="button" data-key="back" disabled=${!typed} aria-label=${t('kiosk.backspace')} title=${t('kiosk.backspace')} onClick=${() => change((now) => now.slice(0, -1))}>${icon('back')}</button>
  </div>`;
}
