// @ts-check
// The bar: which counter, who works there, whether it receives, how the network stands.
import { Clock, Language, Network, Theme } from '../core/bar.js';
import { counterOf } from '../core/derive.js';
import { pick, t } from '../core/i18n.js';
import { html, icon } from '../core/ui.js';
import { choices } from './choices.js';

/** @typedef {import('./types.js').State} State */

/** @param {{state: State, acts: any}} props */
export function Head({ state, acts }) {
  return html`<header class="bar on-ink"><h1 class="sr">${t('screen.counter')}</h1>
    <span class="brand">${icon('mark')}<span class="clip" title=${state.branch?.name}>${state.branch?.name ?? ''}</span></span>
    <${Desk} state=${state} acts=${acts} />
    <${Person} state=${state} acts=${acts} />
    <span class="grow"></span>
    <${Receiving} state=${state} acts=${acts} />
    <${Network} state=${state} />
    <${Theme} state=${state} acts=${acts} />
    <${Language} state=${state} acts=${acts} />
    <${Clock} state=${state} />
  </header>`;
}

/** @param {{state: State, acts: any}} props */
function Desk({ state, acts }) {
  const [before, after] = t('counter.desk_no', { n: '|' }).split('|');
  return html`<button class="desk" id="choose-counter" title=${t('counter.choose')} onClick=${() => acts.open({ kind: 'choose-counter' }, { counter: String(state.counter ?? '') })}>
    ${state.counter === null ? t('counter.choose') : html`${before}<b>${state.counter}</b>${after}`}</button>`;
}

/** @param {{state: State, acts: any}} props */
function Person({ state, acts }) {
  if (!state.session) return html`<button class="btn" id="sign-in" onClick=${() => acts.open({ kind: 'sign-in' })}>${icon('person')}${t('session.sign_in')}</button>`;
  const profile = state.profiles?.find((one) => one.id === counterOf(state, state.counter)?.profile);
  const words = [state.session.name, profile && pick(profile.name, profile.id)].filter(Boolean).join(' · ');
  const busy = Boolean(state.busy.session);
  return html`<span class="muted clip person" title=${words}>${words}</span>
    <button class="btn" id="sign-out" data-size="small" disabled=${busy} aria-busy=${busy} onClick=${acts.signOut}>${t('session.sign_out')}</button>`;
}

/** Receiving, paused or closed: the pressed one is what is so. @param {{state: State, acts: any}} props */
function Receiving({ state, acts }) {
  const now = counterOf(state, state.counter)?.state ?? 'closed';
  const all = choices(state, acts);
  const part = (/** @type {string} */ is, /** @type {string} */ verb, /** @type {string} */ id) => {
    const choice = all.find((one) => one.verb === verb);
    const pressed = now === is;
    return html`<button id=${id} aria-pressed=${pressed} aria-busy=${state.busy.desk === verb} disabled=${!pressed && !choice?.act} title=${!pressed && choice?.why ? t(choice.why) : undefined} onClick=${pressed ? undefined : choice?.act}>${t(`counter.is_${is}`)}</button>`;
  };
  return html`<span class="seg" role="group" aria-label=${t('counter.receiving')}>${part('open', 'open', 'counter-open')}${part('paused', 'pause', 'counter-pause')}${part('closed', 'close', 'counter-close')}</span>`;
}
