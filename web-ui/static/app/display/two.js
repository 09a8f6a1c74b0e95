// @ts-check
// Public screens speak two languages at once: the one in force large, the other beside it.
import { LANGUAGES, t, tIn } from '../core/i18n.js';
import { html } from '../core/ui.js';

/** @param {import('./types.js').State} state */
export const otherLanguage = (state) => LANGUAGES.find((tag) => tag !== state.language) ?? 'en';

/** A sentence and its twin. @param {import('./types.js').State} state @param {string} key @param {Record<string, string | number>} [values] */
export const two = (state, key, values) => html`${t(key, values)} <span class="other" lang=${otherLanguage(state)}>${tIn(otherLanguage(state), key, values)}</span>`;

/** A counter as the language puts it: words around the figure. @param {number} counter */
export function counterWords(counter) {
  const [before, after] = t('display.counter', { n: '|' }).split('|');
  return html`${before && html`<span>${before}</span>`}<b>${counter}</b>${after && html`<span>${after}</span>`}`;
}
