// @ts-check
// From the answers of the API to the page's own model: the only file that knows the names on the wire.

/** @param {string | undefined | null} text @returns {number | undefined} */
function time(text) {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

/** @param {any} text @returns {import('./types.js').Text | undefined} */
function words(text) {
  if (typeof text === 'string') return { zh: text, en: text };
  return text ? { zh: text.zh ?? '', en: text.en ?? '' } : undefined;
}

/** @param {any} body @returns {import('./types.js').Branch} */
function branch(body) {
  return {
    name: body.name,
    date: body.business_date,
    services: (body.services ?? []).map((/** @type {any} */ s) => ({ id: s.id, prefix: s.prefix, name: words(s.name), enabled: s.enabled !== false })),
    counters: (body.counters ?? []).map((/** @type {any} */ c) => ({ number: c.number, name: words(c.name) })),
    device: { id: '', name: '', role: '', ...body.device, counter: body.device?.counter ?? undefined },
    outcomes: body.outcomes ?? [],
    pauseReasons: body.pause_reasons ?? [],
  };
}

/** @param {any} body @returns {import('./types.js').Ticket} */
export function ticket(body) {
  return {
    id: body.id,
    number: body.number,
    service: body.service,
    state: body.state,
    issuedAt: time(body.issued_at) ?? 0,
    calledAt: time(body.called_at),
    startedAt: time(body.started_at),
    finishedAt: time(body.finished_at),
    counter: body.counter ?? undefined,
    forCounter: body.for_counter ?? undefined,
    staff: body.staff ?? undefined,
    calls: body.calls ?? 0,
    ahead: body.ahead ?? undefined,
    estimate: body.estimate_s ?? undefined,
    overridden: Boolean(body.overridden),
  };
}

/** @param {any} body @returns {import('./types.js').Counter} */
function counter(body) {
  return { number: body.number, name: words(body.name), state: body.state, reason: body.reason ?? undefined, staff: body.staff ?? undefined };
}

/** @param {any} body @returns {import('./types.js').Queue} */
function queue(body) {
  const longest = body.longest_wait_s;
  return {
    service: body.service,
    waiting: body.waiting ?? 0,
    longestMs: typeof longest === 'number' ? longest * 1000 : undefined,
    estimate: body.estimate_s ?? undefined,
  };
}

/** @param {any} body @returns {import('./types.js').Conflict} */
function conflict(body) {
  const calls = (body.calls ?? []).map((/** @type {any} */ c) => ({ counter: c.counter, at: time(c.at), reason: c.reason ?? undefined }));
  return { id: body.id, ticket: body.ticket, number: body.number, calls };
}

/** @param {any} body @returns {import('./types.js').Snapshot} */
export function snapshot(body) {
  return {
    revision: body.revision,
    at: time(body.at) ?? Date.now(),
    open: body.scope !== 'public',
    branch: branch(body.branch),
    mesh: body.mesh ? mesh(body.mesh) : null,
    tickets: (body.tickets ?? []).map(ticket),
    counters: (body.counters ?? []).map(counter),
    queues: (body.queues ?? []).map(queue),
    conflicts: (body.conflicts ?? []).filter((/** @type {any} */ c) => !c.acknowledged).map(conflict),
  };
}

/** @param {any} body @returns {import('./types.js').Mesh} */
function mesh(body) {
  const inGroup = new Set((body.group ?? []).map((/** @type {any} */ member) => member.id ?? member));
  const known = (body.peers ?? []).filter((/** @type {any} */ p) => p.state !== 'revoked');
  const peers = known.map((/** @type {any} */ p) => ({
    id: p.id,
    name: p.name,
    role: p.role,
    state: p.state,
    together: inGroup.has(p.id),
    rttMs: p.rtt_ms ?? undefined,
    behind: p.behind ?? undefined,
  }));
  return {
    group: Math.max(1, inGroup.size),
    total: peers.length + 1,
    epoch: body.epoch ?? undefined,
    steward: nameOf(body.steward, peers, body.device),
    lane: body.lane ?? undefined,
    takenOver: Boolean(body.taken_over),
    peers,
    documents: body.documents ?? undefined,
    storedBytes: body.stored_bytes ?? undefined,
    foreignWaiting: body.foreign_waiting ?? 0,
  };
}

/** @param {any} device @param {{id: string, name: string}[]} peers @param {any} own */
function nameOf(device, peers, own) {
  if (!device) return undefined;
  if (device.name) return device.name;
  if (device === own?.id || device === own) return own?.name ?? device;
  return peers.find((peer) => peer.id === device)?.name ?? device;
}

/** @param {any} body @returns {import('./types.js').Session | null} */
export function session(body) {
  return body?.staff ? { id: body.staff.id ?? body.staff, name: body.staff.name ?? body.staff, roles: body.staff.roles ?? body.roles ?? [] } : null;
}
