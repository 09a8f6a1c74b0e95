// @ts-check
// The choices of a view as tiles, each with the people waiting and the range of the wait.
import { estimate, pick, t } from '../../core/i18n.js';
import { html, icon } from '../../core/ui.js';

/** Up to this many choices stand in one column. */
const FEW = 4;

/** @param {{view: {tiles: import('../offers.js').Tile[], rest: import('../offers.js').Tile[]}, page: number, acts: any}} props */
export function Tiles({ view, page, acts }) {
  const { tiles, rest } = view;
  const count = tiles.length + (rest.length ? 1 : 0);
  return html`<nav class="tiles" data-few=${count <= FEW} aria-labelledby="kiosk-title">
    ${tiles.map((tile) => html`<${Choice} key=${tile.key} acts=${acts} tile=${tile} />`)}
    ${rest.length > 0 && html`<${More} key="more" acts=${acts} page=${page} rest=${rest} />`}
  </nav>`;
}

/** @param {{tile: import('../offers.js').Tile, acts: any}} props */
function Choice({ tile, acts }) {
  const name = pick(tile.name, tile.id);
  const about = tile.about.map((/** @type {any} */ text) => pick(text, '')).join(t('list.and'));
  return html`<button class="tile" data-tile=${tile.key} aria-disabled=${!tile.enabled} onClick=${() => tile.enabled && acts.choose(tile)}>
    <span class="pic">${icon(tile.icon)}</span>
    <span class="words"><b class="wrap2" title=${name}>${name}</b>${about && html`<span class="what wrap2" title=${about}>${about}</span>`}</span>
    ${tile.kind !== 'category' && html`<${Load} tile=${tile} />`}
  </button>`;
}

/** @param {{tile: import('../offers.js').Tile}} props */
function Load({ tile }) {
  if (!tile.enabled) return html`<span class="load"><span>${t('kiosk.not_offered')}</span></span>`;
  const wait = tile.served ? estimate(tile.range) : t('kiosk.not_served');
  return html`<span class="load"><span><b class="num">${tile.waiting}</b> ${t('kiosk.waiting')}</span>${tile.kind === 'group' ? icon('arrow') : html`<span>${wait}</span>`}</span>`;
}

/** @param {{acts: any, page: number, rest: import('../offers.js').Tile[]}} props */
function More({ acts, page, rest }) {
  const about = rest.map((tile) => pick(tile.name, tile.id)).join(t('list.and'));
  return html`<button class="tile" data-tile="more" onClick=${() => acts.page(page + 1)}>
    <span class="pic">${icon('list')}</span>
    <span class="words"><b>${t('kiosk.more')}</b><span class="what wrap2" title=${about}>${about}</span></span>
    <span class="load"><span>${t('kiosk.more_count', { n: rest.length })}</span>${icon('arrow')}</span>
  </button>`;
}
