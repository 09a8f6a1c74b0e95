// @ts-check
// Phones ask instead of listening: hundreds of open streams would cost the node more than it can spare. They ask more often
// when the turn is near, ever less often while the node does not answer, and hardly when nobody looks.
import * as api from '../core/api.js';
import { status } from '../core/shape.js';
import { recall, remember } from '../core/prefs.js';
import { isNear, isOver } from './state.js';

const NEAR_MS = 2_000;
const WAITING_MS = 5_000;
const OVER_MS = 60_000;
const HIDDEN_MS = 15_000;
const MOST_MS = 30_000;

/** The customer's key: the last part of this page's address. */
const token = decodeURIComponent(location.pathname.split('/').pop() ?? '');

/** @param {ReturnType<typeof import('../core/store.js').createStore<any>>} store */
export function createPoll(store) {
  let failures = 0;
  let timer = 0;

  async function refresh() {
    clearTimeout(timer);
    const answer = await api.get(`/status/${encodeURIComponent(token)}`);
    take(answer);
    timer = window.setTimeout(refresh, pause());
  }

  /** @param {Awaited<ReturnType<typeof api.get>>} answer */
  function take(answer) {
    const now = Date.now();
    failures = answer.ok || answer.problem.status === 404 ? 0 : failures + 1;
    if (answer.ok) store.dispatch({ type: 'status/told', told: status(answer.body), begun: begun(), now });
    else if (answer.problem.status === 404) store.dispatch({ type: 'status/missing', now });
    else store.dispatch({ type: 'lost' });
    const kept = store.get().begun;
    if (answer.ok && kept) remember(`status.${token}`, JSON.stringify(kept));
  }

  function pause() {
    const { told, missing, alarm } = store.get();
    if (failures > 0) return Math.min(MOST_MS, NEAR_MS * 2 ** failures);
    if (missing || (told && isOver(told))) return OVER_MS;
    if (document.hidden && !alarm) return HIDDEN_MS;
    return told && isNear(told) ? NEAR_MS : WAITING_MS;
  }

  return {
    refresh,
    changed: refresh,
    start() {
      refresh();
      document.addEventListener('visibilitychange', () => document.hidden || refresh());
      addEventListener('online', refresh);
      setInterval(() => store.dispatch({ type: 'tick', now: Date.now() }), 1000);
    },
  };
}

/** What this phone saw first, if it was here before. @returns {import('./state.js').Begun | null} */
function begun() {
  try {
    return JSON.parse(recall(`status.${token}`) ?? 'null');
  } catch {
    return null;
  }
}
