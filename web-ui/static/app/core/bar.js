// @ts-check
// The top bar: where this is, how the network stands, who is signed in, and the reader's own choices.
import { clock, age, t } from './i18n.js';
import { network, nodeNow } from './derive.js';
import { html, icon } from './ui.js';

const NEXT_THEME = /** @type {Record<string, string>} */ ({ system: 'light', light: 'dark', dark: 'system' });

/** @param {{state: import('./types.js').State, acts: any}} props */
export function Bar({ state, acts }) {
  const device = state.branch?.device;
  return html`<header class="bar on-ink">
    <a class="brand" href="/#menu" title=${t('bar.start')}>${icon('mark')}<span class="clip">${state.branch?.name ?? t('brand')}</span></a>
    ${device && html`<span class="place clip" title=${device.name}><b>${device.name}</b><span class="muted">${t(`role.${device.role}`)}</span></span>`}
    <span class="grow"></span>
    <${Network} state=${state} />
    <${Person} state=${state} acts=${acts} />
    <${Theme} state=${state} acts=${acts} />
    <${Language} state=${state} acts=${acts} />
    <${Clock} state=${state} />
  </header>`;
}

/** @param {{state: import('./types.js').State}} props */
export function Network({ state }) {
  const net = network(state);
  const words = t(net.key, { n: state.mesh?.group ?? 0, m: state.mesh?.total ?? 0, age: age(state.now - state.seenAt) });
  return html`<span class="net" data-state=${net.state} title=${words}>${icon(`net-${net.state}`)}<span class="clip">${words}</span></span>`;
}

/** @param {{state: import('./types.js').State, acts: any}} props */
export function Person({ state, acts }) {
  if (!state.session) {
    return html`<button class="btn" id="sign-in" onClick=${() => acts.open({ kind: 'sign-in' })}>${icon('person')}${t('session.sign_in')}</button>`;
  }
  const busy = Boolean(state.busy.session);
  return html`<span class="line person"><span class="clip" title=${state.session.name}>${state.session.name}</span>
    <button class="btn" id="sign-out" disabled=${busy} aria-busy=${busy} onClick=${acts.signOut}>${t('session.sign_out')}</button></span>`;
}

/** @param {{state: import('./types.js').State, acts: any}} props */
export function Theme({ state, acts }) {
  const label = t('theme.now', { theme: t(`theme.${state.theme}`) });
  return html`<button class="btn btn-icon" id="theme" aria-label=${label} title=${label} onClick=${() => acts.chooseTheme(NEXT_THEME[state.theme])}>${icon('theme')}</button>`;
}

/** @param {{state: import('./types.js').State, acts: any}} props */
export function Language({ state, acts }) {
  const other = state.language === 'en' ? 'zh-CN' : 'en';
  return html`<button class="btn" id="language" lang=${other} onClick=${() => acts.chooseLanguage(other)}>${icon('globe')}${t('language.other')}</button>`;
}

/** The node's time of day. @param {{state: import('./types.js').State}} props */
export const Clock = ({ state }) => html`<span class="clock num">${clock(nodeNow(state))}</span>`;
