// @ts-check
// The lists of the live page. Pure.
import { isClosed } from '../core/derive.js';

/** @typedef {import('./types.js').LiveState} State */

const ORDER = ['waiting', 'called', 'serving', 'parked', 'no_show'];

/** Open tickets in reading order, by the filter: the longest wait on top. @param {State} state */
export function openTickets(state) {
  const wanted = { open: ORDER, now: ['called', 'serving'] }[state.filter.state] ?? [state.filter.state];
  return byService(state).filter((t) => wanted.includes(t.state)).sort(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.issuedAt - b.issuedAt || a.number.localeCompare(b.number),
  );
}

/** Tickets closed today, the newest first. @param {State} state */
export const closedTickets = (state) => byService(state).filter(isClosed).sort((a, b) => (b.finishedAt ?? b.issuedAt) - (a.finishedAt ?? a.issuedAt));

/** @param {State} state */
function byService(state) {
  const { service } = state.filter;
  return (state.snapshot?.tickets ?? []).filter((ticket) => !service || ticket.service === service);
}

/** @param {State} state @param {string} name */
export function countOf(state, name) {
  const wanted = { open: ORDER, now: ['called', 'serving'] }[name] ?? [name];
  return (state.snapshot?.tickets ?? []).filter((ticket) => wanted.includes(ticket.state)).length;
}
