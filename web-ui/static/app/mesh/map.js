// @ts-check
// The branch as a picture, seen from this device: it stands in the middle, whom it reaches stands around it, whom it does
// not reach stands apart. The table beside it says the same in words.
import { t } from '../core/i18n.js';
import { html } from '../core/ui.js';
import { isSlow } from './judge.js';

export const ROLES = /** @type {Record<string, string>} */ ({ counter: 'counter', kiosk: 'kiosk', display: 'screen', tablet: 'tablet', rating: 'star', hq: 'company' });

const WIDTH = 760;
const HEIGHT = 330;
const NODE = 21;
/** Beyond this many on a ring every second one steps inwards. */
const CROWDED = 10;

/** @typedef {import('../core/types.js').Peer} Peer */
/** @typedef {{x: number, y: number}} Spot */

/** @param {{mesh: import('../core/types.js').Mesh}} props */
export function Map({ mesh }) {
  const near = mesh.peers.filter((peer) => peer.together);
  const away = mesh.peers.filter((peer) => !peer.together);
  const middle = { x: away.length ? 285 : WIDTH / 2, y: HEIGHT / 2 - 8 };
  const reach = { x: away.length ? 205 : 280, y: 100 };
  const around = near.map((peer, i) => ({ peer, spot: onRing(middle, reach, i, near.length) }));
  const apart = away.map((peer, i) => ({ peer, spot: inColumn(i, away.length) }));
  const label = t('mesh.map_label', { n: mesh.group, m: mesh.total, steward: mesh.steward ?? t('none') });
  return html`<svg class="map" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${label}>
    ${near.length > 0 && html`<ellipse class="hull" cx=${middle.x} cy=${middle.y + 6} rx=${reach.x + 66} ry=${reach.y + 50} />`}
    ${away.length > 1 && html`<rect class="hull apart" x="590" y="14" width="156" height=${HEIGHT - 28} rx="48" />`}
    ${[...around, ...apart].map(({ peer, spot }) => html`<${Edge} key=${peer.id} peer=${peer} from=${middle} to=${spot} />`)}
    ${[...around, ...apart].map(({ peer, spot }) => html`<${Node} key=${peer.id} spot=${spot} name=${peer.name} role=${peer.role}
      kind=${peer.together ? (isSlow(peer) || peer.behind ? 'slow' : '') : 'away'} lead=${peer.id === mesh.stewardId} />`)}
    <${Node} spot=${middle} name=${mesh.device.name} role=${mesh.device.role} note=${t('mesh.this_device')} kind="own" lead=${mesh.device.id === mesh.stewardId} />
  </svg>`;
}

/** @param {Spot} middle @param {Spot} reach @param {number} i @param {number} count @returns {Spot} */
function onRing(middle, reach, i, count) {
  // From the upper left, so that two peers stand beside and not above this device.
  const turn = (2 * Math.PI * (i + 0.5)) / count + Math.PI;
  const far = count > CROWDED && i % 2 ? 0.62 : 1;
  return { x: middle.x + reach.x * far * Math.cos(turn), y: middle.y + reach.y * far * Math.sin(turn) };
}

/** @param {number} i @param {number} count @returns {Spot} */
function inColumn(i, count) {
  const columns = count > 5 ? 2 : 1;
  const rows = Math.ceil(count / columns);
  const column = Math.floor(i / rows);
  return { x: columns === 1 ? 668 : 636 + column * 66, y: (HEIGHT * ((i % rows) + 0.5)) / rows - 8 };
}

/** @param {{peer: Peer, from: Spot, to: Spot}} props */
function Edge({ peer, from, to }) {
  const kind = !peer.together ? 'cut' : peer.state !== 'connected' ? 'through' : isSlow(peer) ? 'slow' : '';
  const at = { x: from.x + (to.x - from.x) * 0.55, y: from.y + (to.y - from.y) * 0.55 };
  return html`<g><path class=${`e ${kind}`} d=${`M${from.x} ${from.y}L${to.x} ${to.y}`} />
    ${isSlow(peer) && html`<text class="sm" x=${at.x} y=${at.y - 5}>${t('mesh.ms', { n: Math.round(peer.rttMs ?? 0) })}</text>`}</g>`;
}

/** @param {{spot: Spot, name: string, role: string, kind: string, lead: boolean, note?: string}} props */
function Node({ spot, name, role, kind, lead, note }) {
  return html`<g class=${`n ${kind} ${lead ? 'lead' : ''}`} transform=${`translate(${spot.x.toFixed(1)} ${spot.y.toFixed(1)})`}>
    <title>${name}</title>
    ${lead && html`<circle class="r" r=${NODE + 5} />`}
    <circle class="b" r=${NODE} /><use href=${`#i-${ROLES[role] ?? 'gear'}`} x="-12" y="-12" width="24" height="24" />
    <text y=${NODE + 18}>${shortened(name)}</text>${note && html`<text class="sm" y=${NODE + 33}>${note}</text>`}
  </g>`;
}

/** A drawing has no ellipsis of its own; Chinese characters take two places. @param {string} name */
function shortened(name) {
  let room = 20;
  let kept = '';
  for (const letter of name) {
    room -= letter > '\u2e80' ? 2 : 1;
    if (room < 0) return `${kept.trim()}…`;
    kept += letter;
  }
  return kept;
}
