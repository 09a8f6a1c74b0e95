// @ts-check
// Keeps the picture fresh: a snapshot at the start and after every reconnect, another at each event, and one now and then
// in any case, so that a stream that silently died is noticed. There is one path for staleness: `lost`.
import * as api from './api.js';
import { keepNewest, keepPicture, lastPicture } from './last.js';
import { recall, remember } from './prefs.js';
import * as shape from './shape.js';
import { together } from './together.js';

/** The first event of a burst is answered at once, the rest of it together. */
const GATHER_MS = 120;
const PULSE_MS = 5_000;

const TYPES = [
  'issued', 'called', 'recalled', 'started', 'finished', 'no_show', 'reinstated', 'parked', 'transferred', 'moved', 'abandoned',
  'expired', 'rated', 'identified',
].map((name) => `ticket.${name}`).concat([
  'counter.opened', 'counter.closed', 'counter.paused', 'conflict.raised', 'conflict.acknowledged', 'config.changed',
  'reminder.raised', 'reminder.acknowledged', 'mesh.peer_up', 'mesh.peer_down', 'mesh.epoch', 'device.enrolled', 'device.revoked', 'device.printer',
]);

/** @typedef {{type: string, revision: string, data: any, at: string}} Event */
/**
 * What a screen reads beside the snapshot: asked for with every picture, given as an action or nothing.
 * @typedef {(state: any) => Promise<object | null>} Extra
 */

/**
 * @param {ReturnType<typeof import('./store.js').createStore>} store
 * @param {{extras?: Extra[], happened?: (event: Event) => void, fresh?: () => void, early?: ReturnType<typeof api.get>}} [on] `early` is the answer to a question for the first picture, asked already
 */
export function createFeed(store, { extras = [], happened = () => {}, fresh = () => {}, early } = {}) {
  /** @type {Promise<void> | null} */
  let running = null;
  /** @type {Promise<void> | null} */
  let following = null;
  let timer = 0;
  let fetchedAt = 0;
  // Pictures asked for before this device's own command was answered do not show it yet: they are not taken in.
  let era = 0;
  /** @type {ReturnType<typeof together> | null} */
  let events = null;

  function fetchNow() {
    fetchedAt = performance.now();
    return (running = fetchPicture().finally(() => (running = null)));
  }

  /** Resolves when a picture asked for after this call has been taken in; calls meanwhile share it. */
  function refresh() {
    if (!running) return fetchNow();
    following ??= running.then(() => ((following = null), fetchNow()));
    return following;
  }

  function soon() {
    if (timer) return;
    const wait = Math.max(0, fetchedAt + GATHER_MS - performance.now());
    timer = window.setTimeout(() => ((timer = 0), refresh()), wait);
  }

  /** A page that was opened while the node is down shows what this browser saw last, with its age. */
  function lose() {
    keepNewest();
    const kept = store.get().snapshot ? null : lastPicture();
    if (kept) store.dispatch({ type: 'snapshot', snapshot: shape.snapshot(kept.picture), now: kept.at });
    store.dispatch({ type: 'lost' });
  }

  async function fetchPicture() {
    const asked = era;
    const more = Promise.all(extras.map((extra) => extra(store.get())));
    const asking = early ?? api.get('/snapshot');
    early = undefined;
    const answer = await asking;
    if (!answer.ok) return lose();
    keepPicture(answer.body, Date.now());
    events?.as(answer.body.staff?.id ?? null);
    const token = keepToken(answer.body.staff);
    api.waitForCsrf(token);
    if (asked === era) store.dispatch({ type: 'snapshot', snapshot: shape.snapshot(answer.body), now: Date.now() });
    for (const action of await more) if (action) store.dispatch(action);
    await token;
    fresh();
  }

  return {
    refresh,
    /** After a command of this screen: what is on its way is too old. */
    changed() {
      era += 1;
      return refresh();
    },
    start() {
      refresh();
      events = together((on) => api.follow(TYPES, on), {
        opened: soon,
        happened(event) {
          happened(event);
          if (!isSeen(store.get(), event)) soon();
        },
        lost: lose,
      });
      setInterval(refresh, PULSE_MS);
      setInterval(() => store.dispatch({ type: 'tick', now: Date.now() }), 1000);
    },
  };
}

/** The picture tells who is signed in; after a reload the page has to ask for the token that proves its commands. @param {unknown} staff */
async function keepToken(staff) {
  const paired = recall('paired') === 'yes';
  if (!staff && !paired) api.setCsrf(undefined);
  if (!(staff || paired) || api.hasCsrf()) return;
  const session = await api.get('/session');
  if (session.ok) api.setCsrf(session.body?.csrf_token);
  else if (session.problem.status === 401) remember('paired', 'no');
}

/** Whether the picture on the screen already shows an event. @param {any} state @param {Event} event */
function isSeen(state, event) {
  const shown = state.snapshot?.revision ?? '';
  const run = (/** @type {string} */ revision) => revision.slice(0, revision.lastIndexOf('-'));
  return run(shown) === run(event.revision) && shown >= event.revision;
}
