// @ts-check
// The live page's own questions.
import { allCounters, ticketOf } from '../core/derive.js';
import { pick, t } from '../core/i18n.js';
import { Modal, typed } from '../core/modal.js';
import { Choice, Input, html } from '../core/ui.js';

/** @typedef {import('../core/types.js').State} State */

/** @param {State} state @param {string} ticket */
const numberOf = (state, ticket) => ticketOf(state, ticket)?.number ?? '';

/** @type {import('../core/dialog.js').Forms} */
export const FORMS = {
  override: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('override.title', { number: numberOf(state, dialog.ticket) })} line=${`${dialog.detail} ${t('override.line')}`}
    verb=${t('override.verb')} danger ready=${typed(state, 'reason')} submit=${() => acts.callAnyway(dialog.ticket, dialog.counter, typed(state, 'reason'))}>
    <${Input} name="reason" label=${t('reason.needed')} state=${state} acts=${acts} />
  </${Modal}>`,

  abandon: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('abandon.title', { number: numberOf(state, dialog.ticket) })} line=${t('abandon.line')}
    verb=${t('abandon.verb', { number: numberOf(state, dialog.ticket) })} danger ready submit=${() => acts.abandon(dialog.ticket, typed(state, 'reason'))}>
    <${Input} name="reason" label=${t('reason.optional')} state=${state} acts=${acts} />
  </${Modal}>`,

  park: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('park.title', { number: numberOf(state, dialog.ticket) })} line=${t('park.line')}
    verb=${t('desk.park')} ready submit=${() => acts.park(dialog.ticket, typed(state, 'reason'))}>
    <${Input} name="reason" label=${t('reason.optional')} state=${state} acts=${acts} />
  </${Modal}>`,

  pause: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('pause.title')} line=${t('pause.line')} verb=${t('counter.pause')}
    ready=${typed(state, 'reason')} submit=${() => acts.pause(dialog.counter, typed(state, 'reason'))}>
    ${state.branch?.pauseReasons.length
      ? html`<${Choice} name="reason" label=${t('pause.reason')} options=${state.branch.pauseReasons.map((reason) => [reason, reason])} state=${state} acts=${acts} />`
      : html`<${Input} name="reason" label=${t('pause.reason')} state=${state} acts=${acts} />`}
  </${Modal}>`,

  finish: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('finish.title', { number: numberOf(state, dialog.ticket) })} verb=${t('desk.finish')}
    ready=${typed(state, 'outcome')} submit=${() => acts.finishWith(dialog.ticket, typed(state, 'outcome'))}>
    <${Choice} name="outcome" label=${t('finish.outcome')} options=${(state.branch?.outcomes ?? []).map((code) => [code, code])} state=${state} acts=${acts} />
  </${Modal}>`,

  move: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('move.title', { number: numberOf(state, dialog.ticket) })} line=${t('move.line')} verb=${t('ticket.move')}
    ready=${typed(state, 'service')} submit=${() => acts.move(dialog.ticket, typed(state, 'service'))}>
    <${Choice} name="service" label=${t('ticket.service')} options=${otherServices(state, dialog.ticket)} state=${state} acts=${acts} />
  </${Modal}>`,

  transfer: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('transfer.title', { number: numberOf(state, dialog.ticket) })} line=${t('transfer.line')} verb=${t('desk.transfer')}
    ready=${typed(state, 'target')} submit=${() => acts.transfer(dialog.ticket, target(state))}>
    <${Choice} name="target" label=${t('transfer.target')} options=${[...otherServices(state, dialog.ticket).map(([id, name]) => [`service ${id}`, name]), ...otherCounters(state)]} state=${state} acts=${acts} />
    <${Choice} name="position" label=${t('transfer.position')} given options=${['arrival', 'front', 'end'].map((place) => [place, t(`position.${place}`)])} state=${state} acts=${acts} />
  </${Modal}>`,
};

/** @param {State} state @param {string} ticket @returns {[string, string][]} */
function otherServices(state, ticket) {
  const own = ticketOf(state, ticket)?.service;
  return (state.branch?.services ?? []).filter((s) => s.enabled && s.id !== own).map((s) => [s.id, pick(s.name, s.id)]);
}

/** @param {State} state @returns {[string, string][]} */
function otherCounters(state) {
  return allCounters(state).filter((c) => c.number !== state.counter).map((c) => [`counter ${c.number}`, pick(c.name, t('counter.name', { n: c.number }))]);
}

/** @param {State} state */
function target(state) {
  const [kind, id] = typed(state, 'target').split(' ');
  const position = typed(state, 'position') || 'arrival';
  return kind === 'counter' ? { counter: Number(id), position } : { service: id, position };
}
