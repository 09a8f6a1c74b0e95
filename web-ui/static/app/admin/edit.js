// @ts-check
// Changing a section's draft without touching what it came from. Pure.

/** @typedef {(string | number)[]} Path */

/** @param {any} value @param {Path} path */
export const at = (value, path) => path.reduce((inner, step) => inner?.[step], value);

/** @param {any} value @param {Path} path @param {any} next @returns {any} */
export function put(value, path, next) {
  if (!path.length) return next;
  const [step, ...rest] = path;
  const inner = put(value?.[step], rest, next);
  return Array.isArray(value) ? value.with(Number(step), inner) : { ...value, [step]: inner };
}

/** @template T @param {T[]} list @param {number} i */
export const removed = (list, i) => list.filter((_, j) => j !== i);

/** @template T @param {T[]} list @param {number} i @param {number} by */
export function moved(list, i, by) {
  const to = i + by;
  if (to < 0 || to >= list.length) return list;
  return list.with(i, list[to]).with(to, list[i]);
}

/** The name the API gives a place: `services[1].name.zh`. @param {string} section @param {Path} path */
export const placeOf = (section, path) => path.reduce((text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}.${step}`), section);

/** What was typed into a figure's field: the number, or the text until it is one. @param {string} text */
export const figureOf = (text) => (/^\d{1,9}$/.test(text.trim()) ? Number(text) : text);

/** `1, 2 5` as numbers; what is none stays as it was typed. @param {string} text */
export const figuresOf = (text) => text.split(/[\s,，、]+/).filter(Boolean).map(figureOf);

/**
 * The first figure that is none yet: the API would refuse it too, but could not say so next to the field.
 * @param {string} section @param {import('./sections.js').Field[]} fields @param {any} value @param {Path} [path] @returns {string | null}
 */
export function firstWrong(section, fields, value, path = []) {
  if (Array.isArray(value)) return first(value.map((item, i) => firstWrong(section, fields, item, [...path, i])));
  return first(fields.map((field) => {
    const here = [...path, field.name];
    const is = value?.[field.name];
    if (field.as === 'number' && typeof is !== 'number') return placeOf(section, here);
    if (field.as === 'numbers' && is?.some((/** @type {any} */ one) => typeof one !== 'number')) return placeOf(section, here);
    return field.rows && is ? firstWrong(section, field.rows, is, here) : null;
  }));
}

/** @param {(string | null)[]} found */
const first = (found) => found.find(Boolean) ?? null;

/** The entry of a list a refusal speaks of. @param {string | undefined} place such as `services[1].prefix` */
export function entryOf(place) {
  const found = /^\w+\[(\d+)\]/.exec(place ?? '');
  return found ? Number(found[1]) : null;
}
