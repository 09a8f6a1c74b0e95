// @ts-check
// The side of the floor: what wants a hand, and the counters. Reminders queue here quietly; they never take focus.
import { currentOf, nodeNow } from '../core/derive.js';
import { pick, t } from '../core/i18n.js';
import { Empty, Refusal, html, icon } from '../core/ui.js';
import { seenTo } from './alerts.js';
import { brief } from './words.js';

/** @param {{state: any, acts: any, alerts: import('./alerts.js').Alert[]}} props */
export function Alerts({ state, acts, alerts }) {
  const done = seenTo(state);
  return html`<section class="card alerts">
    <div class="card-head"><h2 id="alerts-title">${t('lobby.alerts')}</h2>${alerts.length > 0 && html`<span class="badge" aria-label=${t('lobby.alerts_count', { n: alerts.length })}>${alerts.length}</span>`}</div>
    <div class="alerts-list" tabindex="0" role="log" aria-labelledby="alerts-title"><ul>
      ${alerts.map((alert) => html`<${Alert} key=${alert.key} state=${state} acts=${acts} alert=${alert} />`)}
      ${done.map((/** @type {any} */ one) => html`<li key=${`done:${one.id}`} class="row faint" data-alert="done"><span class="dot" data-tone="ok">${icon('check')}</span><p class="grow">${one.text}</p></li>`)}
    </ul>${alerts.length === 0 && done.length === 0 && html`<${Empty} name="check" title=${t('lobby.alerts_none')} line=${t('lobby.alerts_none_line')} />`}</div>
  </section>`;
}

/** @param {{state: any, acts: any, alert: import('./alerts.js').Alert}} props */
function Alert({ state, acts, alert }) {
  const busy = Boolean(state.busy[alert.place]);
  return html`<li class="alert" data-alert=${alert.key.split(':')[0]}><div class="row"><span class="dot" data-tone=${alert.tone}>${icon(alert.icon)}</span>
    <${Words} acts=${acts} alert=${alert} />
    <button class="btn" data-act=${alert.act} disabled=${busy || alert.unsent || !state.session} aria-busy=${busy} aria-label=${t('lobby.alert.verb', { verb: alert.verb, what: alert.title })} onClick=${() => acts.seeTo(alert)}>${alert.unsent ? t('outbox.unsent') : alert.verb}</button></div>
    <${Refusal} state=${state} acts=${acts} place=${alert.place} />
  </li>`;
}

/** What it is; where it is about a ticket a tap opens that. @param {{acts: any, alert: import('./alerts.js').Alert}} props */
function Words({ acts, alert }) {
  const words = html`<b class="wrap2" title=${alert.title}>${alert.title}</b><span class="wrap2 muted" title=${alert.text}>${alert.text}</span>`;
  if (!alert.ticket) return html`<div class="grow words">${words}</div>`;
  return html`<button class="grow words" onClick=${() => acts.look(alert.ticket)}>${words}</button>`;
}

const SIGNS = /** @type {Record<string, string>} */ ({ open: 'finish', paused: 'park', closed: 'close' });
const TONES = /** @type {Record<string, string>} */ ({ open: 'ok', paused: 'warn', closed: 'off' });

/** All counters small: number, state, whom they serve and since when. @param {{state: any, acts: any}} props */
export function Desks({ state, acts }) {
  const counters = state.snapshot?.counters ?? [];
  const count = (/** @type {string} */ name) => counters.filter((/** @type {any} */ counter) => counter.state === name).length;
  return html`<section class="card desks-card" aria-labelledby="desks-title">
    <div class="card-head"><h2 id="desks-title">${t('lobby.counters')}</h2><span class="grow"></span><button class="btn" data-kind="quiet" onClick=${() => acts.show('counters')}>${t('lobby.counters_sum', { open: count('open'), paused: count('paused') })}${icon('chevron')}</button></div>
    <ul class="desks">${counters.map((/** @type {any} */ counter) => html`<${Desk} key=${counter.number} state=${state} counter=${counter} />`)}</ul>
  </section>`;
}

/** @param {{state: any, counter: import('../core/types.js').Counter}} props */
function Desk({ state, counter }) {
  const ticket = currentOf(state, counter.number);
  const name = pick(counter.name, t('counter.name', { n: counter.number }));
  const since = sinceOf(counter, ticket);
  const big = ticket?.number ?? t(`counter.state.${counter.state}`);
  return html`<li data-tone=${TONES[counter.state]} data-counter=${counter.number} title=${t('lobby.desk.title', { name, state: ticket ? t(`state.${ticket.state}`) : t(`counter.state.${counter.state}`), reason: counter.reason ?? '' })}>
    <span class="line"><span>${t('lobby.desk.name', { n: counter.number })}</span><span class="num">${since && brief(nodeNow(state) - since)}</span></span>
    <span class="line"><b class=${`clip ${ticket ? 'num' : ''}`} title=${big}>${big}</b>${icon(ticket?.state === 'called' ? 'call' : (SIGNS[counter.state] ?? 'close'))}</span>
  </li>`;
}

/** Since when a counter does what it does; a closed one does nothing. @param {import('../core/types.js').Counter} counter @param {import('../core/types.js').Ticket | undefined} ticket */
function sinceOf(counter, ticket) {
  if (ticket) return ticket.state === 'serving' ? ticket.startedAt : ticket.calledAt;
  return counter.state === 'closed' ? undefined : counter.since;
}
