// @ts-check
// What happens besides drawing: the reminder rings and shakes the phone when the turn comes.
import { isNear } from './state.js';

const SHAKES_MS = [220, 120, 220, 120, 420];
const TONES_HZ = [784, 988, 784];

/** @type {AudioContext | null} */
let sound = null;

/** Phones let a page sound only after a touch: the switch itself is that touch. @param {any} _ @param {{store: any}} parts */
export function createStatusActs(_, { store }) {
  return {
    /** @param {boolean} on */
    alarm(on) {
      if (on && !sound && 'AudioContext' in globalThis) sound = new AudioContext();
      if (on) ring(1);
      store.dispatch({ type: 'status/alarm', on });
    },
  };
}

/** @param {{store: any}} parts */
export function heed({ store }) {
  let before = '';
  store.watch((/** @type {any} */ { told, alarm }) => {
    if (!told) return;
    const now = told.state === 'called' ? `called ${told.counter}` : isNear(told) ? 'near' : 'far';
    const calls = now !== before && now.startsWith('called');
    const nears = before === 'far' && now === 'near';
    before = now;
    // A browser refuses to shake, and complains, until somebody has touched the page.
    if ((calls || (alarm && nears)) && navigator.userActivation?.hasBeenActive) navigator.vibrate?.(SHAKES_MS);
    if (alarm && (calls || nears)) ring(2);
  });
}

/** @param {number} times */
function ring(times) {
  if (!sound) return;
  for (let i = 0; i < times * TONES_HZ.length; i += 1) {
    const tone = new OscillatorNode(sound, { frequency: TONES_HZ[i % TONES_HZ.length] });
    const volume = new GainNode(sound, { gain: 0.2 });
    const at = sound.currentTime + i * 0.22;
    volume.gain.setTargetAtTime(0, at + 0.12, 0.04);
    tone.connect(volume).connect(sound.destination);
    tone.start(at);
    tone.stop(at + 0.22);
  }
}
