// @ts-check
// What the lobby reads beside the snapshot, turned into the page's own words.
import * as api from '../core/api.js';

/** @param {string | undefined} text */
const time = (text) => Date.parse(text ?? '') || 0;

/** What happened to a ticket, the oldest first. @param {any} body */
export function history(body) {
  return (body.history ?? []).map((/** @type {any} */ item) => ({ what: item.what, effective: item.effective, at: time(item.at), staff: item.staff, counter: item.counter, note: item.note }));
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

/** Calls for the lobby manager and other reminders of the day. @param {any} state */
export async function reminders(state) {
  if (!state.session) return null;
  const answer = await api.get('/reminders');
  return answer.ok ? { type: 'lobby.reminders', reminders: (answer.body.reminders ?? []).map(reminder) } : null;
}

/** @param {any} body */
function reminder(body) {
  const by = body.acknowledged;
  return { id: body.id, kind: body.kind, counter: body.counter ?? undefined, text: body.text ?? body.reason ?? '', at: time(body.raised_at ?? body.at), acknowledged: by ? { name: by.staff, at: time(by.at) } : undefined };
}
