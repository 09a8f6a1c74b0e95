// @ts-check
// Where a customer stands at the kiosk, beside the state all screens share. Pure: time comes in with every action.
//
//   home → group → category → issuing → result → home        (identify is a side step from home)
//
// A press of a choice that issues has a command id. It stays in force until the ticket is there or the customer leaves.
// Until its answer is late the choices stay as they are, out of reach; only then is `issuing` shown.

/** @typedef {'home' | 'group' | 'category' | 'identify' | 'issuing' | 'result'} Step */
/** @typedef {{key: string, body: {service: string, category?: string, identity?: string, phone?: string, language: string}}} Press */
/** @typedef {'identity' | 'phone'} Field */

/** What the branch has not set. */
const DEFAULTS = { idleMs: 60_000, resultMs: 20_000, warnMs: 8_000, askIdentity: true, askPhone: false, closed: { zh: '', en: '' } };

const START = {
  step: /** @type {Step} */ ('home'),
  page: 0,
  group: '',
  service: '',
  identity: '',
  phone: '',
  field: /** @type {Field} */ ('identity'),
  typed: '',
  press: /** @type {Press | null} */ (null),
  tries: 0,
  problem: /** @type {import('../core/types.js').Problem | null} */ (null),
  ticket: /** @type {any} */ (null),
  until: /** @type {number | null} */ (null),
  large: false,
  aloud: false,
  /** Whether a colleague was asked for. */
  helped: /** @type {'' | 'asking' | 'coming' | 'failed'} */ (''),
};

/** @typedef {typeof START} Visit */

export const first = { kiosk: START, ownLanguage: /** @type {string | null} */ (null), exit: /** @type {{typed: string, busy: boolean, problem?: import('../core/types.js').Problem} | null} */ (null) };

/** @param {any} state @returns {typeof DEFAULTS} */
export const settings = (state) => ({ ...DEFAULTS, ...state.branch?.kiosk });

/** Milliseconds until the kiosk goes back to its start; null while it does not. @param {any} state */
export const remaining = (state) => (state.kiosk.until === null ? null : Math.max(0, state.kiosk.until - state.now));

/** Whether it is time to ask who is still there. @param {any} state */
export function isWarning(state) {
  const left = remaining(state);
  return left !== null && left <= settings(state).warnMs;
}

/** @param {any} state @param {any} action */
export function reduce(state, action) {
  switch (action.type) {
    case 'tick':
      return state.kiosk.until !== null && state.now >= state.kiosk.until ? home(state) : state;
    case 'kiosk/home':
      return home(state);
    case 'kiosk/touched':
      return touched(state, action.now);
    case 'kiosk/stay':
      return visit(state, { until: action.now + (state.kiosk.step === 'result' ? settings(state).resultMs : settings(state).idleMs) });
    case 'kiosk/exit':
      return { ...state, exit: action.exit };
    case 'kiosk/remembered':
      return { ...state, ownLanguage: action.language };
    default:
      return moved(state, action);
  }
}

/** Steps of the visit. @param {any} state @param {any} action */
function moved(state, action) {
  switch (action.type) {
    case 'kiosk/go':
      return visit(state, { page: 0, problem: null, ...action.to });
    case 'kiosk/page':
      return visit(state, { page: action.page });
    case 'kiosk/help':
      return visit(state, { [action.name]: !state.kiosk[action.name] });
    case 'kiosk/helped':
      return visit(state, { helped: action.helped });
    case 'kiosk/type':
      return visit(state, { typed: action.typed, problem: null });
    case 'kiosk/known':
      return visit(state, { step: 'home', typed: '', problem: null, [action.field]: action.value });
    case 'kiosk/press':
      return visit(state, { press: action.press, tries: 0, problem: null });
    default:
      return answered(state, action);
  }
}

/** What became of the press; an answer to a press nobody waits for any more changes nothing. @param {any} state @param {any} action */
function answered(state, action) {
  if (!state.kiosk.press || action.key !== state.kiosk.press.key) return state;
  switch (action.type) {
    case 'kiosk/ticket':
      return visit(state, { step: 'result', ticket: action.ticket, problem: null, until: action.now + settings(state).resultMs });
    case 'kiosk/slow':
      return state.kiosk.step === 'result' ? state : visit(state, { step: 'issuing' });
    case 'kiosk/waits':
      return visit(state, { step: 'issuing', problem: action.problem, tries: state.kiosk.tries + 1 });
    case 'kiosk/refused':
      return visit(state, { step: action.problem.field === 'identity' || action.problem.field === 'phone' ? 'identify' : 'home', press: null, problem: action.problem });
    default:
      return state;
  }
}

/** Using the kiosk keeps it where it is; on the result only a press of "more time" does, so that numbers do not linger. @param {any} state @param {number} now */
function touched(state, now) {
  if (state.kiosk.step === 'result') return state;
  if (state.kiosk === START && state.language === homeLanguage(state)) return state;
  return visit(state, { until: now + settings(state).idleMs });
}

/** @param {any} state @param {Partial<Visit>} change */
const visit = (state, change) => ({ ...state, kiosk: { ...state.kiosk, ...change } });

/** The next customer begins anew. @param {any} state */
const home = (state) => ({ ...state, kiosk: START, exit: null });

/** The language customers find: the one this kiosk was set to, or the first of the branch. @param {any} state @returns {string} */
export const homeLanguage = (state) => state.ownLanguage ?? state.branch?.languages[0] ?? state.language;

/** The card or phone the customer gave, as little of it as tells it apart. @param {string} value */
export const masked = (value) => (value.length <= 4 ? value : `•••• ${value.slice(-4)}`);

/** Whether what was typed can be such a number; the API has the last word. @param {Field} field @param {string} typed */
export function isPlausible(field, typed) {
  return field === 'phone' ? /^\+?\d{5,20}$/.test(typed) : /^[0-9A-Za-z-]{4,32}$/.test(typed);
}
