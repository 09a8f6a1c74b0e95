// @ts-check
// Who now: the slip of the ticket in service, the one large call key, the other keys, and what is still in hand.
import { counterOf, currentOf, nodeNow, runsLobby, serviceOf } from '../core/derive.js';
import { minutes, pick, running, t } from '../core/i18n.js';
import { unsentAbout } from '../core/outbox.js';
import { Empty, Refusal, html, icon } from '../core/ui.js';
import { choices } from './choices.js';
import { keyLabel } from './keymap.js';
import { inHand, nextFor, waited } from './line.js';

/** @typedef {import('./types.js').State} State */
/** @typedef {import('./choices.js').Choice} Choice */

const KEYED = ['recall', 'start', 'no-show', 'park', 'transfer', 'finish', 'assist', 'call-number'];

/** @param {{state: State, acts: any}} props */
export function Now({ state, acts }) {
  if (state.counter === null) return html`<${ChooseHere} state=${state} acts=${acts} />`;
  if (!state.session) return html`<${SignInHere} state=${state} acts=${acts} />`;
  const all = choices(state, acts);
  return html`<section class="col left" aria-label=${t('counter.desk')}>
    <${Slip} state=${state} />
    <${Refusal} state=${state} acts=${acts} place="desk" />
    ${counterOf(state, state.counter)?.state === 'open' || currentOf(state, state.counter)
      ? html`<${CallKey} state=${state} choice=${of(all, 'call-next')} />`
      : html`<${OpenKey} state=${state} choice=${of(all, 'open')} />`}
    <div class="acts">${KEYED.map((verb) => html`<${Act} key=${verb} state=${state} choice=${of(all, verb)} />`)}</div>
    <${InHand} state=${state} acts=${acts} />
  </section>`;
}

/** @param {Choice[]} all @param {string} verb */
const of = (all, verb) => /** @type {Choice} */ (all.find((choice) => choice.verb === verb));

/** @param {{state: State, acts: any}} props */
function SignInHere({ acts }) {
  return html`<section class="col left"><div class="card gate"><${Empty} name="person" title=${t('counter.sign_in_title')} line=${t('counter.sign_in_line')}>
    <button class="btn" id="sign-in-here" data-kind="primary" data-size="touch" onClick=${() => acts.open({ kind: 'sign-in' })}>${t('session.sign_in')}</button>
  </${Empty}></div></section>`;
}

/** @param {{state: State, acts: any}} props */
function ChooseHere({ acts }) {
  return html`<section class="col left"><div class="card gate"><${Empty} name="counter" title=${t('counter.choose_title')} line=${t('counter.choose_line')}>
    <button class="btn" id="choose-here" data-kind="primary" data-size="touch" onClick=${() => acts.open({ kind: 'choose-counter' })}>${t('counter.choose')}</button>
  </${Empty}></div></section>`;
}

/** @param {{state: State}} props */
function Slip({ state }) {
  const ticket = currentOf(state, state.counter);
  if (!ticket) return html`<div class="slip now"><div class="slip-paper now-free">${icon('person')}<b>${t('counter.free')}</b><p class="muted small">${t(`counter.free_${counterOf(state, state.counter)?.state ?? 'closed'}`)}</p></div></div>`;
  const service = pick(serviceOf(state, ticket.service)?.name, ticket.service);
  const since = (ticket.state === 'serving' ? ticket.startedAt : ticket.calledAt) ?? nodeNow(state);
  return html`<div class="slip now"><div class="slip-paper">
    <div class="now-top" data-state=${ticket.state}>
      <div class="line"><span class="chip" data-tone=${ticket.state === 'called' ? 'lamp' : 'primary'}>${icon(ticket.state === 'serving' ? 'start' : 'call')}${t(`state.${ticket.state}`)}</span>
        ${unsentAbout(state, `/tickets/${ticket.id}`) && html`<span class="chip" data-tone="info">${t('outbox.unsent')}</span>`}
        ${ticket.overridden && html`<span class="chip" data-tone="warn">${t('counter.overridden')}</span>`}
        <span class="grow"></span><span class="running" id="desk-timer" title=${t(ticket.state === 'serving' ? 'counter.since_start' : 'counter.since_call')}>${running(nodeNow(state) - since)}</span></div>
      <div class="line end"><strong class="no" id="desk-number" key=${`${ticket.id}:${ticket.calls}`}>${ticket.number}</strong><span class="grow"></span><span class="muted clip" title=${service}>${service}</span></div>
    </div>
    <dl class="now-facts">
      <div><dt>${t('counter.waited')}</dt><dd>${minutes(waited(state, ticket))}</dd></div>
      <div><dt>${t('counter.calls')}</dt><dd>${t('counter.times', { n: ticket.calls })}</dd></div>
      <div><dt>${t('counter.promise')}</dt><dd>${minutes(state.branch?.serviceLevelMs ?? 0)}</dd></div>
    </dl>
  </div></div>`;
}

/** The one large key names the number it will call. @param {{state: State, choice: Choice}} props */
function CallKey({ state, choice }) {
  const next = nextFor(state);
  const busy = state.busy.desk === 'call-next';
  const why = choice.why && !busy ? t(choice.why) : '';
  const about = next ? t('counter.next_line', { service: pick(serviceOf(state, next.service)?.name, next.service), wait: minutes(waited(state, next)) }) : t('counter.nobody');
  return html`<button class="btn" data-kind="call" id="desk-call-next" disabled=${!choice.act} aria-busy=${busy} title=${choice.why && t(choice.why)} onClick=${choice.act}>
    ${icon('call')}<span class="grow">${t(choice.label)}<small class="clip" title=${why || `${next?.number ?? ''} ${about}`}>${why || (next ? html`<b class="num" id="desk-next">${next.number}</b>${about}` : about)}</small></span>
    <kbd class="kbd">${keyLabel(state.keys['call-next'])}</kbd>
  </button>`;
}

/** @param {{state: State, choice: Choice}} props */
function OpenKey({ state, choice }) {
  const paused = counterOf(state, state.counter)?.state === 'paused';
  const busy = state.busy.desk === 'open' || state.busy.desk === 'resume';
  return html`<button class="btn" data-kind="call" id="desk-open" disabled=${!choice.act} aria-busy=${busy} onClick=${choice.act}>
    ${icon('start')}<span class="grow">${t(paused ? 'counter.resume' : 'counter.open')}<small class="clip" title=${t(paused ? 'counter.resume_line' : 'counter.open_line')}>${t(paused ? 'counter.resume_line' : 'counter.open_line')}</small></span>
    ${paused && html`<kbd class="kbd">${keyLabel(state.keys.pause)}</kbd>`}
  </button>`;
}

/** @param {{state: State, choice: Choice}} props */
function Act({ state, choice }) {
  const label = t(choice.label);
  return html`<button id=${`desk-${choice.verb}`} class="action" disabled=${!choice.act} aria-busy=${state.busy.desk === choice.verb} title=${choice.why ? `${label}: ${t(choice.why)}` : label} onClick=${choice.act}>
    ${icon(choice.icon)}<span class="clip" title=${label}>${label}</span><kbd class="kbd">${keyLabel(state.keys[choice.verb])}</kbd></button>`;
}

/** @param {{state: State, acts: any}} props */
function InHand({ state, acts }) {
  const tickets = inHand(state);
  if (!tickets.length) return null;
  return html`<section class="card side" aria-labelledby="in-hand">
    <div class="card-head"><h2 id="in-hand">${t('counter.in_hand')}</h2></div>
    ${tickets.map((ticket) => html`<${Held} key=${ticket.id} state=${state} acts=${acts} ticket=${ticket} />`)}
  </section>`;
}

/** @param {{state: State, acts: any, ticket: import('../core/types.js').Ticket}} props */
function Held({ state, acts, ticket }) {
  const place = `ticket:${ticket.id}`;
  const busy = Boolean(state.busy[place]);
  const parked = ticket.state === 'parked';
  const since = t('counter.held_line', { state: t(`state.${ticket.state}`), wait: minutes(nodeNow(state) - (ticket.calledAt ?? ticket.issuedAt)) });
  const line = [since, ticket.reason].filter(Boolean).join(t('list.and'));
  const free = counterOf(state, state.counter)?.state === 'open' && !currentOf(state, state.counter);
  const act = parked ? () => acts.call(ticket.id) : runsLobby(state) ? () => acts.reinstate(ticket.id) : () => acts.open({ kind: 'assist', ticket: ticket.id }, { kind: 'no_show' });
  const verb = parked ? 'counter.go_on' : runsLobby(state) ? 'counter.reinstate' : 'counter.ask_reinstate';
  const off = busy || state.link === 'lost' || (parked && !free);
  return html`<div class="row" data-held=${ticket.number}><button class="link table-key" onClick=${() => acts.pick(ticket.id)}>${ticket.number}</button><span class="grow clip muted small" title=${line}>${line}</span>
      <button class="btn" data-size="small" disabled=${off} title=${parked && !free ? t('counter.why.occupied') : undefined} aria-busy=${busy} onClick=${act}>${t(verb)}</button></div>
    <${Refusal} state=${state} acts=${acts} place=${place} />`;
}
