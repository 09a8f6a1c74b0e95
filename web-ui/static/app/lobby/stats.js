// @ts-check
// The six figures above: how many wait, how long, how far from the promise, what is open.
import { people, t } from '../core/i18n.js';
import { html } from '../core/ui.js';
import { headline, promiseMs, reliefOf } from './figures.js';

const MINUTE_MS = 60_000;

/** @param {number} ms */
const whole = (ms) => Math.floor(ms / MINUTE_MS);

/** @param {{state: any, waiting: import('./figures.js').Waiter[]}} props */
export function Stats({ state, waiting }) {
  const told = headline(state, waiting);
  const promise = whole(promiseMs(state));
  const day = state.lobby.day;
  const late = told.longest && told.longest.waited > promiseMs(state);
  return html`<dl class="card stats" aria-label=${t('lobby.stats')}>
    <${Stat} name="waiting" title=${t('lobby.stat.waiting')} value=${told.waiting} unit=${people(told.waiting)} line=${day ? t('lobby.stat.issued', { n: day.issued }) : ''} />
    <${Stat} name="longest" title=${t('lobby.stat.longest')} tone=${late ? 'bad' : undefined} value=${told.longest ? whole(told.longest.waited) : 0} unit=${t('lobby.minutes')}
      line=${told.longest ? t('lobby.stat.longest_line', { number: told.longest.ticket.number, n: promise }) : t('lobby.no_wait')} />
    <${Stat} name="average" title=${t('lobby.stat.average')} value=${whole(told.averageMs)} unit=${t('lobby.minutes')} line=${day ? t('lobby.stat.average_line', { n: Math.floor(day.averageWaitS / 60) }) : ''} />
    <${Stat} name="over" title=${t('lobby.stat.over')} tone=${told.over ? 'warn' : undefined} value=${told.over} unit=${people(told.over)}
      line=${told.waiting ? t('lobby.stat.over_line', { percent: Math.round((told.over / told.waiting) * 100) }) : t('lobby.stat.promise', { n: promise })} />
    <${Stat} name="counters" title=${t('lobby.stat.counters')} value=${told.open} unit=${t('lobby.of', { n: told.counters })} line=${relief(state) || t('lobby.stat.counters_line', { paused: told.paused, closed: told.counters - told.open - told.paused })} />
    <${Stat} name="no-shows" title=${t('lobby.stat.no_shows')} value=${told.noShows} unit=${people(told.noShows)} line=${day ? t('lobby.stat.served', { n: day.served }) : ''} />
  </dl>`;
}

/** @param {{name: string, title: string, value: number, unit: string, line: string, tone?: string}} props */
function Stat({ name, title, value, unit, line, tone }) {
  return html`<div class="stat" data-stat=${name} data-tone=${tone}><dt class="clip" title=${title}>${title}</dt><dd>${value}<small>${unit}</small></dd><dd class="stat-line clip" title=${line}>${line}</dd></div>`;
}

/** What one counter more would do, where it would help. @param {any} state */
function relief(state) {
  const told = reliefOf(state);
  return told ? t('lobby.stat.relief', { n: Math.round(told.thenS / 60) }) : '';
}
