// @ts-check
import { boot } from '../core/boot.js';
import { recall } from '../core/prefs.js';
import { createCounterActs } from './acts.js';
import { remembered } from './keymap.js';
import { listenToKeys } from './keys.js';
import { Page } from './page.js';
import { first, reduce, shown, shownKey } from './state.js';

/** The card and the work profiles are read when what they are about changes. @param {{store: any, acts: any}} parts */
function readAlong({ store, acts }) {
  let card = '';
  let person = '';
  store.watch((/** @type {import('./types.js').State} */ state) => {
    const who = state.session?.id ?? '';
    if (who !== person) {
      person = who;
      if (who) acts.readProfiles();
    }
    const key = shownKey(state);
    if (key === card) return;
    card = key;
    const ticket = shown(state);
    if (key && ticket) acts.readDetail(ticket.id);
  });
}

await boot({
  screen: 'counter',
  Page,
  first: first(remembered(recall('keys'))),
  reduce,
  acts: createCounterActs,
  sayCalls: true,
  happened: (event, acts) => event.type === 'config.changed' && acts.readProfiles(),
  started(parts) {
    listenToKeys(parts);
    readAlong(parts);
  },
});
