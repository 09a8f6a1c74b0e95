// @ts-check
// What a display keeps beside the shared state, and how it changes. Pure.

/** @typedef {import('./types.js').State} State */

/** The address tells what a screen shows: `/display/counter/3` one counter, `/display?screen=2` what screen 2 is set up for. @param {{pathname: string, search: string}} place */
export function first({ pathname, search }) {
  const [, counter] = pathname.match(/^\/display\/counter\/(\d{1,3})$/) ?? [];
  const address = Number(new URLSearchParams(search).get('screen')) || null;
  return { window: counter ? Number(counter) : null, address, blocked: false, cutSince: null };
}

/** The set-up of this screen: the one of its address, else the first composite one that shows all counters. @param {State} state */
export function screenOf(state) {
  const all = state.branch?.screens ?? [];
  return state.address ? all.find((one) => one.address === state.address) : all.find((one) => one.kind === 'composite' && one.counters.length === 0);
}

/** Whether this screen tells of a ticket's counter. @param {State} state @param {import('../core/types.js').Ticket} ticket */
export function isShown(state, ticket) {
  const counters = screenOf(state)?.counters ?? [];
  return counters.length === 0 || (ticket.counter !== undefined && counters.includes(ticket.counter));
}

/** @param {State} state @param {any} action @returns {State} */
export function reduce(state, action) {
  switch (action.type) {
    case 'blocked':
      return state.blocked === action.blocked ? state : { ...state, blocked: action.blocked };
    case 'heard':
      return { ...state, snapshot: withCall(state, action.event) };
    case 'snapshot':
    case 'lost':
      return { ...state, cutSince: cutSince(state) };
    default:
      return state;
  }
}

/** Since when nothing new can come from the other devices: the node is alone, or does not answer. @param {State} state */
function cutSince(state) {
  if (state.link === 'lost') return state.cutSince ?? state.seenAt;
  return state.mesh && state.mesh.total > 1 && state.mesh.group === 1 ? (state.cutSince ?? state.now) : null;
}

/** The picture with a call that was just heard of, unless it shows later things already. @param {State} state @param {{data: any, at: string, revision: string}} event */
function withCall({ snapshot }, { data, at, revision }) {
  if (!snapshot || !data?.ticket || !data.counter || !isLater(revision, snapshot.revision)) return snapshot;
  const known = snapshot.tickets.find((ticket) => ticket.id === data.ticket);
  if (known && known.calls >= data.calls) return snapshot;
  const calledAt = Date.parse(at) || snapshot.at;
  const call = { issuedAt: 0, identified: false, overridden: false, foreign: false, ...known, id: data.ticket, number: data.number, service: data.service, counter: data.counter, calls: data.calls, state: /** @type {const} */ ('called'), calledAt };
  return { ...snapshot, tickets: [...snapshot.tickets.filter((ticket) => ticket !== known), call] };
}

/** Revisions compare as text within one run of the node. @param {string} revision @param {string} than */
function isLater(revision, than) {
  const run = (/** @type {string} */ text) => text.slice(0, text.lastIndexOf('-'));
  return run(revision) === run(than) && revision > than;
}
