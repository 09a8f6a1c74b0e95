// @ts-check
// What is heard: chimes and tones made by the browser, and the system's speech. Every sound ends by itself within a bound, so
// that the announcement queue can never be stuck behind one that the browser forgot.
import { tonesOf } from './tones.js';
import { sentence, systemVoice } from './voice.js';

/** Two falling notes announce a call, hertz. */
const CHIME = [784, 622.3];
const NOTE_S = 0.42;
const LOUDEST = 0.4;
/** Speech that has not ended by then has been lost by the browser: a second for each sign is far slower than any voice. */
const SPEECH_MS_A_SIGN = 1000;

/** @param {() => import('../core/types.js').Voice} settings @param {(blocked: boolean) => void} told hears whether the browser holds sound back */
export function createSound(settings, told) {
  const audio = new AudioContext();
  const tell = () => told(audio.state !== 'running');
  audio.addEventListener('statechange', tell);
  /** @type {(() => void) | null} */
  let cut = null;

  /** Browsers stay silent until somebody has touched the page. */
  function wake() {
    audio.resume().then(tell, tell);
  }
  for (const touch of ['pointerdown', 'keydown']) addEventListener(touch, wake);
  wake();
  tell();

  /** @param {number[]} notes */
  async function ring(notes) {
    if (audio.state !== 'running') return;
    const start = audio.currentTime;
    notes.forEach((hertz, at) => note(audio, hertz, start + at * NOTE_S * 0.7, settings().volume));
    await pause(notes.length * NOTE_S * 700 + 300);
  }

  /** A pause that can be cut short. @param {number} ms @returns {Promise<void>} */
  function pause(ms) {
    return new Promise((done) => {
      const timer = setTimeout(finish, ms);
      cut = finish;
      function finish() {
        clearTimeout(timer);
        cut = null;
        done();
      }
    });
  }

  /** @param {import('./announce.js').Call} call @param {string} language */
  async function say(call, language) {
    const voice = systemVoice(language);
    if (!voice) return ring(tonesOf(call.counter));
    const { volume, rate } = settings();
    const text = sentence(call, language);
    const spoken = Object.assign(new SpeechSynthesisUtterance(text), { voice, lang: voice.lang, volume, rate });
    const over = pause((text.length * SPEECH_MS_A_SIGN) / rate);
    spoken.onend = spoken.onerror = () => cut?.();
    speechSynthesis.speak(spoken);
    await over;
  }

  return {
    wake,
    /** @param {import('./announce.js').Step} step */
    play(step) {
      if (step.kind === 'pause') return pause(step.ms);
      return step.kind === 'chime' ? ring(CHIME) : say(step.call, step.language);
    },
    hush() {
      globalThis.speechSynthesis?.cancel();
      cut?.();
    },
  };
}

/** One soft note with a bell's decay. @param {AudioContext} audio @param {number} hertz @param {number} at @param {number} volume */
function note(audio, hertz, at, volume) {
  const tone = new OscillatorNode(audio, { frequency: hertz });
  const gain = new GainNode(audio, { gain: 0 });
  tone.connect(gain).connect(audio.destination);
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(LOUDEST * volume, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + NOTE_S);
  tone.start(at);
  tone.stop(at + NOTE_S);
}
