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
    languages: body.languages ?? [],
    services: (body.services ?? []).map(service),
    queues: (body.queues ?? []).map(named),
    counters: (body.counters ?? []).map((/** @type {any} */ c) => ({ number: c.number, name: words(c.name), zone: c.zone ?? undefined })),
    hours: body.hours ?? [],
    quietHours: body.quiet_hours ?? [],
    timeZone: body.time_zone ?? '',
    groups: (body.groups ?? []).map(named),
    kiosk: body.kiosk ? kiosk(body.kiosk) : undefined,
    serviceLevelMs: (body.service_level_s ?? 0) * 1000,
    device: { id: '', name: '', role: '', ...body.device, counter: body.device?.counter ?? undefined },
    outcomes: body.outcomes ?? [],
    pauseReasons: body.pause_reasons ?? [],
    screens: (body.screens ?? []).map(screen),
    theme: body.theme || undefined,
    ticker: (body.ticker ?? []).map(words),
    voice: body.voice ? voice(body.voice) : null,
  };
}

/** @param {any} body @returns {import('./types.js').Kiosk} */
function kiosk(body) {
  const { ask_identity: askIdentity, ask_phone: askPhone } = body;
  return { idleMs: body.idle_s * 1000, resultMs: body.result_s * 1000, warnMs: body.warn_s * 1000, askIdentity, askPhone, closed: words(body.closed) };
}

/** @param {any} body @returns {import('./types.js').Screen} */
const screen = (body) => ({ address: body.address, kind: body.kind, counters: body.counters ?? [], idleText: words(body.idle_text) });

/** @param {any} body @returns {import('./types.js').Voice} */
const voice = ({ on, volume, rate, repeats, languages, gap_ms }) => ({ on, repeats, languages, volume: volume / 100, rate: rate / 100, gapMs: gap_ms });

/** @param {any} body */
const named = (body) => ({ id: body.id, name: words(body.name) });

/** @param {any} body @returns {import('./types.js').Service} */
function service(body) {
  const { id, prefix, queue, group } = body;
  return { id, prefix, queue, group: group ?? undefined, name: words(body.name), categories: (body.categories ?? []).map(named), enabled: body.enabled !== false };
}

/** What a command changed, told from its answer. @param {any} body */
export function resource(body) {
  if (body?.issued_at && body.id) return { ticket: ticket(body) };
  if (typeof body?.number === 'number' && body.state) return { counter: counter(body) };
  return null;
}

/** @param {any} body @returns {import('./types.js').Ticket} */
export function ticket(body) {
  return {
    id: body.id,
    number: body.number,
    service: body.service,
    category: body.category ?? undefined,
    state: body.state,
    issuedAt: time(body.issued_at) ?? 0,
    calledAt: time(body.called_at),
    startedAt: time(body.started_at),
    finishedAt: time(body.finished_at),
    counter: body.counter ?? undefined,
    forCounter: body.for_counter ?? undefined,
    forStaff: body.for_staff ?? undefined,
    staff: body.staff ?? undefined,
    calls: body.calls ?? 0,
    parent: body.parent ?? undefined,
    movedTo: body.moved_to ?? undefined,
    language: body.language ?? undefined,
    outcome: body.outcome ?? undefined,
    reason: body.reason ?? undefined,
    rating: body.rating ?? undefined,
    identified: Boolean(body.identified),
    epoch: body.epoch ?? undefined,
    conflict: body.conflict ?? undefined,
    statusUrl: body.status_url ?? undefined,
    printing: body.printing ?? undefined,
    statusToken: body.status_token ?? undefined,
    ahead: body.ahead ?? undefined,
    estimate: body.estimate_s ?? undefined,
    overridden: Boolean(body.overridden),
    foreign: Boolean(body.foreign),
  };
}

/** A customer's own ticket. @param {any} body @returns {import('./types.js').Told} */
export function status(body) {
  const { branch, number, state, counter, ahead } = body;
  const service = words(body.service_name) ?? { zh: body.service, en: body.service };
  return { branch, number, state, service, issuedAt: time(body.issued_at) ?? 0, counter: counter ?? undefined, ahead: ahead ?? undefined, estimate: body.estimate_s ?? undefined };
}

/** @param {any} body @returns {import('./types.js').Counter} */
function counter(body) {
  const { number, state, zone, profile, services, reason, staff } = body;
  return { number, state, name: words(body.name), zone: zone ?? undefined, profile: profile ?? undefined, services: services ?? undefined, reason: reason ?? undefined, staff: staff ?? undefined, since: time(body.since) };
}

/** @param {any} body @returns {import('./types.js').Queue} */
function queue(body) {
  const longest = body.longest_wait_s;
  return {
    service: body.service,
    queue: body.queue,
    waiting: body.waiting ?? 0,
    longestMs: typeof longest === 'number' ? longest * 1000 : undefined,
    estimate: body.estimate_s ?? undefined,
    openCounters: body.open_counters ?? 0,
  };
}

/** @param {any} body @returns {import('./types.js').Conflict} */
export function conflict(body) {
  const calls = (body.calls ?? []).map((/** @type {any} */ c) => ({ counter: c.counter, at: time(c.at), reason: c.reason ?? undefined }));
  const by = body.acknowledged;
  return { id: body.id, ticket: body.ticket, number: body.number, calls, acknowledged: by ? { staff: by.staff ?? undefined, at: time(by.at) } : undefined };
}

/** @param {any} body @returns {import('./types.js').Reminder} */
function reminder(body) {
  const { id, kind, counter, reason, ticket, state, acknowledged: by } = body;
  return {
    id, kind, counter, reason, ticket, state,
    at: time(body.raised_at) ?? 0,
    device: body.device_name,
    acknowledged: by ? { staff: by.staff, at: time(by.at) ?? 0 } : undefined,
  };
}

/** @param {any} body @returns {import('./types.js').Snapshot} */
export function snapshot(body) {
  return {
    revision: body.revision,
    at: time(body.at) ?? Date.now(),
    scope: body.scope,
    open: body.scope === 'staff',
    session: session(body.staff),
    colleagues: Object.fromEntries((body.colleagues ?? []).map((/** @type {any} */ one) => [one.id, one.name])),
    branch: branch(body.branch),
    mesh: body.mesh ? mesh(body.mesh) : null,
    settings: body.settings ? settings(body.settings) : null,
    tickets: (body.tickets ?? []).map(ticket),
    counters: (body.counters ?? []).map(counter),
    queues: (body.queues ?? []).map(queue),
    printers: (body.printers ?? []).map((/** @type {any} */ p) => ({ device: p.device, name: p.device_name, state: p.state, since: time(p.since) })),
    reminders: (body.reminders ?? []).map(reminder),
    conflicts: (body.conflicts ?? []).filter((/** @type {any} */ c) => !c.acknowledged).map(conflict),
  };
}

/** @param {any} body @returns {import('./types.js').Settings} */
function settings(body) {
  return { reminderMin: body.waiting_reminder_min, sound: Boolean(body.sound), theme: body.theme, language: body.language };
}

/** @param {any} body @returns {import('./types.js').Mesh} */
export function mesh(body) {
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
    skewMs: p.clock_skew_ms ?? undefined,
    seenAt: time(p.last_seen),
    address: p.address ?? undefined,
    queued: p.queued ?? 0,
    runsTwice: Boolean(p.runs_twice),
  }));
  return {
    device: body.device,
    group: Math.max(1, inGroup.size),
    total: peers.length + 1,
    epoch: body.epoch ?? undefined,
    stewardId: body.steward ?? undefined,
    steward: nameOf(body.steward, peers, body.device),
    members: body.members ?? [],
    lane: body.lane ?? undefined,
    takenOver: Boolean(body.taken_over),
    runsTwice: Boolean(body.runs_twice),
    peers,
    documents: body.documents ?? undefined,
    lag: body.lag ?? 0,
    anomalies: body.anomalies ?? 0,
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

/** @param {any} staff @returns {import('./types.js').Session | null} */
function session(staff) {
  return staff ? { id: staff.id, name: staff.name, roles: staff.roles ?? [] } : null;
}
