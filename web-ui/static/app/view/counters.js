// @ts-check
// Every counter at a glance; choosing one makes it the counter this browser works at.
import { allCounters, currentOf, nodeNow } from '../derive.js';
import { pick, running, t } from '../i18n.js';
import { Empty, html } from './ui.js';

const TONES = /** @type {Record<string, string>} */ ({ open: 'ok', paused: 'warn', closed: '' });

/** @param {{state: import('../types.js').State, acts: any}} props */
export function Counters({ state, acts }) {
  const counters = allCounters(state);
  return html`<section class="area-counters card" aria-labelledby="counters-title">
    <div class="card-head"><h2 id="counters-title">${t('counters.title')}</h2></div>
    ${state.branch && counters.length === 0
      ? html`<${Empty} name="counter" title=${t('counters.none')} />`
      : html`<div class="card-body counters">${counters.map((counter) => html`<${Card} key=${counter.number} state=${state} acts=${acts} counter=${counter} />`)}</div>`}
  </section>`;
}

/** @param {{state: import('../types.js').State, acts: any, counter: import('../types.js').Counter}} props */
function Card({ state, acts, counter }) {
  const ticket = currentOf(state, counter.number);
  const name = pick(counter.name, t('counter.name', { n: counter.number }));
  const since = ticket && (ticket.state === 'serving' ? ticket.startedAt : ticket.calledAt);
  const mine = counter.number === state.counter;
  return html`<button class="counter" aria-pressed=${mine} data-counter=${counter.number} title=${t(mine ? 'counters.mine' : 'counters.choose', { name })} onClick=${() => acts.chooseCounter(counter.number)}>
    <span class="line"><b class="clip grow">${name}</b><span class="chip" data-tone=${TONES[counter.state]}>${t(`counter.state.${counter.state}`)}</span></span>
    <span class="line"><span class="counter-no" data-state=${ticket?.state}>${ticket?.number ?? t('none')}</span><span class="grow clip muted small">${ticket ? t(`state.${ticket.state}`) : (counter.reason ?? '')}</span>${since && html`<span class="num small">${running(nodeNow(state) - since)}</span>`}</span>
  </button>`;
}
