// @ts-check
// The live page: what stands where.
import { Bar } from './bar.js';
import { Banners } from './banners.js';
import { Counters } from './counters.js';
import { Desk } from './desk.js';
import { Ask } from './dialogs.js';
import { MeshCard } from './mesh.js';
import { Queues } from './queues.js';
import { Take } from './take.js';
import { Tickets } from './tickets.js';
import { html } from './ui.js';

/** @param {{state: import('../types.js').State, acts: any}} props */
export function Page({ state, acts }) {
  const all = { state, acts };
  return html`
    <${Bar} ...${all} />
    <${Banners} ...${all} />
    <main class="work" data-role=${state.branch?.device.role ?? ''}>
      <${Desk} ...${all} />
      <${Take} ...${all} />
      <${Queues} ...${all} />
      <${Tickets} ...${all} />
      <${Counters} ...${all} />
      <${MeshCard} ...${all} />
    </main>
    <${Ask} ...${all} />
    ${state.toast && html`<div class="toast" role="status">${state.toast.text}</div>`}
  `;
}
