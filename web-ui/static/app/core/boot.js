// @ts-check
// How every screen starts: sentences and icons, then the feed; the state is drawn whenever it changed.
import { h, render } from '/vendor/preact.mjs';
import { createActs } from './acts.js';
import * as api from './api.js';
import { createFeed } from './feed.js';
import { keepShell } from './install.js';
import { LANGUAGES, learn, speak, t } from './i18n.js';
import { createOutbox, kept } from './outbox.js';
import { recall } from './prefs.js';
import { initial, reduce } from './state.js';
import { createStore } from './store.js';

/** After the first picture has been drawn and its images have come. */
const CALM_MS = 1_000;

/**
 * @typedef {object} Screen
 * @property {string} screen its name: `locales/{language}/{screen}.json` holds its sentences
 * @property {any} Page component drawn with `{state, acts}`
 * @property {object} [first] the screen's own parts of the state
 * @property {(state: any, action: any) => any} [reduce] the screen's own reducer, run after the shared one
 * @property {(core: any, parts: {store: any, feed: any}) => object} [acts] the screen's own acts, made from the shared ones
 * @property {import('./feed.js').Extra[]} [extras] what is read beside each snapshot
 * @property {(event: import('./feed.js').Event, acts: any, state: any) => void} [happened] hears each event as it comes
 * @property {(state: any) => boolean} [ready] whether there is something to draw; else the bones stay
 * @property {typeof createFeed} [feed] how it keeps its picture fresh, if not by snapshot and events
 * @property {(state: any) => string} [title] what the browser's tab says
 * @property {boolean} [sayCalls] whether screen readers read each new call out
 * @property {(parts: {store: any, acts: any, feed: any}) => void} [started] last, before the feed starts
 */

/** @param {Screen} screen */
export async function boot(screen) {
  const language = document.documentElement.lang === 'en' ? 'en' : 'zh-CN';
  const early = screen.feed ? undefined : api.get('/snapshot');
  await Promise.all([...LANGUAGES.flatMap((tag) => ['common', screen.screen].map((name) => teach(tag, name))), api.icons().then(keepIcons)]);
  speak(language);

  const store = createStore(both(screen.reduce), { ...initial(remembered(screen.screen, language)), ...screen.first });
  /** @type {any} */
  let acts = null;
  const outbox = createOutbox(store);
  const happened = (/** @type {any} */ event) => screen.happened?.(event, acts, store.get());
  const fresh = async () => (await outbox.flush()) && feed.changed();
  const feed = (screen.feed ?? createFeed)(store, { extras: screen.extras, happened, fresh, early });
  const core = createActs(store, feed, outbox);
  acts = { ...core, ...screen.acts?.(core, { store, feed }) };

  store.watch(drawing(screen, store, acts));
  if (screen.sayCalls) store.watch(saying());
  screen.started?.({ store, acts, feed });
  feed.start();
  await settled(store);
  const shell = await keepShell(() => isQuiet(store.get()));
  // A node that answers again may have come back as a newer one.
  let link = 'live';
  store.watch((state) => {
    if (link === 'lost' && state.link === 'live') shell.look();
    link = state.link;
  });
}

/** Waits until the page shows something: keeping all pages must not hold the first of them up. @param {any} store @returns {Promise<void>} */
function settled(store) {
  let shown = false;
  return new Promise((done) => store.watch((/** @type {any} */ state) => {
    if (shown || state.link === 'loading') return;
    shown = true;
    setTimeout(done, CALM_MS);
  }));
}

/** Whether nobody would lose anything by loading the page again. @param {import('./types.js').State} state */
const isQuiet = (state) => state.link === 'live' && !state.dialog && Object.keys(state.busy).length === 0 && Object.keys(state.draft).length === 0;

/** @param {string} screen @param {string} language */
function remembered(screen, language) {
  const contrast = recall('contrast') === 'more' ? 'more' : 'normal';
  return { screen, language, contrast, theme: recall('theme') ?? 'system', counter: Number(recall('counter')) || null, now: Date.now(), outbox: kept() };
}

/** @param {string} tag @param {string} name */
async function teach(tag, name) {
  learn(tag, await api.sentences(tag, name));
}

/** The shared reducer, then the screen's. @param {((state: any, action: any) => any) | undefined} own */
function both(own) {
  return own ? (/** @type {any} */ state, /** @type {any} */ action) => own(reduce(state, action), action) : reduce;
}

/** Draws at most once a frame. Until there is something to draw the page's bones stand, in the layout to come. @param {Screen} screen @param {any} store @param {any} acts */
function drawing({ Page, screen, title = (state) => titled(screen, state), ready = (state) => state.link !== 'loading' }, store, acts) {
  const root = /** @type {HTMLElement} */ (document.getElementById('app'));
  let asked = false;
  let fleshed = false;
  function draw() {
    asked = false;
    const state = store.get();
    if (!fleshed) root.replaceChildren();
    fleshed = true;
    document.title = title(state);
    render(h(Page, { state, acts }), root);
  }
  return (/** @type {any} */ state) => {
    if (asked || !(fleshed || ready(state))) return;
    asked = true;
    requestAnimationFrame(draw);
  };
}

/** @param {string} screen @param {any} state */
const titled = (screen, state) => t('page.title', { screen: t(`screen.${screen}`), branch: state.branch?.name ?? t('brand') });

/** Calls are read out by screen readers wherever focus is. */
function saying() {
  const calls = document.body.appendChild(Object.assign(document.createElement('div'), { id: 'calls', className: 'sr' }));
  calls.setAttribute('aria-live', 'assertive');
  let said = '';
  return (/** @type {any} */ state) => {
    if (state.said === said) return;
    said = state.said;
    const [number, counter] = said.split(' ');
    calls.textContent = t('call.said', { number, counter });
  };
}

/** Icons live in the page: the sign for a lost node must show when the node is lost. @param {string} sheet */
function keepIcons(sheet) {
  const svg = document.importNode(new DOMParser().parseFromString(sheet, 'image/svg+xml').documentElement, true);
  svg.setAttribute('hidden', '');
  document.body.prepend(svg);
}
