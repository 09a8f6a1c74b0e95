// @ts-check
// The queues: how many, how long, what a new customer is told.
import { queues } from '../core/derive.js';
import { estimate, minutes, pick, t } from '../core/i18n.js';
import { html } from '../core/ui.js';

/** @param {{state: import('../core/types.js').State}} props */
export function Queues({ state }) {
  return html`<section class="area-queues card" aria-labelledby="queues-title">
    <div class="card-head"><h2 id="queues-title">${t('queue.title')}</h2></div>
    <div class="scroll"><table class="table">
      <thead><tr><th>${t('ticket.service')}</th><th class="r">${t('queue.waiting')}</th><th class="r">${t('queue.longest')}</th><th class="r">${t('queue.estimate')}</th></tr></thead>
      <tbody>${queues(state).map(({ service, waiting, longestMs, estimate: range }) => html`<tr key=${service.id}>
        <td class="fill"><span class="clip block" title=${pick(service.name, service.id)}>${pick(service.name, service.id)}</span></td>
        <td class="r"><b>${waiting}</b></td>
        <td class="r">${waiting === 0 ? t('queue.empty') : longestMs === undefined ? t('none') : minutes(longestMs)}</td>
        <td class="r">${estimate(range)}</td>
      </tr>`)}</tbody>
    </table></div>
  </section>`;
}
