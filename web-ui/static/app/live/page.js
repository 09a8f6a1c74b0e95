// @ts-check
// The live page: what stands where.
import { Bar } from '../core/bar.js';
import { Banners } from '../core/banners.js';
import { Counters } from './counters.js';
import { Desk } from './desk.js';
import { Ask } from '../core/dialog.js';
import { FORMS } from './dialogs.js';
import { MeshCard } from './mesh.js';
import { Queues } from './queues.js';
import { Take } from './take.js';
import { Tickets } from './tickets.js';
import { Toast, html } from '../core/ui.js';

/** @param {{state: import('./types.js').LiveState, acts: any}} props */
export function Page({ state, acts }) {
  const all = { state, acts };
  return html`
    <${Bar} ...${all} />
    <${Banners} ...${all} />
    <main class="work" data-role=${state.branch?.device.role ?? ''}>
      <div class="col col-desk"><${Desk} ...${all} /><${Take} ...${all} /></div>
      <div class="col col-tickets"><${Tickets} ...${all} /></div>
      <div class="col col-side"><${Queues} ...${all} /><${Counters} ...${all} /></div>
      <div class="col col-mesh"><${MeshCard} ...${all} /></div>
    </main>
    <${Ask} ...${all} forms=${FORMS} />
    <${Toast} state=${state} />
  `;
}
