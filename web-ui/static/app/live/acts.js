// @ts-check
// What a person can do on the live page, beside what they can do anywhere.
import { currentOf, ticketOf } from '../core/derive.js';
import { t } from '../core/i18n.js';
import * as shape from '../core/shape.js';

/** @param {any} core @param {{store: any}} parts */
export function createActs(core, { store }) {
  const { dispatch } = store;
  const { command, counterAct, fromDialog, open, ticketAct, toast } = core;

  return {
    /** @param {object} change */
    filter: (change) => dispatch({ type: 'filter', change }),

    /** @param {string} service */
    async issue(service) {
      const answer = await command('take', service, '/tickets', { service });
      if (answer?.ok) dispatch({ type: 'slip', ticket: shape.ticket(answer.body) });
    },
    closeSlip: () => dispatch({ type: 'slip', ticket: null }),

    /** @param {number} counter @param {string} reason */
    pause: (counter, reason) => fromDialog(counterAct('pause', counter, { reason }, 'dialog')),
    /** Finishes the present service, if one runs, and calls the next. @param {number} counter */
    async callNext(counter) {
      const current = currentOf(store.get(), counter);
      if (current?.state === 'serving') {
        if (store.get().branch?.outcomes.length) return open({ kind: 'finish', counter, ticket: current.id });
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
      if (store.get().branch?.outcomes.length && counter) open({ kind: 'finish', counter, ticket });
      else ticketAct('desk', 'finish', ticket);
    },
    /** @param {string} ticket @param {string} outcome */
    finishWith: (ticket, outcome) => fromDialog(ticketAct('dialog', 'finish', ticket, { outcome })),

    /** @param {string} ticket @param {number} counter */
    async call(ticket, counter) {
      const answer = await ticketAct(`ticket:${ticket}`, 'call', ticket, { counter });
      if (answer && !answer.ok && answer.problem.slug === 'no-authority') {
        dispatch({ type: 'forgive', place: `ticket:${ticket}` });
        open({ kind: 'override', ticket, counter, detail: answer.problem.detail });
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
  };
}
