// @ts-check
// One question at a time: the ticket just finished at this counter, then thanks, then nothing. Pure.

/** @typedef {{id: string, number: string, service: string}} Finished */

const ASK_MS = 20_000;
const THANK_MS = 5_000;

export const first = {
  rating: {
    ticket: /** @type {Finished | null} */ (null),
    level: /** @type {number | null} */ (null),
    until: 0,
    /** Tickets that were asked about already: a picture and an event may tell the same. */
    asked: /** @type {string[]} */ ([]),
    /** The ticket in service here as last seen. */
    serving: /** @type {Finished | null} */ (null),
  },
};

const KEPT = 20;

/** @param {any} state @param {any} action */
export function reduce(state, action) {
  const { rating } = state;
  switch (action.type) {
    case 'tick':
      return rating.ticket && state.now >= rating.until ? change(state, { ticket: null, level: null }) : state;
    case 'snapshot':
      return change(state, { serving: servedHere(state) });
    case 'rating/ask':
      if (rating.asked.includes(action.ticket.id)) return state;
      return change(state, { ticket: action.ticket, level: null, until: action.now + ASK_MS, asked: [...rating.asked, action.ticket.id].slice(-KEPT) });
    case 'rating/given':
      return change(state, { level: action.level, until: action.now + THANK_MS });
    case 'rating/touched':
      return rating.ticket && rating.level === null ? change(state, { until: action.now + ASK_MS }) : state;
    case 'rating/close':
      return change(state, { ticket: null, level: null });
    default:
      return state;
  }
}

/** @param {any} state @param {object} to */
const change = (state, to) => ({ ...state, rating: { ...state.rating, ...to } });

/** @param {any} state @returns {Finished | null} */
function servedHere(state) {
  const ticket = state.snapshot?.tickets.find((/** @type {any} */ t) => t.counter === state.counter && t.state === 'serving');
  return ticket ? { id: ticket.id, number: ticket.number, service: ticket.service } : null;
}

/** Whole seconds until the question goes away. @param {any} state */
export const secondsLeft = (state) => Math.max(0, Math.ceil((state.rating.until - state.now) / 1000));
