// @ts-check
// Who needs me: everything that wants a hand, worst first. Pure; the view is in side.js.
import { age, clock, pick, t } from '../core/i18n.js';
import { counterOf, nodeNow, serviceOf } from '../core/derive.js';
import { reliefOf, reminderMs } from './figures.js';
import { brief } from './words.js';

/** @typedef {import('./figures.js').Waiter} Waiter */
/** @typedef {{key: string, place: string, tone: string, icon: string, title: string, text: string, verb: string, act: 'conflict' | 'reminder' | 'wait' | 'counters', id: string}} Alert */

/** Over-long waits named one by one; the rest are one line. */
const NAMED = 4;

/** @param {any} state @param {Waiter[]} waiting @returns {Alert[]} */
export function alertsOf(state, waiting) {
  return [...conflicts(state), ...reminders(state), ...waits(state, waiting), ...relief(state)];
}

/** @param {any} state @returns {Alert[]} */
function conflicts(state) {
  return (state.snapshot?.conflicts ?? []).map((/** @type {import('../core/types.js').Conflict} */ conflict) => {
    const calls = conflict.calls.map((call) => t('lobby.alert.call', { n: call.counter, at: call.at ? clock(call.at) : '' }).trim());
    return {
      key: `conflict:${conflict.id}`, place: `conflict:${conflict.id}`, tone: 'bad', icon: 'conflict', act: 'conflict', id: conflict.id,
      title: t('lobby.alert.conflict', { number: conflict.number }), text: calls.join(t('list.and')), verb: t('lobby.alert.seen'),
    };
  });
}

/** Calls for the lobby manager and what else was raised for staff. @param {any} state @returns {Alert[]} */
function reminders(state) {
  return (state.lobby.reminders ?? []).filter((/** @type {any} */ one) => !one.acknowledged).map((/** @type {any} */ one) => {
    const where = one.counter === undefined ? one.device : pick(counterOf(state, one.counter)?.name, t('counter.name', { n: one.counter }));
    const help = one.kind === 'assistance';
    return {
      key: `reminder:${one.id}`, place: `reminder:${one.id}`, tone: help ? 'info' : 'warn', icon: help ? 'hand' : 'bell', act: 'reminder', id: one.id,
      title: help ? t('lobby.alert.assistance', { where }) : one.text, text: [help && one.text, age(nodeNow(state) - one.at)].filter(Boolean).join(t('list.and')),
      verb: t(help ? 'lobby.alert.going' : 'lobby.alert.seen'),
    };
  });
}

/** A wait that was seen to comes back when it reaches the next column. @param {any} state @param {Waiter[]} waiting @returns {Alert[]} */
function waits(state, waiting) {
  const late = waiting.filter((waiter) => waiter.level > 0 && state.lobby.seen[waiter.ticket.id] !== waiter.level);
  const rest = late.length - NAMED;
  const named = late.slice(0, NAMED).map((waiter) => wait(state, waiter));
  if (rest <= 0) return named;
  return [...named, {
    key: 'waits', place: 'waits', tone: 'warn', icon: 'people', act: 'wait', id: '', verb: t('lobby.alert.show'),
    title: t('lobby.alert.more_waits', { n: rest }), text: t('lobby.alert.longer_than', { n: reminderMs(state) / 60_000 }),
  }];
}

/** @param {any} state @param {Waiter} waiter @returns {Alert} */
function wait(state, { ticket, waited, level }) {
  const service = pick(serviceOf(state, ticket.service)?.name, ticket.service);
  return {
    key: `wait:${ticket.id}:${level}`, place: `wait:${ticket.id}`, tone: level > 2 ? 'bad' : 'warn', icon: 'clock', act: 'wait', id: ticket.id,
    title: t('lobby.alert.wait', { number: ticket.number, wait: brief(waited) }), text: [ticket.visit?.name, service].filter(Boolean).join(t('list.and')), verb: t('lobby.alert.look'),
  };
}

/** @param {any} state @returns {Alert[]} */
function relief(state) {
  const told = reliefOf(state);
  if (!told) return [];
  const service = pick(serviceOf(state, told.service)?.name, told.service);
  return [{
    key: `relief:${told.service}`, place: 'relief', tone: 'info', icon: 'counter', act: 'counters', id: '', verb: t('lobby.alert.counters'),
    title: t('lobby.alert.relief', { service }), text: t('lobby.alert.relief_line', { now: Math.round(told.nowS / 60), then: Math.round(told.thenS / 60) }),
  }];
}
