// @ts-check
// Small parts every panel is made of.
import { h } from '../../vendor/preact.mjs';
import htm from '../../vendor/htm.module.js';
import { t } from '../i18n.js';

export const html = htm.bind(h);

/** @param {string} name */
export const icon = (name) => html`<svg class="icon" aria-hidden="true"><use href=${`icons.svg#i-${name}`} /></svg>`;

/** The refusal of an act, beside it, until the next try or until it is put away. @param {{state: import('../types.js').State, acts: any, place: string}} props */
export function Refusal({ state, acts, place }) {
  const problem = state.problems[place];
  if (!problem) return null;
  return html`<div class="refusal" role="alert">
    ${icon('warn')}<p class="grow">${problem.detail}</p>
    <button class="btn btn-icon" data-kind="quiet" aria-label=${t('act.dismiss')} title=${t('act.dismiss')} onClick=${() => acts.forgive(place)}>${icon('close')}</button>
  </div>`;
}

/** @param {{label: string, name: string, state: import('../types.js').State, acts: any, type?: string, help?: string, autofocus?: boolean, complete?: string, maxlength?: number}} props */
export function Input({ label, name, state, acts, type = 'text', help, complete = 'off', maxlength = 200 }) {
  const id = `field-${name}`;
  return html`<div class="field" data-size="touch">
    <label for=${id}>${label}</label>
    <input id=${id} name=${name} type=${type} autocomplete=${complete} maxlength=${maxlength} value=${state.draft[name] ?? ''}
      onInput=${(/** @type {any} */ e) => acts.draft(name, e.target.value)} />
    ${help && html`<span class="help">${help}</span>`}
  </div>`;
}

/** @param {{label: string, name: string, value: string, options: [string, string][], change: (value: string) => void, hideLabel?: boolean, touch?: boolean}} props */
export function Select({ label, name, value, options, change, hideLabel = false, touch = false }) {
  const id = `select-${name}`;
  return html`<div class="field" data-size=${touch ? 'touch' : undefined}>
    <label for=${id} class=${hideLabel ? 'sr' : ''}>${label}</label>
    <select id=${id} value=${value} onChange=${(/** @type {any} */ e) => change(e.target.value)}>
      ${options.map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}
    </select>
  </div>`;
}

/** @param {{name: string, title: string, line?: string}} props */
export function Empty({ name, title, line }) {
  return html`<div class="empty">${icon(name)}<b>${title}</b>${line && html`<p>${line}</p>`}</div>`;
}
