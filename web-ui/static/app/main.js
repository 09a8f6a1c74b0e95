// @ts-check
// The page: wires the store, the feed and the acts together and draws the state whenever it changed.
import { h, render } from '../vendor/preact.mjs';
import * as api from './api.js';
import { createActs } from './acts.js';
import { createFeed } from './feed.js';
import { LANGUAGES, learn, speak, t } from './i18n.js';
import { listenToKeys } from './keys.js';
import { recall } from './prefs.js';
import { createStore, initial } from './store.js';
import { Page } from './view/page.js';

const root = /** @type {HTMLElement} */ (document.getElementById('app'));
const calls = /** @type {HTMLElement} */ (document.getElementById('calls'));
const language = document.documentElement.lang === 'en' ? 'en' : 'zh-CN';

const store = createStore(
  initial({ language, theme: recall('theme') ?? 'system', counter: Number(recall('counter')) || null, now: Date.now() }),
);
const feed = createFeed(store);
const acts = createActs(store, feed);

let drawn = false;
let fleshed = false;
function draw() {
  drawn = false;
  const state = store.get();
  // Until the first picture is there the page's bones stand, in the layout to come.
  if (state.link === 'loading') return;
  if (!fleshed) root.replaceChildren();
  fleshed = true;
  render(h(Page, { state, acts }), root);
}

let said = '';
/** Calls are read out by screen readers wherever focus is. @param {string} call */
function say(call) {
  if (call === said) return;
  said = call;
  const [number, counter] = call.split(' ');
  calls.textContent = t('call.said', { number, counter });
}

/** Icons live in the page: the sign for a lost node must show when the node is lost. @param {string} sheet */
function keepIcons(sheet) {
  const svg = document.importNode(new DOMParser().parseFromString(sheet, 'image/svg+xml').documentElement, true);
  svg.setAttribute('hidden', '');
  document.body.prepend(svg);
}

await Promise.all([
  ...LANGUAGES.map(async (tag) => learn(tag, await api.sentences(tag))),
  api.icons().then(keepIcons),
]);
speak(language);
store.watch((state) => {
  say(state.said);
  if (!drawn) {
    drawn = true;
    requestAnimationFrame(draw);
  }
});
listenToKeys(store, acts);
feed.start();
