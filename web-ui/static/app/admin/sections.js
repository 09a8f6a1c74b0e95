// @ts-check
// The sections of the configuration and what each holds: one table, from which every form is drawn. `as` is the kind of a field;
// `from` names what a choice chooses among. Sections this node does not know are not shown.

/**
 * @typedef {object} Field
 * @property {string} name the field's name in the API
 * @property {'id' | 'line' | 'words' | 'letter' | 'number' | 'time' | 'yes' | 'choice' | 'tags' | 'lines' | 'numbers' | 'rows' | 'texts' | 'part'} as
 * @property {string} [label] key of its label, if its name says something else elsewhere
 * @property {string} [from] options of a choice or tags
 * @property {boolean} [optional] may be left out: nothing is written as null
 * @property {string} [unit] key of the unit beside a figure
 * @property {Field[]} [rows] the fields of each row, or of the part
 * @property {() => object} [blank] a new row or part
 */
/**
 * @typedef {object} Section
 * @property {string} name
 * @property {string} group heading in the list at the side
 * @property {string} icon
 * @property {'list' | 'object'} kind
 * @property {Field[]} fields
 * @property {(list: any[], config: any) => object} [blank] a new entry of a list
 * @property {boolean} [admin] only for admins
 * @property {string} [patch] where it is saved if it is no section of the configuration
 */

const words = () => ({ zh: '', en: '' });
/** @param {any[]} list @param {string} name */
const nextNumber = (list, name) => Math.max(0, ...list.map((item) => Number(item[name]) || 0)) + 1;
/** @param {any[]} list */
const freeLetter = (list) => [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].find((letter) => !list.some((item) => item.prefix === letter)) ?? '';

const id = /** @type {Field} */ ({ name: 'id', as: 'id' });
const name = /** @type {Field} */ ({ name: 'name', as: 'words' });
const zone = /** @type {Field} */ ({ name: 'zone', as: 'choice', from: 'zones', optional: true });

/** @type {Section[]} */
export const SECTIONS = [
  { name: 'branch', group: 'business', icon: 'company', kind: 'object', fields: [
    { name: 'name', as: 'line', label: 'branch_name' }, { name: 'time_zone', as: 'line' }, { name: 'cut_off', as: 'time' },
    { name: 'languages', as: 'tags', from: 'languages' }, { name: 'public_url', as: 'line' },
  ] },
  { name: 'services', group: 'business', icon: 'ticket', kind: 'list', fields: [
    id, { name: 'prefix', as: 'letter' }, name, { name: 'group', as: 'choice', from: 'groups', optional: true }, { name: 'queue', as: 'choice', from: 'queues' },
    { name: 'mean_service_s', as: 'number', unit: 'seconds' }, { name: 'enabled', as: 'yes' },
    { name: 'categories', as: 'rows', rows: [id, name], blank: () => ({ id: '', name: words() }) },
  ], blank: (list, config) => ({ id: '', prefix: freeLetter(list), name: words(), group: null, queue: config.queues[0]?.id ?? '', mean_service_s: 300, enabled: true, categories: [] }) },
  { name: 'groups', group: 'business', icon: 'list', kind: 'list', fields: [id, name], blank: () => ({ id: '', name: words() }) },
  { name: 'queues', group: 'business', icon: 'people', kind: 'list', fields: [id, name], blank: () => ({ id: '', name: words() }) },
  { name: 'hours', group: 'business', icon: 'clock', kind: 'list', fields: [
    { name: 'weekday', as: 'choice', from: 'weekdays' }, { name: 'opens', as: 'time' }, { name: 'closes', as: 'time' },
  ], blank: (list) => ({ weekday: Math.min(7, nextNumber(list, 'weekday')), opens: '09:00:00', closes: '17:00:00' }) },
  { name: 'counters', group: 'counters', icon: 'counter', kind: 'list', fields: [
    { name: 'number', as: 'number' }, name, zone, { name: 'profile', as: 'choice', from: 'profiles' },
  ], blank: (list, config) => ({ number: nextNumber(list, 'number'), name: words(), zone: null, profile: config.profiles[0]?.id ?? '' }) },
  { name: 'profiles', group: 'counters', icon: 'transfer', kind: 'list', fields: [
    id, name, { name: 'aging_s', as: 'number', unit: 'seconds' },
    { name: 'queues', as: 'rows', rows: [{ name: 'queue', as: 'choice', from: 'queues' }, { name: 'priority', as: 'number' }, { name: 'after_wait_s', as: 'number', unit: 'seconds' }],
      blank: () => ({ queue: '', priority: 1, after_wait_s: 0 }) },
  ], blank: () => ({ id: '', name: words(), aging_s: 0, queues: [] }) },
  { name: 'thresholds', group: 'counters', icon: 'bell', kind: 'object', fields: [
    { name: 'service_level_s', as: 'number', unit: 'seconds' }, { name: 'session_s', as: 'number', unit: 'seconds' }, { name: 'keep_days', as: 'number', unit: 'business_days' },
    { name: 'pause_reasons', as: 'lines' }, { name: 'outcomes', as: 'lines' },
  ] },
  { name: 'zones', group: 'place', icon: 'floor', kind: 'list', fields: [id, name, { name: 'aliases', as: 'lines' }, { name: 'theme', as: 'line', optional: true }], blank: () => ({ id: '', name: words(), aliases: [], theme: null }) },
  { name: 'kiosk', group: 'place', icon: 'kiosk', kind: 'object', fields: [
    { name: 'exit_code', as: 'line' }, { name: 'idle_s', as: 'number', unit: 'seconds' }, { name: 'result_s', as: 'number', unit: 'seconds' }, { name: 'warn_s', as: 'number', unit: 'seconds' },
    { name: 'ask_identity', as: 'yes' }, { name: 'ask_phone', as: 'yes' }, { name: 'peak_hints', as: 'yes' }, { name: 'closed', as: 'words' },
  ] },
  { name: 'screens', group: 'place', icon: 'screen', kind: 'list', fields: [
    { name: 'address', as: 'number' }, { name: 'kind', as: 'choice', from: 'kinds' }, zone, { name: 'counters', as: 'numbers' }, { name: 'idle_text', as: 'words' },
  ], blank: (list) => ({ address: nextNumber(list, 'address'), kind: 'composite', zone: null, counters: [], idle_text: words() }) },
  { name: 'ticker', group: 'place', icon: 'message', kind: 'object', fields: [{ name: 'texts', as: 'texts' }] },
  { name: 'voice', group: 'place', icon: 'sound', kind: 'object', fields: [
    { name: 'on', as: 'yes' }, { name: 'volume', as: 'number' }, { name: 'rate', as: 'number', unit: 'percent' }, { name: 'repeats', as: 'number' },
    { name: 'gap_ms', as: 'number', unit: 'ms' }, { name: 'languages', as: 'tags', from: 'languages' },
  ] },
  { name: 'themes', group: 'place', icon: 'theme', kind: 'object', fields: [{ name: 'default', as: 'choice', from: 'themes' }] },
  { name: 'device', group: 'people', icon: 'gear', kind: 'object', patch: '/device/settings', fields: [
    { name: 'waiting_reminder_min', as: 'number', unit: 'minutes' }, { name: 'sound', as: 'yes' }, { name: 'theme', as: 'choice', from: 'themes', label: 'look' }, { name: 'language', as: 'choice', from: 'languages' },
    { name: 'printer', as: 'part', rows: [{ name: 'kind', as: 'choice', from: 'printers' }, { name: 'address', as: 'line' }, { name: 'width_mm', as: 'choice', from: 'widths' }, { name: 'text', as: 'choice', from: 'charsets' }],
      blank: () => ({ kind: 'network', address: '', width_mm: 80, text: 'gb18030' }) },
  ] },
  { name: 'webhooks', group: 'people', icon: 'refer', kind: 'list', admin: true, fields: [id, { name: 'url', as: 'line' }, { name: 'secret', as: 'line' }, { name: 'events', as: 'lines' }],
    blank: () => ({ id: '', url: '', secret: '', events: [] }) },
];

/** What is no section but stands beside them. */
export const VIEWS = [
  { name: 'devices', group: 'people', icon: 'tablet', admin: true },
  { name: 'staff', group: 'people', icon: 'person', admin: true },
  { name: 'file', group: 'people', icon: 'disk' },
];

export const GROUPS = ['business', 'counters', 'place', 'people'];

/** @param {string} name */
export const sectionOf = (name) => SECTIONS.find((section) => section.name === name);
