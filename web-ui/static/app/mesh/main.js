// @ts-check
import * as api from '../core/api.js';
import { boot } from '../core/boot.js';
import * as shape from '../core/shape.js';
import { Page } from './page.js';

/** Acknowledged conflicts are history: only here they are read. @param {import('../core/types.js').State} state */
async function conflicts(state) {
  if (!state.session) return null;
  const answer = await api.get('/conflicts');
  return answer.ok ? { type: 'conflicts', conflicts: answer.body.conflicts.map(shape.conflict) } : null;
}

await boot({
  screen: 'mesh',
  Page,
  first: { conflicts: [] },
  reduce: (state, action) => (action.type === 'conflicts' ? { ...state, conflicts: action.conflicts } : state),
  extras: [conflicts],
});
