// @ts-check
// What the person at the counter may do now: one list for the buttons and for the keys, so that they never disagree.
import { counterOf, currentOf } from '../core/derive.js';
import { mayWait, unsentAbout } from '../core/outbox.js';

/** @typedef {{verb: string, icon: string, label: string, act?: () => unknown, why?: string}} Choice */

/**
 * Every act of the desk; one without `act` is not possible now, `why` is the key of the sentence that says why.
 * @param {import('./types.js').State} state
 * @param {any} acts
 * @returns {Choice[]}
 */
export function choices(state, acts) {
  const desk = read(state);
  return [...ticketChoices(state, acts, desk), ...counterChoices(state, acts, desk)];
}

/** @param {import('./types.js').State} state */
function read(state) {
  const current = currentOf(state, state.counter);
  const counter = counterOf(state, state.counter)?.state ?? 'closed';
  const choice = (/** @type {string} */ verb, /** @type {string} */ icon, /** @type {string} */ label, /** @type {string | undefined} */ why, /** @type {() => unknown} */ act) => {
    const reason = stillness(state, verb) ?? why;
    return reason === undefined ? { verb, icon, label, act } : { verb, icon, label, why: reason };
  };
  return { current, counter, called: current?.state === 'called', serving: current?.state === 'serving', choice };
}

/** Why an act cannot be done whatever the ticket's state. @param {import('./types.js').State} state @param {string} verb */
function stillness(state, verb) {
  if (!state.session) return 'counter.why.sign_in';
  if (state.counter === null) return 'counter.why.choose';
  if (state.link === 'lost' && !mayWait(verb)) return 'counter.why.offline';
  if (hasUnsent(state)) return 'counter.why.unsent';
  return state.busy.desk ? 'counter.why.busy' : undefined;
}

/** Something about this desk waits to be sent: what comes after it depends on its answer. @param {import('./types.js').State} state */
function hasUnsent(state) {
  const current = currentOf(state, state.counter);
  const about = [`/counters/${state.counter}`, ...(current ? [`/tickets/${current.id}`] : [])].map((path) => unsentAbout(state, path));
  return about.some((item) => item && !item.refused);
}

/** @param {import('./types.js').State} state @param {any} acts @param {ReturnType<typeof read>} desk @returns {Choice[]} */
function ticketChoices(state, acts, { current, counter, called, serving, choice }) {
  const id = current?.id ?? '';
  const shut = counter === 'open' ? undefined : `counter.why.${counter}`;
  const need = (/** @type {boolean} */ holds, /** @type {string} */ why) => (holds ? undefined : why);
  return [
    choice('call-next', 'call', serving ? 'counter.finish_and_next' : 'counter.next', shut ?? need(!called, 'counter.why.called'), acts.callNext),
    choice('recall', 'recall', 'counter.recall', need(called, 'counter.why.not_called'), () => acts.deskAct('recall', id)),
    choice('start', 'start', 'counter.start', need(called, 'counter.why.not_called'), () => acts.deskAct('start', id)),
    choice('no-show', 'noshow', 'counter.no_show', need(called, 'counter.why.not_called'), () => acts.deskAct('no-show', id)),
    choice('park', 'park', 'counter.park', need(serving, 'counter.why.not_serving'), () => acts.open({ kind: 'park', ticket: id })),
    choice('transfer', 'transfer', 'counter.transfer', need(serving, 'counter.why.not_serving'), () => acts.open({ kind: 'transfer', ticket: id })),
    choice('finish', 'finish', 'counter.finish', need(serving, 'counter.why.not_serving'), () => acts.finish(id)),
    choice('assist', 'hand', 'counter.assist', undefined, () => acts.open({ kind: 'assist', ticket: id })),
    choice('call-number', 'ticket', 'counter.call_number', shut ?? need(!current, 'counter.why.occupied'), () => acts.open({ kind: 'call-number' })),
  ];
}

/** @param {import('./types.js').State} state @param {any} acts @param {ReturnType<typeof read>} desk @returns {Choice[]} */
function counterChoices(state, acts, { current, counter, choice }) {
  const pausing = counter === 'open';
  return [
    choice('open', 'check', 'counter.open', pausing ? 'counter.why.open' : undefined, acts.openCounter),
    pausing
      ? choice('pause', 'park', 'counter.pause', undefined, () => acts.open({ kind: 'pause' }))
      : choice('pause', 'start', 'counter.resume', counter === 'paused' ? undefined : 'counter.why.closed', acts.openCounter),
    choice('close', 'close', 'counter.close', counter === 'closed' ? 'counter.why.closed' : current ? 'counter.why.occupied' : undefined, acts.closeCounter),
    { verb: 'find', icon: 'search', label: 'counter.find', act: state.session ? () => acts.search(state.search ?? '') : undefined, why: 'counter.why.sign_in' },
    { verb: 'keys', icon: 'list', label: 'counter.keys', act: () => acts.open({ kind: 'keys' }) },
  ];
}
