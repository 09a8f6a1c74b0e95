// @ts-check
// The numbers that wait: the longest wait first, or by queue; a part of a number finds its tickets among all of the day.
import { nodeNow } from '../core/derive.js';
import { pick, t } from '../core/i18n.js';
import { Empty, Select, html, icon } from '../core/ui.js';
import { Card, cardOf } from './card.js';
import { arrivalOf, byId } from './figures.js';
import { Grid } from './grid.js';

/** @typedef {import('./card.js').Shown} Shown */

const LEAST_WIDTH = 148;
const CARD_HEIGHT = 118;
/** What the list can show, and the states it takes then. */
const ORDERS = /** @type {Record<string, string[]>} */ ({
  longest: ['waiting'], queue: ['waiting'], counter: ['called', 'serving', 'parked'], no_show: ['no_show'], closed: ['served', 'moved', 'abandoned', 'expired'],
});

/** @param {{state: any, acts: any, waiting: import('./figures.js').Waiter[]}} props */
export function Queue({ state, acts, waiting }) {
  const shown = listed(state, waiting);
  return html`<section class="card queues">
    <div class="card-head wrap"><h2>${t('lobby.tickets')}</h2><${Orders} state=${state} acts=${acts} waiting=${waiting} /><span class="grow"></span>
      <button class="btn" id="issue" data-size="touch" title=${t(state.link === 'lost' ? 'lobby.needs_node' : 'lobby.issue')} disabled=${!state.session || state.link === 'lost'} onClick=${() => acts.open({ kind: 'issue' })}>${icon('plus')}<span>${t('lobby.issue')}</span></button>
      <${Find} state=${state} acts=${acts} /></div>
    ${shown.length ? html`<${Grid} items=${shown} least=${LEAST_WIDTH} tall=${CARD_HEIGHT} label=${t('lobby.tickets')} draw=${(/** @type {Shown} */ one, /** @type {number} */ position) => html`<${Card} key=${one.ticket.id} card=${cardOf(state, one)} position=${position} of=${shown.length} state=${state} acts=${acts} />`} />` : html`<${Nobody} state=${state} />`}
  </section>`;
}

/** @param {{state: any, acts: any, waiting: any[]}} props */
function Orders({ state, acts, waiting }) {
  const count = (/** @type {string[]} */ states) => (states[0] === 'waiting' ? waiting.length : (state.snapshot?.tickets ?? []).filter((/** @type {any} */ ticket) => states.includes(ticket.state)).length);
  const orders = state.lobby.view === 'queue' ? Object.keys(ORDERS) : ['longest', 'queue', 'no_show'];
  return html`<span class="seg" data-size="touch" role="group" aria-label=${t('lobby.orders')}>${orders.map((order) => html`<button key=${order} data-order=${order} aria-pressed=${state.lobby.order === order} onClick=${() => acts.filter({ order })}>${t(`lobby.order.${order}`)}${order !== 'queue' && html`<span class="num">${count(ORDERS[order] ?? [])}</span>`}</button>`)}</span>`;
}

/** @param {{state: any, acts: any}} props */
function Find({ state, acts }) {
  if (state.lobby.view !== 'queue') return null;
  const services = [['', t('lobby.all_services')], ...(state.branch?.services ?? []).map((/** @type {any} */ service) => [service.id, pick(service.name, service.id)])];
  return html`<div class="find"><${Select} touch hideLabel name="service-filter" label=${t('lobby.by_service')} value=${state.lobby.service} options=${services} change=${(/** @type {string} */ service) => acts.filter({ service })} />
    <div class="field grow" data-size="touch"><label class="sr" for="find">${t('lobby.find')}</label><input id="find" type="search" placeholder=${t('lobby.find')} maxlength="40" value=${state.lobby.find} onInput=${(/** @type {any} */ e) => acts.filter({ find: e.target.value })} /></div></div>`;
}

/** @param {{state: any}} props */
function Nobody({ state }) {
  if (state.lobby.find) return html`<${Empty} name="search" title=${t('lobby.not_found', { find: state.lobby.find })} line=${t('lobby.not_found_line')} />`;
  return html`<${Empty} name="people" title=${t(`lobby.none.${state.lobby.order}`)} line=${t(`lobby.none_line.${state.lobby.order}`)} />`;
}

/** The tickets to show, in their order. @param {any} state @param {import('./figures.js').Waiter[]} waiting @returns {Shown[]} */
function listed(state, waiting) {
  const { order, service, find } = state.lobby;
  const wanted = find.trim().toUpperCase();
  const fits = (/** @type {any} */ ticket) => (!service || ticket.service === service) && (!wanted || ticket.number.includes(wanted));
  if (!wanted && ORDERS[order]?.[0] === 'waiting') {
    const all = waiting.filter(({ ticket }) => fits(ticket));
    return order === 'queue' ? [...all].sort((a, b) => place(state, a.ticket) - place(state, b.ticket)) : all;
  }
  return others(state, wanted ? null : (ORDERS[order] ?? []), fits);
}

/** Where a ticket stands: queue by queue, in each as it will be called. @param {any} state @param {any} ticket */
function place(state, ticket) {
  const at = state.branch?.services.findIndex((/** @type {any} */ service) => service.id === ticket.service) ?? 0;
  return at * 10_000 + (ticket.ahead ?? 0);
}

/** Tickets in other states, the latest change first; any state when something is looked for. @param {any} state @param {string[] | null} states @param {(ticket: any) => boolean} fits @returns {Shown[]} */
function others(state, states, fits) {
  const tickets = state.snapshot?.tickets ?? [];
  const known = byId(tickets);
  const changed = (/** @type {any} */ ticket) => ticket.finishedAt ?? ticket.startedAt ?? ticket.calledAt ?? ticket.issuedAt;
  const found = tickets.filter((/** @type {any} */ ticket) => (!states || states.includes(ticket.state)) && fits(ticket));
  return found.sort((/** @type {any} */ a, /** @type {any} */ b) => changed(b) - changed(a)).map((/** @type {any} */ ticket) => {
    const until = ticket.state === 'waiting' ? nodeNow(state) : (ticket.calledAt ?? ticket.finishedAt ?? nodeNow(state));
    return { ticket, waited: until - arrivalOf(ticket, known), level: 0 };
  });
}
