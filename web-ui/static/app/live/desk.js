// @ts-check
// The counter a person works at: who now, who next.
import { deskChoices } from './choices.js';
import { allCounters, counterOf, currentOf, nodeNow, serviceOf } from '../core/derive.js';
import { clock, minutes, pick, running, t } from '../core/i18n.js';
import { Empty, Refusal, Select, html, icon } from '../core/ui.js';

const KEYED = ['recall', 'start', 'no-show', 'park', 'transfer', 'finish'];

/** @param {{state: import('../core/types.js').State, acts: any}} props */
export function Desk({ state, acts }) {
  const number = state.counter;
  return html`<section class="area-desk card" aria-labelledby="desk-title">
    <div class="card-head"><h2 id="desk-title">${t('desk.title')}</h2><span class="grow"></span><${Choose} state=${state} acts=${acts} /></div>
    <div class="card-body stack">
      ${number === null
        ? html`<${Empty} name="counter" title=${t('desk.none')} line=${t('desk.none_line')} />`
        : html`<${CounterState} state=${state} acts=${acts} number=${number} /><${Slip} state=${state} number=${number} /><${Keys} state=${state} acts=${acts} />`}
    </div>
  </section>`;
}

/** @param {{state: import('../core/types.js').State, acts: any}} props */
function Choose({ state, acts }) {
  const options = /** @type {[string, string][]} */ (allCounters(state).map((c) => [String(c.number), pick(c.name, t('counter.name', { n: c.number }))]));
  if (state.counter === null) options.unshift(['', t('desk.choose')]);
  return html`<${Select} label=${t('desk.choose')} hideLabel name="counter" value=${String(state.counter ?? '')} options=${options} change=${(/** @type {string} */ v) => v && acts.chooseCounter(Number(v))} />`;
}

const TONES = /** @type {Record<string, string>} */ ({ open: 'ok', paused: 'warn', closed: '' });

/** @param {{state: import('../core/types.js').State, acts: any, number: number}} props */
function CounterState({ state, acts, number }) {
  const counter = counterOf(state, number);
  const choices = deskChoices(state, acts).filter((c) => ['open', 'resume', 'pause', 'close'].includes(c.verb));
  const usual = { closed: ['open'], open: ['pause', 'close'], paused: ['resume', 'close'] }[counter?.state ?? 'closed'];
  return html`<div class="line wrap">
    <span class="chip" data-tone=${TONES[counter?.state ?? 'closed']}>${t(`counter.state.${counter?.state ?? 'closed'}`)}</span>
    <span class="grow clip muted small" title=${counter?.reason}>${counter?.reason ?? ''}</span>
    ${choices.filter((c) => usual.includes(c.verb)).map((c) => html`<button key=${c.verb} id=${`desk-${c.verb}`} class="btn" data-kind=${c.verb === 'open' || c.verb === 'resume' ? 'primary' : undefined}
      disabled=${!c.act} aria-busy=${state.busy.desk === c.verb} onClick=${c.act}>${t(c.label)}${c.key && html`<kbd class="kbd">${c.key}</kbd>`}</button>`)}
  </div>`;
}

/** @param {{state: import('../core/types.js').State, number: number}} props */
function Slip({ state, number }) {
  const ticket = currentOf(state, number);
  if (!ticket) return html`<div class="slip now"><div class="slip-paper now-empty"><p class="muted">${t(state.snapshot?.open === false ? 'desk.hidden' : 'desk.free')}</p></div></div>`;
  const service = serviceOf(state, ticket.service);
  const since = (ticket.state === 'serving' ? ticket.startedAt : ticket.calledAt) ?? nodeNow(state);
  return html`<div class="slip now"><div class="slip-paper">
    <div class="now-top" data-state=${ticket.state}>
      <div class="line"><span class="chip" data-tone="primary">${icon(ticket.state === 'serving' ? 'start' : 'call')}${t(`state.${ticket.state}`)}</span><span class="grow"></span><span class="running">${running(nodeNow(state) - since)}</span></div>
      <div class="line"><strong class="no" id="desk-number">${ticket.number}</strong><span class="grow"></span><span class="muted clip" title=${pick(service?.name, ticket.service)}>${pick(service?.name, ticket.service)}</span></div>
    </div>
    <dl class="now-facts">
      <div><dt>${t('ticket.waited')}</dt><dd>${minutes((ticket.calledAt ?? since) - ticket.issuedAt)}</dd></div>
      <div><dt>${t('ticket.issued')}</dt><dd>${clock(ticket.issuedAt)}</dd></div>
      <div><dt>${t('ticket.calls')}</dt><dd>${ticket.calls}</dd></div>
    </dl>
  </div></div>`;
}

/** @param {{state: import('../core/types.js').State, acts: any}} props */
function Keys({ state, acts }) {
  const choices = deskChoices(state, acts);
  const next = choices.find((c) => c.verb === 'call-next');
  if (!next) {
    return html`<button class="btn" data-kind="primary" data-size="touch" onClick=${() => acts.open({ kind: 'sign-in' })}>${icon('person')}${t('desk.sign_in')}</button>`;
  }
  return html`<${Refusal} state=${state} acts=${acts} place="desk" />
    <button class="btn" data-kind="call" id="desk-call-next" disabled=${!next.act} aria-busy=${state.busy.desk === 'call-next'} onClick=${next.act}>
      ${icon('call')}<span class="grow">${t(next.label)}<small>${waiting(state)}</small></span><kbd class="kbd">${next.key}</kbd>
    </button>
    <div class="acts">${choices.filter((c) => KEYED.includes(c.verb)).map((c) => html`<button key=${c.verb} id=${`desk-${c.verb}`} class="action" disabled=${!c.act} onClick=${c.act}>
      ${icon(c.icon)}<span class="clip" title=${t(c.label)}>${t(c.label)}</span><kbd class="kbd">${c.key}</kbd></button>`)}</div>`;
}

/** @param {import('../core/types.js').State} state */
function waiting(state) {
  const count = state.snapshot?.tickets.filter((ticket) => ticket.state === 'waiting').length ?? 0;
  return count === 0 ? t('queue.empty') : t('desk.waiting', { n: count });
}
