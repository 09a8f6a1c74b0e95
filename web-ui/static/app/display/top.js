// @ts-check
// The head: which branch, whether the picture is fresh, and the time.
import { network, nodeNow } from '../core/derive.js';
import { age, clock, t } from '../core/i18n.js';
import { html, icon } from '../core/ui.js';

/** @typedef {import('./types.js').State} State */

/** @param {{state: State, acts: any}} props */
export function Top({ state, acts }) {
  const now = nodeNow(state);
  const name = state.branch?.name ?? '';
  return html`<header class="top on-ink"><h1 class="sr">${t('screen.display')}</h1><span class="seal" aria-hidden="true">${[...name][0] ?? ''}</span><b class="clip" title=${name}>${name}</b>
    ${state.blocked && html`<button class="hush" id="wake" aria-label=${t('display.press_for_sound')} onClick=${acts.wake}>${icon('sound')}<span class="clip" title=${t('display.press_for_sound')}>${t('display.press_for_sound')}</span></button>`}
    <${Mark} state=${state} />
    <time><span>${new Intl.DateTimeFormat(state.language, { month: 'short', day: 'numeric', weekday: 'short' }).format(now)}</span><b>${clock(now)}</b></time></header>`;
}

/** Joined says little; whatever may make a call old says so, and since when. @param {{state: State}} props */
function Mark({ state }) {
  const net = network(state);
  const words = {
    joined: () => t(state.mesh?.total === 1 || !state.mesh ? net.key : 'display.joined', { n: 1, m: 1 }),
    split: () => t('display.split', { n: state.mesh?.group ?? 0, m: state.mesh?.total ?? 0 }),
    alone: () => t('display.alone', { age: age(state.now - (state.cutSince ?? state.now)) }),
    off: () => t('display.off', { age: age(state.now - (state.cutSince ?? state.now)) }),
  }[net.state]();
  return html`<span class="net" data-state=${net.state} role="status">${icon(`net-${net.state}`)}<span class="clip" title=${words}>${words}</span></span>`;
}
