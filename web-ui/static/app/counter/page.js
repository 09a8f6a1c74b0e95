// @ts-check
// The counter: who now on the left, who next in the middle, who this customer is on the right.
import { Banners } from '../core/banners.js';
import { Ask } from '../core/dialog.js';
import { Toast, html } from '../core/ui.js';
import { Base } from './base.js';
import { Card } from './card.js';
import { FORMS } from './dialogs.js';
import { Head } from './head.js';
import { Now } from './now.js';
import { Queue } from './queue.js';

/** @param {{state: import('./types.js').State, acts: any}} props */
export function Page({ state, acts }) {
  const all = { state, acts };
  return html`
    <${Head} ...${all} />
    <${Banners} ...${all} />
    <main class="work"><${Now} ...${all} /><${Queue} ...${all} /><${Card} ...${all} /></main>
    <${Base} ...${all} />
    <${Ask} ...${all} forms=${FORMS} />
    <${Toast} state=${state} />
  `;
}
