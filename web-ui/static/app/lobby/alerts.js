// @ts-check
// Who needs me: everything that wants a hand, worst first. Pure; the view is in side.js.
import { age, clock, pick, t } from '../core/i18n.js';
import { counterOf, nodeNow, serviceOf, staffName } from '../core/derive.js';
import { unsentAbout } from '../core/outbox.js';
import { whatFor } from './chips.js';
import { byId, reliefOf, reminderMs } from './figures.js';
import { brief } from './words.js';

/** @typedef {import('./figures.js').Waiter} Waiter */
/** @typedef {import('../core/types.js').Reminder} Reminder */
/** @typedef {{key: string, place: string, tone: string, icon: string, title: string, text: string, verb: string, act: 'conflict' | 'reminder' | 'show' | 'counters', id: string, ticket?: string, unsent?: boolean}} Alert */

/** Over-long waits named one by one; the rest are one line. */
const NAMED = 4;
/** What somebody has seen to stays this long, so that the others know. */
const TOLD_MS = 10 * 60_000;
const TOLD = 3;

/** @param {any} state @param {Waiter[]} waiting @returns {Alert[]} */
export function alertsOf(state, waiting) {
  const open = (state.snapshot?.reminders ?? []).filter((/** @type {Reminder} */ one) => !one.acknowledged);
  const of = (/** @type {string} */ kind) => open.filter((/** @type {Reminder} */ one) => one.kind === kind);
  return [...conflicts(state), ...of('assistance').map(assistance(state)), ...waits(state, waiting, of('over_wait')), ...of('printer').map(printer(state)), ...relief(state)];
}

/** What was seen to lately and by whom, the latest first. @param {any} state */
export function seenTo(state) {
  const since = nodeNow(state) - TOLD_MS;
  const done = (state.snapshot?.reminders ?? []).filter((/** @type {Reminder} */ one) => (one.acknowledged?.at ?? 0) > since);
  return done.sort((/** @type {any} */ a, /** @type {any} */ b) => b.acknowledged.at - a.acknowledged.at).slice(0, TOLD)
    .map((/** @type {any} */ one) => ({ id: one.id, text: t('lobby.alert.answered', { staff: staffName(state, one.acknowledged.staff) ?? t('none'), what: subject(state, one) }) }));
}

/** @param {any} state @returns {Alert[]} */
function conflicts(state) {
  return (state.snapshot?.conflicts ?? []).map((/** @type {import('../core/types.js').Conflict} */ conflict) => {
    const calls = conflict.calls.map((call) => t('lobby.alert.call', { n: call.counter, at: call.at ? clock(call.at) : '' }).trim());
    return {
      key: `conflict:${conflict.id}`, place: `conflict:${conflict.id}`, tone: 'bad', icon: 'conflict', act: 'conflict', id: conflict.id, ticket: conflict.ticket,
      title: t('lobby.alert.conflict', { number: conflict.number }), text: calls.join(t('list.and')), verb: t('lobby.alert.seen'), unsent: Boolean(unsentAbout(state, `/conflicts/${conflict.id}`)),
    };
  });
}

/** What all reminders have. @param {any} state @param {Reminder} one */
const common = (state, one) => ({ key: `${one.kind}:${one.id}`, place: `reminder:${one.id}`, act: /** @type {const} */ ('reminder'), id: one.id, title: subject(state, one), unsent: Boolean(unsentAbout(state, `/reminders/${one.id}`)) });

/** @param {any} state */
const assistance = (state) => (/** @type {Reminder} */ one) => ({
  ...common(state, one), tone: 'info', icon: 'hand', verb: t('lobby.alert.going'), text: [one.reason, age(nodeNow(state) - one.at)].filter(Boolean).join(t('list.and')),
});

/** @param {any} state */
const printer = (state) => (/** @type {Reminder} */ one) => ({ ...common(state, one), tone: one.state === 'paper_low' ? 'warn' : 'bad', icon: 'print', verb: t('lobby.alert.seen'), text: age(nodeNow(state) - one.at) });

/** The longest waits nobody has seen to. @param {any} state @param {Waiter[]} waiting @param {Reminder[]} reminders @returns {Alert[]} */
function waits(state, waiting, reminders) {
  const raised = new Map(reminders.map((one) => [one.ticket, one]));
  const late = waiting.filter(({ ticket }) => raised.has(ticket.id));
  const named = late.slice(0, NAMED).map(({ ticket, level }) => ({
    ...common(state, /** @type {Reminder} */ (raised.get(ticket.id))), tone: level > 2 ? 'bad' : 'warn', icon: 'clock', ticket: ticket.id, verb: t('lobby.alert.going'),
    text: whatFor(state, ticket),
  }));
  const rest = late.length - named.length;
  if (rest === 0) return named;
  return [...named, {
    key: 'waits', place: 'waits', tone: 'warn', icon: 'people', act: 'show', id: '', verb: t('lobby.alert.show'),
    title: t('lobby.alert.more_waits', { n: rest }), text: t('lobby.alert.longer_than', { n: reminderMs(state) / 60_000 }),
  }];
}

/** What a reminder is about, in a sentence. @param {any} state @param {Reminder} one */
function subject(state, one) {
  if (one.kind === 'printer') return t(`lobby.printer.${one.state}`, { device: one.device });
  if (one.kind === 'assistance') return t('lobby.alert.assistance', { where: one.counter === undefined ? one.device : pick(counterOf(state, one.counter)?.name, t('counter.name', { n: one.counter })) });
  const ticket = byId(state.snapshot?.tickets ?? []).get(one.ticket ?? '');
  const until = ticket?.state === 'waiting' ? nodeNow(state) : (one.acknowledged?.at ?? nodeNow(state));
  return t('lobby.alert.wait', { number: ticket?.number ?? '', wait: brief(until - one.at + reminderMs(state)) });
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
