// @ts-check
// Sentences and figures in the language in force. Every sentence stands in locales/; here is only how they are filled.

export const LANGUAGES = ['zh-CN', 'en'];

/** @type {Record<string, Record<string, string>>} */
const known = {};
/** @type {Record<string, string>} */
let sentences = {};
let language = 'zh-CN';

/** All languages are learnt at the start, so that switching works while the node is away. @param {string} tag @param {Record<string, string>} dictionary */
export function learn(tag, dictionary) {
  known[tag] = { ...known[tag], ...dictionary };
}

/** @param {string} tag */
export function speak(tag) {
  language = tag;
  sentences = known[tag] ?? {};
  document.documentElement.lang = tag;
}

/**
 * The sentence of a key, its `{name}` filled in.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  return fill(sentences[key] ?? key, values);
}

/** The same sentence in a language that is not in force, as for announcements and second lines. @param {string} tag @param {string} key @param {Record<string, string | number>} [values] */
export function tIn(tag, key, values = {}) {
  return fill(known[tag]?.[key] ?? key, values);
}

/** @param {string} sentence @param {Record<string, string | number>} values */
function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * A text the branch configured in both languages.
 * @param {import('./types.js').Text | undefined} text
 * @param {string} fallback
 */
export function pick(text, fallback) {
  return (language === 'en' ? text?.en || text?.zh : text?.zh || text?.en) || fallback;
}

/** Whole minutes waited, for people. @param {number} ms */
export function minutes(ms) {
  const whole = Math.floor(Math.max(0, ms) / 60_000);
  if (whole < 1) return t('time.under_a_minute');
  if (whole < 60) return t('time.minutes', { n: whole });
  return t('time.hours', { h: Math.floor(whole / 60), m: whole % 60 });
}

/** A running clock, `6:42`. @param {number} ms */
export function running(ms) {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** How long ago, exact enough to judge an old state. @param {number} ms */
export function age(ms) {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  return seconds < 60 ? t('time.seconds_ago', { n: seconds }) : t('time.ago', { span: minutes(ms) });
}

/** What stands after a number of people. @param {number} n */
export const people = (n) => t(n === 1 ? 'unit.person' : 'unit.people');

/** Longer waits are told in hours: nobody counts so many minutes. */
export const LONG_MIN = 120;

/** An estimate is a range: a single figure would promise too much. Seconds. @param {{low: number, high: number} | undefined} range */
export function estimate(range) {
  if (!range) return t('estimate.unknown');
  const low = Math.round(range.low / 60);
  const high = Math.max(low, Math.ceil(range.high / 60));
  if (high === 0) return t('estimate.none');
  if (high > LONG_MIN) return t('estimate.hours', { low: Math.floor(low / 60), high: Math.ceil(high / 60) });
  return low === high ? t('estimate.about', { n: high }) : t('estimate.range', { low, high });
}

/** Time of day. @param {number} ms */
export function clock(ms) {
  return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(ms);
}

/** A day and its weekday, as people write it. @param {number} ms */
export function day(ms) {
  return new Intl.DateTimeFormat(language, { month: 'long', day: 'numeric', weekday: 'long' }).format(ms);
}

/** @param {number} count */
export function bytes(count) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let size = count;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: size < 10 && unit > 0 ? 1 : 0 }).format(size)} ${units[unit]}`;
}

/** @param {number} value */
export function figure(value) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}
