// @ts-check
// Questions: one at a time, holding focus and giving it back, the typed text kept when the answer is a refusal.
import { Component } from '../../vendor/preact.mjs';
import { allCounters, ticketOf } from '../derive.js';
import { pick, t } from '../i18n.js';
import { Input, Refusal, Select, html } from './ui.js';

/** @typedef {import('../types.js').State} State */

/** The browser's own modal dialog: it keeps focus inside and the page behind it inert. */
class Modal extends Component {
  componentDidMount() {
    this.before = /** @type {HTMLElement | null} */ (document.activeElement);
    const dialog = /** @type {HTMLDialogElement} */ (this.base);
    dialog.showModal();
    /** @type {HTMLElement | null} */ (dialog.querySelector('input, select'))?.focus();
  }

  componentWillUnmount() {
    this.before?.focus();
  }

  render() {
    const { title, line, verb, danger, ready, state, acts, submit, children } = /** @type {any} */ (this.props);
    const busy = Boolean(state.busy.dialog);
    const cancel = (/** @type {Event} */ e) => (e.preventDefault(), busy || acts.close());
    const send = (/** @type {Event} */ e) => (e.preventDefault(), ready && !busy && submit());
    return html`<dialog class="dialog" aria-labelledby="dialog-title" onCancel=${cancel}>
      <form class="stack" method="dialog" onSubmit=${send}>
        <h2 id="dialog-title">${title}</h2>
        ${line && html`<p class="muted">${line}</p>`}
        ${children}
        <${Refusal} state=${state} acts=${acts} place="dialog" />
        <div class="dialog-acts">
          <button type="button" class="btn" data-size="touch" disabled=${busy} onClick=${cancel}>${t('act.cancel')}</button>
          <button type="submit" class="btn" data-size="touch" data-kind=${danger ? 'danger' : 'primary'} disabled=${!ready || busy} aria-busy=${busy}>${verb}</button>
        </div>
      </form>
    </dialog>`;
  }
}

/** @param {{state: State, acts: any}} props */
export function Ask({ state, acts }) {
  const dialog = state.dialog;
  if (!dialog) return null;
  const Form = FORMS[dialog.kind];
  return html`<${Form} key=${dialog.kind} state=${state} acts=${acts} dialog=${dialog} />`;
}

/** @param {State} state @param {string} name */
const typed = (state, name) => (state.draft[name] ?? '').trim();

/** @param {State} state @param {string} ticket */
const numberOf = (state, ticket) => ticketOf(state, ticket)?.number ?? '';

/** @type {Record<string, (props: {state: State, acts: any, dialog: any}) => any>} */
const FORMS = {
  'sign-in': ({ state, acts }) => html`<${Modal} state=${state} acts=${acts} title=${t('session.title')} verb=${t('session.sign_in')}
    ready=${typed(state, 'staff') && typed(state, 'pin')} submit=${() => acts.signIn(typed(state, 'staff'), state.draft.pin)}>
    <${Input} name="staff" label=${t('session.staff')} complete="username" maxlength=${64} state=${state} acts=${acts} />
    <${Input} name="pin" label=${t('session.pin')} type="password" complete="current-password" maxlength=${64} state=${state} acts=${acts} />
  </${Modal}>`,

  'take-over': ({ state, acts }) => html`<${Modal} state=${state} acts=${acts} title=${t('take_over.title')} line=${t('take_over.line')} verb=${t('take_over.verb')} danger
    ready=${typed(state, 'reason')} submit=${() => acts.takeOver(typed(state, 'reason'))}>
    <${Input} name="reason" label=${t('reason.needed')} state=${state} acts=${acts} />
  </${Modal}>`,

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

/** A choice that starts empty unless one answer is given. @param {{name: string, label: string, options: [string, string][], state: State, acts: any, given?: boolean}} props */
function Choice({ name, label, options, state, acts, given = false }) {
  const all = /** @type {[string, string][]} */ (given ? options : [['', t('act.choose')], ...options]);
  return html`<${Select} touch name=${name} label=${label} value=${state.draft[name] ?? all[0]?.[0] ?? ''} options=${all} change=${(/** @type {string} */ value) => acts.draft(name, value)} />`;
}

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
