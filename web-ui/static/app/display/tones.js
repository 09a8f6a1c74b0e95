// @ts-check
// Where no voice speaks the language, three rising notes stand for the sentence: the same for every call to one counter, others for
// the counters beside it, so that two calls in a row are heard as two. Pure.

/** The notes of counter 1, hertz. */
const NOTES = [523.3, 659.3, 784];
/** How many half tones higher the next counters sound: a scale whose notes go together in any order. */
const STEPS = [0, 2, 4, 7, 9];

/** @param {number} counter */
export function tonesOf(counter) {
  const step = STEPS[(counter - 1 + STEPS.length) % STEPS.length] ?? 0;
  return NOTES.map((hertz) => hertz * 2 ** (step / 12));
}
