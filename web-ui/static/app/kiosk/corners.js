// @ts-check
// The exit gesture: five taps on the corners of the screen, clockwise from the top left and back to it. Pure.

const ORDER = ['top-left', 'top-right', 'bottom-right', 'bottom-left', 'top-left'];
/** A tap counts within this part of the shorter side from the corner. */
const REACH = 0.14;
const PATIENCE_MS = 6000;

/** @typedef {{done: number, at: number}} Gesture */

/** @type {Gesture} */
export const NONE = { done: 0, at: 0 };

/** @param {number} x @param {number} y @param {number} width @param {number} height */
export function cornerAt(x, y, width, height) {
  const reach = Math.min(width, height) * REACH;
  const side = x <= reach ? 'left' : x >= width - reach ? 'right' : '';
  const edge = y <= reach ? 'top' : y >= height - reach ? 'bottom' : '';
  return side && edge ? `${edge}-${side}` : '';
}

/**
 * The gesture after one more tap; complete when `done` is 5. A tap elsewhere or too late begins anew.
 * @param {Gesture} gesture
 * @param {string} corner
 * @param {number} now
 * @returns {Gesture}
 */
export function afterTap(gesture, corner, now) {
  const going = now - gesture.at <= PATIENCE_MS ? gesture.done % ORDER.length : 0;
  if (corner === ORDER[going]) return { done: going + 1, at: now };
  return { done: corner === ORDER[0] ? 1 : 0, at: now };
}

/** @param {Gesture} gesture */
export const isComplete = (gesture) => gesture.done === ORDER.length;
