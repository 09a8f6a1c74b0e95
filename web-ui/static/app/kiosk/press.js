// @ts-check
// The press in force outlives this page: a kiosk that reloads in the middle of a visit asks again under the same command
// id and shows the same ticket. It is forgotten when the visit ends.

const NAME = 'bm.kiosk.press';
/** A visit does not last longer; an older press belongs to a customer who has gone. */
const LIFETIME_MS = 120_000;

/** @param {import('./state.js').Press} press @param {number} now */
export function keep(press, now) {
  try {
    sessionStorage.setItem(NAME, JSON.stringify({ press, at: now }));
  } catch {
    // Without storage a reload forgets the press, and only then.
  }
}

export function forget() {
  try {
    sessionStorage.removeItem(NAME);
  } catch {
    // Nothing was kept.
  }
}

/** @param {number} now @returns {import('./state.js').Press | null} */
export function kept(now) {
  try {
    const { press, at } = JSON.parse(sessionStorage.getItem(NAME) ?? '{}');
    return press && now - at < LIFETIME_MS ? press : null;
  } catch {
    return null;
  }
}
