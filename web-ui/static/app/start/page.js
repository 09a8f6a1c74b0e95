// @ts-check
// Where does my work stand? This device's own screen first, then the works of who is signed in.
import { Banners } from '../core/banners.js';
import { Bar } from '../core/bar.js';
import { Ask } from '../core/dialog.js';
import { day, t } from '../core/i18n.js';
import { Toast, html, icon } from '../core/ui.js';
import { deviceWork, openWork, staffWork, work } from './work.js';

/** @typedef {import('../core/types.js').State & {forms: import('../core/dialog.js').Forms}} State */

/** @param {{state: State, acts: any}} props */
export function Page({ state, acts }) {
  const all = { state, acts };
  return html`
    <${Bar} ...${all} />
    <${Banners} ...${all} />
    <main class="start">
      <header><h1>${state.branch?.name ?? t('brand')}</h1><p class="muted">${day(state.now + state.offset)}</p></header>
      <${Device} state=${state} />
      ${state.session ? html`<${Bench} ...${all} />` : html`<${Door} ...${all} />`}
    </main>
    <${Ask} ...${all} forms=${state.forms} />
    <${Toast} state=${state} />
  `;
}

/** @param {{state: State}} props */
function Device({ state }) {
  const device = state.branch?.device;
  const name = deviceWork(state);
  if (!device || !name || state.snapshot?.scope === 'public') return null;
  const { href, icon: sign, figure, line } = work(state, name);
  return html`<a class="own card" href=${href} data-work=${name}>${icon(sign)}<span class="grow"><small>${t('start.this_device', { device: device.name })}</small><b>${t('start.open', { screen: t(`screen.${name}`) })}</b><span class="muted">${figure === '0' ? '' : figure} ${line}</span></span>${icon('arrow')}</a>`;
}

/** Works of the person who is signed in. @param {{state: State, acts: any}} props */
function Bench({ state, acts }) {
  return html`<section aria-labelledby="bench-title"><h2 id="bench-title">${t('start.bench', { name: state.session?.name ?? '' })}</h2>
    <div class="tiles">${staffWork(state).map((item) => html`<${Tile} key=${item.name} item=${item} />`)}</div></section>
  <section aria-labelledby="more-title"><h2 id="more-title">${t('start.more')}</h2>
    <div class="tiles small-tiles">${[work(state, 'display'), work(state, 'live')].map((item) => html`<${Tile} key=${item.name} item=${item} />`)}
      <button class="tile card" id="offer-pairing" onClick=${() => acts.open({ kind: 'offer-pairing' })}><span class="dot" data-tone="primary">${icon('plus')}</span><span class="grow"><b>${t('pairing.title')}</b><small class="muted">${t('start.pairing_line')}</small></span></button></div></section>`;
}

/** Nobody is signed in: the ways in, and what may be seen without. @param {{state: State, acts: any}} props */
function Door({ state, acts }) {
  const remote = state.snapshot?.scope === 'public';
  return html`<section class="door card" aria-labelledby="door-title">
    <div class="grow"><h2 id="door-title">${t('start.door')}</h2><p class="muted">${t('start.door_line')}</p></div>
    ${remote && html`<button class="btn" data-size="touch" onClick=${() => acts.open({ kind: 'pair' })}>${t('session.pair_title')}</button>`}
    <button class="btn" data-kind="primary" data-size="touch" id="door-sign-in" onClick=${() => acts.open({ kind: 'sign-in' })}>${icon('person')}${t('session.sign_in')}</button>
  </section>
  <section aria-labelledby="more-title"><h2 id="more-title">${t('start.open_title')}</h2>
    <div class="tiles small-tiles">${openWork(state).map((item) => html`<${Tile} key=${item.name} item=${item} />`)}</div></section>`;
}

/** @param {{item: import('./work.js').Work}} props */
function Tile({ item }) {
  return html`<a class="tile card" href=${item.href} data-work=${item.name}><span class="dot" data-tone=${item.tone ?? 'primary'}>${icon(item.icon)}</span>
    <span class="grow"><b>${t(`screen.${item.name}`)}</b><small class="muted clip" title=${item.line}>${item.line}</small></span>
    ${item.figure !== undefined && html`<strong class="num">${item.figure}</strong>`}</a>`;
}
