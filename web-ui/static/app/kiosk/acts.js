// @ts-check
// What a customer can do at the kiosk, and the press that is kept until its ticket is there.
import * as api from '../core/api.js';
import { speak, t } from '../core/i18n.js';
import { ticket } from '../core/shape.js';
import { homeLanguage } from './state.js';
import { forget, keep, kept } from './press.js';

/** Between tries of a kept press: soon at first, then patient. */
const TRIES_MS = [300, 700, 1500, 3000, 5000];
/** Usually the number is there before this, and then nothing is drawn between the press and the number. */
const SOON_MS = 150;

/**
 * @param {any} _ the acts all screens share
 * @param {{store: any}} parts
 */
export function createKioskActs(_, { store }) {
  const { dispatch } = store;
  const visit = () => store.get().kiosk;

  /** Sends a press until its fate is known, always under the same command id: one press is one ticket at most. @param {import('./state.js').Press} press */
  async function settle(press) {
    for (let tries = 0; visit().press?.key === press.key; tries += 1) {
      const answer = await api.send('/tickets', press.body, press.key);
      if (answer.ok) return dispatch({ type: 'kiosk/ticket', key: press.key, ticket: ticket(answer.body), now: Date.now() });
      if (!api.mayBeTriedAgain(answer.problem.status)) {
        forget();
        return dispatch({ type: 'kiosk/refused', key: press.key, problem: answer.problem });
      }
      dispatch({ type: 'kiosk/waits', key: press.key, problem: answer.problem });
      const wait = TRIES_MS[Math.min(tries, TRIES_MS.length - 1)];
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  /** @param {import('./state.js').Press} press */
  function begin(press) {
    keep(press, Date.now());
    dispatch({ type: 'kiosk/press', press });
    setTimeout(() => dispatch({ type: 'kiosk/slow', key: press.key }), SOON_MS);
    settle(press);
  }

  /** @param {string} service @param {string} [category] */
  function issue(service, category) {
    const { identity, phone } = visit();
    const body = { service, ...(category && { category }), ...(identity && { identity }), ...(phone && { phone }), language: store.get().language };
    begin({ key: api.uuid(), body });
  }

  /** A customer's choice of language lasts for the visit; it is not this kiosk's own. @param {string} language */
  function speakTo(language) {
    if (store.get().language === language) return;
    speak(language);
    dispatch({ type: 'language', language });
  }

  return {
    issue,
    speakTo,
    /** A page that was loaded anew in the middle of a visit goes on with it. */
    resume() {
      const press = kept(Date.now());
      if (press) begin(press);
    },
    home() {
      forget();
      speakTo(homeLanguage(store.get()));
      dispatch({ type: 'kiosk/home' });
    },
    touched: () => dispatch({ type: 'kiosk/touched', now: Date.now() }),
    stay: () => dispatch({ type: 'kiosk/stay', now: Date.now() }),
    /** @param {number} page */
    page: (page) => dispatch({ type: 'kiosk/page', page }),
    /** @param {object} to */
    go: (to) => dispatch({ type: 'kiosk/go', to }),
    /** Large text with high contrast, or reading aloud. @param {'large' | 'aloud'} name */
    help: (name) => dispatch({ type: 'kiosk/help', name }),
    /** A colleague is asked to come; pressing again is the same call. */
    async askHelp() {
      dispatch({ type: 'kiosk/helped', helped: 'asking' });
      const answer = await api.command('/assistance', { reason: t('kiosk.help_reason') });
      dispatch({ type: 'kiosk/helped', helped: answer.ok ? 'coming' : 'failed' });
    },
    /** @param {(typed: string) => string} edit */
    type: (edit) => dispatch({ type: 'kiosk/type', typed: edit(visit().typed) }),
    /** @param {'identity' | 'phone'} field @param {string} value */
    known: (field, value) => dispatch({ type: 'kiosk/known', field, value }),
    /** @param {import('./offers.js').Tile} tile */
    choose(tile) {
      if (tile.kind === 'group') return dispatch({ type: 'kiosk/go', to: { step: 'group', group: tile.id } });
      if (tile.kind === 'category') return issue(visit().service, tile.id);
      const service = store.get().branch.services.find((/** @type {any} */ s) => s.id === tile.id);
      if (service.categories.length) return dispatch({ type: 'kiosk/go', to: { step: 'category', service: tile.id } });
      return issue(tile.id);
    },

    /** The exit question; `null` closes it. @param {string | null} typed */
    askExit: (typed) => dispatch({ type: 'kiosk/exit', exit: typed === null ? null : { typed, busy: false } }),
    /** @param {(typed: string) => string} edit */
    typeCode: (edit) => dispatch({ type: 'kiosk/exit', exit: { typed: edit(store.get().exit?.typed ?? ''), busy: false } }),
    /** Leaves the kiosk if the code is right; the node checks it, this page never knows it. @param {string} code */
    async exit(code) {
      dispatch({ type: 'kiosk/exit', exit: { typed: code, busy: true } });
      const answer = await api.command('/device/exit', { code });
      if (answer.ok) location.assign('/');
      else dispatch({ type: 'kiosk/exit', exit: { typed: '', busy: false, problem: answer.problem } });
    },
  };
}
