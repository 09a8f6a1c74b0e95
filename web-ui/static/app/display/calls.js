// @ts-check
// What is called where, read from a picture of the branch, and what changed between two pictures. Pure.

/** @typedef {import('../core/types.js').Snapshot} Snapshot */
/** @typedef {import('../core/types.js').Ticket} Ticket */
/** @typedef {import('./announce.js').Call} Call */

/** A call older than this is not announced: the screen was away when it happened, its customer has long been there. */
const STALE_MS = 60_000;

/** @param {Ticket} ticket */
const inHand = (ticket) => ticket.counter !== undefined && (ticket.state === 'called' || ticket.state === 'serving');

/** Calls first, then what is being served; the newest on top. @param {Snapshot | null} snapshot @param {(ticket: Ticket) => boolean} [shown] @returns {Ticket[]} */
export function callsOf(snapshot, shown = () => true) {
  const called = (/** @type {Ticket} */ ticket) => Number(ticket.state === 'called');
  const at = (/** @type {Ticket} */ ticket) => ticket.calledAt ?? 0;
  return (snapshot?.tickets ?? []).filter((ticket) => inHand(ticket) && shown(ticket)).sort((a, b) => called(b) - called(a) || at(b) - at(a) || a.number.localeCompare(b.number));
}

/** The ticket at a counter. @param {Snapshot | null} snapshot @param {number} counter */
export const callAt = (snapshot, counter) => callsOf(snapshot).find((ticket) => ticket.counter === counter);

/**
 * What to announce and what to drop, going from one picture to the next. The first picture announces nothing.
 * @param {Snapshot | null} before @param {Snapshot | null} after @param {(ticket: Ticket) => boolean} [shown]
 * @returns {{calls: {call: Call, again: boolean}[], over: string[]}}
 */
export function changes(before, after, shown = () => true) {
  if (!before || !after || before === after) return { calls: [], over: [] };
  const known = new Map(before.tickets.map((ticket) => [ticket.id, ticket]));
  const now = after.tickets.filter((ticket) => ticket.state === 'called' && ticket.counter !== undefined && shown(ticket));
  const fresh = now.filter((ticket) => ticket.calls > (known.get(ticket.id)?.calls ?? 0) && after.at - (ticket.calledAt ?? after.at) < STALE_MS);
  fresh.sort((a, b) => (a.calledAt ?? 0) - (b.calledAt ?? 0));
  const calls = fresh.map((ticket) => ({ call: callOf(ticket), again: recalled(known.get(ticket.id), ticket) }));
  const still = new Set(now.map((ticket) => ticket.id));
  const over = before.tickets.filter((ticket) => ticket.state === 'called' && !still.has(ticket.id)).map((ticket) => ticket.id);
  return { calls, over };
}

/** @param {Ticket | undefined} before @param {Ticket} after */
const recalled = (before, after) => before?.state === 'called' && before.counter === after.counter;

/** @param {Ticket} ticket @returns {Call} */
const callOf = ({ id, number, counter = 0, calls }) => ({ id, number, counter, calls });
