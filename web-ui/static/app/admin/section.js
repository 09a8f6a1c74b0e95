// @ts-check
// One section of the configuration: its entries, or its fields; saved whole or refused whole.
import { pick, t } from '../core/i18n.js';
import { Empty, Refusal, html, icon } from '../core/ui.js';
import { moved, removed } from './edit.js';
import { FieldOf } from './form.js';
import { draftOf } from './state.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./sections.js').Section} Section */

/** @param {{state: State, acts: any, section: Section}} props */
export function SectionView({ state, acts, section }) {
  const { name } = section;
  const value = draftOf(state, name);
  const all = { state, acts, section, value };
  return html`<form class="section" onSubmit=${(/** @type {Event} */ e) => (e.preventDefault(), acts.save(name))} noValidate>
    <header class="line wrap"><h2 class="grow">${t(`admin.section.${name}`)}</h2>
      ${section.kind === 'list' && html`<button type="button" class="btn" id="add-entry" onClick=${() => acts.addEntry(name)}>${icon('plus')}${t('admin.add')}</button>`}</header>
    <p class="muted">${t(`admin.about.${name}`)}</p>
    ${section.kind === 'list' ? html`<${Entries} ...${all} />` : html`<div class="card"><div class="card-body fields">${section.fields.map((field) => html`<${FieldOf} key=${field.name} state=${state} acts=${acts} section=${name} value=${value} path=${[]} field=${field} />`)}</div></div>`}
    <${Foot} ...${all} />
  </form>`;
}

/** @param {{state: State, acts: any, section: Section, value: any[]}} props */
function Entries({ state, acts, section, value }) {
  if (!value.length) return html`<div class="card"><${Empty} name=${section.icon} title=${t('admin.empty')} line=${t(`admin.empty.${section.name}`)} /></div>`;
  return html`<ol class="entries">${value.map((entry, i) => html`<${Entry} key=${i} state=${state} acts=${acts} section=${section} list=${value} entry=${entry} i=${i} />`)}</ol>`;
}

/** @param {{state: State, acts: any, section: Section, list: any[], entry: any, i: number}} props */
function Entry({ state, acts, section, list, entry, i }) {
  const { name } = section;
  const open = state.entry === i;
  const reorder = (/** @type {any[]} */ next, /** @type {number} */ to) => (acts.edit(name, [], next), open && acts.toggle(to));
  const tool = (/** @type {string} */ sign, /** @type {string} */ label, /** @type {() => void} */ act, off = false) => html`<button type="button" class="btn btn-icon" data-kind="quiet" aria-label=${`${label}: ${titleOf(section, entry)}`} title=${label} disabled=${off} onClick=${act}>${icon(sign)}</button>`;
  return html`<li class="card entry" data-open=${open}>
    <div class="entry-head"><button type="button" class="entry-open" aria-expanded=${open} onClick=${() => acts.toggle(i)}>${icon('chevron')}<b class="clip">${titleOf(section, entry)}</b><span class="muted small clip">${noteOf(section, entry, state.config)}</span></button>
      ${tool('up', t('admin.up'), () => reorder(moved(list, i, -1), i - 1), i === 0)}${tool('down', t('admin.down'), () => reorder(moved(list, i, 1), i + 1), i === list.length - 1)}
      ${tool('bin', t('admin.remove'), () => acts.edit(name, [], removed(list, i)))}</div>
    ${open && html`<div class="card-body fields">${section.fields.map((field) => html`<${FieldOf} key=${field.name} state=${state} acts=${acts} section=${name} value=${entry} path=${[i]} field=${field} />`)}</div>`}
  </li>`;
}

/** What people call an entry. @param {Section} section @param {any} entry */
function titleOf(section, entry) {
  if (section.name === 'hours') return `${t(`admin.weekdays.${entry.weekday}`)} ${entry.opens?.slice(0, 5)}–${entry.closes?.slice(0, 5)}`;
  if (section.name === 'screens') return `${entry.address} · ${t(`admin.kinds.${entry.kind}`)}`;
  if (section.name === 'counters') return pick(entry.name, t('counter.name', { n: entry.number }));
  return pick(entry.name, entry.id) || t('admin.unnamed');
}

/** What else tells it apart. @param {Section} section @param {any} entry @param {any} config */
function noteOf(section, entry, config) {
  const named = (/** @type {string} */ list, /** @type {string} */ id) => pick(config[list]?.find((/** @type {any} */ one) => one.id === id)?.name, id ?? '');
  const notes = {
    services: () => [entry.prefix, named('queues', entry.queue), entry.enabled ? '' : t('admin.off')],
    counters: () => [entry.number, named('profiles', entry.profile), entry.zone ? named('zones', entry.zone) : ''],
    profiles: () => entry.queues.map((/** @type {any} */ one) => named('queues', one.queue)),
    screens: () => [entry.counters.length ? entry.counters.join(', ') : t('admin.all_counters')],
    webhooks: () => [entry.url],
    hours: () => [],
  }[section.name];
  return (notes?.() ?? [entry.id]).filter(Boolean).join(' · ');
}

/** @param {{state: State, acts: any, section: Section, value: any}} props */
function Foot({ state, acts, section, value }) {
  const { name } = section;
  const changed = state.drafts[name] !== undefined;
  const busy = Boolean(state.busy[name]);
  // A field that is on the page shows its own refusal; any other is read here.
  const shown = shownFields(section, value, state.entry);
  const field = state.problems[name]?.field;
  const fields = field && shown.some((place) => field === place || field.startsWith(`${place}.`)) ? [field] : [];
  return html`<footer class="foot" data-changed=${changed}><${Refusal} state=${state} acts=${acts} place=${name} fields=${fields} />
    <span class="grow muted">${t(fields.length ? 'admin.see_field' : changed ? 'admin.unsaved' : 'admin.as_saved')}</span>
    <button type="button" class="btn" disabled=${!changed || busy} onClick=${() => acts.giveUp(name)}>${t('admin.give_up')}</button>
    <button type="submit" class="btn" id="save" data-kind="primary" disabled=${!changed || busy || state.link === 'lost'} aria-busy=${busy}>${t('admin.save')}</button></footer>`;
}

/** @param {Section} section @param {any} value @param {number | null} entry */
function shownFields(section, value, entry) {
  const base = section.kind === 'object' ? section.name : entry === null || !value[entry] ? null : `${section.name}[${entry}]`;
  return base === null ? [] : section.fields.map((field) => `${base}.${field.name}`);
}
