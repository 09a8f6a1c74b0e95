// @ts-check
// Opening hours: whether the branch is open now, until when, and when it opens next. Pure.

/** @typedef {{weekday: number, opens: string, closes: string}} Hours */
/** @typedef {{open: true, closes?: string} | {open: false, next?: {days: number, weekday: number, opens: string}}} Opening */

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/**
 * Weekday (1 Monday to 7 Sunday) and time of day where the branch is; an empty zone is the device's own.
 * @param {number} now
 * @param {string} zone
 */
export function localTime(now, zone) {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone || undefined, weekday: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).formatToParts(now);
  const part = (/** @type {string} */ type) => parts.find((p) => p.type === type)?.value ?? '';
  return { weekday: WEEKDAYS.indexOf(part('weekday')) + 1, time: `${part('hour')}:${part('minute')}:${part('second')}` };
}

/** No hours at all means always open; hours are half-open. @param {Hours[]} hours @param {number} now @param {string} zone @returns {Opening} */
export function opening(hours, now, zone) {
  if (hours.length === 0) return { open: true };
  const { weekday, time } = localTime(now, zone);
  const running = hours.find(includes(weekday, time));
  if (running) return { open: true, closes: short(running.closes) };
  return { open: false, next: nextOpening(hours, weekday, time) };
}

/** @param {number} weekday @param {string} time @returns {(hours: Hours) => boolean} */
const includes = (weekday, time) => (hours) => hours.weekday === weekday && hours.opens <= time && time < hours.closes;

/** @param {Hours[]} hours @param {number} weekday @param {string} time */
function nextOpening(hours, weekday, time) {
  const coming = hours.map((h) => {
    const days = (h.weekday - weekday + 7) % 7;
    return { days: days === 0 && h.opens <= time ? 7 : days, weekday: h.weekday, opens: short(h.opens) };
  });
  return coming.sort((a, b) => a.days - b.days || a.opens.localeCompare(b.opens))[0];
}

/**
 * The next of the hours known to be quiet that begins later today, while the branch is open.
 * @param {number[]} quietHours @param {Hours[]} hours @param {number} now @param {string} zone @returns {number | undefined}
 */
export function quieterFrom(quietHours, hours, now, zone) {
  const { weekday, time } = localTime(now, zone);
  const begins = (/** @type {number} */ hour) => `${String(hour).padStart(2, '0')}:00:00`;
  const isOpen = (/** @type {string} */ at) => hours.length === 0 || hours.some(includes(weekday, at));
  return quietHours.find((hour) => begins(hour) > time && isOpen(begins(hour)));
}

/** The whole week for people, the days in order, each with its spans; days without any are closed. @param {Hours[]} hours */
export function week(hours) {
  return WEEKDAYS.map((_, i) => {
    const spans = hours.filter((h) => h.weekday === i + 1).sort((a, b) => a.opens.localeCompare(b.opens));
    return { weekday: i + 1, spans: spans.map((h) => `${short(h.opens)}–${short(h.closes)}`) };
  });
}

/** `09:00:00` as people write it. @param {string} time */
const short = (time) => time.slice(0, 5);
