// @ts-check
// The mesh: is the branch one group, who gives the numbers, whom does this device reach.
import { bytes, figure, t } from '../core/i18n.js';
import { html, icon } from '../core/ui.js';

const ROLES = /** @type {Record<string, string>} */ ({ counter: 'counter', kiosk: 'kiosk', display: 'screen', tablet: 'tablet', rating: 'star', hq: 'company' });

/** @param {{state: import('../core/types.js').State, acts: any}} props */
export function MeshCard({ state, acts }) {
  const mesh = state.mesh;
  return html`<section class="area-mesh card" aria-labelledby="mesh-title">
    <div class="card-head"><h2 id="mesh-title">${t('mesh.title')}</h2><span class="grow"></span>
      ${mesh?.takenOver && html`<span class="chip" data-tone="warn">${t('mesh.taken_over')}</span>`}</div>
    ${mesh && html`<div class="card-body stack">
      <${Facts} mesh=${mesh} />
      ${mesh.peers.length > 0 && html`<${Peers} peers=${mesh.peers} />`}
      ${state.session && mesh.group < mesh.total && html`<button class="btn" id="take-over" onClick=${() => acts.open({ kind: 'take-over' })}>${icon('shield')}${t('mesh.take_over')}</button>`}
    </div>`}
  </section>`;
}

/** @param {{mesh: import('../core/types.js').Mesh}} props */
function Facts({ mesh }) {
  const rows = [
    [t('mesh.group'), t('mesh.group_of', { n: mesh.group, m: mesh.total })],
    [t('mesh.steward'), mesh.steward ?? t('none')],
    [t('mesh.epoch'), mesh.epoch ?? t('none')],
    [t('mesh.lane'), mesh.lane ?? t('mesh.main_lane')],
    [t('mesh.documents'), mesh.documents === undefined ? t('none') : figure(mesh.documents)],
    [t('mesh.stored'), mesh.storedBytes === undefined ? t('none') : bytes(mesh.storedBytes)],
  ];
  return html`<dl class="facts">${rows.map(([name, value]) => html`<dt key=${name}>${name}</dt><dd class="clip" title=${value}>${value}</dd>`)}</dl>`;
}

/** @param {{peers: import('../core/types.js').Peer[]}} props */
function Peers({ peers }) {
  return html`<div class="scroll"><table class="table peers">
    <thead><tr><th>${t('mesh.device')}</th><th>${t('ticket.state')}</th><th class="r">${t('mesh.rtt')}</th><th class="r">${t('mesh.behind')}</th></tr></thead>
    <tbody>${peers.map((peer) => html`<tr key=${peer.id}>
      <td class="fill"><span class="line">${icon(ROLES[peer.role] ?? 'gear')}<span class="clip" title=${peer.name}>${peer.name}</span></span></td>
      <td><span class="chip" data-tone=${peer.together ? 'ok' : 'bad'}>${t(peer.together ? 'mesh.together' : 'mesh.away')}</span></td>
      <td class="r">${peer.rttMs === undefined ? t('none') : figure(peer.rttMs)}</td>
      <td class="r">${peer.behind ?? t('none')}</td>
    </tr>`)}</tbody>
  </table></div>`;
}
