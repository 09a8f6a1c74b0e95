// @ts-check
// What is read aloud also stands here, and whether there is a voice to read it.
import { t } from '../../core/i18n.js';
import { html, icon } from '../../core/ui.js';
import { hasVoice } from '../speech.js';

/** @param {{state: any, text: string}} props */
export function Caption({ state, text }) {
  const voice = hasVoice(state.language);
  return html`<p class="caption" id="kiosk-caption" role="status">${icon('sound')}<span>${voice ? text : `${t('kiosk.no_voice')} ${text}`}</span></p>`;
}
