// @ts-check
// The people who may sign in. They are never removed, for history names them: they are switched off.
import { t } from '../core/i18n.js';
import { Modal, typed } from '../core/modal.js';
import { Empty, Input, html, icon } from '../core/ui.js';

const ROLES = ['teller', 'lobby_manager', 'wealth_manager', 'branch_head', 'admin'];

/** @param {{state: import('./state.js').State, acts: any}} props */
export function Staff({ state, acts }) {
  const staff = state.staff;
  return html`<section class="section"><header class="line wrap"><h2 class="grow">${t('admin.section.staff')}</h2>
      <button class="btn" data-kind="primary" id="add-staff" onClick=${() => acts.open({ kind: 'new-staff' }, { roles: 'teller' })}>${icon('plus')}${t('staff.add')}</button></header>
    <p class="muted">${t('admin.about.staff')}</p>
    ${!staff ? html`<div class="card"><${Empty} name="shield" title=${t('admin.only_admins')} /></div>` : html`<div class="card scroll"><table class="table">
      <thead><tr><th>${t('staff.id')}</th><th>${t('staff.name')}</th><th>${t('staff.roles')}</th><th>${t('staff.state')}</th><th class="r">${t('devices.acts')}</th></tr></thead>
      <tbody>${staff.map((member) => html`<tr key=${member.id} data-staff=${member.id}>
        <td class="mono">${member.id}</td><td class="fill"><b class="clip block" title=${member.name}>${member.name}</b></td>
        <td class="roles-cell"><span class="line wrap">${member.roles.map((/** @type {string} */ role) => html`<span key=${role} class="chip">${t(`staff.role.${role}`)}</span>`)}</span></td>
        <td><span class="chip" data-tone=${member.disabled ? 'bad' : 'ok'}>${t(member.disabled ? 'staff.off' : 'staff.on')}</span></td>
        <td class="r"><button class="btn" data-size="small" onClick=${() => acts.open({ kind: 'edit-staff', member }, { name: member.name, roles: member.roles.join(' ') })}>${t('staff.change')}</button></td>
      </tr>`)}</tbody></table></div>`}
  </section>`;
}

/** @param {any} state @returns {string[]} */
const roles = (state) => typed(state, 'roles').split(' ').filter(Boolean);

/** @param {{state: any, acts: any}} props */
function Roles({ state, acts }) {
  const is = roles(state);
  const turned = (/** @type {string} */ role) => ROLES.filter((one) => (one === role ? !is.includes(one) : is.includes(one))).join(' ');
  return html`<fieldset class="words"><legend>${t('staff.roles')}</legend>${ROLES.map((role) => html`<label key=${role} class="yes" for=${`role-${role}`}>
    <input id=${`role-${role}`} type="checkbox" checked=${is.includes(role)} onChange=${() => acts.draft('roles', turned(role))} />${t(`staff.role.${role}`)}</label>`)}</fieldset>`;
}

/** @type {import('../core/dialog.js').Forms} */
export const FORMS = {
  'new-staff': ({ state, acts }) => html`<${Modal} state=${state} acts=${acts} title=${t('staff.add')} verb=${t('staff.add')} fields=${['id', 'name', 'pin']}
    ready=${typed(state, 'id') && typed(state, 'name') && typed(state, 'pin') && roles(state).length} submit=${() => acts.addStaff({ id: typed(state, 'id'), name: typed(state, 'name'), roles: roles(state), pin: state.draft.pin })}>
    <${Input} name="id" field="id" label=${t('staff.id')} help=${t('staff.id_help')} maxlength=${32} state=${state} acts=${acts} />
    <${Input} name="name" field="name" label=${t('staff.name')} maxlength=${80} state=${state} acts=${acts} />
    <${Roles} state=${state} acts=${acts} />
    <${Input} name="pin" field="pin" label=${t('staff.pin')} help=${t('staff.pin_help')} type="password" complete="new-password" maxlength=${64} state=${state} acts=${acts} />
  </${Modal}>`,

  'edit-staff': ({ state, acts, dialog }) => {
    const { member } = dialog;
    const pin = state.draft.pin ?? '';
    const change = () => acts.changeStaff(member.id, { name: typed(state, 'name'), roles: roles(state), ...(pin ? { pin } : {}) });
    return html`<${Modal} state=${state} acts=${acts} title=${t('staff.change_title', { name: member.name })} verb=${t('admin.save')} fields=${['name', 'pin']} ready=${typed(state, 'name') && roles(state).length} submit=${change}>
      <${Input} name="name" field="name" label=${t('staff.name')} maxlength=${80} state=${state} acts=${acts} />
      <${Roles} state=${state} acts=${acts} />
      <${Input} name="pin" field="pin" label=${t('staff.new_pin')} help=${t('staff.pin_help')} type="password" complete="new-password" maxlength=${64} state=${state} acts=${acts} />
      <button type="button" class="btn" data-kind=${member.disabled ? undefined : 'danger'} disabled=${Boolean(state.busy.dialog)} onClick=${() => acts.changeStaff(member.id, { disabled: !member.disabled })}>${t(member.disabled ? 'staff.switch_on' : 'staff.switch_off', { name: member.name })}</button>
    </${Modal}>`;
  },
};
