// @ts-check
// The devices of the branch: who is enrolled, inviting one more, revoking one that is lost.
import { age, clock, t } from '../core/i18n.js';
import { Modal, typed } from '../core/modal.js';
import { Choice, Empty, Input, html, icon } from '../core/ui.js';

const ROLES = ['counter', 'kiosk', 'display', 'tablet', 'rating'];
const SIGNS = /** @type {Record<string, string>} */ ({ counter: 'counter', kiosk: 'kiosk', display: 'screen', tablet: 'tablet', rating: 'star', hq: 'company' });
const TONES = /** @type {Record<string, string>} */ ({ this: 'primary', connected: 'ok', reachable: 'ok', away: 'warn', revoked: 'bad' });
const LASTS_S = ['600', '3600', '86400'];

/** @param {{state: import('./state.js').State, acts: any}} props */
export function Devices({ state, acts }) {
  const devices = state.devices;
  return html`<section class="section"><header class="line wrap"><h2 class="grow">${t('admin.section.devices')}</h2>
      <button class="btn" data-kind="primary" id="invite" onClick=${() => acts.open({ kind: 'invite' })}>${icon('plus')}${t('devices.invite')}</button></header>
    <p class="muted">${t('admin.about.devices')}</p>
    ${!devices ? html`<div class="card"><${Empty} name="shield" title=${t('admin.only_admins')} /></div>` : html`<div class="card scroll"><table class="table">
      <thead><tr><th>${t('devices.name')}</th><th>${t('devices.role')}</th><th>${t('devices.state')}</th><th>${t('devices.lane')}</th><th>${t('devices.enrolled')}</th><th class="r">${t('devices.acts')}</th></tr></thead>
      <tbody>${devices.map((device) => html`<${Row} key=${device.id} state=${state} acts=${acts} device=${device} />`)}</tbody></table></div>`}
  </section>`;
}

/** @param {{state: any, acts: any, device: any}} props */
function Row({ state, acts, device }) {
  const at = Date.parse(device.enrolled_at);
  const where = device.counter ? t('counter.name', { n: device.counter }) : '';
  return html`<tr data-device=${device.name}>
    <td class="fill"><span class="line">${icon(SIGNS[device.role] ?? 'gear')}<b class="clip" title=${device.name}>${device.name}</b></span></td>
    <td class="num">${t(`role.${device.role}`)} <span class="muted">${where}</span></td>
    <td><span class="line"><span class="chip" data-tone=${TONES[device.state]}>${t(`devices.state.${device.state}`)}</span>${device.admin && html`<span class="chip">${t('devices.admin')}</span>`}</span></td>
    <td class="num">${device.lane || t('none')}</td>
    <td class="num" title=${device.enrolled_at}>${age(state.now + state.offset - at)}</td>
    <td class="r"><span class="row-acts">${device.state !== 'revoked' && !device.admin && html`<button class="btn" data-size="small" data-verb="grant" onClick=${() => acts.open({ kind: 'grant', device })}>${t('devices.grant')}</button>`}
      ${device.state !== 'revoked' && device.state !== 'this' && html`<button class="btn" data-size="small" data-kind="danger" data-verb="revoke" onClick=${() => acts.open({ kind: 'revoke', device })}>${t('devices.revoke')}</button>`}</span></td>
  </tr>`;
}

/** @type {import('../core/dialog.js').Forms} */
export const FORMS = {
  invite: ({ state, acts }) => (state.invitation ? html`<${Invitation} state=${state} acts=${acts} />` : html`<${Invite} state=${state} acts=${acts} />`),

  grant: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('devices.grant_title', { name: dialog.device.name })} line=${t('devices.grant_line')}
    verb=${t('devices.grant')} ready submit=${() => acts.grant(dialog.device)} />`,

  revoke: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('devices.revoke_title', { name: dialog.device.name })} line=${t('devices.revoke_line')}
    verb=${t('devices.revoke_verb', { name: dialog.device.name })} danger ready submit=${() => acts.revoke(dialog.device)} />`,
};

/** @param {{state: any, acts: any}} props */
function Invite({ state, acts }) {
  const role = typed(state, 'role') || 'counter';
  const counters = (state.branch?.counters ?? []).map((/** @type {any} */ place) => [String(place.number), t('counter.name', { n: place.number })]);
  const counter = role === 'counter' || role === 'rating' ? Number(typed(state, 'counter')) || undefined : undefined;
  const submit = () => acts.invite({ role, name: typed(state, 'name'), ...(counter ? { counter } : {}), ttl_s: Number(typed(state, 'lasts') || LASTS_S[0]) });
  return html`<${Modal} state=${state} acts=${acts} title=${t('devices.invite_title')} line=${t('devices.invite_line')} verb=${t('devices.make')} fields=${['name', 'role', 'counter']}
    ready=${typed(state, 'name')} submit=${submit}>
    <${Input} name="name" field="name" label=${t('devices.new_name')} maxlength=${80} state=${state} acts=${acts} />
    <${Choice} name="role" label=${t('devices.role')} given options=${ROLES.map((one) => [one, t(`role.${one}`)])} state=${state} acts=${acts} />
    ${(role === 'counter' || role === 'rating') && html`<${Choice} name="counter" label=${t('devices.at_counter')} given options=${[['', t('admin.nothing')], ...counters]} state=${state} acts=${acts} />`}
    <${Choice} name="lasts" label=${t('devices.lasts')} given options=${LASTS_S.map((one) => [one, t(`devices.lasts.${one}`)])} state=${state} acts=${acts} />
  </${Modal}>`;
}

/** The invitation, to be photographed or copied: one line, one use. @param {{state: any, acts: any}} props */
function Invitation({ state, acts }) {
  const { invitation: text, name, expires_at: until } = state.invitation;
  const leave = () => (acts.forgetInvitation(), acts.close());
  return html`<${Modal} state=${state} acts=${{ ...acts, close: leave }} title=${t('devices.invited', { name })} line=${t('devices.invited_line', { at: clock(Date.parse(until)) })} leave=${t('devices.done')} ready submit=${leave}>
    <img class="qr" src=${`/api/v1/qr?text=${encodeURIComponent(text)}`} alt=${t('devices.qr')} width="240" height="240" />
    <div class="field"><label for="invitation">${t('devices.text')}</label><textarea id="invitation" class="mono" rows="3" readonly onFocus=${(/** @type {any} */ e) => e.target.select()}>${text}</textarea>
      <span class="help">${t('devices.command')}</span><code class="mono">branchmesh join --data DIR '…'</code></div>
  </${Modal}>`;
}
