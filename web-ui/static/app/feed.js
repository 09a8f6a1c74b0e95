// @ts-check
// Keeps the picture fresh: a snapshot at the start and after every reconnect, another soon after each event, and one now
// and then in any case, so that a stream that silently died is noticed. There is one path for staleness: `lost`.
import * as api from './api.js';
import * as shape from './shape.js';

/** Bursts of events cost one request. */
const GATHER_MS = 200;
const PULSE_MS = 5_000;

const TYPES = [
  'issued', 'called', 'recalled', 'started', 'finished', 'no_show', 'reinstated', 'parked', 'transferred', 'moved', 'abandoned',
  'expired', 'rated', 'identified',
].map((name) => `ticket.${name}`).concat([
  'counter.opened', 'counter.closed', 'counter.paused', 'conflict.raised', 'conflict.acknowledged', 'config.changed',
  'mesh.peer_up', 'mesh.peer_down', 'mesh.epoch', 'device.enrolled', 'device.revoked',
]);

/** @param {ReturnType<typeof import('./store.js').createStore>} store */
export function createFeed(store) {
  /** @type {Promise<void> | null} */
  let running = null;
  /** @type {Promise<void> | null} */
  let following = null;
  let timer = 0;

  const fetchNow = () => (running = fetchPicture(store).finally(() => (running = null)));

  /** Resolves when a picture asked for after this call has been taken in; calls meanwhile share it. */
  function refresh() {
    if (!running) return fetchNow();
    following ??= running.then(() => ((following = null), fetchNow()));
    return following;
  }

  function soon() {
    if (!timer) timer = window.setTimeout(() => ((timer = 0), refresh()), GATHER_MS);
  }

  return {
    refresh,
    start() {
      refresh();
      api.follow(TYPES, { happened: soon, lost: () => store.dispatch({ type: 'lost' }) });
      setInterval(refresh, PULSE_MS);
      setInterval(() => store.dispatch({ type: 'tick', now: Date.now() }), 1000);
    },
  };
}

/** @param {ReturnType<typeof import('./store.js').createStore>} store */
async function fetchPicture(store) {
  const answer = await api.get('/snapshot');
  if (answer.ok) store.dispatch({ type: 'snapshot', snapshot: shape.snapshot(answer.body), now: Date.now() });
  else store.dispatch({ type: 'lost' });
}
