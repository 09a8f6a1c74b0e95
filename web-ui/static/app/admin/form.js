// @ts-check
// One field for each kind; a refusal that names a field is read under it.
import { pick, t } from '../core/i18n.js';
import { html, icon } from '../core/ui.js';
import { at, figureOf, figuresOf, placeOf, removed } from './edit.js';

/** @typedef {import('./sections.js').Field} Field */
/** @typedef {{state: any, acts: any, section: string, value: any, path: import('./edit.js').Path, field: Field}} Props */

const FIXED = /** @type {Record<string, (string | number)[]>} */ ({
  weekdays: [1, 2, 3, 4, 5, 6, 7], kinds: ['window', 'composite'], themes: ['system', 'light', 'dark'], languages: ['zh-CN', 'en'],
  printers: ['network', 'device'], widths: [80, 58], charsets: ['gb18030', 'ascii'],
});

/** What a choice chooses among, as value and text. @param {any} config @param {string} from @returns {[any, string][]} */
function options(config, from) {
  if (FIXED[from]) return FIXED[from].map((value) => [value, t(`admin.${from}.${value}`)]);
  return (config[from] ?? []).map((/** @type {any} */ one) => [one.id, pick(one.name, one.id)]);
}

/** @param {Props} props */
export function FieldOf(props) {
  const { field, state, path, section } = props;
  // A branch without service groups has nothing to choose: the field would only ask for a name nobody defined.
  if (field.name === 'group' && !state.config.groups?.length) return null;
  const place = placeOf(section, [...path, field.name]);
  const problem = state.problems[section];
  const here = problem?.field && (problem.field === place || problem.field.startsWith(`${place}.`));
  // At its field the sentence need not say which one it is.
  const wrong = here ? problem.detail.replace(`${problem.field}: `, '') : '';
  return KINDS[field.as]({ ...props, place, wrong });
}

/** @typedef {Props & {place: string, wrong: string}} Placed */

/** Label, control and the line below it. @param {Placed & {children?: any, of?: string}} props */
function Frame({ field, place, wrong, children, of = place }) {
  const unit = field.unit ? ` (${t(`admin.unit.${field.unit}`)})` : '';
  return html`<div class="field" data-state=${wrong ? 'error' : undefined}><label for=${of}>${t(`admin.field.${field.label ?? field.name}`)}${unit}</label>${children}
    ${wrong && html`<span class="help" role="alert">${wrong}</span>`}</div>`;
}

/** @param {Placed} props @param {(text: string) => any} read @param {object} more */
function line(props, read, more = {}) {
  const { acts, section, path, field, place, value, wrong } = props;
  const is = at(value, [field.name]);
  const shown = Array.isArray(is) ? is.join(', ') : (is ?? '');
  return html`<${Frame} ...${props}><input id=${place} value=${shown} autocomplete="off" aria-invalid=${wrong ? 'true' : undefined} ...${more}
    onInput=${(/** @type {any} */ e) => acts.edit(section, [...path, field.name], read(e.target.value))} /></${Frame}>`;
}

/** @type {Record<string, (props: Placed) => any>} */
const KINDS = {
  id: (props) => line(props, (text) => text, { spellcheck: false, class: 'mono' }),
  line: (props) => line(props, (text) => (props.field.optional && !text ? null : text)),
  letter: (props) => line(props, (text) => text.toUpperCase(), { maxlength: 1, class: 'short' }),
  number: (props) => line(props, figureOf, { inputmode: 'numeric', class: 'short num' }),
  time: (props) => line({ ...props, value: { ...props.value, [props.field.name]: String(props.value[props.field.name] ?? '').slice(0, 5) } }, (text) => `${text}:00`, { type: 'time', class: 'short num' }),
  numbers: Numbers,
  lines: Lines,
  words: Words,
  yes: Yes,
  choice: Choice,
  tags: Tags,
  rows: Rows,
  texts: Texts,
  part: Part,
};

/** The text is read when the field is left, so that a comma can be typed. @param {Placed} props */
function Numbers(props) {
  const { acts, section, path, field, place, value } = props;
  return html`<${Frame} ...${props}><input id=${place} value=${(value[field.name] ?? []).join(', ')} inputmode="numeric" autocomplete="off"
    onChange=${(/** @type {any} */ e) => acts.edit(section, [...path, field.name], figuresOf(e.target.value))} /></${Frame}>`;
}

/** @param {Placed} props */
function Lines(props) {
  const { acts, section, path, field, place, value } = props;
  const list = value[field.name] ?? [];
  return html`<${Frame} ...${props}><textarea id=${place} rows=${Math.max(2, list.length + 1)} placeholder=${t('admin.one_a_line')}
    onChange=${(/** @type {any} */ e) => acts.edit(section, [...path, field.name], e.target.value.split('\n').map((/** @type {string} */ one) => one.trim()).filter(Boolean))}>${list.join('\n')}</textarea></${Frame}>`;
}

/** Chinese and English side by side. @param {Placed} props */
function Words(props) {
  const { acts, section, path, field, place, value } = props;
  const words = value[field.name] ?? { zh: '', en: '' };
  return html`<fieldset class="words" data-state=${props.wrong ? 'error' : undefined}><legend>${t(`admin.field.${field.name}`)}</legend>
    ${['zh', 'en'].map((tongue) => html`<label key=${tongue} for=${`${place}.${tongue}`}><span>${t(`admin.tongue.${tongue}`)}</span><input id=${`${place}.${tongue}`} value=${words[tongue] ?? ''} lang=${tongue}
      onInput=${(/** @type {any} */ e) => acts.edit(section, [...path, field.name, tongue], e.target.value)} /></label>`)}
    ${props.wrong && html`<span class="help" role="alert">${props.wrong}</span>`}</fieldset>`;
}

/** @param {Placed} props */
function Yes({ acts, section, path, field, place, value, wrong }) {
  return html`<div class="field yes"><label for=${place}><input id=${place} type="checkbox" checked=${Boolean(value[field.name])}
    onChange=${(/** @type {any} */ e) => acts.edit(section, [...path, field.name], e.target.checked)} />${t(`admin.field.${field.name}`)}</label>${wrong && html`<span class="help" role="alert">${wrong}</span>`}</div>`;
}

/** @param {Placed} props */
function Choice(props) {
  const { state, acts, section, path, field, place, value } = props;
  const is = value[field.name] ?? '';
  const all = /** @type {[any, string][]} */ (options(state.config, field.from ?? ''));
  if (field.optional) all.unshift(['', t('admin.nothing')]);
  // What is configured but no longer there stays visible until somebody chooses again.
  if (!all.some(([one]) => one === is)) all.unshift([is, String(is) || t('act.choose')]);
  const chosen = (/** @type {string} */ text) => all.find(([one]) => String(one) === text)?.[0];
  return html`<${Frame} ...${props}><select id=${place} value=${String(is)} onChange=${(/** @type {any} */ e) => acts.edit(section, [...path, field.name], field.optional && !e.target.value ? null : chosen(e.target.value))}>
    ${all.map(([one, text]) => html`<option key=${one} value=${String(one)} selected=${one === is}>${text}</option>`)}</select></${Frame}>`;
}

/** @param {Placed} props */
function Tags({ acts, section, path, field, place, value, wrong }) {
  const is = value[field.name] ?? [];
  const all = /** @type {string[]} */ (FIXED[field.from ?? ''] ?? []);
  const turned = (/** @type {string} */ tag) => (is.includes(tag) ? is.filter((/** @type {string} */ one) => one !== tag) : [...is, tag]);
  return html`<fieldset class="words" data-state=${wrong ? 'error' : undefined}><legend>${t(`admin.field.${field.name}`)}</legend>
    <span class="line wrap">${all.map((tag) => html`<label key=${tag} class="yes" for=${`${place}.${tag}`}><input id=${`${place}.${tag}`} type="checkbox" checked=${is.includes(tag)} onChange=${() => acts.edit(section, [...path, field.name], turned(tag))} />${t(`admin.${field.from}.${tag}`)}</label>`)}</span>
    ${wrong && html`<span class="help" role="alert">${wrong}</span>`}</fieldset>`;
}

/** A short list inside an entry. @param {Placed} props */
function Rows(props) {
  const { acts, section, path, field, value, wrong } = props;
  const list = value[field.name] ?? [];
  const here = [...path, field.name];
  return html`<fieldset class="rows"><legend>${t(`admin.field.${field.name}`)}</legend>
    ${list.map((/** @type {any} */ row, /** @type {number} */ i) => html`<div key=${i} class="rows-row">
      ${(field.rows ?? []).map((inner) => html`<${FieldOf} key=${inner.name} ...${props} field=${inner} value=${row} path=${[...here, i]} />`)}
      <${Remove} act=${() => acts.edit(section, here, removed(list, i))} /></div>`)}
    ${wrong && html`<span class="help" role="alert">${wrong}</span>`}
    <button type="button" class="btn" onClick=${() => acts.edit(section, here, [...list, field.blank?.()])}>${icon('plus')}${t('admin.add')}</button></fieldset>`;
}

/** Something a device may have or not; without it nothing is asked. @param {Placed} props */
function Part(props) {
  const { acts, section, path, field, place, value } = props;
  const is = value[field.name] ?? null;
  const here = [...path, field.name];
  return html`<fieldset class="rows"><legend class="sr">${t(`admin.field.${field.name}`)}</legend>
    <label class="yes" for=${place}><input id=${place} type="checkbox" checked=${is !== null} onChange=${(/** @type {any} */ e) => acts.edit(section, here, e.target.checked ? field.blank?.() : null)} />${t(`admin.field.${field.name}`)}</label>
    ${is && html`<div class="rows-row">${(field.rows ?? []).map((inner) => html`<${FieldOf} key=${inner.name} ...${props} field=${inner} value=${is} path=${here} />`)}</div>`}</fieldset>`;
}

/** A list of texts in both languages. @param {Placed} props */
function Texts(props) {
  const { acts, section, path, field, value, wrong } = props;
  const list = value[field.name] ?? [];
  const here = [...path, field.name];
  return html`<fieldset class="rows"><legend>${t(`admin.field.${field.name}`)}</legend>
    ${list.map((/** @type {any} */ _, /** @type {number} */ i) => html`<div key=${i} class="rows-row"><${Words} ...${props} wrong="" field=${{ name: i, as: 'words' }} value=${list} path=${here} place=${placeOf(section, [...here, i])} />
      <${Remove} act=${() => acts.edit(section, here, removed(list, i))} /></div>`)}
    ${wrong && html`<span class="help" role="alert">${wrong}</span>`}
    <button type="button" class="btn" onClick=${() => acts.edit(section, here, [...list, { zh: '', en: '' }])}>${icon('plus')}${t('admin.add')}</button></fieldset>`;
}

/** @param {{act: () => void}} props */
export function Remove({ act }) {
  return html`<button type="button" class="btn btn-icon" data-kind="quiet" aria-label=${t('admin.remove')} title=${t('admin.remove')} onClick=${act}>${icon('bin')}</button>`;
}
