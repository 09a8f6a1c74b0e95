// @ts-check
// From the API's names to the counter's own model: work profiles, and one ticket with its customer and history.

/** @param {any} body @returns {import('./types.js').Profile[]} */
export function profiles(body) {
  return (body.profiles ?? []).map((/** @type {any} */ profile) => ({
    id: profile.id,
    name: profile.name,
    agingMs: (profile.aging_s ?? 0) * 1000,
    queues: (profile.queues ?? []).map((/** @type {any} */ rule) => ({ queue: rule.queue, priority: rule.priority, afterWaitMs: (rule.after_wait_s ?? 0) * 1000 })),
  }));
}

/** @param {any} body @returns {import('./types.js').Detail} */
export function detail(body) {
  const { visit } = body;
  return {
    id: body.id,
    visit: visit ? { name: visit.name ?? undefined, identity: visit.identity_masked ?? undefined, phone: visit.phone_masked ?? undefined, customer: visit.customer ?? undefined, staff: visit.staff ?? undefined } : null,
    history: (body.history ?? []).map(happening),
  };
}

/** @param {any} item @returns {import('./types.js').Happening} */
function happening(item) {
  const at = Date.parse(item.at ?? '');
  return { what: item.what, effective: item.effective !== false, at: Number.isNaN(at) ? undefined : at, staff: item.staff ?? undefined, counter: item.counter ?? undefined, note: item.note ?? undefined };
}
