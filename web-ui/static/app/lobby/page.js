// @ts-check
// The lobby on a tablet: a rail to three views, the head, what is wrong, and the view.
import { Banners } from '../core/banners.js';
import { Language, Network, Person, Theme } from '../core/bar.js';
import { Ask } from '../core/dialog.js';
import { nodeNow } from '../core/derive.js';
import { clock, t } from '../core/i18n.js';
import { Empty, Toast, html, icon } from '../core/ui.js';
import { alertsOf } from './alerts.js';
import { FORMS } from './dialogs.js';
import { waiters } from './figures.js';
import { Counters } from './counters.js';
import { Charts } from './overview.js';
import { Queue } from './queue.js';
import { Alerts, Desks } from './side.js';
import { Stats } from './stats.js';

const VIEWS = [['overview', 'floor'], ['queue', 'list'], ['counters', 'counter']];

/** @param {{state: any, acts: any}} props */
export function Page({ state, acts }) {
  const waiting = waiters(state);
  const alerts = alertsOf(state, waiting);
  const { view } = state.lobby;
  const all = { state, acts, waiting, alerts };
  return html`<${Rail} ...${all} />
    <div class="lobby">
      <${Head} state=${state} acts=${acts} />
      <${Banners} state=${state} acts=${acts} conflicts=${view !== 'overview'} />
      ${state.snapshot?.open ? html`<main class="floor" data-view=${view}>
        ${view === 'overview' && html`<${Overview} ...${all} />`}
        ${view === 'queue' && html`<${Queue} ...${all} />`}
        ${view === 'counters' && html`<${Counters} ...${all} />`}
      </main>` : html`<${SignedOut} acts=${acts} />`}
    </div>
    <${Ask} state=${state} acts=${acts} forms=${FORMS} />
    <${Toast} state=${state} />`;
}

/** Without a sign-in the page is told no tickets: it says so instead of showing an empty floor. @param {{acts: any}} props */
function SignedOut({ acts }) {
  return html`<main class="floor" data-view="signed-out"><div class="card"><${Empty} name="person" title=${t('lobby.hidden')} line=${t('lobby.hidden_line')} />
    <button class="btn" data-kind="primary" data-size="touch" onClick=${() => acts.open({ kind: 'sign-in' })}>${t('session.sign_in')}</button></div></main>`;
}

/** @param {any} props */
function Overview(props) {
  return html`<${Stats} ...${props} /><${Charts} ...${props} /><${Queue} ...${props} /><aside class="side" aria-label=${t('lobby.side')}><${Alerts} ...${props} /><${Desks} ...${props} /></aside>`;
}

/** @param {any} props */
function Rail({ state, acts, alerts }) {
  return html`<nav class="rail" aria-label=${t('lobby.views')}><a class="brandmark" href="/" aria-label=${t('lobby.start')} title=${t('lobby.start')}>${icon('mark')}</a>
    ${VIEWS.map(([view, sign]) => html`<a key=${view} href=${`#${view}`} data-show=${view} aria-current=${state.lobby.view === view ? 'page' : undefined} onClick=${(/** @type {Event} */ e) => (e.preventDefault(), acts.show(view))}>
      ${icon(sign ?? '')}${t(`lobby.view.${view}`)}${view === 'overview' && alerts.length > 0 && html`<span class="badge">${alerts.length}</span>`}</a>`)}
    <a class="push" href="/mesh">${icon('net-joined')}${t('lobby.view.mesh')}</a>
    <a href="#settings" data-show="settings" onClick=${(/** @type {Event} */ e) => (e.preventDefault(), acts.openSettings())}>${icon('gear')}${t('lobby.view.settings')}</a>
  </nav>`;
}

/** @param {{state: any, acts: any}} props */
function Head({ state, acts }) {
  return html`<header class="head"><h1>${t(`lobby.title.${state.lobby.view}`)}</h1><span class="muted clip grow" title=${state.branch?.name}>${state.branch?.name ?? ''}</span>
    <${Network} state=${state} /><${Person} state=${state} acts=${acts} /><${Theme} state=${state} acts=${acts} /><${Language} state=${state} acts=${acts} />
    <span class="clock num">${clock(nodeNow(state))}</span></header>`;
}
