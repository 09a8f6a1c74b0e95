// @ts-check
// All of one ticket: its number, who and what for, what happened to it, and everything that can be done with it.
import { nodeNow, runsLobby, staffName, ticketOf } from '../core/derive.js';
import { clock, estimate, minutes, t } from '../core/i18n.js';
import { Modal } from '../core/modal.js';
import { Refusal, html, icon } from '../core/ui.js';
import { chipsOf, whatFor } from './chips.js';
import { arrivalOf, byId } from './figures.js';

/** @typedef {import('../core/types.js').Ticket} Ticket */

const MOVABLE = ['waiting', 'called', 'no_show', 'parked'];
const SIGNS = /** @type {Record<string, string>} */ ({
  issued: 'ticket', called: 'call', recalled: 'recall', started: 'start', finished: 'finish', no_show: 'noshow', parked: 'park',
  reinstated: 'undo', transferred: 'transfer', moved: 'transfer', abandoned: 'bin', expired: 'clock', rated: 'star', identified: 'idcard',
});

/** @param {{state: any, acts: any, dialog: any}} props */
export function TicketSheet({ state, acts, dialog }) {
  const ticket = ticketOf(state, dialog.ticket);
  if (!ticket) return null;
  return html`<${Modal} state=${state} acts=${acts} title=${whatFor(state, ticket)} leave=${t('lobby.back')}>
    <div class="sheet-head"><strong class="no">${ticket.number}</strong><span class="line wrap">${chipsOf(state, ticket).map((chip) => html`<span class="chip" data-tone=${chip.tone}>${chip.icon && icon(chip.icon)}${chip.text}</span>`)}</span></div>
    <${Acts} state=${state} acts=${acts} ticket=${ticket} />
    <${Refusal} state=${state} acts=${acts} place=${`ticket:${ticket.id}`} />
    <${Facts} state=${state} ticket=${ticket} />
    <${History} state=${state} acts=${acts} ticket=${ticket} />
  </${Modal}>`;
}

/** @param {{state: any, acts: any, ticket: Ticket}} props */
function Acts({ state, acts, ticket }) {
  if (!runsLobby(state) || !(MOVABLE.includes(ticket.state) || ticket.state === 'serving')) return null;
  const busy = state.busy[`ticket:${ticket.id}`];
  const still = Boolean(busy) || state.link === 'lost';
  const movable = MOVABLE.includes(ticket.state);
  return html`${state.link === 'lost' && html`<p class="muted small">${t('lobby.needs_node')}</p>`}<div class="sheet-acts">
    ${ticket.state === 'no_show' && html`<button type="button" class="btn" data-size="touch" data-kind="primary" data-verb="reinstate" disabled=${still} aria-busy=${busy === 'reinstate'} onClick=${() => acts.reinstate(ticket.id)}>${icon('undo')}${t('lobby.reinstate')}</button>`}
    ${movable && html`<button type="button" class="btn" data-size="touch" data-verb="move" disabled=${still} onClick=${() => acts.open({ kind: 'move', ticket: ticket.id })}>${icon('transfer')}${t('lobby.move')}</button>`}
    <button type="button" class="btn" data-size="touch" data-verb="identify" disabled=${still} onClick=${() => acts.open({ kind: 'identify', ticket: ticket.id })}>${icon('idcard')}${t('lobby.identify')}</button>
    ${movable && html`<button type="button" class="btn" data-size="touch" data-kind="danger" data-verb="abandon" disabled=${still} onClick=${() => acts.open({ kind: 'abandon', ticket: ticket.id })}>${icon('bin')}${t('lobby.abandon')}</button>`}
  </div>`;
}

/** @param {{state: any, ticket: Ticket}} props */
function Facts({ state, ticket }) {
  const arrived = arrivalOf(ticket, byId(state.snapshot?.tickets ?? []));
  const until = ticket.state === 'waiting' ? nodeNow(state) : (ticket.calledAt ?? ticket.finishedAt ?? nodeNow(state));
  const waits = ticket.state === 'waiting';
  const visit = state.lobby.detail?.ticket === ticket.id ? state.lobby.detail.visit : undefined;
  const facts = /** @type {[string, string | number | undefined][]} */ ([
    ['lobby.customer', visit?.identity ?? visit?.phone ?? t(ticket.identified ? 'lobby.identified' : 'lobby.unidentified')],
    ['lobby.phone', visit?.identity && visit.phone],
    ['lobby.identified_by', staffName(state, visit?.staff)],
    ['lobby.arrived', clock(arrived)],
    ['lobby.waited', minutes(until - arrived)],
    ['lobby.ahead', waits ? (ticket.ahead ?? 0) : undefined],
    ['lobby.expected', waits ? estimate(ticket.estimate) : undefined],
    ['lobby.calls', ticket.calls || undefined],
    ['lobby.counter', ticket.counter],
    ['lobby.reason', ticket.reason],
  ]).filter(([, value]) => value !== undefined && value !== '');
  return html`<dl class="facts">${facts.map(([key, value]) => html`<div key=${key}><dt>${t(key)}</dt><dd class="clip" title=${value}>${value}</dd></div>`)}</dl>`;
}

/** @param {{state: any, acts: any, ticket: Ticket}} props */
function History({ state, acts, ticket }) {
  const { detail } = state.lobby;
  if (state.problems.history) return html`<${Refusal} state=${state} acts=${acts} place="history" />`;
  if (detail?.ticket !== ticket.id) return html`<div class="bone tall" aria-busy="true"></div>`;
  return html`<section><h3>${t('lobby.history')}</h3><ol class="timeline" id="history">${detail.history.map((/** @type {any} */ item, /** @type {number} */ index) => html`<li key=${index} data-what=${item.what}>
    <span class="dot">${icon(SIGNS[item.what] ?? 'note')}</span><div><b>${t(`lobby.what.${item.what}`, { n: item.counter ?? '' })}</b><p class="muted small">${[clock(item.at), staffName(state, item.staff), item.note, !item.effective && t('lobby.no_effect')].filter(Boolean).join(t('list.and'))}</p></div></li>`)}</ol></section>`;
}
