// @ts-check
// What a customer's page knows of the ticket. Pure.

/** @typedef {import('../core/types.js').Told} Told */
/** What this phone saw first: people ahead then, and the number then. @typedef {{number: string, ahead?: number}} Begun */

export const first = { told: /** @type {Told | null} */ (null), begun: /** @type {Begun | null} */ (null), missing: false, alarm: false };

/** @param {any} state @param {any} action */
export function reduce(state, action) {
  switch (action.type) {
    case 'status/told':
      return { ...state, told: action.told, begun: begin(state.begun ?? action.begun, action.told), missing: false, link: 'live', seenAt: action.now, now: action.now };
    case 'status/missing':
      return { ...state, missing: true, link: 'live', seenAt: action.now };
    case 'status/alarm':
      return { ...state, alarm: action.on };
    default:
      return state;
  }
}

/** A transfer may put more people ahead than there were: then the way begins anew. @param {Begun | null} begun @param {Told} told @returns {Begun} */
function begin(begun, { number, ahead }) {
  if (!begun) return { number, ahead };
  return (ahead ?? 0) > (begun.ahead ?? 0) ? { ...begun, ahead } : begun;
}

const CLOSED = new Set(['served', 'abandoned', 'expired', 'moved']);

/** @param {Told} told */
export const isOver = (told) => CLOSED.has(told.state);

/** Whether the customer should stand up soon. @param {Told} told */
export const isNear = (told) => told.state === 'called' || (told.state === 'waiting' && (told.ahead ?? 0) <= 1);

/** Steps of the walked path that fit a phone, the customer not counted. */
const STEPS = 6;

/** How many steps the path has and how many are behind. @param {Begun} begun @param {Told} told */
export function path(begun, told) {
  const from = Math.max(begun.ahead ?? 0, told.ahead ?? 0);
  const steps = Math.min(STEPS, from);
  return { from, steps, past: from === 0 ? 0 : Math.floor(((from - (told.ahead ?? 0)) / from) * steps) };
}
