// @ts-check
// Every counter with what the lobby manager asks of it: open or not, who, since when, for whom, how many today.
import { allCounters, currentOf, nodeNow, serviceOf, staffName } from '../core/derive.js';
import { clock, pick, t } from '../core/i18n.js';
import { Empty, html } from '../core/ui.js';
import { brief } from './words.js';

const TONES = /** @type {Record<string, string>} */ ({ open: 'ok', paused: 'warn' });

/** @param {{state: any}} props */
export function Counters({ state }) {
  const counters = allCounters(state);
  if (counters.length === 0) return html`<${Empty} name="counter" title=${t('lobby.counters_none')} />`;
  return html`<ul class="desk-cards">${counters.map((counter) => html`<${Counter} key=${counter.number} state=${state} counter=${counter} />`)}</ul>`;
}

/** @param {{state: any, counter: import('../core/types.js').Counter}} props */
function Counter({ state, counter }) {
  const name = pick(counter.name, t('counter.name', { n: counter.number }));
  const ticket = currentOf(state, counter.number);
  const since = ticket && (ticket.state === 'serving' ? ticket.startedAt : ticket.calledAt);
  return html`<li class="card desk-card" data-counter=${counter.number} data-state=${counter.state}>
    <div class="line"><h2 class="clip grow" title=${name}>${name}</h2><span class="chip" data-tone=${TONES[counter.state]}>${t(`counter.state.${counter.state}`)}</span></div>
    <div class="line"><strong class="ticket-no grow">${ticket?.number ?? t('none')}</strong>${ticket && since && html`<span class="muted num">${t(`lobby.desk.${ticket.state}`, { span: brief(nodeNow(state) - since) })}</span>`}</div>
    <dl class="facts">
      <${Fact} name="lobby.staff" value=${staffName(state, counter.staff)} />
      <${Fact} name="lobby.since" value=${counter.since && clock(counter.since)} />
      <${Fact} name="lobby.reason" value=${counter.state === 'paused' ? counter.reason : undefined} />
      <${Fact} name="lobby.only" value=${counter.services?.map((id) => pick(serviceOf(state, id)?.name, id)).join(t('list.and'))} />
      <${Fact} name="lobby.served_today" value=${state.lobby.day?.byCounter[counter.number]} />
    </dl>
  </li>`;
}

/** @param {{name: string, value: string | number | undefined}} props */
function Fact({ name, value }) {
  if (value === undefined || value === '') return null;
  return html`<div><dt>${t(name)}</dt><dd class="clip" title=${value}>${value}</dd></div>`;
}
