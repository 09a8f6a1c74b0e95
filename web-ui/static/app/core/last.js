// @ts-check
// The last picture this browser saw, for a page that is opened while the node behind it is down. It holds no more than the
// screen showed; the session is not kept.
import { recall, remember } from './prefs.js';

const EVERY_MS = 10_000;
/** A picture larger than this is not worth the browser's room. */
const MOST_CHARS = 1_000_000;

let keptAt = 0;
/** @type {{at: number, picture: object} | null} */
let newest = null;

/** Now and then, for a browser that is switched off. @param {object} picture as the API gave it @param {number} now */
export function keepPicture(picture, now) {
  newest = { at: now, picture: { ...picture, staff: null } };
  if (now - keptAt >= EVERY_MS) keepNewest();
}

/** When the node went away: what the page shows from now on. */
export function keepNewest() {
  if (!newest || newest.at === keptAt) return;
  keptAt = newest.at;
  const text = JSON.stringify(newest);
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
  newest = null;
  remember('picture', 'null');
}
