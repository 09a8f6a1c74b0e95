// @ts-check
// Two soft tones for a reminder. Nothing is loaded for it, and a browser that may not sound yet stays silent.

/** @type {AudioContext | undefined} */
let audio;

const TONES = [{ hertz: 659, at: 0 }, { hertz: 880, at: 0.16 }];
const RING_S = 0.5;
const LOUD = 0.2;

export function chime() {
  // Before the first touch a browser refuses to sound, and says so on its console.
  if (!navigator.userActivation.hasBeenActive) return;
  audio ??= new AudioContext();
  const { destination, currentTime } = audio;
  for (const { hertz, at } of TONES) {
    const tone = new OscillatorNode(audio, { frequency: hertz });
    const volume = new GainNode(audio, { gain: 0 });
    const start = currentTime + at;
    volume.gain.setValueAtTime(LOUD, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + RING_S);
    tone.connect(volume).connect(destination);
    tone.start(start);
    tone.stop(start + RING_S);
  }
}
