// @ts-check
// How a screen speaks: the branch's voice section with its defaults, the sentence of a call, and the voices of the system.
import { tIn } from '../core/i18n.js';

/** @typedef {import('./announce.js').Call} Call */
/** @typedef {import('./announce.js').Voice & {template: Record<string, string>}} Settings */

/** @type {Settings} */
const USUAL = { on: true, volume: 1, rate: 1, repeats: 2, chime: true, languages: ['zh-CN', 'en'], template: {} };

const within = (/** @type {unknown} */ value, /** @type {number} */ least, /** @type {number} */ most, /** @type {number} */ usual) =>
  typeof value === 'number' && Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : usual;

/** The branch's voice section over the usual settings; whatever is missing or wrong stays usual. @param {any} section @returns {Settings} */
export function settingsOf(section) {
  const told = section ?? {};
  return {
    on: told.on ?? USUAL.on,
    chime: told.chime ?? USUAL.chime,
    volume: within(told.volume > 1 ? told.volume / 100 : told.volume, 0, 1, USUAL.volume),
    rate: within(told.rate, 0.5, 2, USUAL.rate),
    repeats: Math.round(within(told.repeats, 1, 5, USUAL.repeats)),
    languages: Array.isArray(told.languages) && told.languages.length ? told.languages : USUAL.languages,
    template: { 'zh-CN': told.template?.zh, en: told.template?.en },
  };
}

/** @param {string} language */
const ours = (language) => (language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en');

/** What is said of a call. Numbers are said figure by figure: nobody looks for ticket "one hundred and twelve". @param {Call} call @param {string} language @param {Settings} settings */
export function sentence(call, language, settings) {
  const tag = ours(language);
  const figures = tIn(tag, 'display.figures').split(' ');
  const number = [...call.number].map((sign) => (/\d/.test(sign) ? figures[Number(sign)] : sign)).join(tag === 'zh-CN' ? '' : ' ');
  const values = /** @type {Record<string, string>} */ ({ number, counter: String(call.counter) });
  const template = settings.template[tag];
  return template ? template.replace(/\{(number|counter)\}/g, (_, name) => values[name] ?? '') : tIn(tag, 'display.say', values);
}

/** The system's voice for a language, if it has one. @param {string} language */
export function systemVoice(language) {
  const wanted = language.toLowerCase();
  const voices = globalThis.speechSynthesis?.getVoices() ?? [];
  const tags = voices.map((voice) => voice.lang.toLowerCase().replace('_', '-'));
  const at = tags.indexOf(wanted);
  return voices[at >= 0 ? at : tags.findIndex((tag) => tag.split('-')[0] === wanted.split('-')[0])];
}
