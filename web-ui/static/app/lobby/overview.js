// @ts-check
// The charts of the overview, each with its finding as the title.
import { people, pick, t } from '../core/i18n.js';
import { html } from '../core/ui.js';
import { Bars, Chart, Columns, Donut } from './charts.js';
import { MULTIPLES, queueFigures, reminderMs, typeFigures, waitColumns } from './figures.js';

/** @typedef {import('./figures.js').Waiter} Waiter */

const MINUTE_MS = 60_000;
/** Parts of a whole a ring can show; more are bars. */
const RING = 4;
/** Rows a chart has room for. */
const ROWS = 5;
const COLOURS = 5;
/** Waits of seconds do not fill a scale whose figures are minutes. */
const SHORTEST_SCALE_MS = 5 * MINUTE_MS;

/** @param {{state: any, waiting: Waiter[]}} props */
export function Charts({ state, waiting }) {
  const queues = queueFigures(state, waiting);
  return html`<div class="charts">
    <${WaitChart} state=${state} waiting=${waiting} />
    <${QueueChart} queues=${queues} />
    <${TypeChart} state=${state} waiting=${waiting} />
    <${QueueWaitChart} queues=${queues} />
  </div>`;
}

/** People by how long they wait, in columns from the reminder value on. @param {{state: any, waiting: Waiter[]}} props */
function WaitChart({ state, waiting }) {
  const counts = waitColumns(waiting);
  const reminder = reminderMs(state) / MINUTE_MS;
  const over = waiting.length - (counts[0] ?? 0);
  const bounds = MULTIPLES.map((multiple) => Math.floor(reminder * multiple));
  const columns = counts.map((value, index) => ({ value, colour: `ramp-${index}`, label: index ? t('lobby.chart.from', { n: bounds[index - 1] ?? 0 }) : t('lobby.chart.below') }));
  const title = waiting.length === 0 ? t('lobby.chart.nobody') : over ? t('lobby.chart.over', { n: over, minutes: reminder }) : t('lobby.chart.none_over', { minutes: reminder });
  return html`<${Chart} name="waits" title=${title} label=${t('lobby.chart.waits')} note=${t('lobby.chart.waits_note')} alt=${alt(columns)}><${Columns} columns=${columns} /></${Chart}>`;
}

/** @param {{queues: ReturnType<typeof queueFigures>}} props */
function QueueChart({ queues }) {
  const rows = queues.map((queue) => ({ key: queue.id, label: pick(queue.name, queue.id), value: queue.waiting, text: String(queue.waiting) }));
  return html`<${Chart} name="queues" title=${most(rows, 'lobby.chart.fullest')} label=${t('lobby.chart.queues')} note=${t('lobby.chart.people_note')} alt=${alt(rows)}><${Bars} rows=${rows} colour="c-1" /></${Chart}>`;
}

/** A ring for two to four business types, bars for more. @param {{state: any, waiting: Waiter[]}} props */
function TypeChart({ state, waiting }) {
  const parts = typeFigures(state, waiting).map((type) => ({
    key: type.id || 'none', value: type.waiting, text: String(type.waiting), colour: type.index < 0 ? 'c-6' : `c-${(type.index % COLOURS) + 1}`,
    label: type.id ? pick(type.name, type.id) : t('lobby.chart.untyped'),
  }));
  const typed = parts.filter((part) => part.key !== 'none');
  const title = parts.length > typed.length && typed.length === 0 ? t('lobby.chart.untyped_all') : most(typed, 'lobby.chart.most');
  const ring = parts.length > 1 && parts.length <= RING && new Set(parts.map((part) => part.colour)).size === parts.length;
  const drawn = ring ? html`<${Donut} parts=${parts} total=${waiting.length} unit=${people(waiting.length)} />` : html`<${Bars} rows=${folded(parts)} colour="c-2" />`;
  return html`<${Chart} name="types" title=${title} label=${t('lobby.chart.types')} note=${ring ? undefined : t('lobby.chart.people_note')} alt=${alt(parts)}>${drawn}</${Chart}>`;
}

/** Average and longest wait of each queue. @param {{queues: ReturnType<typeof queueFigures>}} props */
function QueueWaitChart({ queues }) {
  const rows = queues.map((queue) => {
    const [average, longest] = [Math.floor(queue.averageMs / MINUTE_MS), Math.floor(queue.longestMs / MINUTE_MS)];
    const text = queue.waiting ? t('lobby.chart.pair', { average, longest }) : t('lobby.chart.no_wait');
    return { key: queue.id, label: pick(queue.name, queue.id), value: queue.averageMs, tick: queue.waiting ? queue.longestMs : undefined, text };
  });
  const slowest = most(rows.map((row) => ({ ...row, value: row.tick ?? 0 })), 'lobby.chart.slowest');
  return html`<${Chart} name="queue-waits" title=${slowest} label=${t('lobby.chart.queue_waits')} note=${t('lobby.chart.pair_note')} alt=${alt(rows)}><${Bars} rows=${rows} colour="ramp-0" least=${SHORTEST_SCALE_MS} /></${Chart}>`;
}

/** The finding: which part stands out, or that none does. @param {{label: string, value: number}[]} rows @param {string} key */
function most(rows, key) {
  const [first, second] = [...rows].sort((a, b) => b.value - a.value);
  if (!first?.value) return t('lobby.chart.nobody');
  return first.value === second?.value ? t('lobby.chart.even') : t(key, { name: first.label });
}

/** As many rows as there is room for; the smaller ones become one. @template {{key: string, label: string, value: number, text: string}} R @param {R[]} rows */
function folded(rows) {
  if (rows.length <= ROWS) return rows;
  const kept = new Set([...rows].sort((a, b) => b.value - a.value).slice(0, ROWS - 1));
  const rest = rows.filter((row) => !kept.has(row)).reduce((sum, row) => sum + row.value, 0);
  return [...rows.filter((row) => kept.has(row)), { key: 'rest', label: t('lobby.chart.rest'), value: rest, text: String(rest) }];
}

/** A chart in words. @param {{label: string, value: number, text?: string}[]} rows */
const alt = (rows) => (rows.length ? rows.map((row) => t('lobby.chart.alt', { name: row.label, value: row.text ?? row.value })).join(t('list.and')) : t('lobby.chart.nobody'));
