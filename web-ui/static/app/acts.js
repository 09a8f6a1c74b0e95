// @ts-check
// What a person can do. Each act has a place: there it shows busy, there its refusal is read, and while it runs its
// neighbours at that place are disabled.
import * as api from './api.js';
import * as shape from './shape.js';
import { currentOf, ticketOf } from './derive.js';
import { speak, t } from './i18n.js';
import { remember } from './prefs.js';

/** @typedef {import('./types.js').Dialog} Dialog */

/**
 * @param {ReturnType<typeof import('./store.js').createStore>} store
 * @param {ReturnType<typeof import('./feed.js').createFeed>} feed
 */
export function createActs(store, feed) {
  const { dispatch } = store;

  /** @param {string} place @param {string} verb @param {() => ReturnType<typeof api.get>} ask */
  async function run(place, verb, ask) {
    if (store.get().busy[place]) return null;
    dispatch({ type: 'busy', place, verb });
    const answer = await ask();
    if (answer.ok) {
      await feed.refresh();
      dispatch({ type: 'done', place });
    } else {
      if (answer.problem.slug === 'not-signed-in') dispatch({ type: 'session', session: null });
      dispatch({ type: 'refused', place, problem: readable(answer.problem) });
    }
    return answer;
  }

  /** @param {string} place @param {string} verb @param {string} path @param {object} [body] */
  const command = (place, verb, path, body) => run(place, verb, () => api.command(path, body));

  /** @param {string} verb @param {number} counter @param {object} [body] @param {string} [place] */
  const counterAct = (verb, counter, body, place = 'desk') => command(place, verb, `/counters/${counter}/${verb}`, body);

  /** @param {string} place @param {string} verb @param {string} ticket @param {object} [body] */
  const ticketAct = (place, verb, ticket, body) => command(place, verb, `/tickets/${encodeURIComponent(ticket)}/${verb}`, body);

  /** @param {string} text */
  const toast = (text) => dispatch({ type: 'toast', text });

  const close = () => dispatch({ type: 'open', dialog: null });

  /** The act of a dialog: closes it when done, keeps it and the typed text when refused. @param {Promise<any>} done */
  async function fromDialog(done) {
    const answer = await done;
    if (answer?.ok) close();
    return answer?.ok ? answer : null;
  }

  return {
    close,
    /** @param {Dialog} dialog @param {Record<string, string>} [draft] */
    open: (dialog, draft) => dispatch({ type: 'open', dialog, draft }),
    /** @param {string} name @param {string} value */
    draft: (name, value) => dispatch({ type: 'draft', name, value }),
    /** @param {string} place */
    forgive: (place) => dispatch({ type: 'forgive', place }),
    /** @param {object} change */
    filter: (change) => dispatch({ type: 'filter', change }),

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
    /** @param {string} language */
    async chooseLanguage(language) {
      speak(language, await api.sentences(language));
      remember('language', language);
      dispatch({ type: 'language', language });
    },

    async resumeSession() {
      const answer = await api.get('/session');
      if (!answer.ok) return;
      api.setCsrf(answer.body?.csrf_token);
      dispatch({ type: 'session', session: shape.session(answer.body) });
    },
    /** @param {string} staffId @param {string} pin */
    async signIn(staffId, pin) {
      const answer = await fromDialog(run('dialog', 'sign-in', () => api.signIn(staffId, pin)));
      if (!answer) return;
      api.setCsrf(answer.body.csrf_token);
      dispatch({ type: 'session', session: shape.session(answer.body) });
      feed.refresh();
    },
    async signOut() {
      const answer = await run('session', 'sign-out', api.signOut);
      if (!answer?.ok) return;
      api.setCsrf(undefined);
      dispatch({ type: 'session', session: null });
    },

    /** @param {string} service */
    async issue(service) {
      const answer = await command('take', service, '/tickets', { service });
      if (answer?.ok) dispatch({ type: 'slip', ticket: shape.ticket(answer.body) });
    },
    closeSlip: () => dispatch({ type: 'slip', ticket: null }),

    counterAct,
    /** @param {number} counter @param {string} reason */
    pause: (counter, reason) => fromDialog(counterAct('pause', counter, { reason }, 'dialog')),
    /** Finishes the present service, if one runs, and calls the next. @param {number} counter */
    async callNext(counter) {
      const current = currentOf(store.get(), counter);
      if (current?.state === 'serving') {
        if (store.get().branch?.outcomes.length) return dispatch({ type: 'open', dialog: { kind: 'finish', counter, ticket: current.id } });
        const finished = await ticketAct('desk', 'finish', current.id);
        if (!finished?.ok) return;
      }
      const answer = await counterAct('call-next', counter);
      if (answer?.ok && answer.status === 204) toast(t('desk.nobody'));
    },
    /** @param {string} verb @param {string} ticket @param {object} [body] */
    deskAct: (verb, ticket, body) => ticketAct('desk', verb, ticket, body),
    /** @param {string} ticket */
    finish(ticket) {
      const counter = ticketOf(store.get(), ticket)?.counter;
      if (store.get().branch?.outcomes.length && counter) dispatch({ type: 'open', dialog: { kind: 'finish', counter, ticket } });
      else ticketAct('desk', 'finish', ticket);
    },
    /** @param {string} ticket @param {string} outcome */
    finishWith: (ticket, outcome) => fromDialog(ticketAct('dialog', 'finish', ticket, { outcome })),

    /** @param {string} ticket @param {number} counter */
    async call(ticket, counter) {
      const answer = await ticketAct(`ticket:${ticket}`, 'call', ticket, { counter });
      if (answer && !answer.ok && answer.problem.slug === 'no-authority') {
        dispatch({ type: 'forgive', place: `ticket:${ticket}` });
        dispatch({ type: 'open', dialog: { kind: 'override', ticket, counter, detail: answer.problem.detail } });
      }
    },
    /** @param {string} ticket @param {number} counter @param {string} reason */
    callAnyway: (ticket, counter, reason) => fromDialog(ticketAct('dialog', 'call', ticket, { counter, override: { reason } })),
    /** @param {string} ticket */
    reinstate: (ticket) => ticketAct(`ticket:${ticket}`, 'reinstate', ticket),
    /** @param {string} ticket @param {string} reason */
    async abandon(ticket, reason) {
      const number = ticketOf(store.get(), ticket)?.number ?? '';
      if (await fromDialog(ticketAct('dialog', 'abandon', ticket, reason ? { reason } : {}))) toast(t('abandon.done', { number }));
    },
    /** @param {string} ticket @param {string} service */
    async move(ticket, service) {
      const number = ticketOf(store.get(), ticket)?.number ?? '';
      const answer = await fromDialog(ticketAct('dialog', 'move', ticket, { service }));
      if (answer) toast(t('move.done', { number, to: answer.body?.number ?? '' }));
    },
    /** @param {string} ticket @param {object} target */
    transfer: (ticket, target) => fromDialog(ticketAct('dialog', 'transfer', ticket, target)),
    /** @param {string} ticket @param {string} reason */
    park: (ticket, reason) => fromDialog(ticketAct('dialog', 'park', ticket, reason ? { reason } : {})),

    /** @param {string} conflict */
    acknowledge: (conflict) => command(`conflict:${conflict}`, 'acknowledge', `/conflicts/${encodeURIComponent(conflict)}/acknowledge`),
    /** @param {string} reason */
    takeOver: (reason) => fromDialog(command('dialog', 'take-over', '/mesh/take-over', { reason })),
  };
}

/** A problem always reads as a sentence, even when no node answered. @param {import('./types.js').Problem} problem */
function readable(problem) {
  const detail = problem.detail || (problem.status === 0 ? t('problem.unreachable') : t('problem.unknown', { status: problem.status }));
  return { ...problem, detail };
}
