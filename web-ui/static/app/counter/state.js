// @ts-check
// What the counter keeps beside the shared state, and how it changes. Pure.
import { currentOf, ticketOf } from '../core/derive.js';

/** @typedef {import('./types.js').State} State */

/** @param {import('./keymap.js').Keymap} keys */
export const first = (keys) => ({ tab: 'mine', search: null, picked: null, detail: null, profiles: null, keys });

/** @param {State} state @param {any} action @returns {State} */
export function reduce(state, action) {
  switch (action.type) {
    case 'tab':
      return { ...state, tab: action.tab, search: null, picked: null };
    case 'search':
      return { ...state, search: action.search };
    case 'pick':
      return { ...state, picked: action.ticket };
    case 'detail':
      return { ...state, detail: action.detail };
    case 'profiles':
      return { ...state, profiles: action.profiles };
    case 'keys':
      return { ...state, keys: action.keys };
    case 'signed-out':
      return { ...state, search: null, picked: null, detail: null, profiles: null };
    default:
      return state;
  }
}

/** The ticket the customer's card tells about. @param {State} state */
export const shown = (state) => (state.picked && ticketOf(state, state.picked)) || currentOf(state, state.counter);

/** Changes whenever the card must be read again. @param {State} state */
export function shownKey(state) {
  const ticket = state.session && state.link === 'live' ? shown(state) : undefined;
  return ticket ? [ticket.id, ticket.state, ticket.calls, ticket.service, ticket.identified, ticket.finishedAt, state.session?.id].join(' ') : '';
}
