// @ts-check
// A question: it holds focus and gives it back; the typed text is kept when the answer is a refusal.
import { Component, createRef } from '/vendor/preact.mjs';
import { t } from './i18n.js';
import { Refusal, html } from './ui.js';

/** What was typed or chosen in a dialog so far. @param {import('./types.js').State} state @param {string} name */
export const typed = (state, name) => (state.draft[name] ?? '').trim();

/**
 * The browser's own modal dialog: it keeps focus inside and the page behind it inert.
 * Props: title, line?, verb, danger?, ready, fields? (API names of fields that show their own refusal), state, acts, submit, cancelled?.
 * Without a verb it only tells something; `leave` is then the word of its one button.
 */
export class Modal extends Component {
  /** @type {{current: HTMLDialogElement | null}} */
  dialog = createRef();

  componentDidMount() {
    this.before = /** @type {HTMLElement | null} */ (document.activeElement);
    const dialog = /** @type {HTMLDialogElement} */ (this.dialog.current);
    dialog.showModal();
    /** @type {HTMLElement | null} */ (dialog.querySelector('input, select, textarea'))?.focus();
  }

  componentWillUnmount() {
    this.before?.focus();
  }

  render() {
    const { title, line, verb, danger, ready, fields, state, acts, submit, leave, children } = /** @type {any} */ (this.props);
    const busy = Boolean(state.busy.dialog);
    const cancel = (/** @type {Event} */ e) => (e.preventDefault(), busy || acts.close());
    const send = (/** @type {Event} */ e) => (e.preventDefault(), ready && !busy && submit());
    return html`<dialog ref=${this.dialog} class="dialog" aria-labelledby="dialog-title" onCancel=${cancel}>
      <form class="stack" method="dialog" onSubmit=${send}>
        <h2 id="dialog-title">${title}</h2>
        ${line && html`<p class="muted">${line}</p>`}
        ${children}
        <${Refusal} state=${state} acts=${acts} place="dialog" fields=${fields} />
        <div class="dialog-acts">
          <button type="button" class="btn" data-size="touch" disabled=${busy} onClick=${cancel}>${leave ?? t('act.cancel')}</button>
          ${verb && html`<button type="submit" class="btn" data-size="touch" data-kind=${danger ? 'danger' : 'primary'} disabled=${!ready || busy} aria-busy=${busy}>${verb}</button>`}
        </div>
      </form>
    </dialog>`;
  }
}
