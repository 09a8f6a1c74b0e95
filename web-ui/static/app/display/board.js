// @ts-check
// The newest call on lamp, those before it beside.
import { serviceOf } from '../core/derive.js';
import { pick, t, tIn } from '../core/i18n.js';
import { html, icon } from '../core/ui.js';
import { callsOf } from './calls.js';
import { isShown, screenOf } from './state.js';
import { counterWords, otherLanguage, two } from './two.js';

/** @typedef {import('./types.js').State} State */
/** @typedef {import('../core/types.js').Ticket} Ticket */

const RECENT = 5;

/** @param {{state: State}} props */
export function Calls({ state }) {
  const [newest, ...others] = callsOf(state.snapshot, (ticket) => isShown(state, ticket));
  const called = newest?.state === 'called' ? newest : undefined;
  const recent = (called ? others : [newest, ...others]).filter((ticket) => ticket !== undefined).slice(0, RECENT);
  return html`<main class="calls">
    ${called ? html`<${Newest} state=${state} ticket=${called} />` : html`<${Quiet} state=${state} />`}
    <${Recent} state=${state} tickets=${recent} />
  </main>`;
}

/** Drawn anew for every call, so that it pulses three times. @param {{state: State, ticket: Ticket}} props */
function Newest({ state, ticket }) {
  const service = pick(serviceOf(state, ticket.service)?.name, ticket.service);
  return html`<section class="newest" aria-live="assertive" key=${`${ticket.id}:${ticket.calls}`} data-number=${ticket.number}>
    <p class="lead">${icon('call')}<span>${two(state, 'display.proceed')}</span></p>
    <div class="pair"><strong class="no" style=${{ '--signs': Math.max(4, ticket.number.length) }}>${ticket.number}</strong>
      <div class="go">${icon('arrow')}${counterWords(ticket.counter ?? 0)}<em><span class="wrap2" title=${service}>${service}</span><span class="other" lang=${otherLanguage(state)}>${tIn(otherLanguage(state), 'display.counter', { n: ticket.counter ?? 0 })}</span></em></div></div>
  </section>`;
}

/** Nobody is being called: the lamp is out. @param {{state: State}} props */
const Quiet = ({ state }) => html`<section class="newest quiet" aria-live="off"><p class="lead">${icon('people')}<span>${two(state, 'display.quiet')}</span></p><p class="idle">${pick(screenOf(state)?.idleText, t('display.quiet_line'))}</p></section>`;

/** @param {{state: State, tickets: Ticket[]}} props */
function Recent({ state, tickets }) {
  return html`<section class="recent" aria-label=${t('display.recent')}><p><span>${two(state, 'display.recent')}</span><span>${two(state, 'display.window')}</span></p>
    ${tickets.map((ticket) => html`<p key=${ticket.id} class=${ticket.state === 'serving' ? 'serving' : ''} data-number=${ticket.number}><b class="no" style=${{ '--signs': Math.max(4, ticket.number.length) }}>${ticket.number}</b><span>${ticket.state === 'serving' && html`<span class="tag">${t('state.serving')}</span>`}${counterWords(ticket.counter ?? 0)}</span></p>`)}
  </section>`;
}
