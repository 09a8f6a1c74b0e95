// @ts-check
// The few charts of the floor, drawn by hand. The title of each states the finding, the label names the measure, the note
// gives the rule; `alt` says in words what the picture shows. Everything is drawn at the size it has, so text keeps its own.
import { Component, createRef } from '../../vendor/preact.mjs';
import { html } from '../core/ui.js';

/** @param {{name: string, title: string, label?: string, note?: string, alt: string, children?: any}} props */
export function Chart({ name, title, label, note, alt, children }) {
  return html`<figure class="card chart" data-chart=${name}>
    <figcaption><b class="clip" title=${title}>${title}</b>${label && html`<span>${label}</span>`}</figcaption>
    <div class="plot" role="img" aria-label=${alt}>${children}</div>
    ${note && html`<p class="note clip" title=${note}>${note}</p>`}
  </figure>`;
}

/** Tells its only child how large it is, now and whenever that changes. */
class Measured extends Component {
  /** @type {{current: HTMLElement | null}} */
  box = createRef();
  state = { width: 0, height: 0 };

  componentDidMount() {
    this.watcher = new ResizeObserver(([entry]) => entry && this.setState({ width: Math.floor(entry.contentRect.width), height: Math.floor(entry.contentRect.height) }));
    if (this.box.current) this.watcher.observe(this.box.current);
  }

  componentWillUnmount() {
    this.watcher?.disconnect();
  }

  render() {
    const { draw } = /** @type {any} */ (this.props);
    const { width, height } = this.state;
    return html`<div class="measured" ref=${this.box}>${width > 0 && height > 0 && draw(width, height)}</div>`;
  }
}

const TOP = 20;
const FOOT = 22;

/** Columns that rise from zero, each with its value on top. @param {{columns: {label: string, value: number, colour: string}[]}} props */
export function Columns({ columns }) {
  return html`<${Measured} draw=${(/** @type {number} */ width, /** @type {number} */ height) => {
    const slot = width / columns.length;
    const bar = Math.min(48, slot * 0.58);
    const ground = height - FOOT;
    const top = Math.max(1, ...columns.map((column) => column.value));
    return html`<svg width=${width} height=${height} aria-hidden="true">
      ${[0, 0.5, 1].map((at) => html`<path class="g" d=${`M0 ${ground - at * (ground - TOP)}H${width}`} />`)}
      ${columns.map(({ label, value, colour }, index) => {
        const middle = slot * (index + 0.5);
        const tall = (value / top) * (ground - TOP);
        return html`<rect x=${middle - bar / 2} y=${ground - tall} width=${bar} height=${tall} rx="3" fill=${`var(--${colour})`} />
          <text class="v" x=${middle} y=${ground - tall - 6} text-anchor="middle">${value}</text>
          <text x=${middle} y=${height - 5} text-anchor="middle">${label}</text>`;
      })}
    </svg>`;
  }} />`;
}

/**
 * Lying bars from zero, each with its name before and its value behind; a tick marks a second value on the same scale.
 * The scale is never shorter than `least`.
 * @param {{rows: {key: string, label: string, value: number, text: string, tick?: number}[], colour: string, least?: number}} props
 */
export function Bars({ rows, colour, least = 1 }) {
  const top = Math.max(least, ...rows.map((row) => Math.max(row.value, row.tick ?? 0)));
  return html`<ul class="bars" style=${{ '--c': `var(--${colour})` }}>${rows.map(({ key, label, value, text, tick }) => html`<li key=${key}>
    <span class="clip" title=${label}>${label}</span>
    <span class="lane"><i style=${{ width: `${(value / top) * 100}%` }}></i>${tick !== undefined && html`<span style=${{ insetInlineStart: `${(tick / top) * 100}%` }}></span>`}</span>
    <b class="num">${text}</b>
  </li>`)}</ul>`;
}

/** Two to four parts of a whole. @param {{parts: {key: string, label: string, value: number, colour: string}[], total: number, unit: string}} props */
export function Donut({ parts, total, unit }) {
  let done = 0;
  const arcs = parts.map(({ key, value, colour }) => {
    const share = (value / total) * 100;
    const gap = parts.length > 1 ? 1 : 0;
    const arc = html`<circle key=${key} cx="60" cy="60" r="48" pathLength="100" stroke=${`var(--${colour})`} stroke-dasharray=${`${Math.max(0.5, share - gap)} 100`} stroke-dashoffset=${-done} />`;
    done += share;
    return arc;
  });
  return html`<div class="donut">
    <svg width="120" height="120" viewBox="0 0 120 120" aria-hidden="true">
      <g class="ring" transform="rotate(-90 60 60)"><circle cx="60" cy="60" r="48" stroke="var(--grid)" />${arcs}</g>
      <text class="v" x="60" y="64" text-anchor="middle">${total}</text><text x="60" y="82" text-anchor="middle">${unit}</text>
    </svg>
    <ul>${parts.map(({ key, label, value, colour }) => html`<li key=${key}><i class="key" style=${{ '--c': `var(--${colour})` }}></i><span class="clip" title=${label}>${label}</span><b class="num">${value}</b></li>`)}</ul>
  </div>`;
}
