// @ts-check
// What a display keeps beside the shared state, and how it changes. Pure.

/** @typedef {import('./types.js').State} State */

/** A window screen's counter is part of its address. @param {string} path */
export function first(path) {
  const [, counter] = path.match(/^\/display\/counter\/(\d{1,3})$/) ?? [];
  return { window: counter ? Number(counter) : null, blocked: false, cutSince: null };
}

/** @param {State} state @param {any} action @returns {State} */
export function reduce(state, action) {
  switch (action.type) {
    case 'blocked':
      return state.blocked === action.blocked ? state : { ...state, blocked: action.blocked };
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
