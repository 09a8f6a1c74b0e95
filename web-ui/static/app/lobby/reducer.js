// @ts-check
// What the lobby's screen keeps for itself. Pure.

/** @typedef {{view: 'overview' | 'queue' | 'counters', order: string, service: string, find: string, opened: string | null, detail: any, day: any}} Lobby */

/** @type {Lobby} */
export const first = { view: 'overview', order: 'longest', service: '', find: '', opened: null, detail: null, day: null };

/** @param {any} state @param {any} action */
export function reduce(state, action) {
  const change = changeOf(state.lobby, action);
  return change ? { ...state, lobby: { ...state.lobby, ...change } } : state;
}

/** @param {Lobby} lobby @param {any} action @returns {Partial<Lobby> | undefined} */
function changeOf(lobby, action) {
  switch (action.type) {
    case 'lobby.show':
      return { view: action.view, ...action.filter, opened: null };
    case 'lobby.filter':
      return { ...action.change, opened: null };
    case 'lobby.open':
      return { opened: action.ticket };
    case 'lobby.detail':
      return { detail: action.detail };
    case 'lobby.day':
      return { day: action.day };
    // A question about a ticket folds its card.
    case 'open':
      return lobby.opened ? { opened: null } : undefined;
    default:
      return undefined;
  }
}
