// @ts-check
// A list of cards of one size of which only those in sight, and a few around them, exist. With a thousand people waiting
// the page holds as many cards as with thirty.
import { Component, createRef } from '/vendor/preact.mjs';
import { html } from '../core/ui.js';

const GAP = 12;
/** Rows kept above and below the sight, so that a finger finds them drawn. */
const AROUND = 2;

/**
 * Which part of the list is in sight. Pure.
 * @param {{count: number, width: number, height: number, top: number, least: number, tall: number}} box
 */
export function sight({ count, width, height, top, least, tall }) {
  const columns = Math.max(1, Math.floor((width + GAP) / (least + GAP)));
  const rows = Math.ceil(count / columns);
  const step = tall + GAP;
  const first = Math.min(Math.max(0, Math.floor(top / step) - AROUND), Math.max(0, rows - 1));
  const last = Math.min(rows, Math.ceil((top + height) / step) + 1 + AROUND);
  return { columns, from: first * columns, to: Math.min(count, last * columns), before: first * step, after: Math.max(0, rows - last) * step };
}

/** Props: `items`, `least` (narrowest card), `tall` (height of a card), `label`, `draw(item, position)`. */
export class Grid extends Component {
  /** @type {{current: HTMLElement | null}} */
  box = createRef();
  state = { width: 0, height: 0, top: 0 };

  componentDidMount() {
    const box = /** @type {HTMLElement} */ (this.box.current);
    this.watcher = new ResizeObserver(() => this.setState({ width: box.clientWidth, height: box.clientHeight }));
    this.watcher.observe(box);
  }

  componentWillUnmount() {
    this.watcher?.disconnect();
  }

  /** Only a row more or less in sight is worth drawing. */
  scrolled = () => {
    const step = /** @type {any} */ (this.props).tall + GAP;
    const top = Math.floor((this.box.current?.scrollTop ?? 0) / step) * step;
    if (top !== this.state.top) this.setState({ top });
  };

  render() {
    const { items, least, tall, label, draw } = /** @type {any} */ (this.props);
    const { columns, from, to, before, after } = sight({ count: items.length, least, tall, ...this.state });
    const layout = { gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`, gridAutoRows: `${tall}px`, gap: `${GAP}px`, marginBlock: `${before}px ${after}px` };
    return html`<div class="cards-sight" ref=${this.box} tabindex="0" role="region" aria-label=${label} onScroll=${this.scrolled}>
      <ul class="cards" style=${layout}>${this.state.width > 0 && items.slice(from, to).map((/** @type {any} */ item, /** @type {number} */ index) => draw(item, from + index))}</ul>
    </div>`;
  }
}
