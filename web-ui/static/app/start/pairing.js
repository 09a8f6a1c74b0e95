// @ts-check
// Lets a screen on another machine speak for this node: a code for two minutes, read out or typed over there.
import { running, t } from '../core/i18n.js';
import { Modal, typed } from '../core/modal.js';
import { Choice, html } from '../core/ui.js';

/** Roles a screen of this node may have. @param {import('../core/types.js').State} state */
function roles(state) {
  const own = state.branch?.device.role ?? '';
  return [...new Set(['kiosk', 'rating'].includes(own) ? [own, 'display'] : ['display'])];
}

/** @type {import('../core/dialog.js').Forms} */
export const FORMS = {
  'offer-pairing': ({ state, acts }) => {
    const options = /** @type {[string, string][]} */ (roles(state).map((role) => [role, t(`role.${role}`)]));
    const left = state.pairing ? state.pairing.until - (state.now + state.offset) : 0;
    if (state.pairing && left > 0) {
      return html`<${Modal} state=${state} acts=${acts} title=${t('pairing.title')} line=${t('pairing.type_it', { role: t(`role.${state.pairing.role}`) })} verb=${t('pairing.done')} ready
        submit=${() => (acts.forgetPairing(), acts.close())}>
        <output class="code num" id="pairing-code">${state.pairing.code}</output><p class="muted num">${t('pairing.left', { time: running(left) })}</p>
      </${Modal}>`;
    }
    return html`<${Modal} state=${state} acts=${acts} title=${t('pairing.title')} line=${t('pairing.line')} verb=${t('pairing.make')} ready submit=${() => acts.offerPairing(typed(state, 'role') || options[0][0])}>
      <${Choice} name="role" label=${t('pairing.role')} given options=${options} state=${state} acts=${acts} />
    </${Modal}>`;
  },
};
