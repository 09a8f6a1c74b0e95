// @ts-check
// The lobby's questions: move, abandon, identify, issue; and the number to read or write down after them.
import { serviceOf, ticketOf } from '../core/derive.js';
import { estimate, pick, t } from '../core/i18n.js';
import { Modal, typed } from '../core/modal.js';
import { Input, Select, html } from '../core/ui.js';
import { ServiceTiles } from './choices.js';
import { SettingsForm } from './settings.js';
import { TicketSheet } from './sheet.js';

/** @param {any} state @param {any} dialog */
const numberOf = (state, dialog) => ticketOf(state, dialog.ticket)?.number ?? '';

/** The queue a ticket waits in: it cannot be moved there. @param {any} state @param {string} id */
const queueOf = (state, id) => serviceOf(state, ticketOf(state, id)?.service ?? '')?.queue;

/** @type {import('../core/dialog.js').Forms} */
export const FORMS = {
  ticket: TicketSheet,
  settings: SettingsForm,
  slip: SlipDialog,

  move: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('lobby.move_title', { number: numberOf(state, dialog) })} line=${t('lobby.move_line')} verb=${t('lobby.move_verb')}
    ready=${typed(state, 'service')} submit=${() => acts.move(dialog.ticket, typed(state, 'service'))}>
    <${ServiceTiles} name="service" label=${t('lobby.move_to')} but=${queueOf(state, dialog.ticket)} state=${state} acts=${acts} />
  </${Modal}>`,

  abandon: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('lobby.abandon_title', { number: numberOf(state, dialog) })} line=${t('lobby.abandon_line')}
    verb=${t('lobby.abandon_verb', { number: numberOf(state, dialog) })} danger ready submit=${() => acts.abandon(dialog.ticket, typed(state, 'reason'))}>
    <${Input} name="reason" label=${t('reason.optional')} state=${state} acts=${acts} />
  </${Modal}>`,

  identify: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('lobby.identify_title', { number: numberOf(state, dialog) })} line=${t('lobby.identify_line')} verb=${t('lobby.identify')} fields=${['identity', 'phone']}
    ready=${typed(state, 'identity') || typed(state, 'phone')} submit=${() => acts.identify(dialog.ticket, filled({ identity: typed(state, 'identity'), phone: typed(state, 'phone') }))}>
    <${Person} state=${state} acts=${acts} />
  </${Modal}>`,

  issue: ({ state, acts }) => html`<${Modal} state=${state} acts=${acts} title=${t('lobby.issue')} line=${t('lobby.issue_line')} verb=${t('lobby.issue_verb')} fields=${['identity', 'phone']}
    ready=${typed(state, 'service')} submit=${() => acts.issue(wanted(state))}>
    <${ServiceTiles} name="service" label=${t('lobby.service')} state=${state} acts=${acts} />
    <${Type} state=${state} acts=${acts} />
    <${Person} state=${state} acts=${acts} />
  </${Modal}>`,
};

/** How a customer is known: by card or id number, by phone, by both, or not. @param {{state: any, acts: any}} props */
function Person({ state, acts }) {
  return html`<${Input} name="identity" field="identity" label=${t('lobby.identity')} maxlength=${32} state=${state} acts=${acts} />
    <${Input} name="phone" field="phone" label=${t('lobby.phone')} type="tel" inputmode="tel" maxlength=${20} state=${state} acts=${acts} />`;
}

/** The business type within the chosen service. @param {{state: any, acts: any}} props */
function Type({ state, acts }) {
  const types = serviceOf(state, typed(state, 'service'))?.categories ?? [];
  if (types.length === 0) return null;
  const options = [['', t('lobby.type_none')], ...types.map((type) => [type.id, pick(type.name, type.id)])];
  return html`<${Select} touch name="category" label=${t('lobby.type_optional')} value=${typed(state, 'category')} options=${options} change=${(/** @type {string} */ value) => acts.draft('category', value)} />`;
}

/** What was left empty is left out. @param {Record<string, string | undefined>} fields */
const filled = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value));

/** What is asked of POST /tickets. @param {any} state */
function wanted(state) {
  const service = typed(state, 'service');
  const category = serviceOf(state, service)?.categories.find((type) => type.id === typed(state, 'category'))?.id;
  return filled({ service, category, identity: typed(state, 'identity'), phone: typed(state, 'phone') });
}

/** A new number, large: where no slip is printed for it the lobby manager writes it down. @param {{state: any, acts: any, dialog: any}} props */
function SlipDialog({ state, acts, dialog }) {
  const ticket = ticketOf(state, dialog.ticket.id) ?? dialog.ticket;
  const service = pick(serviceOf(state, ticket.service)?.name, ticket.service);
  return html`<${Modal} state=${state} acts=${acts} title=${t(dialog.from ? 'lobby.moved_title' : 'lobby.issued_title', { from: dialog.from ?? '' })} line=${t(dialog.printing ? 'lobby.printing' : 'lobby.write_down')} leave=${t('lobby.done')}>
    <div class="slip"><div class="slip-paper issued"><span class="muted clip">${service}</span><strong class="no" id="issued-number">${ticket.number}</strong>
      <dl><div><dt>${t('lobby.ahead')}</dt><dd>${ticket.ahead ?? 0}</dd></div><div><dt>${t('lobby.expected')}</dt><dd>${estimate(ticket.estimate)}</dd></div></dl></div></div>
  </${Modal}>`;
}
