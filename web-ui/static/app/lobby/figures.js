// @ts-check
// The floor in figures, counted from the tickets of the last picture at the node's present time. Pure.
import { nodeNow } from '../core/derive.js';

/** @typedef {import('../core/types.js').State} State */
/** @typedef {import('../core/types.js').Ticket} Ticket */
/** @typedef {{ticket: Ticket, arrived: number, waited: number, level: number}} Waiter */

/** Where the columns of the waiting-time chart begin, in multiples of the reminder value. */
export const MULTIPLES = [1, 1.5, 2, 3];

const MINUTE_MS = 60_000;

/** The reminder value of this device. @param {State} state */
export const reminderMs = (state) => (state.settings?.reminderMin ?? 15) * MINUTE_MS;

/** The wait the branch promises. @param {State} state */
export const promiseMs = (state) => state.branch?.serviceLevelMs ?? 0;

/** How far a wait has gone: 0 below the reminder value, then one step a column. @param {number} waited @param {number} reminder */
export const levelOf = (waited, reminder) => MULTIPLES.filter((multiple) => waited >= multiple * reminder).length;

/** @type {WeakMap<Ticket[], Map<string, Ticket>>} */
const indexed = new WeakMap();

/** Tickets by id; built once a picture. @param {Ticket[]} tickets */
export function byId(tickets) {
  const known = indexed.get(tickets) ?? new Map(tickets.map((ticket) => [ticket.id, ticket]));
  indexed.set(tickets, known);
  return known;
}

/** When the customer came: a moved ticket keeps the arrival of the first one. @param {Ticket} ticket @param {Map<string, Ticket>} known */
export function arrivalOf(ticket, known) {
  let first = ticket;
  for (let parent = known.get(first.parent ?? ''); parent && parent !== ticket; parent = known.get(first.parent ?? '')) first = parent;
  return first.issuedAt;
}

/** Everybody who waits, the longest wait first. @param {State} state @returns {Waiter[]} */
export function waiters(state) {
  const tickets = state.snapshot?.tickets ?? [];
  const known = byId(tickets);
  const now = nodeNow(state);
  const reminder = reminderMs(state);
  const all = tickets.filter((ticket) => ticket.state === 'waiting').map((ticket) => {
    const arrived = arrivalOf(ticket, known);
    const waited = Math.max(0, now - arrived);
    return { ticket, arrived, waited, level: levelOf(waited, reminder) };
  });
  return all.sort((a, b) => a.arrived - b.arrived || a.ticket.number.localeCompare(b.ticket.number));
}

/** The six figures above. @param {State} state @param {Waiter[]} waiting */
export function headline(state, waiting) {
  const counters = state.snapshot?.counters ?? [];
  const promise = promiseMs(state);
  return {
    waiting: waiting.length,
    longest: waiting[0],
    averageMs: mean(waiting.map((waiter) => waiter.waited)),
    over: waiting.filter((waiter) => waiter.waited > promise).length,
    open: counters.filter((counter) => counter.state === 'open').length,
    paused: counters.filter((counter) => counter.state === 'paused').length,
    counters: counters.length,
    noShows: (state.snapshot?.tickets ?? []).filter((ticket) => ticket.state === 'no_show').length,
  };
}

/** People below the reminder value, then in each column from it on. @param {Waiter[]} waiting */
export function waitColumns(waiting) {
  const columns = new Array(MULTIPLES.length + 1).fill(0);
  for (const waiter of waiting) columns[waiter.level] += 1;
  return columns;
}

/** Every queue with its people and their waits, in the order of the branch. @param {State} state @param {Waiter[]} waiting */
export function queueFigures(state, waiting) {
  const queueOf = new Map((state.branch?.services ?? []).map((service) => [service.id, service.queue]));
  return (state.branch?.queues ?? []).map((queue) => {
    const waits = waiting.filter(({ ticket }) => queueOf.get(ticket.service) === queue.id).map((waiter) => waiter.waited);
    return { ...queue, waiting: waits.length, averageMs: mean(waits), longestMs: waits[0] ?? 0 };
  });
}

/** People by business type, in the order of the branch; those without one last. @param {State} state @param {Waiter[]} waiting */
export function typeFigures(state, waiting) {
  const counted = new Map();
  for (const { ticket } of waiting) counted.set(ticket.category ?? '', (counted.get(ticket.category ?? '') ?? 0) + 1);
  const types = (state.branch?.services ?? []).flatMap((service) => service.categories);
  const known = types.map((type, index) => ({ ...type, index, waiting: counted.get(type.id) ?? 0 }));
  const named = new Set(known.map((type) => type.id));
  const rest = [...counted].filter(([id]) => !named.has(id)).reduce((sum, [, count]) => sum + count, 0);
  return [...known, { id: '', name: undefined, index: -1, waiting: rest }].filter((type) => type.waiting > 0);
}

/**
 * Where one more counter would help most: the service whose newcomers would wait longer than the branch promises, and
 * what they would wait then. The same work is shared by one counter more.
 * @param {State} state
 */
export function reliefOf(state) {
  const counters = state.snapshot?.counters ?? [];
  if (counters.every((counter) => counter.state === 'open')) return undefined;
  const late = (state.snapshot?.queues ?? []).filter((queue) => queue.estimate && queue.openCounters > 0 && queue.estimate.high * 1000 > promiseMs(state));
  const worst = late.sort((a, b) => (b.estimate?.high ?? 0) - (a.estimate?.high ?? 0))[0];
  if (!worst?.estimate) return undefined;
  const share = worst.openCounters / (worst.openCounters + 1);
  return { service: worst.service, nowS: worst.estimate.high, thenS: worst.estimate.high * share };
}

/** @param {number[]} values */
const mean = (values) => (values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : 0);
