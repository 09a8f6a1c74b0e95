// @ts-check
// The counter's keys: they work wherever focus is, ignore auto-repeat, and are dead while a dialog asks.
import { choices } from './choices.js';
import { pressed, verbOf } from './keymap.js';

/** @param {{store: any, acts: any}} parts */
export function listenToKeys({ store, acts }) {
  addEventListener('keydown', (event) => {
    const state = store.get();
    if (state.dialog) return;
    if (event.key === 'Escape') return leave(state, acts, event);
    const verb = verbOf(state.keys, pressed(event));
    if (!verb) return;
    // The browser has meanings of its own for these keys: help, find, reload the address bar.
    event.preventDefault();
    if (!event.repeat) choices(state, acts).find((choice) => choice.verb === verb)?.act?.();
  });
}

/** Esc closes what lies on top: the search, then the ticket looked at. @param {import('./types.js').State} state @param {any} acts @param {KeyboardEvent} event */
function leave(state, acts, event) {
  // A search field empties itself on Esc and would tell so after it is gone.
  event.preventDefault();
  if (state.search !== null) acts.search(null);
  else if (state.picked) acts.pick(null);
}
