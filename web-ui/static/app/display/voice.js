// @ts-check
// How a screen speaks: the branch's settings, the sentence of a call, and the voices of the system.
import { tIn } from '../core/i18n.js';

/** @typedef {import('./announce.js').Call} Call */
/** @typedef {import('../core/types.js').Voice} Voice */

/** Where the branch's node tells no settings. @type {Voice} */
const USUAL = { on: true, volume: 0.8, rate: 1, repeats: 2, languages: ['zh-CN', 'en'], gapMs: 800 };

/** What a screen speaks by: a window screen keeps silent, and so does a device whose sound is off. @param {import('./types.js').State} state @returns {Voice} */
export function voiceOf(state) {
  const voice = state.branch?.voice ?? USUAL;
  return { ...voice, on: voice.on && state.window === null && state.settings?.sound !== false };
}

/** @param {string} language */
const ours = (language) => (language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en');

/** What is said of a call. Numbers are said figure by figure: nobody looks for ticket "one hundred and twelve". @param {Call} call @param {string} language */
export function sentence(call, language) {
  const tag = ours(language);
  const figures = tIn(tag, 'display.figures').split(' ');
  const number = [...call.number].map((sign) => (/\d/.test(sign) ? figures[Number(sign)] : sign)).join(tag === 'zh-CN' ? '' : ' ');
  return tIn(tag, 'display.say', { number, counter: call.counter });
}

/** The system's voice for a language, if it has one. @param {string} language */
export function systemVoice(language) {
  const wanted = language.toLowerCase();
  const voices = globalThis.speechSynthesis?.getVoices() ?? [];
  const tags = voices.map((voice) => voice.lang.toLowerCase().replace('_', '-'));
  const at = tags.indexOf(wanted);
  return voices[at >= 0 ? at : tags.findIndex((tag) => tag.split('-')[0] === wanted.split('-')[0])];
}
