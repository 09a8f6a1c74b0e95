// @ts-check
// The counter's keys: they work wherever focus is, ignore auto-repeat, and are dead while a dialog asks.
import { deskChoices } from './choices.js';

/**
 * @param {any} store
 * @param {any} acts
 */
export function listenToKeys(store, acts) {
  addEventListener('keydown', (event) => {
    const state = store.get();
    if (event.repeat || state.dialog) return;
    const pressed = `${event.ctrlKey ? 'Ctrl ' : ''}${event.shiftKey ? 'Shift ' : ''}${event.key}`;
    const choice = deskChoices(state, acts).find((candidate) => candidate.key === pressed);
    if (!choice) return;
    event.preventDefault();
    if (choice.act) choice.act();
  });
}
