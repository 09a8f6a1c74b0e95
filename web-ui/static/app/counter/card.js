// @ts-check
// The customer's card: who is served or looked at, what this ticket is about, and what happened to it.
import { counterOf, currentOf, isClosed, runsLobby, serviceOf, staffName } from '../core/derive.js';
import { clock, estimate, minutes, pick, t } from '../core/i18n.js';
import { Empty, Refusal, html, icon } from '../core/ui.js';
import { isMine, waited } from './line.js';
import { shown } from './state.js';

/** @typedef {import('./types.js').State} State */
/** @typedef {import('../core/types.js').Ticket} Ticket */

/** @param {{state: State, acts: any}} props */
export function Card({ state, acts }) {
  const ticket = state.session ? shown(state) : undefined;
  if (!ticket) return html`<aside class="card cust" aria-label=${t('counter.card')}><${Empty} name="person" title=${t('counter.card_empty')} line=${t('counter.card_empty_line')} /></aside>`;
  const detail = state.detail?.id === ticket.id ? state.detail : null;
  return html`<aside class="card cust" aria-label=${t('counter.card')} data-shown=${ticket.number}>
    <div class="cust-body" tabindex="0">
      <${Who} state=${state} acts=${acts} ticket=${ticket} visit=${detail?.visit ?? null} />
      <${Facts} state=${state} ticket=${ticket} visit=${detail?.visit ?? null} />
      <${History} state=${state} detail=${detail} />
    </div>
    <${Refusal} state=${state} acts=${acts} place=${`ticket:${ticket.id}`} />
    <${Acts} state=${state} acts=${acts} ticket=${ticket} />
  </aside>`;
}

/** @param {{state: State, acts: any, ticket: Ticket, visit: import('./types.js').Visit | null}} props */
function Who({ state, acts, ticket, visit }) {
  const name = visit?.name ?? t(ticket.identified || visit ? 'counter.identified' : 'counter.unidentified');
  const looking = state.picked === ticket.id;
  return html`<div class="who"><span class="dot" data-tone=${visit?.name ? 'primary' : undefined} aria-hidden="true">${visit?.name ? [...visit.name][0] : icon('person')}</span>
    <div class="grow"><h2 class="clip" title=${name}>${name}</h2><p class="line"><b class="num">${ticket.number}</b><span class="chip" data-tone=${ticket.state === 'called' ? 'lamp' : undefined}>${t(`state.${ticket.state}`)}</span></p></div>
    ${looking && html`<button class="btn btn-icon" data-kind="quiet" id="card-close" aria-label=${t('counter.card_close')} title=${t('counter.card_close')} onClick=${() => acts.pick(null)}>${icon('close')}</button>`}
  </div>`;
}

/** @param {{state: State, ticket: Ticket, visit: import('./types.js').Visit | null}} props */
function Facts({ state, ticket, visit }) {
  const service = serviceOf(state, ticket.service);
  const category = service?.categories.find((one) => one.id === ticket.category);
  const counter = (/** @type {number | undefined} */ n) => n && pick(counterOf(state, n)?.name, t('counter.name', { n }));
  const rows = /** @type {[string, any][]} */ ([
    ['counter.fact.identity', visit?.identity],
    ['counter.fact.phone', visit?.phone],
    ['counter.fact.customer', visit?.customer],
    ['counter.fact.identified_by', staffName(state, visit?.staff)],
    ['counter.ticket.service', pick(service?.name, ticket.service)],
    ['counter.fact.category', category && pick(category.name, category.id)],
    ['counter.fact.language', ticket.language && languageName(ticket.language)],
    ['counter.ticket.issued', clock(ticket.issuedAt)],
    ['counter.waited', minutes(waited(state, ticket))],
    ['counter.ticket.ahead', ticket.state === 'waiting' ? ticket.ahead : undefined],
    ['counter.ticket.estimate', ticket.state === 'waiting' && ticket.estimate ? estimate(ticket.estimate) : undefined],
    ['counter.fact.for_counter', counter(ticket.forCounter)],
    ['counter.fact.for_staff', staffName(state, ticket.forStaff)],
    ['counter.fact.counter', ticket.state !== 'waiting' && counter(ticket.counter)],
    ['counter.fact.reason', ticket.reason],
    ['counter.fact.outcome', ticket.outcome],
  ]);
  return html`<dl class="facts">${rows.filter(([, value]) => value !== undefined && value !== false && value !== '').map(([name, value]) => html`<dt key=${name}>${t(name)}</dt><dd class="clip" title=${value}>${value}</dd>`)}</dl>`;
}

/** A language in the reader's own words. @param {string} tag */
function languageName(tag) {
  try {
    return new Intl.DisplayNames(document.documentElement.lang, { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** @param {{state: State, detail: import('./types.js').Detail | null}} props */
function History({ state, detail }) {
  if (!detail) return html`<div class="stack bones" aria-busy="true"><span class="bone"></span><span class="bone"></span></div>`;
  return html`<section class="past" aria-labelledby="past-title"><h3 id="past-title">${t('counter.history')}</h3><ol class="notes">${detail.history.map((item) => {
    const at = item.counter ? pick(counterOf(state, item.counter)?.name, t('counter.name', { n: item.counter })) : '';
    const rest = [at, staffName(state, item.staff), item.note].filter(Boolean).join(t('list.and'));
    return html`<li key=${`${item.what}${item.at}`} data-void=${!item.effective}><span class="faint num">${item.at ? clock(item.at) : ''}</span><span>${t(`counter.happened.${item.what}`)}${!item.effective && html` <span class="chip">${t('counter.void')}</span>`}</span><span class="grow clip muted" title=${rest}>${rest}</span></li>`;
  })}</ol></section>`;
}

/** What may be done with the ticket looked at; the one in service has its keys on the left. @param {{state: State, acts: any, ticket: Ticket}} props */
function Acts({ state, acts, ticket }) {
  const offered = offers(state, acts, ticket);
  if (!offered.length) return null;
  const busy = state.busy[`ticket:${ticket.id}`];
  return html`<div class="leads">${offered.map(({ verb, label, kind, why, act }) => html`<button key=${verb} id=${`card-${verb}`} class="btn" data-kind=${kind} disabled=${Boolean(busy || why) || state.link === 'lost'} aria-busy=${busy === verb} title=${why && t(why)} onClick=${act}>${t(label, { number: ticket.number })}</button>`)}</div>`;
}

/** @param {State} state @param {any} acts @param {Ticket} ticket @returns {{verb: string, label: string, kind?: string, why?: string, act: () => void}[]} */
function offers(state, acts, ticket) {
  const who = { verb: 'identify', label: ticket.identified ? 'counter.identify_again' : 'counter.identify', act: () => acts.open({ kind: 'identify', ticket: ticket.id }) };
  const occupied = currentOf(state, state.counter);
  if (isClosed(ticket)) return [];
  if (!['waiting', 'no_show', 'parked'].includes(ticket.state)) return [who];
  const shut = counterOf(state, state.counter)?.state !== 'open' ? `counter.why.${counterOf(state, state.counter)?.state ?? 'closed'}` : undefined;
  const why = shut ?? (occupied ? 'counter.why.occupied' : undefined);
  const mine = ticket.state !== 'waiting' || isMine(state, ticket);
  const call = { verb: 'call', label: ticket.foreign ? 'counter.call_anyway' : 'counter.call_named', kind: mine && !ticket.foreign ? 'primary' : undefined, why, act: () => acts.call(ticket.id) };
  const back = { verb: 'reinstate', label: 'counter.reinstate', act: () => acts.reinstate(ticket.id) };
  return ticket.state === 'no_show' && runsLobby(state) ? [who, back, call] : [who, call];
}
