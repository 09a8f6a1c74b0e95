// @ts-check
// What the lobby reads beside the snapshot, turned into the page's own words.
import * as api from '../core/api.js';

/** @param {string | undefined} text */
const time = (text) => Date.parse(text ?? '') || 0;

/** One ticket: what happened to it, the oldest first, and who the customer is, as far as this device is told. @param {any} body */
export function detail(body) {
  const visit = body.visit && { identity: body.visit.identity_masked, phone: body.visit.phone_masked, staff: body.visit.staff };
  const history = (body.history ?? []).map((/** @type {any} */ { what, effective, at, staff, counter, note }) => ({ what, effective, at: time(at), staff, counter, note }));
  return { ticket: body.id, visit, history };
}

/** The figures of the day so far. @param {any} state */
export async function day(state) {
  if (!state.session) return null;
  const answer = await api.get('/lobby/overview');
  if (!answer.ok) return null;
  const { today, counters } = answer.body;
  const served = Object.fromEntries(counters.map((/** @type {any} */ counter) => [counter.counter, counter.served]));
  return { type: 'lobby.day', day: { issued: today.issued, served: today.served, averageWaitS: today.average_wait_s, byCounter: served } };
}
