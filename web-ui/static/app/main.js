// @ts-check
// The page: wires the store, the feed and the acts together and draws the state whenever it changed.
import { h, render } from '../vendor/preact.mjs';
import * as api from './api.js';
import { createActs } from './acts.js';
import { createFeed } from './feed.js';
import { speak, t } from './i18n.js';
import { listenToKeys } from './keys.js';
import { recall } from './prefs.js';
import { createStore, initial } from './store.js';
import { Page } from './view/page.js';

const root = /** @type {HTMLElement} */ (document.getElementById('app'));
const calls = /** @type {HTMLElement} */ (document.getElementById('calls'));
const language = document.documentElement.lang;

const store = createStore(
  initial({ language, theme: recall('theme') ?? 'system', counter: Number(recall('counter')) || null, now: Date.now() }),
);
const feed = createFeed(store);
const acts = createActs(store, feed);

let drawn = false;
function draw() {
  drawn = false;
  render(h(Page, { state: store.get(), acts }), root);
}

let said = '';
/** Calls are read out by screen readers wherever focus is. @param {string} call */
function say(call) {
  if (call === said) return;
  said = call;
  const [number, counter] = call.split(' ');
  calls.textContent = t('call.said', { number, counter });
}

speak(language, await api.sentences(language));
root.replaceChildren();
draw();
store.watch((state) => {
  say(state.said);
  if (!drawn) {
    drawn = true;
    requestAnimationFrame(draw);
  }
});
listenToKeys(store, acts);
await acts.resumeSession();
feed.start();
