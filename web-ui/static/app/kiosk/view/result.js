// @ts-check
// The number: on a slip, with people ahead, the range of the wait, and the way to the ticket's own page.
import { LONG_MIN, clock, estimate, people, pick, t } from '../../core/i18n.js';
import { html, icon } from '../../core/ui.js';
import { slip } from '../derive.js';
import { qr } from '../qr.js';
import { remaining, settings } from '../state.js';
import { Plate } from './plate.js';

/** @param {{state: any, acts: any}} props */
export function Result({ state, acts }) {
  const { ticket } = state.kiosk;
  const service = state.branch?.services.find((/** @type {any} */ s) => s.id === ticket.service);
  const name = pick(service?.name, ticket.service);
  return html`<main class="view" data-view="result">
    <${Plate} state=${state} title=${t('kiosk.result.title')} line=${t('kiosk.result.line')} />
    <div class="middle">
      <div class="slip"><div class="slip-paper">
        <div class="no"><span class="svc clip" title=${name}>${name}</span><strong id="kiosk-number" data-long=${ticket.number.length > 4}>${ticket.number}</strong><p>${t('kiosk.result.issued', { at: clock(ticket.issuedAt) })}</p></div>
        <div class="stub">
          <dl class="figs">
            <div><dt>${t('kiosk.result.ahead')}</dt><dd id="kiosk-ahead">${ticket.ahead ?? 0} <small>${people(ticket.ahead ?? 0)}</small></dd></div>
            <div><dt>${t('kiosk.result.wait')}</dt><dd><${Wait} range=${ticket.estimate} /></dd></div>
          </dl>
          <${Code} url=${ticket.statusUrl} />
        </div>
      </div></div>
      <${Advice} state=${state} />
    </div>
    <${Acts} state=${state} acts=${acts} />
  </main>`;
}

/** @param {{range?: {low: number, high: number}}} props */
function Wait({ range }) {
  if (!range) return html`<span class="small-figure">${t('kiosk.not_served')}</span>`;
  const low = Math.round(range.low / 60);
  const high = Math.max(low, Math.ceil(range.high / 60));
  if (high === 0 || high > LONG_MIN) return html`<span class="small-figure">${estimate(range)}</span>`;
  return html`${low === high ? high : `${low}–${high}`} <small>${t('kiosk.minutes')}</small>`;
}

/** @param {{url?: string}} props */
function Code({ url }) {
  if (!url) return null;
  return html`<p class="qrbox"><img class="qr" id="kiosk-qr" src=${qr(url)} alt=${t('kiosk.result.qr')} width="300" height="300" />${t('kiosk.result.scan')}</p>`;
}

/** What to do now: the slip, then the wait. @param {{state: any}} props */
function Advice({ state }) {
  const print = slip(state);
  const sign = { printing: 'print', failed: 'warn', none: 'phone' }[print];
  return html`<ul class="next">
    <li id="kiosk-print" data-print=${print}><span class="pic" data-tone=${print === 'failed' ? 'warn' : 'ok'}>${icon(sign)}</span><span>${t(`kiosk.print.${print}`)}<small>${t(`kiosk.print.${print}_line`)}</small></span></li>
    <li><span class="pic">${icon('bell')}</span><span>${t('kiosk.result.listen')}<small>${t('kiosk.result.missed')}</small></span></li>
  </ul>`;
}

/** @param {{state: any, acts: any}} props */
function Acts({ state, acts }) {
  const left = remaining(state) ?? 0;
  return html`<div class="acts">
    <p class="count"><span>${t('kiosk.back_in', { n: Math.ceil(left / 1000) })}</span><span class="progress" aria-hidden="true" style=${{ '--at': `${(100 * left) / settings(state).resultMs}%` }}></span></p>
    <button class="btn" data-size="public" id="kiosk-more-time" onClick=${acts.stay}>${icon('clock')}${t('kiosk.more_time')}</button>
    <button class="btn" data-size="public" data-kind="primary" id="kiosk-done" onClick=${acts.home}>${icon('finish')}${t('kiosk.done')}</button>
  </div>`;
}
