// @ts-check
// A question with a few answers: each is a key, a digit chooses it.
import { Component } from '/vendor/preact.mjs';
import { html } from '../core/ui.js';

/** Codes may carry both languages, as `zh / en`; the code itself stays what the branch configured. */
const BOTH = ' / ';

/** What a person reads of a code. @param {string} code @param {string} language */
export function said(code, language) {
  const [zh, en] = code.split(BOTH);
  return (language === 'en' ? en : zh) ?? code;
}

/** Props: name, label, options `[value, text, note?][]`, state, acts. */
export class Answers extends Component {
  componentDidMount() {
    this.listen = (/** @type {KeyboardEvent} */ event) => this.digit(event);
    addEventListener('keydown', this.listen);
  }

  componentWillUnmount() {
    if (this.listen) removeEventListener('keydown', this.listen);
  }

  /** @param {KeyboardEvent} event */
  digit(event) {
    const { name, options, acts } = /** @type {any} */ (this.props);
    const typing = event.target instanceof HTMLInputElement && event.target.type === 'text';
    const option = /^[1-9]$/.test(event.key) && !typing && !event.ctrlKey ? options[Number(event.key) - 1] : undefined;
    if (option) acts.draft(name, option[0]);
  }

  render() {
    const { name, label, options, state, acts } = /** @type {any} */ (this.props);
    return html`<fieldset class="answers"><legend class="sr">${label}</legend>${options.map((/** @type {string[]} */ [value, text, note], /** @type {number} */ at) => html`<label key=${value} class="answer">
      <input type="radio" name=${name} value=${value} checked=${state.draft[name] === value} onChange=${() => acts.draft(name, value)} />
      <span class="grow clip" title=${text}>${text}</span>${note && html`<span class="muted small">${note}</span>`}${at < 9 && html`<kbd class="kbd">${at + 1}</kbd>`}</label>`)}</fieldset>`;
  }
}
