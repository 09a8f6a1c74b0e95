// @ts-check
// Card and ID readers that type like a keyboard: a fast burst of letters and digits ended by Enter. Pure.

/** People do not type this fast. */
const BURST_MS = 80;
const SHORTEST = 4;
const LONGEST = 32;

/** @typedef {{text: string, at: number}} Burst */

/** @type {Burst} */
export const SILENT = { text: '', at: 0 };

/**
 * The burst after one more key, and the whole number when Enter ended it.
 * @param {Burst} burst
 * @param {string} key
 * @param {number} now
 * @returns {{burst: Burst, read?: string}}
 */
export function afterKey(burst, key, now) {
  const fast = now - burst.at <= BURST_MS;
  if (key === 'Enter') {
    const read = fast && burst.text.length >= SHORTEST && burst.text.length <= LONGEST ? burst.text : undefined;
    return { burst: SILENT, read };
  }
  if (!/^[0-9A-Za-z-]$/.test(key)) return { burst: SILENT };
  return { burst: { text: fast ? burst.text + key : key, at: now } };
}
