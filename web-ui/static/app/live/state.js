// @ts-check
// What the live page keeps beside the shared state: the list's filter and the slip just taken. Pure.

export const first = { filter: { state: 'open', service: '' }, slip: null };

/** @param {import('./types.js').LiveState} state @param {any} action @returns {import('./types.js').LiveState} */
export function reduce(state, action) {
  switch (action.type) {
    case 'filter':
      return { ...state, filter: { ...state.filter, ...action.change } };
    case 'slip':
      return { ...state, slip: action.ticket };
    default:
      return state;
  }
}
