// @ts-check
// The state all screens share and how it changes. Pure: time comes in with the tick, answers come in as actions. A screen
// keeps its own parts beside these (`boot`'s `first` and `reduce`).

/** @typedef {import('./types.js').State} State */

const TOAST_MS = 6000;

/** @param {Pick<State, 'screen' | 'language' | 'theme' | 'contrast' | 'counter' | 'now' | 'outbox'>} kept @returns {State} */
export function initial(kept) {
  return {
    ...kept,
    offset: 0,
    link: 'loading',
    seenAt: kept.now,
    branch: null,
    snapshot: null,
    mesh: null,
    session: null,
    settings: null,
    busy: {},
    problems: {},
    dialog: null,
    draft: {},
    toast: null,
    said: '',
    outbox: kept.outbox,
  };
}

/** @param {State} state @param {any} action @returns {State} */
export function reduce(state, action) {
  switch (action.type) {
    case 'snapshot':
      return fresh(state, action);
    case 'lost':
      return state.link === 'lost' ? state : { ...state, link: 'lost' };
    case 'tick':
      return tick(state, action.now);
    case 'signed-out':
      return { ...state, session: null };
    case 'language':
    case 'theme':
    case 'contrast':
    case 'counter':
      return { ...state, [action.type]: action[action.type] };
    default:
      return acted(state, action);
  }
}

/** Acts, their refusals and dialogs. @param {State} state @param {any} action @returns {State} */
function acted(state, action) {
  switch (action.type) {
    case 'busy':
      return { ...state, busy: { ...state.busy, [action.place]: action.verb }, problems: without(state.problems, action.place) };
    case 'done':
      return { ...state, busy: without(state.busy, action.place) };
    case 'changed':
      return { ...state, snapshot: withResource(state.snapshot, action) };
    case 'refused':
      return { ...state, busy: without(state.busy, action.place), problems: { ...state.problems, [action.place]: action.problem } };
    case 'forgive':
      return { ...state, problems: without(state.problems, action.place) };
    case 'open':
      return { ...state, dialog: action.dialog, draft: action.draft ?? {}, problems: without(state.problems, 'dialog') };
    case 'draft':
      return { ...state, draft: { ...state.draft, [action.name]: action.value } };
    case 'outbox':
      return { ...state, outbox: action.items };
    case 'toast':
      return { ...state, toast: { text: action.text, at: state.now } };
    default:
      return state;
  }
}

/** @param {State} state @param {{snapshot: import('./types.js').Snapshot, now: number}} action @returns {State} */
function fresh(state, { snapshot, now }) {
  if (state.snapshot && isOlder(snapshot.revision, state.snapshot.revision)) return state;
  const { branch, mesh, session, settings } = snapshot;
  const counter = state.counter ?? branch.device.counter ?? null;
  const said = newestCall(state.snapshot, snapshot) ?? state.said;
  return { ...state, snapshot, branch, mesh, session, settings, counter, said, link: 'live', seenAt: now, now, offset: snapshot.at - now };
}

/** Two answers may overtake each other. Revisions compare as text, but only within one run of the node. @param {string} one @param {string} other */
function isOlder(one, other) {
  const run = (/** @type {string} */ revision) => revision.slice(0, revision.lastIndexOf('-'));
  return run(one) === run(other) && one < other;
}

/**
 * The call to read out: `number counter calls` of the newest call the last picture did not show.
 * @param {State['snapshot']} before
 * @param {import('./types.js').Snapshot} after
 */
function newestCall(before, after) {
  if (!before) return null;
  const calls = new Map(before.tickets.map((ticket) => [ticket.id, ticket.calls]));
  const called = after.tickets.filter((ticket) => ticket.state === 'called' && ticket.calls > (calls.get(ticket.id) ?? 0));
  called.sort((a, b) => (b.calledAt ?? 0) - (a.calledAt ?? 0));
  return called[0] ? `${called[0].number} ${called[0].counter ?? ''} ${called[0].calls}` : null;
}

/**
 * A command answers with what it changed: it is shown before the next picture comes.
 * @param {State['snapshot']} snapshot
 * @param {{ticket?: import('./types.js').Ticket, counter?: import('./types.js').Counter}} changed
 */
function withResource(snapshot, { ticket, counter }) {
  if (!snapshot?.open) return snapshot;
  const tickets = ticket ? replaced(snapshot.tickets, ticket, (t) => t.id) : snapshot.tickets;
  const counters = counter ? replaced(snapshot.counters, counter, (c) => c.number) : snapshot.counters;
  return { ...snapshot, tickets, counters };
}

/** @template T @param {T[]} list @param {T} one @param {(one: T) => unknown} key @returns {T[]} */
function replaced(list, one, key) {
  const at = list.findIndex((other) => key(other) === key(one));
  return at < 0 ? [...list, one] : list.with(at, one);
}

/** @param {State} state @param {number} now */
function tick(state, now) {
  const toast = state.toast && now - state.toast.at > TOAST_MS ? null : state.toast;
  return { ...state, now, toast };
}

/** @template T @param {Record<string, T>} from @param {string} name @returns {Record<string, T>} */
function without(from, name) {
  const { [name]: _, ...rest } = from;
  return rest;
}
