// @ts-check
// The one announcement queue of a screen. Loop: a call is taken in → it waits its turn → its script is spoken step by step →
// the next. Nothing overlaps; a recall goes next; a call that is over is dropped, even in the middle of its script.

/** @typedef {{id: string, number: string, counter: number, calls: number}} Call */
/** @typedef {Call & {again: boolean}} Announcement */
/** @typedef {{speaking: Announcement | null, waiting: Announcement[]}} Announcements */
/** @typedef {import('../core/types.js').Voice} Voice */
/** @typedef {{kind: 'chime'} | {kind: 'say', language: string, call: Call} | {kind: 'pause', ms: number}} Step */

/** More waiting calls than this would be announced long after their customers were served. */
export const LONGEST_QUEUE = 20;

/** @type {Announcements} */
export const silence = { speaking: null, waiting: [] };

/**
 * Takes a call in. A ticket waits at most once; a recall goes before everything but earlier recalls.
 * @param {Announcements} queue @param {Call} call @param {boolean} again
 * @returns {Announcements}
 */
export function called(queue, call, again) {
  const others = queue.waiting.filter((waiting) => waiting.id !== call.id);
  const recalls = others.findLastIndex((waiting) => waiting.again) + 1;
  const place = again ? recalls : others.length;
  const waiting = [...others.slice(0, place), { ...call, again }, ...others.slice(place)];
  return { ...queue, waiting: waiting.slice(-LONGEST_QUEUE) };
}

/** Drops a ticket's call, spoken or waiting. @param {Announcements} queue @param {string} id @returns {Announcements} */
export function cancelled(queue, id) {
  const speaking = queue.speaking?.id === id ? null : queue.speaking;
  return { speaking, waiting: queue.waiting.filter((waiting) => waiting.id !== id) };
}

/** The next turn, once the present one is over. @param {Announcements} queue @returns {Announcements} */
export function next({ waiting: [speaking = null, ...waiting] }) {
  return { speaking, waiting };
}

/** Chime, then the first language as often as asked for, then each other language once; then a pause before the next call. @param {Call} call @param {Voice} voice @returns {Step[]} */
export function script(call, voice) {
  const [first, ...others] = voice.languages;
  const say = (/** @type {string} */ language) => /** @type {Step} */ ({ kind: 'say', language, call });
  const said = first ? [...Array(voice.repeats).fill(first), ...others].map(say) : [];
  return [{ kind: 'chime' }, ...said, { kind: 'pause', ms: voice.gapMs }];
}

/**
 * Speaks the queue, one step after the other.
 * @param {{play: (step: Step) => Promise<void>, hush: () => void, voice: () => Voice}} way
 */
export function createAnnouncer({ play, hush, voice }) {
  let queue = silence;
  let running = false;

  async function run() {
    if (running) return;
    running = true;
    for (queue = next(queue); queue.speaking; queue = next(queue)) await speak(queue.speaking);
    running = false;
  }

  /** @param {Announcement} call */
  async function speak(call) {
    for (const step of script(call, voice())) {
      if (queue.speaking !== call) return;
      await play(step);
    }
  }

  return {
    /** @param {Call} call @param {boolean} again */
    call(call, again) {
      if (!voice().on) return;
      queue = called(queue, call, again);
      run();
    },
    /** @param {string} id */
    cancel(id) {
      const spoken = queue.speaking?.id === id;
      queue = cancelled(queue, id);
      if (spoken) hush();
    },
    /** The number in the air and those to come; for tests and for the screen's own mark. */
    state: () => queue,
  };
}
