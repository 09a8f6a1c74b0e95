// @ts-check
// How many wait for each service, and how long it will take.
import { queues } from '../core/derive.js';
import { estimate, pick, t } from '../core/i18n.js';
import { html } from '../core/ui.js';

/** More columns could not be read from the far end of the hall. */
const COLUMNS = 5;

/** @param {{state: import('./types.js').State}} props */
export function Waiting({ state }) {
  const all = queues(state).map(({ service, waiting, estimate: range, openCounters }) => ({ id: service.id, name: pick(service.name, service.id), waiting, range, served: openCounters > 0 }));
  const shown = all.length > COLUMNS ? [...all.slice(0, COLUMNS - 1), together(all.slice(COLUMNS - 1))] : all;
  return html`<section class="waits" aria-label=${t('display.waiting')}><dl class="wait">${shown.map(({ id, name, waiting, range, served }) => html`<div key=${id} data-service=${id}><dt class="clip" title=${name}>${name}</dt>
    <dd>${waiting === 0 ? html`<span class="none">${t('estimate.none')}</span>` : html`${waiting}<small>${t('display.people')}</small><small>${served ? estimate(range) : t('display.unserved')}</small>`}</dd></div>`)}</dl></section>`;
}

/** The rest in one column: all their people, and the widest range. @param {{waiting: number, served: boolean, range?: import('../core/types.js').Range}[]} rest */
function together(rest) {
  const ranges = rest.flatMap(({ range }) => range ?? []);
  const range = ranges.length ? { low: Math.min(...ranges.map((one) => one.low)), high: Math.max(...ranges.map((one) => one.high)) } : undefined;
  return { id: 'more', name: t('display.more'), waiting: rest.reduce((sum, { waiting }) => sum + waiting, 0), range, served: rest.some(({ served }) => served) };
}
