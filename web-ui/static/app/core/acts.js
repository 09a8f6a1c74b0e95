// @ts-check
// What a person can do on any screen. Each act has a place: there it shows busy, there its refusal is read, and while it runs
// its neighbours at that place are disabled.
import * as api from './api.js';
import * as shape from './shape.js';
import { speak, t } from './i18n.js';
import { mayWait } from './outbox.js';
import { remember } from './prefs.js';

/** @typedef {import('./types.js').Dialog} Dialog */

/**
 * @param {ReturnType<typeof import('./store.js').createStore<any>>} store
 * @param {ReturnType<typeof import('./feed.js').createFeed>} feed
 * @param {ReturnType<typeof import('./outbox.js').createOutbox>} outbox
 */
export function createActs(store, feed, outbox) {
  const { dispatch } = store;

  /**
   * Runs one request at a place; null if the place is busy already.
   * @param {string} place @param {string} verb @param {() => ReturnType<typeof api.get>} ask
   */
  async function run(place, verb, ask) {
    if (store.get().busy[place]) return null;
    dispatch({ type: 'busy', place, verb });
    const answer = await ask();
    if (answer.ok) {
      const changed = shape.resource(answer.body);
      if (changed) dispatch({ type: 'changed', ...changed });
      const fresh = feed.changed();
      // What the answer tells is on the screen already; anything else is awaited, so that buttons wake to the new state.
      if (!changed) await fresh;
      dispatch({ type: 'done', place });
    } else {
      if (answer.problem.slug === 'not-signed-in') dispatch({ type: 'signed-out' });
      dispatch({ type: 'refused', place, problem: readable(answer.problem) });
    }
    return answer;
  }

  /**
   * A command. One that may wait is put aside when the node does not answer: `queued` tells so.
   * @param {string} place @param {string} verb @param {string} path @param {object} [body]
   */
  async function command(place, verb, path, body) {
    if (store.get().link === 'lost' && mayWait(verb)) return queue(place, verb, path, body);
    const answer = await run(place, verb, () => api.command(path, body));
    if (answer?.ok === false && answer.problem.status === 0 && mayWait(verb)) return queue(place, verb, path, body);
    return answer;
  }

  /** @param {string} place @param {string} verb @param {string} path @param {object} [body] */
  function queue(place, verb, path, body) {
    const queued = outbox.add(verb, path, body ?? {}, api.handOver(path, body));
    const problem = readable({ status: 0, slug: 'unreachable', title: '', detail: '' });
    dispatch(queued ? { type: 'forgive', place } : { type: 'refused', place, problem });
    return { ok: /** @type {const} */ (false), queued, problem };
  }

  const close = () => dispatch({ type: 'open', dialog: null });

  /** The act of a dialog: closes it when done, keeps it and the typed text when refused. @param {Promise<any>} done */
  async function fromDialog(done) {
    const answer = await done;
    if (answer?.ok || answer?.queued) close();
    return answer?.ok ? answer : null;
  }

  return {
    run,
    command,
    close,
    fromDialog,
    /** @param {Dialog} dialog @param {Record<string, string>} [draft] */
    open: (dialog, draft) => dispatch({ type: 'open', dialog, draft }),
    /** @param {string} name @param {string} value */
    draft: (name, value) => dispatch({ type: 'draft', name, value }),
    /** @param {string} place */
    forgive: (place) => dispatch({ type: 'forgive', place }),
    /** @param {string} text */
    toast: (text) => dispatch({ type: 'toast', text }),

    /** @param {number} counter */
    chooseCounter(counter) {
      remember('counter', String(counter));
      dispatch({ type: 'counter', counter });
    },
    /** @param {string} theme */
    chooseTheme(theme) {
      remember('theme', theme);
      if (theme === 'system') delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = theme;
      dispatch({ type: 'theme', theme });
    },
    /** @param {'more' | 'normal'} contrast */
    chooseContrast(contrast) {
      remember('contrast', contrast);
      if (contrast === 'more') document.documentElement.dataset.contrast = 'more';
      else delete document.documentElement.dataset.contrast;
      dispatch({ type: 'contrast', contrast });
    },
    /** @param {string} language */
    chooseLanguage(language) {
      speak(language);
      remember('language', language);
      dispatch({ type: 'language', language });
    },

    /** @param {string} staffId @param {string} pin */
    signIn: (staffId, pin) => fromDialog(run('dialog', 'sign-in', () => withToken(api.signIn(staffId, pin)))),
    /** @param {string} code */
    async pair(code) {
      const done = await fromDialog(run('dialog', 'pair', () => withToken(api.pair(code))));
      if (done) remember('paired', 'yes');
    },
    /** Gives up a command that was not sent. @param {string} key */
    dropUnsent: (key) => outbox.drop(key),
    async signOut() {
      const answer = await run('session', 'sign-out', api.signOut);
      if (answer?.ok) api.setCsrf(undefined);
    },

    /** @param {string} verb @param {number} counter @param {object} [body] @param {string} [place] */
    counterAct: (verb, counter, body, place = 'desk') => command(place, verb, `/counters/${counter}/${verb}`, body),
    /** @param {string} place @param {string} verb @param {string} ticket @param {object} [body] */
    ticketAct: (place, verb, ticket, body) => command(place, verb, `/tickets/${encodeURIComponent(ticket)}/${verb}`, body),
    /** @param {string} conflict */
    acknowledge: (conflict) => command(`conflict:${conflict}`, 'acknowledge', `/conflicts/${encodeURIComponent(conflict)}/acknowledge`),
    /** @param {string} reason */
    takeOver: (reason) => fromDialog(command('dialog', 'take-over', '/mesh/take-over', { reason })),
  };
}

/** Keeps the token before anything else is asked for. @param {ReturnType<typeof api.signIn>} asked */
async function withToken(asked) {
  const answer = await asked;
  if (answer.ok) api.setCsrf(answer.body?.csrf_token);
  return answer;
}

/** A problem always reads as a sentence, even when no node answered. @param {import('./types.js').Problem} problem */
function readable(problem) {
  const detail = problem.detail || (problem.status === 0 ? t('problem.unreachable') : t('problem.unknown', { status: problem.status }));
  return { ...problem, detail };
}
