// @ts-check
// The dark plate on top: whose kiosk this is, what time it is, and the question of the view.
import { nodeNow } from '../../core/derive.js';
import { clock, day, t } from '../../core/i18n.js';
import { html } from '../../core/ui.js';

/** @param {{state: any, title: string, line?: string, children?: any}} props */
export function Plate({ state, title, line, children }) {
  const now = nodeNow(state);
  const name = state.branch?.name ?? t('brand');
  return html`<header class="plate on-ink">
    <div class="who">
      <span class="seal" aria-hidden="true">${[...name][0]}</span>
      <p class="grow"><b class="wrap2" title=${name}>${name}</b><span class="clip" title=${state.branch?.device.name}>${state.branch?.device.name}</span></p>
      <p class="when"><b class="num">${clock(now)}</b><span>${day(now)}</span></p>
    </div>
    <div class="asked"><h1 id="kiosk-title" tabindex="-1">${title}</h1>${line && html`<p>${line}</p>`}</div>
    ${children}
  </header>`;
}
