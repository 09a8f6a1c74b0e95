// @ts-check
// Commands given while the node behind the page does not answer. They are kept with their id in this browser, shown as
// unsent, and sent in order when the node is back: once each, for the same id is the same command on every node.
import * as api from './api.js';
import { ticketOf } from './derive.js';
import { recall, remember } from './prefs.js';

/** @typedef {import('./types.js').Unsent} Unsent */

/**
 * Verbs that mean the same a few minutes later. Whatever gives a number to somebody new, or calls somebody, needs the node now.
 */
const LATER = new Set(['start', 'finish', 'no-show', 'park', 'rate', 'acknowledge', 'pause', 'resume', 'close', 'open']);
const MOST = 50;

/** Whether an act may be given while the node is away. @param {string} verb */
export const mayWait = (verb) => LATER.has(verb);

/** The unsent command about a ticket or counter, if there is one. @param {import('./types.js').State} state @param {string} path such as `/tickets/x` */
export const unsentAbout = (state, path) => state.outbox.find((item) => item.path.startsWith(`${path}/`));

/** What the last page of this browser could not send. @returns {Unsent[]} */
export function kept() {
  try {
    const items = JSON.parse(recall('outbox') ?? '[]');
    return Array.isArray(items) ? items.filter((item) => item?.key && item.path && item.verb) : [];
  } catch {
    return [];
  }
}

/** @param {ReturnType<typeof import('./store.js').createStore<any>>} store */
export function createOutbox(store) {
  let sending = false;

  /** @param {Unsent[]} items */
  function keep(items) {
    remember('outbox', JSON.stringify(items));
    store.dispatch({ type: 'outbox', items });
  }

  /** @param {Unsent} item @param {Partial<Unsent>} change */
  const amend = (item, change) => keep(store.get().outbox.map((/** @type {Unsent} */ one) => (one.key === item.key ? { ...one, ...change } : one)));

  /** @param {string} key */
  const drop = (key) => keep(store.get().outbox.filter((/** @type {Unsent} */ one) => one.key !== key));

  /** One command; whether the next may follow. @param {Unsent} item */
  async function deliver(item) {
    const answer = await api.send(item.path, item.body, item.key);
    if (answer.ok) drop(item.key);
    else if (api.mayBeTriedAgain(answer.problem.status) || answer.problem.status === 401) return false;
    else amend(item, { refused: answer.problem.detail || answer.problem.title });
    return true;
  }

  return {
    drop,
    /** Whether there was room. @param {string} verb @param {string} path @param {object} body @param {string} key */
    add(verb, path, body, key) {
      const state = store.get();
      if (state.outbox.length >= MOST) return false;
      keep([...state.outbox, { key, verb, path, body, staff: state.session?.id, subject: subject(state, path), at: Date.now() }]);
      return true;
    },
    /** Sends what the person in front of the screen left here; somebody else's stays theirs. Whether anything was sent. */
    async flush() {
      if (sending) return false;
      sending = true;
      let sent = false;
      for (const item of store.get().outbox) {
        if (item.refused || item.staff !== store.get().session?.id) continue;
        if (!(await deliver(item))) break;
        sent = true;
      }
      sending = false;
      return sent;
    },
  };
}

/** What a command is about, as people call it: a ticket's number or a counter's. @param {import('./types.js').State} state @param {string} path */
function subject(state, path) {
  const [, kind, id] = path.split('/');
  if (kind === 'counters') return `${id}`;
  return kind === 'tickets' ? (ticketOf(state, decodeURIComponent(id))?.number ?? '') : '';
}
