// @ts-check
// What the kiosk's views need to know, read from the state. Pure.
import { nodeNow } from '../core/derive.js';
import { opening, quieterFrom } from './hours.js';
import { categoryLevel, firstLevel, groupLevel, pageOf } from './offers.js';

/** The tiles of the view a customer is at, and what does not fit it. @param {any} state */
export function choices(state) {
  const { step, group, service, page } = state.kiosk;
  const services = state.branch?.services ?? [];
  const queues = state.snapshot?.queues ?? [];
  if (step === 'group') return pageOf(groupLevel(group, services, queues), page);
  if (step === 'category') return pageOf(categoryLevel(services.find((/** @type {any} */ s) => s.id === service) ?? { categories: [] }), page);
  return pageOf(firstLevel({ services, groups: state.branch?.groups ?? [] }, queues), page);
}

/** @param {any} state */
export const openingNow = (state) => opening(state.branch?.hours ?? [], nodeNow(state), state.branch?.timeZone ?? '');

/** People waiting in the whole branch. @param {any} state @returns {number} */
export const waitingInAll = (state) => (state.snapshot?.queues ?? []).reduce((/** @type {number} */ sum, /** @type {any} */ q) => sum + q.waiting, 0);

/** @param {any} state @returns {number} */
export const openCounters = (state) => (state.snapshot?.counters ?? []).filter((/** @type {any} */ c) => c.state === 'open').length;

/** Whether this page may issue: at the kiosk itself, paired with it, or for somebody who signed in. @param {any} state */
export const mayIssue = (state) => state.session !== null || (state.branch?.device.role === 'kiosk' && state.snapshot?.scope !== 'public');

/** The hour from which it is usually quieter, told only when somebody who comes now waits longer than the branch promises. @param {any} state */
export function quietHour(state) {
  const { branch, snapshot } = state;
  const longest = Math.max(0, ...(snapshot?.queues ?? []).map((/** @type {any} */ q) => q.estimate?.high ?? 0));
  if (!branch || longest * 1000 <= branch.serviceLevelMs) return undefined;
  return quieterFrom(branch.quietHours, branch.hours, nodeNow(state), branch.timeZone);
}

/** Printers that put no slip out now; the node prints when they can again. */
const STUCK = new Set(['paper_out', 'failed', 'offline']);

/** What becomes of the ticket's slip: `none` where this kiosk has no printer. @param {any} state @returns {'none' | 'printing' | 'failed'} */
export function slip(state) {
  const { printing } = state.kiosk.ticket;
  if (printing === undefined) return 'none';
  const own = state.snapshot?.printers.find((/** @type {any} */ p) => p.device === state.branch?.device.id);
  return printing && !STUCK.has(own?.state) ? 'printing' : 'failed';
}
