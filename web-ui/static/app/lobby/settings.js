// @ts-check
// This device's settings: when a wait reminds, whether it sounds, theme and language.
import { t } from '../core/i18n.js';
import { Modal, typed } from '../core/modal.js';
import { html, icon } from '../core/ui.js';
import { chime } from './chime.js';

const [LEAST, MOST] = [1, 120];

/** @param {{state: any, acts: any}} props */
export function SettingsForm({ state, acts }) {
  const minutes = typed(state, 'reminder');
  const problem = state.problems.dialog?.field === 'waiting_reminder_min' ? state.problems.dialog : null;
  const step = (/** @type {number} */ by) => acts.draft('reminder', String(Math.min(MOST, Math.max(LEAST, (Number.parseInt(minutes, 10) || LEAST) + by))));
  return html`<${Modal} state=${state} acts=${acts} title=${t('lobby.settings')} line=${t('lobby.settings_line')} verb=${t('lobby.save')} fields=${['waiting_reminder_min']} ready=${/^\d+$/.test(minutes)} submit=${acts.saveSettings}>
    <div class="field" data-size="touch" data-state=${problem ? 'error' : undefined}>
      <label for="field-reminder">${t('lobby.reminder')}</label>
      <div class="stepper"><button type="button" class="btn btn-icon" data-size="touch" aria-label=${t('lobby.less')} onClick=${() => step(-1)}>${icon('minus')}</button>
        <input id="field-reminder" inputmode="numeric" maxlength="3" value=${minutes} aria-describedby="help-reminder" onInput=${(/** @type {any} */ e) => acts.draft('reminder', e.target.value)} />
        <button type="button" class="btn btn-icon" data-size="touch" aria-label=${t('lobby.more')} onClick=${() => step(1)}>${icon('plus')}</button></div>
      <span class="help" id="help-reminder">${problem?.detail ?? t('lobby.reminder_help', { least: LEAST, most: MOST })}</span>
    </div>
    <${Pick} state=${state} acts=${acts} name="sound" label=${t('lobby.sound')} options=${['on', 'off'].map((value) => [value, t(`lobby.sound.${value}`)])}>
      <button type="button" class="btn" data-size="touch" data-kind="quiet" onClick=${chime}>${icon('sound')}${t('lobby.try_sound')}</button></${Pick}>
    <${Pick} state=${state} acts=${acts} name="theme" label=${t('lobby.theme')} options=${['system', 'light', 'dark'].map((value) => [value, t(`theme.${value}`)])} />
    <${Pick} state=${state} acts=${acts} name="language" label=${t('lobby.language')} options=${['zh-CN', 'en'].map((value) => [value, t(`lobby.language.${value}`)])} />
  </${Modal}>`;
}

/** @param {{state: any, acts: any, name: string, label: string, options: [string, string][], children?: any}} props */
function Pick({ state, acts, name, label, options, children }) {
  return html`<div class="field"><span class="tiles-label" id=${`pick-${name}`}>${label}</span><div class="line"><span class="seg" data-size="touch" role="group" aria-labelledby=${`pick-${name}`}>
    ${options.map(([value, text]) => html`<button key=${value} type="button" data-value=${value} aria-pressed=${state.draft[name] === value} onClick=${() => acts.draft(name, value)}>${text}</button>`)}
  </span>${children}</div></div>`;
}
