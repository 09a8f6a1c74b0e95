// @ts-check
// The ticket on a phone: how long still, and where to go when it is time.
import { age, clock, estimate, people, pick, t, tIn } from '../core/i18n.js';
import { Empty, html, icon } from '../core/ui.js';
import { isOver, path } from './state.js';

const SIGNS = /** @type {Record<string, {icon: string, tone: string}>} */ ({
  waiting: { icon: 'clock', tone: 'primary' },
  called: { icon: 'call', tone: 'lamp' },
  serving: { icon: 'counter', tone: 'ok' },
  parked: { icon: 'park', tone: 'info' },
  no_show: { icon: 'noshow', tone: 'warn' },
  served: { icon: 'check', tone: 'ok' },
  moved: { icon: 'move', tone: 'info' },
  abandoned: { icon: 'bin', tone: 'bad' },
  expired: { icon: 'clock', tone: 'warn' },
});

/** @param {{state: any, acts: any}} props */
export function Page({ state, acts }) {
  const { told, missing } = state;
  return html`<div class="phone">
    <${Head} state=${state} acts=${acts} />
    <main class="in">${missing || !told ? html`<${Nothing} state=${state} />` : html`<${Ticket} state=${state} acts=${acts} />`}</main>
    <${Foot} state=${state} />
  </div>`;
}

/** @param {{state: any, acts: any}} props */
function Head({ state, acts }) {
  const other = state.language === 'en' ? 'zh-CN' : 'en';
  const branch = state.told?.branch ?? t('brand');
  return html`<header class="head on-ink"><span class="grow"><h1 class="wrap2" title=${branch}>${branch}</h1><span class="sub">${t('screen.status')}</span></span>
    <button class="btn" data-size="touch" id="language" lang=${other} onClick=${() => acts.chooseLanguage(other)}>${icon('globe')}${tIn(other, 'status.language')}</button></header>`;
}

/** A wrong or old address, or a node that has not answered yet. @param {{state: any}} props */
function Nothing({ state }) {
  const key = state.missing ? 'status.missing' : 'status.lost';
  return html`<div class="card" id="status-nothing"><${Empty} name=${state.missing ? 'ticket' : 'net-off'} title=${t(key)} line=${t(`${key}_line`)} /></div>`;
}

/** @param {{state: any, acts: any}} props */
function Ticket({ state, acts }) {
  const { told, begun } = state;
  const sign = SIGNS[told.state];
  const replaced = begun.number !== told.number;
  const issued = t('status.issued', { service: pick(told.service, ''), at: clock(told.issuedAt) });
  return html`
    <div class="slip" data-state=${told.state}><div class="slip-paper">
      <div class="top">
        <span class="chip" data-tone=${sign.tone} id="status-state" role="status">${icon(sign.icon)}${t(`state.${told.state}`)}</span>
        <strong id="status-number" data-long=${told.number.length > 4}>${told.number}</strong>
        <span class="muted wrap2" title=${issued}>${issued}</span>
      </div>
      <${Turn} told=${told} begun=${begun} />
    </div></div>
    ${replaced && html`<p class="banner" data-tone="info" role="status">${icon('move')}<span class="grow">${t('status.replaced', { old: begun.number, number: told.number })}</span></p>`}
    ${told.state === 'waiting' && html`<${Reminder} on=${state.alarm} acts=${acts} />`}
    <p class="muted advice">${t(`status.advice.${told.state}`)}</p>`;
}

/** The lower half of the slip: the wait with its path, or the counter. @param {{told: import('./state.js').Told, begun: any}} props */
function Turn({ told, begun }) {
  if (told.state === 'waiting') {
    return html`<dl class="figs"><div><dt>${t('status.ahead')}</dt><dd><span id="status-ahead">${told.ahead ?? 0}</span> <small>${people(told.ahead ?? 0)}</small></dd></div>
        <div><dt>${t('status.wait')}</dt><dd class="wait">${estimate(told.estimate)}</dd></div></dl>
      <${Path} told=${told} begun=${begun} />`;
  }
  if (told.counter !== undefined) return html`<p class="place" id="status-counter" aria-live="assertive"><span>${t(told.state === 'called' ? 'status.go_to' : 'status.at')}</span><strong class="num">${told.counter}</strong></p>`;
  return html`<p class="place quiet" data-over=${isOver(told)}>${icon(SIGNS[told.state].icon)}<b>${t(`status.said.${told.state}`)}</b></p>`;
}

/** The way from the first look to the own turn. @param {{told: import('./state.js').Told, begun: any}} props */
function Path({ told, begun }) {
  const { from, steps, past } = path(begun, told);
  const label = t('status.path', { from, now: told.ahead ?? 0 });
  return html`<div class="path" data-alone=${steps === 0} role="img" aria-label=${label}>
    <ol>${Array.from({ length: steps }, (_, i) => html`<li key=${i} class=${i < past ? 'past' : ''}></li>`)}<li class="me"></li></ol>
    <p class="ends"><span>${from > 0 && t('status.from', { n: from })}</span><b>${t('status.you')}</b></p>
  </div>`;
}

/** @param {{on: boolean, acts: any}} props */
function Reminder({ on, acts }) {
  return html`<div class="card tip"><span class="dot" data-tone=${on ? 'ok' : 'primary'}>${icon('bell')}</span>
    <span class="grow">${t(on ? 'status.alarm_on' : 'status.alarm')}<small>${t('status.alarm_line')}</small></span>
    <button class="btn" data-size="touch" id="status-alarm" aria-pressed=${on} onClick=${() => acts.alarm(!on)}>${t(on ? 'status.turn_off' : 'status.turn_on')}</button></div>`;
}

/** @param {{state: any}} props */
function Foot({ state }) {
  const lost = state.link === 'lost';
  return html`<footer class="foot"><span class="age" data-tone=${lost ? 'bad' : undefined} id="status-age">${icon(lost ? 'net-off' : 'clock')}${t(lost ? 'status.not_connected' : 'status.updated', { age: age(state.now - state.seenAt) })}</span></footer>`;
}
