// @ts-check
// The whole configuration as one file: taken out, and taken over after its differences were read.
import { t } from '../core/i18n.js';
import { Refusal, html, icon } from '../core/ui.js';

/** @param {{state: import('./state.js').State, acts: any}} props */
export function ConfigFile({ state, acts }) {
  return html`<section class="section"><header><h2>${t('admin.section.file')}</h2></header><p class="muted">${t('admin.about.file')}</p>
    <div class="card"><div class="card-head"><h3>${t('file.export')}</h3></div><div class="card-body stack"><p class="muted">${t('file.export_line')}</p>
      <p><a class="btn" id="export" href="/api/v1/config/export" download>${icon('download')}${t('file.export_verb')}</a></p></div></div>
    <div class="card"><div class="card-head"><h3>${t('file.import')}</h3></div><div class="card-body stack"><p class="muted">${t('file.import_line')}</p>
      <div class="field"><label for="import">${t('file.choose')}</label><input id="import" type="file" accept="application/json,.json" disabled=${Boolean(state.busy.file)}
        onChange=${(/** @type {any} */ e) => e.target.files[0] && acts.readFile(e.target.files[0])} /></div>
      <${Refusal} state=${state} acts=${acts} place="file" />
      ${state.file && html`<${Differences} state=${state} acts=${acts} file=${state.file} />`}</div></div>
  </section>`;
}

/** @param {{state: any, acts: any, file: any}} props */
function Differences({ state, acts, file }) {
  const { differences, need_pin: needPin } = file.result;
  const busy = Boolean(state.busy.file);
  return html`<div class="stack" id="differences"><h4>${t('file.differences', { n: differences.length, name: file.name })}</h4>
    ${differences.length > 0 && html`<div class="scroll"><table class="table"><thead><tr><th>${t('file.where')}</th><th>${t('file.before')}</th><th>${t('file.after')}</th></tr></thead>
      <tbody>${differences.map((/** @type {any} */ one) => html`<tr key=${one.path}><td class="mono">${one.path}</td><td class="mono" data-tone="bad">${shown(one.before)}</td><td class="mono" data-tone="ok">${shown(one.after)}</td></tr>`)}</tbody></table></div>`}
    ${needPin.length > 0 && html`<p>${t('file.need_pin', { names: needPin.join(t('list.and')) })}</p>`}
    <div class="dialog-acts"><button class="btn" disabled=${busy} onClick=${acts.leaveFile}>${t('act.cancel')}</button>
      <button class="btn" id="take-file" data-kind="primary" disabled=${busy || differences.length === 0} aria-busy=${busy} onClick=${acts.takeFile}>${t('file.take')}</button></div></div>`;
}

/** @param {unknown} value */
const shown = (value) => (value === null || value === undefined ? t('none') : typeof value === 'string' ? value : JSON.stringify(value));
