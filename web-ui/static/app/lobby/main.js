// @ts-check
// The lobby: who needs me?
import { boot } from '../core/boot.js';
import { createActs } from './acts.js';
import { alertsOf } from './alerts.js';
import { chime } from './chime.js';
import { waiters } from './figures.js';
import { Page } from './page.js';
import { day } from './read.js';
import { first, reduce } from './reducer.js';

await boot({
  screen: 'lobby',
  Page,
  first: { lobby: first },
  reduce,
  acts: createActs,
  extras: [day],
  started: ({ store }) => store.watch(ringing()),
});

/** Sounds once for what was not there before: not for what a newly opened page finds. */
function ringing() {
  /** @type {Set<string> | null} */
  let known = null;
  let told = 0;
  return (/** @type {any} */ state) => {
    if (!state.snapshot?.open || state.now === told) return;
    told = state.now;
    const keys = alertsOf(state, waiters(state)).map((alert) => alert.key);
    const fresh = known !== null && keys.some((key) => !known?.has(key) && !key.startsWith('relief'));
    known = new Set(keys);
    if (fresh && state.settings?.sound) chime();
  };
}
