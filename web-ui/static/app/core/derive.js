// @ts-check
// What screens need to know, read from the state. Pure.

/** @typedef {import('./types.js').State} State */
/** @typedef {import('./types.js').Ticket} Ticket */

const CLOSED = new Set(['served', 'moved', 'abandoned', 'expired']);
const LOBBY = ['lobby_manager', 'branch_head', 'admin'];

/** @param {Ticket} ticket */
export const isClosed = (ticket) => CLOSED.has(ticket.state);

/** The node's time now, milliseconds. @param {State} state */
export const nodeNow = (state) => state.now + state.offset;

/** @param {State} state @param {string | undefined} id */
export const ticketOf = (state, id) => state.snapshot?.tickets.find((ticket) => ticket.id === id);

/** @param {State} state @param {string} id */
export const serviceOf = (state, id) => state.branch?.services.find((service) => service.id === id);

/** What people call a staff member; the id where nobody told the name. @param {State} state @param {string | undefined} id */
export const staffName = (state, id) => (id === undefined ? undefined : (state.snapshot?.colleagues?.[id] ?? id));

/** Whether the signed-in person runs the lobby: moves, gives up and reinstates tickets. @param {State} state */
export const runsLobby = (state) => Boolean(state.session?.roles.some((role) => LOBBY.includes(role)));

/** A kiosk issues by itself; elsewhere somebody answers for it. @param {State} state */
export const mayIssue = (state) => state.branch?.device.role === 'kiosk' || state.session !== null;

/** The ticket a counter is busy with. @param {State} state @param {number | null} counter */
export const currentOf = (state, counter) =>
  counter === null ? undefined : state.snapshot?.tickets.find((t) => t.counter === counter && (t.state === 'called' || t.state === 'serving'));

/** @param {State} state @param {number | null} number @returns {import('./types.js').Counter | undefined} */
export const counterOf = (state, number) => allCounters(state).find((counter) => counter.number === number);

/** Every configured counter; one that did nothing today is closed. @param {State} state @returns {import('./types.js').Counter[]} */
export function allCounters(state) {
  const known = new Map(state.snapshot?.counters.map((counter) => [counter.number, counter]));
  for (const place of state.branch?.counters ?? []) {
    known.set(place.number, { state: 'closed', ...known.get(place.number), number: place.number, name: place.name });
  }
  return [...known.values()].sort((a, b) => a.number - b.number);
}

/** Every offered service with the figures of its queue; waits run on between pictures. @param {State} state */
export function queues(state) {
  return (state.branch?.services ?? []).filter((service) => service.enabled).map((service) => {
    const told = state.snapshot?.queues.find((queue) => queue.service === service.id);
    const waiting = state.snapshot?.tickets.filter((t) => t.service === service.id && t.state === 'waiting');
    const oldest = state.snapshot?.open && waiting?.length ? Math.min(...waiting.map((t) => t.issuedAt)) : undefined;
    const passed = state.now - state.seenAt;
    const longest = oldest !== undefined ? nodeNow(state) - oldest : told?.longestMs && told.longestMs + passed;
    return { service, waiting: told?.waiting ?? waiting?.length ?? 0, longestMs: longest, estimate: told?.estimate, openCounters: told?.openCounters ?? 0 };
  });
}

/** How the network stands, for the mark in the bar. @param {State} state @returns {{state: 'joined' | 'split' | 'alone' | 'off', key: string}} */
export function network(state) {
  if (state.link === 'lost') return { state: 'off', key: 'net.off' };
  const mesh = state.mesh;
  if (!mesh) return { state: 'joined', key: state.link === 'live' ? 'net.public' : 'net.connecting' };
  if (mesh.total === 1) return { state: 'joined', key: 'net.single' };
  if (mesh.group >= mesh.total) return { state: 'joined', key: 'net.joined' };
  return mesh.group === 1 ? { state: 'alone', key: 'net.alone' } : { state: 'split', key: 'net.split' };
}
