// @ts-check
// Choosing: the first level, the services of a group, the business types of a service.
import { pick, t } from '../../core/i18n.js';
import { Empty, html, icon } from '../../core/ui.js';
import { choices, openCounters, openingNow, quietHour, waitingInAll } from '../derive.js';
import { masked, settings } from '../state.js';
import { Foot } from './foot.js';
import { Plate } from './plate.js';
import { Tiles } from './tiles.js';

/** @param {{state: any, acts: any}} props */
export function Choose({ state, acts }) {
  const { step, group, service, page } = state.kiosk;
  const chosen = step === 'group' ? state.branch.groups.find((/** @type {any} */ g) => g.id === group) : state.branch.services.find((/** @type {any} */ s) => s.id === service);
  const home = step === 'home';
  const view = choices(state);
  return html`<main class="view" data-view=${step} inert=${state.kiosk.press !== null}>
    <${Plate} state=${state} title=${home ? t('kiosk.home.title') : pick(chosen?.name, group || service)} line=${home ? floor(state) : t(`kiosk.${step}.title`)}>
      ${home && html`<${Strip} state=${state} acts=${acts} />`}
    </${Plate}>
    <div class="middle">
      <${Notices} state=${state} acts=${acts} />
      ${view.tiles.length === 0 ? html`<${Empty} name="ticket" title=${t('kiosk.nothing')} line=${t('kiosk.nothing_line')} />` : html`<${Tiles} view=${view} page=${page} acts=${acts} />`}
      ${step === 'category' && html`<button class="btn unsure" data-size="public" id="kiosk-unsure" onClick=${() => acts.issue(service)}>${icon('ticket')}${t('kiosk.unsure')}</button>`}
    </div>
    <${Foot} state=${state} acts=${acts} />
  </main>`;
}

/** How full the branch is, in one line. @param {any} state */
function floor(state) {
  const said = t('kiosk.floor', { n: waitingInAll(state), counters: openCounters(state) });
  const now = openingNow(state);
  return now.open && now.closes ? `${said}${t('list.and')}${t('kiosk.open_until', { at: now.closes })}` : said;
}

/** The card or phone first, for those who like; or what was given. @param {{state: any, acts: any}} props */
function Strip({ state, acts }) {
  const { askIdentity, askPhone } = settings(state);
  const { identity, phone } = state.kiosk;
  if (!askIdentity && !askPhone) return null;
  if (identity || phone) {
    return html`<div class="idstrip" data-state="given">${icon('check')}<p><b>${t('kiosk.given', { number: masked(identity || phone) })}</b><span>${t('kiosk.given_line')}</span></p>
      <button class="btn" data-size="public" id="kiosk-forget" onClick=${() => acts.go({ identity: '', phone: '' })}>${t('kiosk.forget')}</button></div>`;
  }
  const field = askIdentity ? 'identity' : 'phone';
  return html`<button class="idstrip" id="kiosk-identify" onClick=${() => acts.go({ step: 'identify', field, typed: '' })}>
    ${icon(askIdentity ? 'idcard' : 'phone')}<p><b>${t(`kiosk.strip_${field}`)}</b><span>${t('kiosk.strip_line')}</span></p><span class="point">${icon('arrow')}</span>
  </button>`;
}

/** What is out of order, and what may help: at most one of each. @param {{state: any, acts: any}} props */
function Notices({ state, acts }) {
  const { problem } = state.kiosk;
  const hour = quietHour(state);
  return html`<div class="notices">
    ${problem && html`<div class="banner" data-tone="bad" role="alert">${icon('warn')}<p class="grow">${problem.detail}</p><button class="btn" data-size="touch" onClick=${() => acts.go({})}>${t('act.dismiss')}</button></div>`}
    ${state.link === 'lost' && html`<div class="banner" data-tone="bad" role="status" id="kiosk-lost">${icon('net-off')}<p class="grow"><b>${t('kiosk.lost')}</b> <span>${t('kiosk.lost_line')}</span></p></div>`}
    ${hour !== undefined && html`<div class="banner" data-tone="info" role="status" id="kiosk-quiet">${icon('clock')}<p class="grow">${t('kiosk.quiet', { hour })}</p></div>`}
  </div>`;
}
