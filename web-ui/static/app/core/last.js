// @ts-check
// The last picture this browser saw, for a page that is opened while the node behind it is down. It holds no more than the
// screen showed; the session is not kept.
import { recall, remember } from './prefs.js';

const EVERY_MS = 10_000;
/** A picture larger than this is not worth the browser's room. */
const MOST_CHARS = 1_000_000;

let keptAt = 0;

/** @param {object} picture as the API gave it @param {number} now */
export function keepPicture(picture, now) {
  if (now - keptAt < EVERY_MS) return;
  keptAt = now;
  const text = JSON.stringify({ at: now, picture: { ...picture, staff: null } });
  if (text.length <= MOST_CHARS) remember('picture', text);
}

/** @returns {{at: number, picture: any} | null} */
export function lastPicture() {
  try {
    const kept = JSON.parse(recall('picture') ?? 'null');
    return kept?.picture?.branch && Number.isFinite(kept.at) ? kept : null;
  } catch {
    return null;
  }
}

/** After signing out nothing of what staff saw stays. */
export function forgetPicture() {
  keptAt = 0;
  remember('picture', 'null');
}
