// @ts-check
import { boot } from '../core/boot.js';
import { speak } from '../core/i18n.js';
import { recall } from '../core/prefs.js';
import { createAnnouncer } from './announce.js';
import { changes } from './calls.js';
import { Page } from './page.js';
import { createSound } from './sound.js';
import { first, isShown, reduce } from './state.js';
import { voiceOf } from './voice.js';

/** Speaks what changes from picture to picture. @param {{store: any, acts: any}} parts */
function speakUp({ store, acts }) {
  /** @returns {import('./types.js').State} */
  const get = () => store.get();
  const voice = () => voiceOf(get());
  const sound = createSound(voice, (blocked) => acts.blocked(blocked && voice().on));
  const announcer = createAnnouncer({ play: sound.play, hush: sound.hush, voice });
  acts.wake = sound.wake;

  let before = get().snapshot;
  store.watch((/** @type {import('./types.js').State} */ state) => {
    const after = state.snapshot;
    const { calls, over } = changes(before, after, (ticket) => isShown(state, ticket));
    before = after;
    over.forEach(announcer.cancel);
    for (const { call, again } of calls) announcer.call(call, again);
  });
}

/** Nobody chooses on a wall: what the device is set to holds unless somebody chose otherwise in this browser. @param {{store: any, acts: any}} parts */
function dress({ store, acts }) {
  const chosen = { theme: recall('theme'), language: recall('language') };
  let worn = '';
  store.watch((/** @type {import('./types.js').State} */ { settings, branch }) => {
    const theme = [settings?.theme, branch?.theme, 'dark'].find((one) => one === 'light' || one === 'dark');
    const language = settings?.language;
    if (worn === `${theme} ${language}`) return;
    worn = `${theme} ${language}`;
    if (theme && !chosen.theme) acts.wear('theme', theme);
    if (language && !chosen.language) acts.wear('language', language);
  });
}

await boot({
  screen: 'display',
  Page,
  first: first(location),
  reduce,
  acts: (_, { store }) => ({
    /** @param {boolean} blocked */
    blocked: (blocked) => store.dispatch({ type: 'blocked', blocked }),
    /** A call is on the screen as soon as it is heard of; the picture that follows confirms it. @param {any} event */
    happened: (event) => event.type === 'ticket.called' && store.dispatch({ type: 'heard', event }),
    wake: () => {},
    /** Puts on what was chosen elsewhere, without remembering it as this browser's own choice. @param {'theme' | 'language'} what @param {string} value */
    wear(what, value) {
      if (what === 'theme') document.documentElement.dataset.theme = value;
      else speak(value);
      store.dispatch({ type: what, [what]: value });
    },
  }),
  happened: (event, acts) => acts.happened(event),
  started(parts) {
    dress(parts);
    speakUp(parts);
  },
});
