// @ts-check
// How the branch is set up: the list of sections at the side, the one that is open beside it.
import { Banners } from '../core/banners.js';
import { Bar } from '../core/bar.js';
import { Ask } from '../core/dialog.js';
import { t } from '../core/i18n.js';
import { Empty, Toast, html, icon } from '../core/ui.js';
import { Devices, FORMS as DEVICE_FORMS } from './devices.js';
import { ConfigFile } from './file.js';
import { SectionView } from './section.js';
import { GROUPS, SECTIONS, VIEWS, sectionOf } from './sections.js';
import { FORMS as STAFF_FORMS, Staff } from './staff.js';

/** @typedef {import('./state.js').State} State */

const FORMS = { ...DEVICE_FORMS, ...STAFF_FORMS };
const OTHER = /** @type {Record<string, any>} */ ({ devices: Devices, staff: Staff, file: ConfigFile });
const SETUP = ['branch_head', 'admin'];

/** @param {{state: State, acts: any}} props */
export function Page({ state, acts }) {
  const all = { state, acts };
  return html`
    <${Bar} ...${all} />
    <${Banners} ...${all} />
    <main class="admin"><h1 class="sr">${t('screen.admin')}</h1>${mayConfigure(state) && state.config ? html`<${Side} ...${all} /><${Open} ...${all} />` : html`<${Closed} ...${all} />`}</main>
    <${Ask} ...${all} forms=${FORMS} />
    <${Toast} state=${state} />
  `;
}

/** @param {State} state */
const mayConfigure = (state) => Boolean(state.session?.roles.some((role) => SETUP.includes(role)));

/** @param {{state: State, acts: any}} props */
function Closed({ state, acts }) {
  if (!state.session) {
    return html`<section class="card closed"><${Empty} name="shield" title=${t('admin.sign_in')} line=${t('admin.sign_in_line')}><button class="btn" data-kind="primary" onClick=${() => acts.open({ kind: 'sign-in' })}>${t('session.sign_in')}</button></${Empty}></section>`;
  }
  if (mayConfigure(state)) return html`<section class="card bones closed" aria-busy="true"></section>`;
  return html`<section class="card closed"><${Empty} name="shield" title=${t('admin.not_yours')} line=${t('admin.not_yours_line')} /></section>`;
}

/** What this person may open on this node. @param {State} state */
function offered(state) {
  const admin = state.session?.roles.includes('admin');
  const known = SECTIONS.filter((section) => state.config[section.name] !== undefined);
  return [...known, ...VIEWS].filter((one) => admin || !one.admin);
}

/** @param {{state: State, acts: any}} props */
function Side({ state, acts }) {
  const all = offered(state);
  return html`<nav class="admin-nav" aria-label=${t('admin.sections')}>${GROUPS.map((group) => html`<div key=${group}><h2>${t(`admin.group.${group}`)}</h2><ul>
    ${all.filter((one) => one.group === group).map((one) => html`<li key=${one.name}><a href=${`#${one.name}`} data-view=${one.name} aria-current=${state.view === one.name ? 'page' : undefined}
      onClick=${(/** @type {Event} */ e) => (e.preventDefault(), acts.visit(one.name))}>${icon(one.icon)}<span class="clip grow">${t(`admin.section.${one.name}`)}</span>${state.drafts[one.name] !== undefined && html`<span class="chip" data-tone="warn">${t('admin.changed')}</span>`}</a></li>`)}
  </ul></div>`)}</nav>`;
}

/** @param {{state: State, acts: any}} props */
function Open({ state, acts }) {
  const view = offered(state).find((one) => one.name === state.view) ?? offered(state)[0];
  const section = sectionOf(view.name);
  const Other = OTHER[view.name];
  return html`<div class="admin-open">${section ? html`<${SectionView} key=${view.name} state=${state} acts=${acts} section=${section} />` : html`<${Other} state=${state} acts=${acts} />`}</div>`;
}
