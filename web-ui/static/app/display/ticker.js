// @ts-check
// The foot of the screen: one message after the other; one that is too long runs through once.
import { Component, createRef } from '/vendor/preact.mjs';
import { pick, t } from '../core/i18n.js';
import { html } from '../core/ui.js';

const STAY_MS = 10_000;
/** Reading pace of a running text: signs pass at the speed of slow reading. */
const RUN_PX_PER_S = 160;

/** What the branch wants to say, else the usual hints. @param {import('./types.js').State} state @returns {string[]} */
export function messages(state) {
  const lines = (state.branch?.ticker ?? []).map((text) => pick(text, '').trim()).filter(Boolean);
  return lines.length ? lines : [t('display.hint_lobby'), t('display.hint_missed')];
}

/** @param {{state: import('./types.js').State}} props */
export const Ticker = ({ state }) => html`<footer class="ticker"><span class="tag">${t('display.notice')}</span><${Line} lines=${messages(state)} /></footer>`;

/** Props: lines. */
class Line extends Component {
  state = { at: 0 };
  /** @type {{current: HTMLElement | null}} */
  text = createRef();

  componentDidMount() {
    this.begin();
  }

  componentDidUpdate(/** @type {any} */ before, /** @type {any} */ was) {
    if (was.at !== this.state.at || before.lines.join() !== /** @type {any} */ (this.props).lines.join()) this.begin();
  }

  componentWillUnmount() {
    clearTimeout(this.timer);
  }

  /** Measures the line on the screen, lets it run if it does not fit, and brings the next one after it. */
  begin() {
    clearTimeout(this.timer);
    const text = this.text.current;
    if (!text) return;
    const over = Math.max(0, text.scrollWidth - text.clientWidth);
    const run = (over / RUN_PX_PER_S) * 1000;
    text.firstElementChild?.getAnimations().forEach((animation) => animation.cancel());
    if (over && !matchMedia('(prefers-reduced-motion: reduce)').matches) {
      text.firstElementChild?.animate([{ transform: 'none' }, { transform: `translateX(${-over}px)` }], { delay: STAY_MS / 4, duration: run, fill: 'forwards' });
    }
    this.timer = setTimeout(() => this.setState({ at: this.state.at + 1 }), STAY_MS + run);
  }

  render() {
    const { lines } = /** @type {any} */ (this.props);
    const line = lines[this.state.at % lines.length];
    return html`<span class="line-of" ref=${this.text} title=${line}><span key=${line}>${line}</span></span>`;
  }
}
