// @ts-check
// The foot: who gives the numbers, how far changes have come, and where all keys are listed.
import { nodeNow } from '../core/derive.js';
import { age, t } from '../core/i18n.js';
import { html } from '../core/ui.js';
import { keyLabel } from './keymap.js';

/** @param {{state: import('./types.js').State, acts: any}} props */
export function Base({ state, acts }) {
  const { mesh } = state;
  return html`<footer class="base">
    ${mesh && html`<span class="clip" title=${mesh.epoch}>${mesh.steward ? t('counter.steward', { name: mesh.steward, epoch: (mesh.epoch ?? '').split('.')[0] ?? '' }) : t('counter.no_steward')}</span>
      <span class="clip">${reach(mesh)}</span>`}
    <span class="push clip" title=${t('counter.as_of')}>${state.link === 'lost' ? age(nodeNow(state) - state.offset - state.seenAt) : ''}</span>
    <button class="link" id="desk-keys" onClick=${() => acts.open({ kind: 'keys' })}><kbd class="kbd">${keyLabel(state.keys.keys)}</kbd> ${t('counter.keys')}</button>
  </footer>`;
}

/** What was written here is on this disk; the others of the group have it once nothing differs. @param {import('../core/types.js').Mesh} mesh */
function reach(mesh) {
  const others = mesh.group - 1;
  if (others === 0) return t('counter.reach_alone');
  return t(mesh.lag ? 'counter.reach_behind' : 'counter.reach', { n: others, behind: mesh.lag });
}
