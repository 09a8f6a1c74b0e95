// @ts-check
// A window screen: its counter, whom it calls or serves, and what it says when it does neither.
import { counterOf } from '../core/derive.js';
import { LANGUAGES, pick, t, tIn } from '../core/i18n.js';
import { html, icon } from '../core/ui.js';
import { callAt } from './calls.js';
import { counterWords, two } from './two.js';

/** @typedef {import('./types.js').State} State */

/** @param {{state: State}} props */
export function Window({ state }) {
  const number = state.window ?? 0;
  const counter = counterOf(state, number);
  const ticket = callAt(state.snapshot, number);
  const name = pick(counter?.name, '');
  return html`<main class="window" key=${ticket ? `${ticket.id}:${ticket.calls}:${ticket.state}` : 'idle'} data-state=${ticket?.state ?? counter?.state ?? 'unknown'}>
    <p class="which">${counterWords(number)}${saysMore(name, number) && html`<span class="clip" title=${name}>${name}</span>`}</p>
    ${ticket ? html`<${Number} state=${state} ticket=${ticket} />` : html`<${Idle} state=${state} counter=${counter} number=${number} />`}
  </main>`;
}

/** Whether a counter's name says more than its number. @param {string} name @param {number} number */
function saysMore(name, number) {
  const bare = (/** @type {string} */ text) => text.replace(/\s/g, '').toLowerCase();
  return !LANGUAGES.some((tag) => bare(tIn(tag, 'display.counter', { n: number })).startsWith(bare(name)));
}

/** @param {{state: State, ticket: import('../core/types.js').Ticket}} props */
const Number = ({ state, ticket }) => html`<section class="at" aria-live="assertive" data-number=${ticket.number}>
  <p class="lead">${icon(ticket.state === 'called' ? 'call' : 'start')}<span>${two(state, ticket.state === 'called' ? 'display.here' : 'state.serving')}</span></p>
  <strong class="no" style=${{ '--signs': Math.max(4, ticket.number.length) }}>${ticket.number}</strong>
</section>`;

/** @param {{state: State, counter: import('../core/types.js').Counter | undefined, number: number}} props */
function Idle({ state, counter, number }) {
  if (!counter) return html`<section class="at"><p class="word">${t('display.no_counter', { n: number })}</p></section>`;
  const text = counter.state === 'open' ? idleText(state, number) : '';
  return html`<section class="at"><p class="word">${two(state, `display.is_${counter.state}`)}</p>${text && html`<p class="idle wrap2" title=${text}>${text}</p>`}</section>`;
}

/** @param {State} state @param {number} number */
function idleText(state, number) {
  const screen = state.branch?.screens?.find((one) => one.kind === 'window' && one.counters.includes(number));
  return pick(screen?.idleText, '');
}
