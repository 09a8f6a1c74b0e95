// @ts-check
// Small parts every screen is made of.
import { Component, h } from '/vendor/preact.mjs';
import htm from '/vendor/htm.module.js';
import { t } from './i18n.js';

/** @typedef {import('./types.js').State} State */

export const html = htm.bind(h);

/** @param {string} name */
export const icon = (name) => html`<svg class="icon" aria-hidden="true"><use href=${`#i-${name}`} /></svg>`;

/**
 * A component that is drawn again only when one of its props is another one: for rows of long lists.
 * @param {(props: any) => any} draw
 */
export function memo(draw) {
  return class extends Component {
    /** @param {any} next */
    shouldComponentUpdate(next) {
      const now = /** @type {any} */ (this.props);
      const names = Object.keys(next);
      return names.length !== Object.keys(now).length || names.some((name) => next[name] !== now[name]);
    }

    render() {
      return draw(this.props);
    }
  };
}

/**
 * The refusal of an act, beside it, until the next try or until it is put away. One that belongs to a field which shows it
 * itself (`fields`) is left to that.
 * @param {{state: State, acts: any, place: string, fields?: string[]}} props
 */
export function Refusal({ state, acts, place, fields = [] }) {
  const problem = state.problems[place];
  if (!problem || (problem.field && fields.includes(problem.field))) return null;
  return html`<div class="refusal" role="alert">
    ${icon('warn')}<p class="grow">${problem.detail}</p>
    <button type="button" class="btn btn-icon" data-kind="quiet" aria-label=${t('act.dismiss')} title=${t('act.dismiss')} onClick=${() => acts.forgive(place)}>${icon('close')}</button>
  </div>`;
}

/**
 * A field of a dialog. With `field`, the name the API gives it, it shows a refusal of its own.
 * @param {{label: string, name: string, state: State, acts: any, type?: string, help?: string, field?: string, complete?: string, maxlength?: number, inputmode?: string}} props
 */
export function Input({ label, name, state, acts, type = 'text', help, field, complete = 'off', maxlength = 200, inputmode }) {
  const id = `field-${name}`;
  const problem = state.problems.dialog;
  const wrong = problem?.field && problem.field === field ? problem.detail : '';
  return html`<div class="field" data-size="touch" data-state=${wrong ? 'error' : undefined}>
    <label for=${id}>${label}</label>
    <input id=${id} name=${name} type=${type} autocomplete=${complete} maxlength=${maxlength} inputmode=${inputmode} value=${state.draft[name] ?? ''}
      aria-invalid=${wrong ? 'true' : undefined} aria-describedby=${wrong || help ? `${id}-help` : undefined}
      onInput=${(/** @type {any} */ e) => acts.draft(name, e.target.value)} />
    ${(wrong || help) && html`<span class="help" id=${`${id}-help`} role=${wrong ? 'alert' : undefined}>${wrong || help}</span>`}
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

/** A choice of a dialog; it starts empty unless one answer is given. @param {{name: string, label: string, options: [string, string][], state: State, acts: any, given?: boolean}} props */
export function Choice({ name, label, options, state, acts, given = false }) {
  const all = /** @type {[string, string][]} */ (given ? options : [['', t('act.choose')], ...options]);
  return html`<${Select} touch name=${name} label=${label} value=${state.draft[name] ?? all[0]?.[0] ?? ''} options=${all} change=${(/** @type {string} */ value) => acts.draft(name, value)} />`;
}

/** @param {{name: string, title: string, line?: string, children?: any}} props */
export function Empty({ name, title, line, children }) {
  return html`<div class="empty">${icon(name)}<b>${title}</b>${line && html`<p>${line}</p>`}${children}</div>`;
}

/** What just happened. @param {{state: State}} props */
export function Toast({ state }) {
  return state.toast && html`<div class="toast" role="status">${state.toast.text}</div>`;
}
