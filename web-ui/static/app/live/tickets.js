// @ts-check
// Today's tickets: open ones in the order they need somebody, closed ones folded away.
import { counterOf, isClosed, nodeNow, runsLobby, serviceOf } from '../core/derive.js';
import { closedTickets, countOf, openTickets } from './derive.js';
import { clock, minutes, pick, t } from '../core/i18n.js';
import { Empty, Refusal, Select, html, icon } from '../core/ui.js';

/** @typedef {import('./types.js').LiveState} State */
/** @typedef {import('../core/types.js').Ticket} Ticket */

const FILTERS = ['open', 'waiting', 'now', 'parked', 'no_show'];
const TONES = /** @type {Record<string, string>} */ ({ called: 'lamp', serving: 'primary', parked: 'info', no_show: 'warn', abandoned: 'bad' });

/** @param {{state: State, acts: any}} props */
export function Tickets({ state, acts }) {
  const hidden = state.snapshot?.open === false;
  return html`<section class="area-tickets card" aria-labelledby="tickets-title">
    <div class="card-head wrap"><h2 id="tickets-title">${t('tickets.title')}</h2>${!hidden && html`<${Filter} state=${state} acts=${acts} />`}</div>
    ${hidden ? html`<${Empty} name="ticket" title=${t('tickets.hidden')} line=${t('tickets.hidden_line')} />` : html`<${Open} state=${state} acts=${acts} /><${Closed} state=${state} />`}
  </section>`;
}

/** @param {{state: State, acts: any}} props */
function Filter({ state, acts }) {
  const services = /** @type {[string, string][]} */ ([['', t('tickets.all_services')], ...(state.branch?.services ?? []).map((s) => [s.id, pick(s.name, s.id)])]);
  return html`<div class="seg" role="group" aria-label=${t('tickets.by_state')}>${FILTERS.map((name) => html`<button key=${name} aria-pressed=${state.filter.state === name} onClick=${() => acts.filter({ state: name })}>${t(`filter.${name}`)} <span class="num">${countOf(state, name)}</span></button>`)}</div>
    <span class="grow"></span>
    <${Select} label=${t('tickets.by_service')} hideLabel name="service" value=${state.filter.service} options=${services} change=${(/** @type {string} */ service) => acts.filter({ service })} />`;
}

/** @param {{state: State, acts: any}} props */
function Open({ state, acts }) {
  const tickets = openTickets(state);
  if (tickets.length === 0) return html`<${Empty} name="people" title=${t('tickets.none')} line=${t('tickets.none_line')} />`;
  return html`<div class="scroll"><table class="table tickets">
    <thead><tr><th>${t('ticket.number')}</th><th>${t('ticket.service')}</th><th>${t('ticket.state')}</th><th class="r">${t('ticket.waited')}</th><th class="r">${t('ticket.acts')}</th></tr></thead>
    <tbody>${tickets.map((ticket) => html`<${Row} key=${ticket.id} state=${state} acts=${acts} ticket=${ticket} />`)}</tbody>
  </table></div>`;
}

/** @param {{state: State, acts: any, ticket: Ticket}} props */
function Row({ state, acts, ticket }) {
  const place = `ticket:${ticket.id}`;
  const service = pick(serviceOf(state, ticket.service)?.name, ticket.service);
  const until = ticket.state === 'waiting' ? nodeNow(state) : (ticket.calledAt ?? nodeNow(state));
  return html`<tr data-ticket=${ticket.number}>
      <td class="table-key">${ticket.number}</td>
      <td class="fill"><span class="clip block" title=${service}>${service}</span></td>
      <td><${StateOf} state=${state} ticket=${ticket} /></td>
      <td class="r">${minutes(until - ticket.issuedAt)}</td>
      <td class="r"><${RowActs} state=${state} acts=${acts} ticket=${ticket} /></td>
    </tr>
    ${state.problems[place] && html`<tr><td colspan="5"><${Refusal} state=${state} acts=${acts} place=${place} /></td></tr>`}`;
}

/** @param {{state: State, ticket: Ticket}} props */
function StateOf({ state, ticket }) {
  const at = ticket.state === 'waiting' ? ticket.forCounter : ticket.counter;
  const where = at === undefined ? '' : pick(counterOf(state, at)?.name, t('counter.name', { n: at }));
  return html`<span class="states"><span class="chip" data-tone=${TONES[ticket.state]}>${t(`state.${ticket.state}`)}</span>
    ${where && html`<span class="muted small">${where}</span>`}
    ${ticket.overridden && html`<span class="chip" data-tone="warn">${t('ticket.overridden')}</span>`}</span>`;
}

/** @param {{state: State, acts: any, ticket: Ticket}} props */
function RowActs({ state, acts, ticket }) {
  if (!state.session) return null;
  const lobby = runsLobby(state);
  const busy = state.busy[`ticket:${ticket.id}`];
  const still = Boolean(busy) || state.link === 'lost';
  const callable = (ticket.state === 'waiting' || ticket.state === 'parked') && state.counter !== null && counterOf(state, state.counter)?.state === 'open';
  const button = (/** @type {string} */ verb, /** @type {string} */ name, /** @type {string} */ label, /** @type {() => void} */ act) => html`<button key=${verb} class="btn btn-icon" data-kind="quiet" data-verb=${verb}
    aria-label=${label} title=${label} disabled=${still} onClick=${act}>${icon(name)}</button>`;
  return html`<span class="row-acts">
    ${callable && html`<button class="btn" data-verb="call" disabled=${still} aria-busy=${busy === 'call'} onClick=${() => acts.call(ticket.id, state.counter)}>${t('ticket.call')}</button>`}
    ${lobby && ticket.state === 'no_show' && html`<button class="btn" data-verb="reinstate" disabled=${still} aria-busy=${busy === 'reinstate'} onClick=${() => acts.reinstate(ticket.id)}>${t('ticket.reinstate')}</button>`}
    ${lobby && ticket.state !== 'serving' && [
      button('move', 'move', t('ticket.move_named', { number: ticket.number }), () => acts.open({ kind: 'move', ticket: ticket.id })),
      button('abandon', 'bin', t('ticket.abandon_named', { number: ticket.number }), () => acts.open({ kind: 'abandon', ticket: ticket.id })),
    ]}
  </span>`;
}

/** @param {{state: State}} props */
function Closed({ state }) {
  const tickets = closedTickets(state);
  if (!tickets.length) return null;
  return html`<details class="closed"><summary>${t('tickets.closed', { n: tickets.length })}</summary>
    <div class="scroll"><table class="table"><tbody>${tickets.filter(isClosed).map((ticket) => html`<tr key=${ticket.id}>
      <td class="table-key">${ticket.number}</td>
      <td class="fill"><span class="clip block">${pick(serviceOf(state, ticket.service)?.name, ticket.service)}</span></td>
      <td><${StateOf} state=${state} ticket=${ticket} /></td>
      <td class="r">${ticket.finishedAt ? clock(ticket.finishedAt) : t('none')}</td>
    </tr>`)}</tbody></table></div>
  </details>`;
}
