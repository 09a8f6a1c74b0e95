// @ts-check
// What this browser remembers: language, theme, the counter a person works at. Losing it harms nothing.

/** @param {string} name @returns {string | null} */
export function recall(name) {
  try {
    return localStorage.getItem(`bm.${name}`);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
export function remember(name, value) {
  try {
    localStorage.setItem(`bm.${name}`, value);
  } catch {
    // A browser that keeps nothing still works; the choice lasts until the page is left.
  }
}
