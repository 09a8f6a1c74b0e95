// @ts-check
// What surrounds the views: touches keep a visit alive, readers type, corners leave, the voice follows the view.
import { recall } from '../core/prefs.js';
import { NONE, afterTap, cornerAt, isComplete } from './corners.js';
import { narration } from './narration.js';
import { SILENT, afterKey } from './reader.js';
import { hush, say } from './speech.js';

/** @param {{store: any, acts: any}} parts */
export function attend({ store, acts }) {
  store.dispatch({ type: 'kiosk/remembered', language: recall('language') });
  heedTouches(acts);
  heedReader(store, acts);
  followVisit(store, acts);
  acts.resume();
}

/** @param {any} acts */
function heedTouches(acts) {
  let gesture = NONE;
  addEventListener('pointerdown', (e) => {
    gesture = afterTap(gesture, cornerAt(e.clientX, e.clientY, innerWidth, innerHeight), Date.now());
    if (isComplete(gesture)) acts.askExit('');
  });
  // After the touched button has acted, so that its view is the one kept alive.
  for (const kind of ['click', 'keyup']) addEventListener(kind, () => acts.touched());
}

/** @param {any} store @param {any} acts */
function heedReader(store, acts) {
  let burst = SILENT;
  addEventListener('keydown', (e) => {
    const { step } = store.get().kiosk;
    const after = afterKey(burst, e.key, Date.now());
    burst = after.burst;
    if (after.read && (step === 'home' || step === 'group' || step === 'identify')) {
      e.preventDefault();
      acts.known('identity', after.read);
    }
  });
}

/** Text size, contrast, voice and focus follow the visit. @param {any} store @param {any} acts */
function followVisit(store, acts) {
  const root = document.documentElement;
  let shown = '';
  let visited = Boolean(store.get().kiosk.press);
  let met = false;
  store.watch((/** @type {any} */ state) => {
    const { large, aloud, step, page, until, press } = state.kiosk;
    if ((root.dataset.text === 'large') !== large) {
      root.dataset.text = large ? 'large' : 'normal';
      root.dataset.contrast = large ? 'more' : 'normal';
    }
    // With the first picture the kiosk knows the language of the branch.
    const before = visited || (!met && state.branch);
    met ||= Boolean(state.branch);
    visited = step !== 'home' || until !== null || press !== null;
    // A timed return ends a visit as a press of "start" does: press forgotten, language of the branch.
    if (before && !visited) acts.home();
    const view = [step, page, aloud, state.language].join();
    if (view === shown) return;
    shown = view;
    if (aloud && state.branch) say(narration(state), state.language);
    else hush();
    requestAnimationFrame(() => document.getElementById('kiosk-title')?.focus({ preventScroll: true }));
  });
}
