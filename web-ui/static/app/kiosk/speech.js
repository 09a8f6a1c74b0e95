// @ts-check
// The system's voice, if it has one for the language. Nothing here fails: a kiosk without a voice stays silent and its
// words stay on the screen.

/** @param {string} language @returns {SpeechSynthesisVoice | undefined} */
function voiceFor(language) {
  const like = language.slice(0, 2).toLowerCase();
  return globalThis.speechSynthesis?.getVoices().find((voice) => voice.lang.toLowerCase().startsWith(like) && voice.localService);
}

/** @param {string} language */
export const hasVoice = (language) => Boolean(voiceFor(language));

/** Says a text, instead of whatever is being said. @param {string} text @param {string} language */
export function say(text, language) {
  const voice = voiceFor(language);
  hush();
  if (!voice) return;
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.voice = voice;
  utterance.lang = voice.lang;
  utterance.rate = 0.9;
  speechSynthesis.speak(utterance);
}

export function hush() {
  globalThis.speechSynthesis?.cancel();
}
