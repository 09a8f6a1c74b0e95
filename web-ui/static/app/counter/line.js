// @ts-check
// The line before this counter: who may be called here, who is next, who waits too long. Pure. The order mirrors
// `crdt-model/src/decide/call_next.rs`, so that the call key can name the number before it is pressed.
import { nodeNow } from '../core/derive.js';

/** @typedef {import('./types.js').State} State */
/** @typedef {import('../core/types.js').Ticket} Ticket */

const LISTED = /** @type {Record<string, string>} */ ({ all: 'waiting', no_show: 'no_show', parked: 'parked' });
/** Waits up to this multiple of the promise fit the bar. */
const BAR_SPAN = 2;

/** @param {State} state @param {string} name */
const inState = (state, name) => (state.snapshot?.tickets ?? []).filter((ticket) => ticket.state === name);

/** @typedef {{number: number | null, staff?: string, services?: string[], profile?: import('./types.js').Profile, queues: Map<string, string>}} Desk */

/** What of the state decides whom this counter may call. @param {State} state @returns {Desk} */
function read(state) {
  const { snapshot, counter: number, profiles, session, branch } = state;
  const counter = snapshot?.counters.find((one) => one.number === number);
  const profile = profiles?.find((one) => one.id === counter?.profile);
  return { number, staff: session?.id, services: counter?.services, profile, queues: new Map(branch?.services.map((service) => [service.id, service.queue])) };
}

/** @type {{of: unknown[], desk: Desk} | null} */
let known = null;

/** The same for every ticket of one picture, so it is read once. @param {State} state @returns {Desk} */
function deskOf(state) {
  const of = [state.snapshot, state.counter, state.profiles, state.session, state.branch];
  if (!known || known.of.some((one, at) => one !== of[at])) known = { of, desk: read(state) };
  return known.desk;
}

/** Whether a waiting ticket is this counter's to call. @param {State} state @param {Ticket} ticket */
export function isMine(state, ticket) {
  const desk = deskOf(state);
  if (ticket.foreign) return false;
  if (ticket.forCounter !== undefined || ticket.forStaff !== undefined) return isSentHere(state, ticket);
  return (!desk.services || desk.services.includes(ticket.service)) && Boolean(ruleFor(desk, ticket));
}

/** @param {State} state @param {Ticket} ticket */
function isSentHere(state, { forCounter, forStaff }) {
  return (forCounter === undefined || forCounter === state.counter) && (forStaff === undefined || forStaff === state.session?.id);
}

/** @param {Desk} desk @param {Ticket} ticket */
const queueOf = (desk, ticket) => desk.queues.get(ticket.service) ?? ticket.service;

/** The profile's rule for a ticket's queue; until a profile is known every queue is served alike. @param {Desk} desk @param {Ticket} ticket */
function ruleFor(desk, ticket) {
  const queue = queueOf(desk, ticket);
  return desk.profile ? desk.profile.queues.find((rule) => rule.queue === queue) : { queue, priority: 1, afterWaitMs: 0 };
}

/** People this counter may call, the longest wait first. @param {State} state */
export const mine = (state) => longestFirst(inState(state, 'waiting').filter((ticket) => isMine(state, ticket)));

/** @param {Ticket[]} tickets */
const longestFirst = (tickets) => tickets.sort((a, b) => a.issuedAt - b.issuedAt || a.number.localeCompare(b.number));

/** Whom `call next` will call, as far as this screen knows. @param {State} state @param {Ticket[]} [candidates] @returns {Ticket | undefined} */
export function nextFor(state, candidates = mine(state)) {
  const longest = longestByQueue(state, candidates);
  const ranked = candidates.flatMap((ticket) => {
    const rank = rankOf(state, ticket, longest);
    return rank === undefined ? [] : [{ ticket, rank }];
  });
  return ranked.sort((a, b) => a.rank - b.rank || inQueue(a.ticket, b.ticket)).at(0)?.ticket;
}

/** Two tickets of one queue stand as the queue says; of two queues the earlier comes first. @param {Ticket} a @param {Ticket} b */
const inQueue = (a, b) => (a.service === b.service ? (a.ahead ?? 0) - (b.ahead ?? 0) : 0) || a.issuedAt - b.issuedAt;

/** @param {State} state @param {Ticket[]} tickets */
function longestByQueue(state, tickets) {
  /** @type {Map<string, number>} */
  const longest = new Map();
  for (const ticket of tickets) {
    const queue = queueOf(deskOf(state), ticket);
    longest.set(queue, Math.max(longest.get(queue) ?? 0, waited(state, ticket)));
  }
  return longest;
}

/** @param {State} state @param {Ticket} ticket @param {Map<string, number>} longest */
function rankOf(state, ticket, longest) {
  if (ticket.forCounter !== undefined || ticket.forStaff !== undefined) return 0;
  const { profile } = deskOf(state);
  const rule = ruleFor(deskOf(state), ticket);
  if (!rule || (longest.get(rule.queue) ?? 0) < rule.afterWaitMs) return undefined;
  const aging = profile?.agingMs ?? 0;
  return Math.max(1, rule.priority - (aging ? Math.floor(waited(state, ticket) / aging) : 0));
}

/** How long a ticket has waited, or waited until its last call. @param {State} state @param {Ticket} ticket */
export const waited = (state, ticket) => Math.max(0, (ticket.state === 'waiting' ? nodeNow(state) : (ticket.calledAt ?? nodeNow(state))) - ticket.issuedAt);

/** The tickets of a tab, longest wait first, narrowed by what is searched for. @param {State} state @returns {Ticket[]} */
export function listed(state) {
  const sought = state.search?.trim().toUpperCase();
  if (sought) return longestFirst((state.snapshot?.tickets ?? []).filter((ticket) => ticket.number.toUpperCase().includes(sought)));
  return state.tab === 'mine' ? mine(state) : longestFirst(inState(state, LISTED[state.tab] ?? 'waiting'));
}

/** How many stand under each tab. @param {State} state */
export function counts(state) {
  const of = (/** @type {string} */ name) => inState(state, name).length;
  return { mine: mine(state).length, all: of('waiting'), no_show: of('no_show'), parked: of('parked') };
}

/** The four figures over the list. @param {State} state */
export function figures(state) {
  const waits = mine(state).map((ticket) => waited(state, ticket));
  const sum = waits.reduce((total, wait) => total + wait, 0);
  return {
    callable: waits.length,
    longestMs: waits.length ? Math.max(...waits) : undefined,
    averageMs: waits.length ? sum / waits.length : undefined,
    served: inState(state, 'served').filter((ticket) => servedHere(state, ticket)).length,
  };
}

/** @param {State} state @param {Ticket} ticket */
const servedHere = (state, ticket) => (state.session && ticket.staff ? ticket.staff === state.session.id : ticket.counter === state.counter);

/** What this counter still has in hand: those it parked, and those who did not come to it. @param {State} state */
export function inHand(state) {
  const parked = inState(state, 'parked').filter((ticket) => isSentHere(state, ticket));
  const gone = inState(state, 'no_show').filter((ticket) => ticket.counter === state.counter);
  return [...longestFirst(parked), ...gone.sort((a, b) => (b.calledAt ?? 0) - (a.calledAt ?? 0))];
}

/**
 * A wait as a bar: how far it is filled, where the promise stands, and its step of the ramp.
 * @param {number} waitMs @param {number} promiseMs
 */
export function bar(waitMs, promiseMs) {
  const part = promiseMs ? waitMs / promiseMs : 0;
  const step = [1, 1.5, 2].filter((limit) => part >= limit).length;
  return { at: `${Math.min(100, (part / BAR_SPAN) * 100).toFixed(0)}%`, tick: `${100 / BAR_SPAN}%`, fill: `var(--ramp-${step})`, over: part >= 1 };
}

/** The one ticket a typed number means: the whole number, or its only match. @param {State} state @param {string} text @returns {Ticket | undefined} */
export function sought(state, text) {
  const number = text.trim().toUpperCase();
  const callable = (state.snapshot?.tickets ?? []).filter((ticket) => ['waiting', 'no_show', 'parked'].includes(ticket.state));
  const whole = callable.find((ticket) => ticket.number.toUpperCase() === number);
  const some = number ? callable.filter((ticket) => ticket.number.toUpperCase().includes(number)) : [];
  return whole ?? (some.length === 1 ? some[0] : undefined);
}
