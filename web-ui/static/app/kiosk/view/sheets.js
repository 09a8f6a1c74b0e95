// @ts-check
// Questions over the view: who is still there, and the code that leaves the kiosk. The number stays in sight above them.
import { Component, createRef } from '/vendor/preact.mjs';
import { t } from '../../core/i18n.js';
import { html, icon } from '../../core/ui.js';
import { remaining, settings } from '../state.js';
import { Keypad } from './keypad.js';

const LONGEST_CODE = 12;
const SHORTEST_CODE = 4;

/** The browser's own modal dialog: it keeps focus inside and gives it back. */
class Sheet extends Component {
  /** @type {{current: HTMLDialogElement | null}} */
  dialog = createRef();

  componentDidMount() {
    this.before = /** @type {HTMLElement | null} */ (document.activeElement);
    this.dialog.current?.showModal();
  }

  componentWillUnmount() {
    this.before?.focus();
  }

  render() {
    const { id, role, label, cancel, children } = /** @type {any} */ (this.props);
    const onCancel = (/** @type {Event} */ e) => (e.preventDefault(), cancel());
    return html`<dialog ref=${this.dialog} id=${id} class="dialog kiosk-sheet" role=${role} aria-labelledby=${label} onCancel=${onCancel}>${children}</dialog>`;
  }
}

/** @param {{state: any, acts: any}} props */
export function Stay({ state, acts }) {
  const left = remaining(state) ?? 0;
  const seconds = Math.ceil(left / 1000);
  return html`<${Sheet} id="kiosk-stay" role="alertdialog" label="stay-title" cancel=${acts.stay}>
    <h2 id="stay-title">${t('kiosk.stay.title')}</h2>
    <p>${t('kiosk.stay.line', { n: seconds })}</p>
    <span class="progress" aria-hidden="true" style=${{ '--at': `${(100 * left) / settings(state).warnMs}%` }}></span>
    <div class="pair">
      <button class="btn" data-size="public" id="kiosk-leave" onClick=${acts.home}>${t('kiosk.stay.leave')}</button>
      <button class="btn" data-size="public" data-kind="primary" id="kiosk-keep-on" onClick=${acts.stay}>${t('kiosk.stay.keep_on')}</button>
    </div>
  </${Sheet}>`;
}

/** @param {{state: any, acts: any}} props */
export function Exit({ state, acts }) {
  const { typed, problem, busy } = state.exit;
  const close = () => acts.askExit(null);
  return html`<${Sheet} id="kiosk-exit" role="dialog" label="exit-title" cancel=${close}>
    <h2 id="exit-title">${t('kiosk.exit.title')}</h2>
    <output class="typed num" aria-label=${t('kiosk.exit.code')}>${'•'.repeat(typed.length) || html`<span class="faint">${t('kiosk.exit.code')}</span>`}</output>
    <p class="said" role="alert">${problem && html`${icon('warn')}${problem.detail || t('kiosk.exit.unreachable')}`}</p>
    <${Keypad} typed=${typed} longest=${LONGEST_CODE} change=${acts.typeCode} />
    <div class="pair">
      <button class="btn" data-size="public" onClick=${close}>${t('act.cancel')}</button>
      <button class="btn" data-size="public" data-kind="danger" id="kiosk-exit-go" disabled=${typed.length < SHORTEST_CODE || busy} aria-busy=${busy} onClick=${() => acts.exit(typed)}>${t('kiosk.exit.verb')}</button>
    </div>
  </${Sheet}>`;
}
