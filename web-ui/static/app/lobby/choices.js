// @ts-check
// Services to choose from, each with its queue: tiles for a finger instead of a list that has to be opened.
import { queues } from '../core/derive.js';
import { estimate, pick, t } from '../core/i18n.js';
import { html } from '../core/ui.js';

/**
 * @param {{state: any, acts: any, name: string, label: string, but?: string}} props `but`: a queue to leave out
 */
export function ServiceTiles({ state, acts, name, label, but }) {
  const offered = queues(state).filter(({ service }) => service.queue !== but);
  return html`<div class="field"><span class="tiles-label" id=${`tiles-${name}`}>${label}</span>
    <div class="tiles" role="group" aria-labelledby=${`tiles-${name}`}>${offered.map(({ service, waiting, estimate: range }) => {
      const text = pick(service.name, service.id);
      const chosen = state.draft[name] === service.id;
      return html`<button key=${service.id} type="button" class="btn tile" data-service=${service.id} data-kind=${chosen ? 'primary' : undefined} aria-pressed=${chosen} onClick=${() => acts.draft(name, service.id)}>
        <b class="clip" title=${text}>${text}</b><small>${waiting === 0 ? t('lobby.no_wait') : t('lobby.tile', { n: waiting, wait: estimate(range) })}</small></button>`;
    })}</div></div>`;
}
