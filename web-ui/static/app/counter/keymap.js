// @ts-check
// The counter's keys: which key does what. They can be changed and are remembered by this browser.

/** @typedef {Record<string, string>} Keymap a verb's key, as `Shift+F2` */

/** @type {Keymap} */
export const USUAL = {
  'call-next': 'F2',
  'call-number': 'Shift+F2',
  recall: 'F3',
  start: 'F4',
  'no-show': 'F6',
  park: 'F7',
  transfer: 'F8',
  finish: 'F9',
  assist: 'F10',
  pause: 'Ctrl+F2',
  find: 'Ctrl+K',
  keys: 'F1',
};

const MODIFIERS = ['Control', 'Shift', 'Alt', 'Meta', 'AltGraph'];
/** Keys that typing, moving and leaving need. */
const TAKEN = ['Escape', 'Tab', 'Enter', ' '];
const SIGNS = /** @type {Record<string, string>} */ ({ Shift: '⇧', Ctrl: 'Ctrl ', Alt: 'Alt ' });

/** The name of a pressed key with what is held, or nothing while only modifiers are. @param {Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'shiftKey' | 'altKey'>} event */
export function pressed(event) {
  if (MODIFIERS.includes(event.key)) return '';
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  return [event.ctrlKey && 'Ctrl', event.altKey && 'Alt', event.shiftKey && 'Shift', key].filter(Boolean).join('+');
}

/** Whether a key may be given to a verb: a plain letter would be lost to whoever types. @param {string} key */
export const isFree = (key) => key !== '' && !TAKEN.includes(key) && (/^(\w+\+)*F\d+$/.test(key) || /^(Ctrl|Alt)\+/.test(key));

/** What a person reads on a button. @param {string | undefined} key */
export const keyLabel = (key) => (key ?? '').replace(/(Shift|Ctrl|Alt)\+/g, (_, held) => SIGNS[held] ?? held);

/** The verb of a key. @param {Keymap} keys @param {string} key */
export const verbOf = (keys, key) => Object.keys(keys).find((verb) => keys[verb] === key);

/** Gives a key to a verb; the verb that had it takes the other's. @param {Keymap} keys @param {string} verb @param {string} key @returns {Keymap} */
export function remapped(keys, verb, key) {
  const owner = verbOf(keys, key);
  const swapped = owner ? { ...keys, [owner]: keys[verb] ?? '' } : keys;
  return { ...swapped, [verb]: key };
}

/** What was remembered, laid over the usual keys; anything else is left out. @param {string | null} text @returns {Keymap} */
export function remembered(text) {
  try {
    const kept = Object.entries(JSON.parse(text ?? '{}')).filter(([verb, key]) => verb in USUAL && isFree(String(key)));
    return { ...USUAL, ...Object.fromEntries(kept) };
  } catch {
    return USUAL;
  }
}
