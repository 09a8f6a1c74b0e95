// @ts-check
// Who works here: signing in, pairing a screen, and taking the queue over in a split.
import { t } from './i18n.js';
import { Modal, typed } from './modal.js';
import { Input, html } from './ui.js';

/** @type {import('./dialog.js').Forms} */
export const FORMS = {
  'sign-in': ({ state, acts }) => html`<${Modal} state=${state} acts=${acts} title=${t('session.title')} verb=${t('session.sign_in')} fields=${['staff_id', 'pin']}
    ready=${typed(state, 'staff') && typed(state, 'pin')} submit=${() => acts.signIn(typed(state, 'staff'), state.draft.pin)}>
    <${Input} name="staff" field="staff_id" label=${t('session.staff')} complete="username" maxlength=${64} state=${state} acts=${acts} />
    <${Input} name="pin" field="pin" label=${t('session.pin')} type="password" complete="current-password" maxlength=${64} state=${state} acts=${acts} />
    ${!state.snapshot?.open && state.snapshot?.scope === 'public' && html`<button type="button" class="btn" data-kind="quiet" onClick=${() => acts.open({ kind: 'pair' })}>${t('session.pair_instead')}</button>`}
  </${Modal}>`,

  pair: ({ state, acts }) => html`<${Modal} state=${state} acts=${acts} title=${t('session.pair_title')} line=${t('session.pair_line')} verb=${t('session.pair')} fields=${['pairing_code']}
    ready=${typed(state, 'code').length === 6} submit=${() => acts.pair(typed(state, 'code'))}>
    <${Input} name="code" field="pairing_code" label=${t('session.pair_code')} inputmode="numeric" maxlength=${6} state=${state} acts=${acts} />
  </${Modal}>`,

  'take-over': ({ state, acts }) => html`<${Modal} state=${state} acts=${acts} title=${t('take_over.title')} line=${t('take_over.line')} verb=${t('take_over.verb')} danger
    ready=${typed(state, 'reason')} submit=${() => acts.takeOver(typed(state, 'reason'))}>
    <${Input} name="reason" label=${t('reason.needed')} state=${state} acts=${acts} />
  </${Modal}>`,
};
