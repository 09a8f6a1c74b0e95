// @ts-check
// F1: every key and what it does; a key can be given to another act.
import { Component } from '/vendor/preact.mjs';
import { t } from '../core/i18n.js';
import { Modal } from '../core/modal.js';
import { html } from '../core/ui.js';
import { USUAL, isFree, keyLabel, pressed } from './keymap.js';

const LABELS = /** @type {Record<string, string>} */ ({
  'call-next': 'counter.finish_and_next', 'call-number': 'counter.call_number', recall: 'counter.recall', start: 'counter.start', 'no-show': 'counter.no_show',
  park: 'counter.park', transfer: 'counter.transfer', finish: 'counter.finish', assist: 'counter.assist', pause: 'counter.pause_resume', find: 'counter.find', keys: 'counter.keys',
});

/** @param {{state: any, acts: any}} props */
export const KeyTable = ({ state, acts }) => html`<${Modal} state=${state} acts=${acts} title=${t('counter.keys')} line=${t('counter.keys.line')} leave=${t('counter.keys.done')}>
  <${Table} state=${state} acts=${acts} />
  <button type="button" class="btn" data-kind="quiet" id="keys-usual" onClick=${acts.usualKeys}>${t('counter.keys.usual')}</button>
</${Modal}>`;

/** Waits for the new key of one act at a time. */
class Table extends Component {
  state = { asking: '', refused: '' };

  componentDidMount() {
    this.listen = (/** @type {KeyboardEvent} */ event) => this.heard(event);
    addEventListener('keydown', this.listen, true);
  }

  componentWillUnmount() {
    if (this.listen) removeEventListener('keydown', this.listen, true);
  }

  /** @param {KeyboardEvent} event */
  heard(event) {
    const key = pressed(event);
    if (!this.state.asking || !key) return;
    event.preventDefault();
    event.stopPropagation();
    if (key === 'Escape') return this.setState({ asking: '', refused: '' });
    if (!isFree(key)) return this.setState({ refused: key });
    /** @type {any} */ (this.props).acts.remap(this.state.asking, key);
    this.setState({ asking: '', refused: '' });
  }

  render() {
    const { keys } = /** @type {any} */ (this.props).state;
    const { asking, refused } = this.state;
    return html`<table class="table keys"><thead><tr><th>${t('counter.keys.act')}</th><th>${t('counter.keys.key')}</th></tr></thead><tbody>
      ${Object.keys(USUAL).map((verb) => html`<tr key=${verb}><td>${t(LABELS[verb] ?? verb)}</td>
        <td><button type="button" class="btn" data-size="small" data-key=${verb} aria-pressed=${asking === verb} aria-label=${t('counter.keys.change', { act: t(LABELS[verb] ?? verb), key: keyLabel(keys[verb]) })} onClick=${() => this.setState({ asking: verb, refused: '' })}>
          ${asking === verb ? t('counter.keys.press') : html`<kbd class="kbd">${keyLabel(keys[verb])}</kbd>`}</button></td></tr>`)}
    </tbody></table>
    <p class="muted small" role="status">${refused ? t('counter.keys.refused', { key: keyLabel(refused) }) : t('counter.keys.leave')}</p>`;
  }
}
