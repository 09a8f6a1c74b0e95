// @ts-check
import { Banners } from '../core/banners.js';
import { Bar } from '../core/bar.js';
import { Ask } from '../core/dialog.js';
import { Toast, html } from '../core/ui.js';

/** @param {{state: import('../core/types.js').State, acts: any}} props */
export function Page({ state, acts }) {
  const all = { state, acts };
  return html`
    <${Bar} ...${all} />
    <${Banners} ...${all} />
    <main class="page"></main>
    <${Ask} ...${all} />
    <${Toast} state=${state} />
  `;
}
