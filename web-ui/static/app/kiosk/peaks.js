// @ts-check
// Quieter hours, learnt by this kiosk from what it saw: a running mean of people waiting for each hour of the week.
// Nothing about a person is kept, and what was not seen often enough is not claimed. Pure.

/** @typedef {Record<string, {mean: number, days: number, last: string}>} Memory */

/** Hours seen on fewer days say nothing yet. */
const ENOUGH_DAYS = 2;
/** Older days weigh less from here on. */
const MOST_DAYS = 8;

/** @param {number} weekday @param {number} hour */
const place = (weekday, hour) => `${weekday}-${hour}`;

/**
 * What is remembered after one more look. Several looks within one hour of one day count as that day's.
 * @param {Memory} memory
 * @param {{date: string, weekday: number, hour: number, waiting: number}} seen
 * @returns {Memory}
 */
export function remember(memory, { date, weekday, hour, waiting }) {
  const known = memory[place(weekday, hour)] ?? { mean: waiting, days: 0, last: '' };
  const days = known.last === date ? known.days : Math.min(MOST_DAYS, known.days + 1);
  // Looks within a day move the mean a little; a day as a whole weighs one part in `days`.
  const weight = known.days === 0 ? 1 : 1 / (days * 6);
  return { ...memory, [place(weekday, hour)]: { mean: known.mean + (waiting - known.mean) * weight, days, last: date } };
}

/**
 * The next hour of today that used to be clearly quieter than now, within opening time.
 * @param {Memory} memory
 * @param {{weekday: number, hour: number, waiting: number, lastHour: number}} now
 * @returns {number | undefined}
 */
export function quieter(memory, { weekday, hour, waiting, lastHour }) {
  for (let next = hour + 1; next <= lastHour; next += 1) {
    const known = memory[place(weekday, next)];
    if (known && known.days >= ENOUGH_DAYS && known.mean <= waiting / 2) return next;
  }
  return undefined;
}
