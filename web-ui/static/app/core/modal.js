// @ts-check
// A question: it holds focus and gives it back; the typed text is kept when the answer is a refusal.
import { Component, createRef } from '/vendor/preact.mjs';
import { t } from './i18n.js';
import { Refusal, html } from './ui.js';

/** What was typed or chosen in a dialog so far. @param {import('./types.js').State} state @param {string} name */
export const typed = (state, name) => (state.draft[name] ?? '').trim();

/** Seconds until the refused act may be tried again. @param {import('./types.js').State} state */
const waitS = (state) => Math.ceil(Math.max(0, (state.problems.dialog?.until ?? 0) - state.now) / 1000);

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

  /** What was typed last may not be drawn yet, and its draw comes first: a quick Enter must not send what stood there before. */
  send() {
    requestAnimationFrame(() => {
      const { ready, state, submit } = /** @type {any} */ (this.props);
      if (ready && !state.busy.dialog && waitS(state) === 0) submit();
    });
  }

  render() {
    const { title, line, verb, danger, ready, fields, state, acts, leave, children } = /** @type {any} */ (this.props);
    const busy = Boolean(state.busy.dialog);
    const wait = waitS(state);
    const cancel = (/** @type {Event} */ e) => (e.preventDefault(), busy || acts.close());
    const send = (/** @type {Event} */ e) => (e.preventDefault(), this.send());
    return html`<dialog ref=${this.dialog} class="dialog" aria-labelledby="dialog-title" onCancel=${cancel}>
      <form class="stack" method="dialog" onSubmit=${send}>
        <h2 id="dialog-title">${title}</h2>
        ${line && html`<p class="muted">${line}</p>`}
        ${children}
        <${Refusal} state=${state} acts=${acts} place="dialog" fields=${fields} />
        <div class="dialog-acts">
          <button type="button" class="btn" data-size="touch" disabled=${busy} onClick=${cancel}>${leave ?? t('act.cancel')}</button>
          ${verb && html`<button type="submit" class="btn" data-size="touch" data-kind=${danger ? 'danger' : 'primary'} disabled=${busy || wait > 0} aria-disabled=${!ready} aria-busy=${busy}>${wait > 0 ? t('session.wait', { n: wait }) : verb}</button>`}
        </div>
      </form>
    </dialog>`;
  }
}
