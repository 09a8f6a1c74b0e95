// @ts-check
// Take a ticket: one key for each service, then the slip.
import { mayIssue, queues, serviceOf } from '../core/derive.js';
import { estimate, pick, t } from '../core/i18n.js';
import { Refusal, html, icon } from '../core/ui.js';

/** @param {{state: import('./types.js').LiveState, acts: any}} props */
export function Take({ state, acts }) {
  return html`<section class="area-take card" aria-labelledby="take-title">
    <div class="card-head"><h2 id="take-title">${t('take.title')}</h2></div>
    <div class="card-body stack">
      <${Refusal} state=${state} acts=${acts} place="take" />
      ${state.slip ? html`<${Slip} state=${state} acts=${acts} ticket=${state.slip} />` : html`<${Services} state=${state} acts=${acts} />`}
      ${!mayIssue(state) && html`<p class="muted small">${t('take.sign_in')}</p>`}
    </div>
  </section>`;
}

/** @param {{state: import('./types.js').LiveState, acts: any}} props */
function Services({ state, acts }) {
  const allowed = mayIssue(state) && state.link !== 'lost';
  return html`<div class="services">${queues(state).map(({ service, waiting, estimate: range }) => {
    const name = pick(service.name, service.id);
    const busy = state.busy.take === service.id;
    return html`<button key=${service.id} class="service" data-service=${service.id} disabled=${!allowed || Boolean(state.busy.take)} aria-busy=${busy} onClick=${() => acts.issue(service.id)}>
      <span class="dot" data-tone="primary">${service.prefix}</span>
      <span class="grow"><b class="clip" title=${name}>${name}</b><small class="muted clip">${waiting === 0 ? t('queue.empty') : t('take.load', { n: waiting, wait: estimate(range) })}</small></span>
      ${icon('ticket')}
    </button>`;
  })}</div>`;
}

/** @param {{state: import('./types.js').LiveState, acts: any, ticket: import('../core/types.js').Ticket}} props */
function Slip({ state, acts, ticket }) {
  const service = serviceOf(state, ticket.service);
  return html`<div class="slip taken" role="status"><div class="slip-paper">
      <div class="taken-top"><span class="muted clip">${pick(service?.name, ticket.service)}</span><strong class="no" id="taken-number">${ticket.number}</strong></div>
      <dl class="now-facts two">
        <div><dt>${t('ticket.ahead')}</dt><dd>${ticket.ahead ?? 0}</dd></div>
        <div><dt>${t('ticket.estimate')}</dt><dd>${estimate(ticket.estimate)}</dd></div>
      </dl>
    </div></div>
    <button class="btn" data-size="touch" onClick=${acts.closeSlip}>${t('take.another')}</button>`;
}
