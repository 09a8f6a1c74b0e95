// @ts-check
// What a person can do at a counter. Everything that changes the ticket in service happens at the place `desk`.
import * as api from '../core/api.js';
import { counterOf, currentOf, ticketOf } from '../core/derive.js';
import { t } from '../core/i18n.js';
import { remember } from '../core/prefs.js';
import { USUAL, remapped } from './keymap.js';
import * as shape from './shape.js';

/**
 * @param {any} core
 * @param {{store: any, feed: any}} parts
 */
export function createCounterActs(core, { store }) {
  const { dispatch } = store;
  /** @returns {import('./types.js').State} */
  const get = () => store.get();
  const numberOf = (/** @type {string} */ ticket) => ticketOf(get(), ticket)?.number ?? '';

  async function next() {
    const answer = await core.counterAct('call-next', get().counter);
    if (answer?.ok) dispatch({ type: 'pick', ticket: null });
    if (answer?.status === 204) core.toast(t('counter.nobody'));
  }

  /** Calls one ticket; where another side holds it, asks for the reason of an override. @param {string} ticket @param {string} place */
  async function call(ticket, place) {
    const { counter } = get();
    const answer = await core.ticketAct(place, 'call', ticket, { counter });
    if (answer?.ok) dispatch({ type: 'pick', ticket: null });
    if (answer && !answer.ok && answer.problem.slug === 'no-authority') {
      core.forgive(place);
      core.open({ kind: 'override', ticket, counter, detail: answer.problem.detail });
    }
    return answer;
  }

  /** @param {import('./keymap.js').Keymap} keys */
  function keepKeys(keys) {
    remember('keys', JSON.stringify(keys));
    dispatch({ type: 'keys', keys });
  }

  return {
    /** Ends the present service, if one runs, and calls the next. */
    async callNext() {
      const { counter, branch } = get();
      const current = currentOf(get(), counter);
      if (current?.state === 'serving') {
        if (branch?.outcomes.length) return core.open({ kind: 'finish', ticket: current.id, next: true });
        const done = await core.command('desk', 'call-next', `/tickets/${encodeURIComponent(current.id)}/finish`);
        if (!done?.ok) return;
      }
      return next();
    },
    /** @param {string} verb @param {string} ticket */
    deskAct: (verb, ticket) => core.ticketAct('desk', verb, ticket),
    /** @param {string} ticket */
    finish(ticket) {
      if (get().branch?.outcomes.length) core.open({ kind: 'finish', ticket });
      else core.ticketAct('desk', 'finish', ticket);
    },
    /** @param {string} ticket @param {string} outcome @param {boolean} [andNext] */
    async finishWith(ticket, outcome, andNext) {
      if (await core.fromDialog(core.ticketAct('dialog', 'finish', ticket, { outcome }))) if (andNext) await next();
    },
    /** @param {string} ticket */
    call: (ticket) => call(ticket, `ticket:${ticket}`),
    /** @param {string} ticket */
    callFromDialog: (ticket) => core.fromDialog(call(ticket, 'dialog')),
    /** @param {string} ticket @param {number} counter @param {string} reason */
    async callAnyway(ticket, counter, reason) {
      if (await core.fromDialog(core.ticketAct('dialog', 'call', ticket, { counter, override: { reason } }))) dispatch({ type: 'pick', ticket: null });
    },
    /** @param {string} ticket */
    async reinstate(ticket) {
      const answer = await core.ticketAct(`ticket:${ticket}`, 'reinstate', ticket);
      if (answer?.ok) core.toast(t('counter.reinstated', { number: numberOf(ticket) }));
    },
    /** @param {string} ticket @param {string} reason */
    park: (ticket, reason) => core.fromDialog(core.ticketAct('dialog', 'park', ticket, reason ? { reason } : {})),
    /** @param {string} ticket @param {string} identity @param {string} phone */
    async identify(ticket, identity, phone) {
      const told = { ...(identity && { identity }), ...(phone && { phone }) };
      if (await core.fromDialog(core.ticketAct('dialog', 'identify', ticket, told))) this.readDetail(ticket);
    },
    /** @param {string} ticket @param {object} target @param {string} where */
    async transfer(ticket, target, where) {
      const number = numberOf(ticket);
      if (await core.fromDialog(core.ticketAct('dialog', 'transfer', ticket, target))) core.toast(t('counter.transfer.done', { number, where }));
    },
    /** The lobby manager reads what for in one line: the reason, the number it is about, and what was added. @param {{kind: string, note: string, ticket?: string}} call */
    async assist({ kind, note, ticket }) {
      const reason = [t(`counter.assist.${kind}`), ticket && numberOf(ticket), note].filter(Boolean).join(t('list.and'));
      if (await core.fromDialog(core.command('dialog', 'assist', '/assistance', { counter: get().counter, reason }))) core.toast(t('counter.assist.done'));
    },

    openCounter: () => core.counterAct(counterOf(get(), get().counter)?.state === 'paused' ? 'resume' : 'open', get().counter),
    closeCounter: () => core.counterAct('close', get().counter),
    /** @param {string} reason */
    pause: (reason) => core.fromDialog(core.counterAct('pause', get().counter, { reason }, 'dialog')),

    /** @param {string} tab */
    tab: (tab) => dispatch({ type: 'tab', tab }),
    /** @param {string | null} search */
    search: (search) => dispatch({ type: 'search', search }),
    /** @param {string | null} ticket */
    pick: (ticket) => dispatch({ type: 'pick', ticket }),

    /** @param {string} verb @param {string} key */
    remap: (verb, key) => keepKeys(remapped(get().keys, verb, key)),
    usualKeys: () => keepKeys(USUAL),

    /** The work profiles tell whom this counter serves and in what order. */
    async readProfiles() {
      const answer = await api.get('/config');
      if (answer.ok) dispatch({ type: 'profiles', profiles: shape.profiles(answer.body) });
    },
    /** What this person may know of a ticket's customer. @param {string} ticket */
    async readDetail(ticket) {
      const answer = await api.get(`/tickets/${encodeURIComponent(ticket)}`);
      if (answer.ok) dispatch({ type: 'detail', detail: shape.detail(answer.body) });
    },
  };
}
