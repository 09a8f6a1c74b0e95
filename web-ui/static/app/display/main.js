// @ts-check
import { boot } from '../core/boot.js';
import { createAnnouncer } from './announce.js';
import { changes } from './calls.js';
import { Page } from './page.js';
import { createSound } from './sound.js';
import { first, reduce } from './state.js';
import { settingsOf } from './voice.js';

/** Speaks what changes from picture to picture. A window screen keeps silent: the waiting area's screen speaks. @param {{store: any, acts: any}} parts */
function speakUp({ store, acts }) {
  /** @returns {import('./types.js').State} */
  const get = () => store.get();
  const voice = () => {
    const settings = settingsOf(get().branch?.voice);
    return { ...settings, on: settings.on && get().window === null && get().settings?.sound !== false };
  };
  const sound = createSound(voice, (blocked) => acts.blocked(blocked && voice().on));
  const announcer = createAnnouncer({ play: sound.play, hush: sound.hush, voice });
  acts.wake = sound.wake;

  let before = get().snapshot;
  store.watch((/** @type {import('./types.js').State} */ state) => {
    const after = state.snapshot;
    const { calls, over } = changes(before, after);
    before = after;
    over.forEach(announcer.cancel);
    for (const { call, again } of calls) announcer.call(call, again);
  });
}

await boot({
  screen: 'display',
  Page,
  first: first(location.pathname),
  reduce,
  acts: (_, { store }) => ({
    /** @param {boolean} blocked */
    blocked: (blocked) => store.dispatch({ type: 'blocked', blocked }),
    wake: () => {},
  }),
  happened: (event, acts, state) => acts.happened?.(event, state),
  started: speakUp,
});
