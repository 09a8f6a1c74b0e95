// @ts-check
// The counter's questions. Where there are a few answers each is a key of its own: a digit answers.
import { allCounters, counterOf, serviceOf, staffName, ticketOf } from '../core/derive.js';
import { pick, t } from '../core/i18n.js';
import { Modal, typed } from '../core/modal.js';
import { Choice, Input, html } from '../core/ui.js';
import { Answers, said } from './answers.js';
import { KeyTable } from './keytable.js';
import { sought } from './line.js';

/** @typedef {import('./types.js').State} State */

/** @param {State} state @param {string} ticket */
const numberOf = (state, ticket) => ticketOf(state, ticket)?.number ?? '';

/** @param {string[]} codes @returns {[string, string][]} */
const answers = (codes) => codes.map((code) => [code, said(code, document.documentElement.lang)]);

const WHY_LOBBY = ['help', 'customer', 'no_show', 'security'];

/** @type {import('../core/dialog.js').Forms} */
export const FORMS = {
  'choose-counter': ({ state, acts }) => html`<${Modal} state=${state} acts=${acts} title=${t('counter.choose_title')} line=${t('counter.choose_line')} verb=${t('counter.choose')}
    ready=${typed(state, 'counter')} submit=${() => (acts.chooseCounter(Number(typed(state, 'counter'))), acts.close())}>
    <${Answers} name="counter" label=${t('counter.choose_title')} state=${state} acts=${acts} options=${allCounters(state).map((c) => [String(c.number), pick(c.name, t('counter.name', { n: c.number })), t(`counter.state.${c.state}`)])} />
  </${Modal}>`,

  'call-number': ({ state, acts }) => {
    const found = sought(state, typed(state, 'number'));
    return html`<${Modal} state=${state} acts=${acts} title=${t('counter.call_number')} line=${t('counter.call_number.line')} verb=${found ? t('counter.call_named', { number: found.number }) : t('counter.call')}
      ready=${found} submit=${() => acts.callFromDialog(found?.id)}>
      <${Input} name="number" label=${t('counter.ticket.number')} maxlength=${12} help=${found ? t('counter.call_number.found', { state: t(`state.${found.state}`), service: pick(serviceOf(state, found.service)?.name, found.service) }) : typed(state, 'number') ? t('counter.call_number.none') : t('counter.call_number.help')} state=${state} acts=${acts} />
    </${Modal}>`;
  },

  override: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('override.title', { number: numberOf(state, dialog.ticket) })} line=${`${dialog.detail} ${t('override.line')}`}
    verb=${t('override.verb')} danger ready=${typed(state, 'reason')} submit=${() => acts.callAnyway(dialog.ticket, dialog.counter, typed(state, 'reason'))}>
    <${Input} name="reason" label=${t('reason.needed')} field="override.reason" state=${state} acts=${acts} />
  </${Modal}>`,

  park: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('counter.park.title', { number: numberOf(state, dialog.ticket) })} line=${t('counter.park.line')}
    verb=${t('counter.park')} ready submit=${() => acts.park(dialog.ticket, typed(state, 'reason'))}>
    <${Input} name="reason" label=${t('reason.optional')} field="reason" state=${state} acts=${acts} />
  </${Modal}>`,

  pause: ({ state, acts }) => html`<${Modal} state=${state} acts=${acts} title=${t('counter.pause.title')} line=${t('counter.pause.line')} verb=${t('counter.pause')}
    ready=${typed(state, 'reason')} submit=${() => acts.pause(typed(state, 'reason'))}>
    ${state.branch?.pauseReasons.length
      ? html`<${Answers} name="reason" label=${t('counter.pause.reason')} state=${state} acts=${acts} options=${answers(state.branch.pauseReasons)} />`
      : html`<${Input} name="reason" label=${t('counter.pause.reason')} field="reason" state=${state} acts=${acts} />`}
  </${Modal}>`,

  finish: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('counter.finish.title', { number: numberOf(state, dialog.ticket) })} verb=${t(dialog.next ? 'counter.finish_and_next' : 'counter.finish')}
    ready=${typed(state, 'outcome')} submit=${() => acts.finishWith(dialog.ticket, typed(state, 'outcome'), dialog.next)}>
    <${Answers} name="outcome" label=${t('counter.finish.outcome')} state=${state} acts=${acts} options=${answers(state.branch?.outcomes ?? [])} />
  </${Modal}>`,

  transfer: ({ state, acts, dialog }) => {
    const targets = [...otherServices(state, dialog.ticket), ...otherCounters(state), ...colleagues(state)];
    const name = targets.find(([value]) => value === typed(state, 'target'))?.[1] ?? '';
    return html`<${Modal} state=${state} acts=${acts} title=${t('counter.transfer.title', { number: numberOf(state, dialog.ticket) })} line=${t('counter.transfer.line')} verb=${t('counter.transfer')}
      ready=${typed(state, 'target')} submit=${() => acts.transfer(dialog.ticket, target(state), name)}>
      <${Choice} name="target" label=${t('counter.transfer.target')} options=${targets} state=${state} acts=${acts} />
      <${Choice} name="position" label=${t('counter.transfer.position')} given options=${['arrival', 'front', 'end'].map((place) => [place, t(`position.${place}`)])} state=${state} acts=${acts} />
    </${Modal}>`;
  },

  assist: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('counter.assist.title')} line=${t('counter.assist.line')} verb=${t('counter.assist.verb')}
    ready=${typed(state, 'kind')} submit=${() => acts.assist({ kind: typed(state, 'kind'), note: typed(state, 'note'), ticket: dialog.ticket })}>
    <${Answers} name="kind" label=${t('counter.assist.why')} state=${state} acts=${acts} options=${WHY_LOBBY.map((kind) => [kind, t(`counter.assist.${kind}`)])} />
    <${Input} name="note" label=${t('counter.assist.note')} field="reason" state=${state} acts=${acts} />
  </${Modal}>`,

  identify: ({ state, acts, dialog }) => html`<${Modal} state=${state} acts=${acts} title=${t('counter.identify.title', { number: numberOf(state, dialog.ticket) })} line=${t('counter.identify.line')} verb=${t('counter.identify.verb')} fields=${['identity', 'phone']}
    ready=${typed(state, 'identity') || typed(state, 'phone')} submit=${() => acts.identify(dialog.ticket, typed(state, 'identity'), typed(state, 'phone'))}>
    <${Input} name="identity" field="identity" label=${t('counter.identify.identity')} maxlength=${32} state=${state} acts=${acts} />
    <${Input} name="phone" field="phone" label=${t('counter.identify.phone')} maxlength=${21} inputmode="tel" state=${state} acts=${acts} />
  </${Modal}>`,

  keys: KeyTable,
};

/** @param {State} state @param {string} ticket @returns {[string, string][]} */
function otherServices(state, ticket) {
  const own = ticketOf(state, ticket)?.service;
  return (state.branch?.services ?? []).filter((s) => s.enabled && s.id !== own).map((s) => [`service ${s.id}`, t('counter.transfer.to_service', { name: pick(s.name, s.id) })]);
}

/** @param {State} state @returns {[string, string][]} */
function otherCounters(state) {
  const others = allCounters(state).filter((c) => c.number !== state.counter);
  return others.map((c) => [`counter ${c.number}`, t('counter.transfer.to_counter', { name: pick(c.name, t('counter.name', { n: c.number })), state: t(`counter.state.${c.state}`) })]);
}

/** Colleagues at work now: a customer can only wait for somebody who is there. @param {State} state @returns {[string, string][]} */
function colleagues(state) {
  const there = allCounters(state).filter((c) => c.staff && c.state !== 'closed' && c.staff !== state.session?.id);
  return there.map((c) => [`staff ${c.staff}`, t('counter.transfer.to_staff', { staff: staffName(state, c.staff) ?? '', name: pick(counterOf(state, c.number)?.name, String(c.number)) })]);
}

/** @param {State} state */
function target(state) {
  const [kind = '', ...rest] = typed(state, 'target').split(' ');
  const id = rest.join(' ');
  return { [kind]: kind === 'counter' ? Number(id) : id, position: typed(state, 'position') || 'arrival' };
}
