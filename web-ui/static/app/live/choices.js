// @ts-check
// What the person at a counter may do now: one list for the buttons and for the keys, so that they never disagree.
import { counterOf, currentOf } from '../core/derive.js';

/** @typedef {{verb: string, icon: string, key?: string, label: string, act?: () => void}} Choice */

/**
 * Every act of the desk with its key; an act without `act` is not possible now.
 * @param {import('../core/types.js').State} state
 * @param {any} acts
 * @returns {Choice[]}
 */
export function deskChoices(state, acts) {
  const number = state.counter;
  if (number === null || !state.session) return [];
  const current = currentOf(state, number);
  const counter = counterOf(state, number)?.state ?? 'closed';
  const ready = !state.busy.desk && state.link !== 'lost';
  const when = (/** @type {boolean} */ possible, /** @type {() => void} */ act) => (ready && possible ? act : undefined);
  const called = current?.state === 'called';
  const serving = current?.state === 'serving';
  const id = current?.id ?? '';
  return [
    { verb: 'call-next', icon: 'call', key: 'F2', label: serving ? 'desk.finish_and_next' : 'desk.next', act: when(counter === 'open' && !called, () => acts.callNext(number)) },
    { verb: 'recall', icon: 'recall', key: 'F3', label: 'desk.recall', act: when(called, () => acts.deskAct('recall', id)) },
    { verb: 'start', icon: 'start', key: 'F4', label: 'desk.start', act: when(called, () => acts.deskAct('start', id)) },
    { verb: 'no-show', icon: 'noshow', key: 'F6', label: 'desk.no_show', act: when(called, () => acts.deskAct('no-show', id)) },
    { verb: 'park', icon: 'park', key: 'F7', label: 'desk.park', act: when(serving, () => acts.open({ kind: 'park', ticket: id })) },
    { verb: 'transfer', icon: 'transfer', key: 'F8', label: 'desk.transfer', act: when(serving, () => acts.open({ kind: 'transfer', ticket: id })) },
    { verb: 'finish', icon: 'finish', key: 'F9', label: 'desk.finish', act: when(serving, () => acts.finish(id)) },
    { verb: 'open', icon: 'check', label: 'counter.open', act: when(counter === 'closed', () => acts.counterAct('open', number)) },
    { verb: 'resume', icon: 'start', label: 'counter.resume', act: when(counter === 'paused', () => acts.counterAct('resume', number)) },
    { verb: 'pause', icon: 'park', key: 'Ctrl F2', label: 'counter.pause', act: when(counter === 'open', () => acts.open({ kind: 'pause', counter: number })) },
    { verb: 'close', icon: 'close', label: 'counter.close', act: when(counter !== 'closed' && !current, () => acts.counterAct('close', number)) },
  ];
}
