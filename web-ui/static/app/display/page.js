// @ts-check
// The display of a waiting area: who is called where, largest first. A window screen shows its own counter alone.
import { html } from '../core/ui.js';
import { Calls } from './board.js';
import { Ticker } from './ticker.js';
import { Top } from './top.js';
import { Waiting } from './waiting.js';
import { Window } from './window.js';

/** @param {{state: import('./types.js').State, acts: any}} props */
export function Page({ state, acts }) {
  return state.window === null
    ? html`<${Top} state=${state} acts=${acts} /><${Calls} state=${state} /><${Waiting} state=${state} /><${Ticker} state=${state} />`
    : html`<${Top} state=${state} acts=${acts} /><${Window} state=${state} />`;
}
