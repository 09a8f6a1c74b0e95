// @ts-check
// Is the branch one group? The picture, the devices, who gives the numbers, the data, and what to do.
import { Banners } from '../core/banners.js';
import { Bar } from '../core/bar.js';
import { staffName } from '../core/derive.js';
import { Ask } from '../core/dialog.js';
import { age, bytes, clock, figure, t } from '../core/i18n.js';
import { Empty, Refusal, Toast, html, icon } from '../core/ui.js';
import { advice, isSkewed, isSlow, skew, standing } from './judge.js';
import { Map, ROLES } from './map.js';

/** @typedef {import('../core/types.js').State & {conflicts: import('../core/types.js').Conflict[]}} State */
/** @typedef {import('../core/types.js').Mesh} Mesh */

/** @param {{state: State, acts: any}} props */
export function Page({ state, acts }) {
  const all = { state, acts };
  const mesh = state.mesh;
  return html`
    <${Bar} ...${all} />
    <${Banners} ...${all} />
    <main class="mesh">
      <h1 class="sr">${t('mesh.title')}</h1>
      ${mesh ? html`
        <section class="card topo" aria-labelledby="map-title">
          <div class="card-head wrap"><h2 id="map-title">${t('mesh.who_reaches')}</h2><span class="muted small clip">${t('mesh.seen_from', { name: mesh.device.name })}</span><span class="grow"></span><${Legend} /></div>
          <${Map} mesh=${mesh} />
        </section>
        <div class="side">
          <${Advice} state=${state} /><${Steward} ...${all} mesh=${mesh} /><${Data} mesh=${mesh} /><${Conflicts} ...${all} />
        </div>
        <${Peers} state=${state} mesh=${mesh} />`
      : html`<section class="card"><${Empty} name="shield" title=${t('mesh.hidden')} line=${t('mesh.hidden_line')}>
          <button class="btn" data-kind="primary" onClick=${() => acts.open({ kind: 'sign-in' })}>${t('session.sign_in')}</button></${Empty}></section>`}
    </main>
    <${Ask} ...${all} />
    <${Toast} state=${state} />
  `;
}

function Legend() {
  return html`<ul class="legend">${['good', 'through', 'slow', 'cut'].map((kind) => html`<li key=${kind} class="line"><i class=${kind}></i>${t(`mesh.legend.${kind}`)}</li>`)}</ul>`;
}

/** @param {{state: State}} props */
function Advice({ state }) {
  const icons = { ok: 'check', warn: 'warn', bad: 'conflict' };
  return html`<section class="card" aria-labelledby="advice-title"><div class="card-head"><h2 id="advice-title">${t('advice.title')}</h2></div>
    <ul id="advice">${advice(state).map(({ tone, title, act }) => html`<li key=${title} class="row" data-tone=${tone}>
      <span class="dot" data-tone=${tone}>${icon(icons[tone])}</span><div class="grow"><b>${title}</b><p class="muted small">${act}</p></div></li>`)}</ul></section>`;
}

/** @param {{state: State, acts: any, mesh: Mesh}} props */
function Steward({ state, acts, mesh }) {
  const names = mesh.members.map((id) => (id === mesh.device.id ? mesh.device.name : (mesh.peers.find((peer) => peer.id === id)?.name ?? id.slice(0, 8))));
  const rows = [
    ['steward', mesh.steward ?? t('none')],
    ['members', t('mesh.members_of', { n: names.length, majority: Math.floor(names.length / 2) + 1 }), names.join(t('list.and'))],
    ['epoch', mesh.epoch ?? t('none')],
    ['lane', mesh.lane ?? t('mesh.main_lane')],
    ['foreign', t('mesh.people', { n: mesh.foreignWaiting })],
  ];
  return html`<section class="card" aria-labelledby="steward-title">
    <div class="card-head"><h2 id="steward-title">${t('mesh.stewardship')}</h2><span class="grow"></span>${mesh.takenOver && html`<span class="chip" data-tone="warn">${t('mesh.taken_over')}</span>`}</div>
    <div class="card-body stack"><${Facts} rows=${rows} />
      ${state.session && mesh.group < mesh.total && !mesh.takenOver && html`<button class="btn" id="take-over" onClick=${() => acts.open({ kind: 'take-over' })}>${icon('shield')}${t('mesh.take_over')}</button>`}</div>
  </section>`;
}

/** @param {{mesh: Mesh}} props */
function Data({ mesh }) {
  const queued = mesh.peers.reduce((sum, peer) => sum + peer.queued, 0);
  const rows = [
    ['documents', mesh.documents === undefined ? t('none') : figure(mesh.documents)],
    ['lag', mesh.lag === 0 ? t('mesh.no_lag') : t('mesh.lag_of', { n: mesh.lag })],
    ['stored', mesh.storedBytes === undefined ? t('none') : bytes(mesh.storedBytes)],
    ['queued', figure(queued)],
    ['anomalies', mesh.anomalies === 0 ? t('mesh.none_found') : figure(mesh.anomalies)],
  ];
  return html`<section class="card" aria-labelledby="data-title"><div class="card-head"><h2 id="data-title">${t('mesh.data')}</h2></div><div class="card-body"><${Facts} rows=${rows} /></div></section>`;
}

/** @param {{rows: string[][]}} props */
function Facts({ rows }) {
  return html`<dl class="facts">${rows.map(([key, value, title]) => html`<dt key=${key}>${t(`mesh.fact.${key}`)}</dt><dd class="clip" title=${title ?? value}>${value}</dd>`)}</dl>`;
}

/** @param {{state: State, acts: any}} props */
function Conflicts({ state, acts }) {
  if (!state.session) return null;
  return html`<section class="card conflicts" aria-labelledby="conflicts-title">
    <div class="card-head"><h2 id="conflicts-title">${t('mesh.conflicts')}</h2>${state.snapshot?.conflicts.length ? html`<span class="badge">${state.snapshot.conflicts.length}</span>` : ''}</div>
    ${state.conflicts.length === 0 ? html`<div class="card-body muted small">${t('mesh.no_conflicts')}</div>` : html`<ul>${state.conflicts.map((conflict) => html`<${Conflict} key=${conflict.id} state=${state} acts=${acts} conflict=${conflict} />`)}</ul>`}
  </section>`;
}

/** @param {{state: State, acts: any, conflict: import('../core/types.js').Conflict}} props */
function Conflict({ state, acts, conflict }) {
  const place = `conflict:${conflict.id}`;
  const calls = conflict.calls.map((c) => (c.at ? t('conflict.call', { counter: c.counter, at: clock(c.at) }) : t('conflict.call_untimed', { counter: c.counter }))).join(t('list.and'));
  const seen = conflict.acknowledged;
  return html`<li class="row"><span class="dot" data-tone=${seen ? 'ok' : 'bad'}>${icon(seen ? 'check' : 'conflict')}</span>
    <div class="grow"><b>${t('mesh.called_twice', { number: conflict.number })}</b><p class="muted small">${calls}${seen?.at ? t('mesh.seen_by', { staff: staffName(state, seen.staff) ?? '', at: clock(seen.at) }) : ''}</p><${Refusal} state=${state} acts=${acts} place=${place} /></div>
    ${!seen && html`<button class="btn" disabled=${Boolean(state.busy[place])} aria-busy=${Boolean(state.busy[place])} onClick=${() => acts.acknowledge(conflict.id)}>${t('conflict.acknowledge')}</button>`}</li>`;
}

/** @param {{state: State, mesh: Mesh}} props */
function Peers({ state, mesh }) {
  const own = mesh.device.id === mesh.stewardId;
  return html`<section class="card peers" aria-labelledby="peers-title"><h2 id="peers-title" class="sr">${t('mesh.devices')}</h2><div class="scroll" tabindex="0" role="group" aria-labelledby="peers-title"><table class="table">
    <thead><tr><th>${t('mesh.device')}</th><th>${t('mesh.state')}</th><th class="r">${t('mesh.rtt')}</th><th class="r">${t('mesh.behind')}</th><th class="r">${t('mesh.skew')}</th><th class="r">${t('mesh.last_seen')}</th></tr></thead>
    <tbody>
      <tr><${Device} name=${mesh.device.name} role=${mesh.device.role} /><td><span class="chip" data-tone=${own ? 'primary' : 'ok'}>${t(own ? 'mesh.is_steward' : 'mesh.this_device')}</span></td><td class="r">${t('none')}</td><td class="r">0</td><td class="r">${t('none')}</td><td class="r">${t('none')}</td></tr>
      ${mesh.peers.map((peer) => html`<${Row} key=${peer.id} peer=${peer} steward=${mesh.stewardId} now=${state.now + state.offset} />`)}
    </tbody></table></div></section>`;
}

/** @param {{name: string, role: string}} props */
function Device({ name, role }) {
  return html`<td class="fill"><span class="line">${icon(ROLES[role] ?? 'gear')}<span class="clip" title=${name}>${name}</span></span></td>`;
}

/** @param {{peer: import('../core/types.js').Peer, steward?: string, now: number}} props */
function Row({ peer, steward, now }) {
  const { key, tone } = standing(peer, steward);
  return html`<tr data-peer=${peer.id}>
    <${Device} name=${peer.name} role=${peer.role} />
    <td><span class="chip" data-tone=${tone}>${t(key)}</span></td>
    <td class="r" data-tone=${isSlow(peer) ? 'warn' : undefined}>${peer.rttMs === undefined ? t('none') : figure(peer.rttMs)}</td>
    <td class="r" data-tone=${peer.behind ? 'warn' : undefined}>${peer.together ? (peer.behind ?? 0) : t('none')}</td>
    <td class="r" data-tone=${isSkewed(peer) ? 'warn' : undefined}>${skew(peer.skewMs)}</td>
    <td class="r">${peer.seenAt ? age(now - peer.seenAt) : t('none')}</td>
  </tr>`;
}
