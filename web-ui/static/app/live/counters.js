// @ts-check
// Every counter at a glance; choosing one makes it the counter this browser works at.
import { allCounters, currentOf, nodeNow } from '../core/derive.js';
import { pick, running, t } from '../core/i18n.js';
import { Empty, html } from '../core/ui.js';

const TONES = /** @type {Record<string, string>} */ ({ open: 'ok', paused: 'warn', closed: '' });

/** @param {{state: import('../core/types.js').State, acts: any}} props */
export function Counters({ state, acts }) {
  const counters = allCounters(state);
  return html`<section class="area-counters card" aria-labelledby="counters-title">
    <div class="card-head"><h2 id="counters-title">${t('counters.title')}</h2></div>
    ${state.branch && counters.length === 0
      ? html`<${Empty} name="counter" title=${t('counters.none')} />`
      : html`<div class="card-body counters">${counters.map((counter) => html`<${Card} key=${counter.number} state=${state} acts=${acts} counter=${counter} />`)}</div>`}
  </section>`;
}

/** @param {{state: import('../core/types.js').State, acts: any, counter: import('../core/types.js').Counter}} props */
function Card({ state, acts, counter }) {
  const ticket = currentOf(state, counter.number);
  const name = pick(counter.name, t('counter.name', { n: counter.number }));
  const since = ticket && (ticket.state === 'serving' ? ticket.startedAt : ticket.calledAt);
  const mine = counter.number === state.counter;
  return html`<button class="counter" aria-pressed=${mine} data-counter=${counter.number} title=${t(mine ? 'counters.mine' : 'counters.choose', { name })} onClick=${() => acts.chooseCounter(counter.number)}>
    <span class="line"><b class="clip grow" title=${name}>${name}</b><${Chip} counter=${counter} ticket=${ticket} /></span>
    <span class="line"><span class="counter-no" data-state=${ticket?.state}>${ticket?.number ?? t('none')}</span><span class="grow clip muted small" title=${counter.reason}>${counter.reason ?? ''}</span>${since && html`<span class="num small">${running(nodeNow(state) - since)}</span>`}</span>
  </button>`;
}

/** A counter that has somebody is plainly open: what happens there says more. @param {{counter: import('../core/types.js').Counter, ticket: import('../core/types.js').Ticket | undefined}} props */
function Chip({ counter, ticket }) {
  if (!ticket || counter.state === 'paused') return html`<span class="chip" data-tone=${TONES[counter.state]}>${t(`counter.state.${counter.state}`)}</span>`;
  return html`<span class="chip" data-tone=${ticket.state === 'called' ? 'lamp' : 'primary'}>${t(`state.${ticket.state}`)}</span>`;
}
