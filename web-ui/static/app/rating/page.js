// @ts-check
// Was it good? Three equal keys, a word and an arc each.
import { Ask } from '../core/dialog.js';
import { network, serviceOf } from '../core/derive.js';
import { age, pick, t, tIn } from '../core/i18n.js';
import { Empty, Refusal, html, icon } from '../core/ui.js';
import { secondsLeft } from './state.js';

/** @type {{level: number, name: string, arc: string}[]} */
const LEVELS = [
  { level: 3, name: 'good', arc: 'M16 30c14 40 86 40 100 0' },
  { level: 2, name: 'fair', arc: 'M18 48h96' },
  { level: 1, name: 'poor', arc: 'M16 66c14-40 86-40 100 0' },
];

/** @param {{state: any, acts: any}} props */
export function Page({ state, acts }) {
  return html`<div class="pad">
    <${Head} state=${state} acts=${acts} />
    <main class="ask"><${Middle} state=${state} acts=${acts} /></main>
    <${Foot} state=${state} acts=${acts} />
    <${Ask} state=${state} acts=${acts} />
  </div>`;
}

/** A rating pad rates by itself; elsewhere the colleague who served answers for it. @param {any} state */
const mayRate = (state) => state.session !== null || (state.branch?.device.role === 'rating' && state.snapshot?.scope !== 'public');

/** @param {{state: any, acts: any}} props */
function Middle({ state, acts }) {
  const { ticket, level } = state.rating;
  if (!mayRate(state)) return html`<${Unpaired} acts=${acts} />`;
  if (state.counter === null) return html`<${ChooseCounter} state=${state} acts=${acts} />`;
  if (level !== null) return html`<${Thanks} level=${level} />`;
  return ticket ? html`<${Question} state=${state} acts=${acts} ticket=${ticket} />` : html`<${Idle} state=${state} />`;
}

/** @param {{state: any, acts: any}} props */
function Head({ state, acts }) {
  const { state: mark, key } = network(state);
  const words = t(key, { n: state.mesh?.group ?? 0, m: state.mesh?.total ?? 0, age: age(state.now - state.seenAt) });
  return html`<header class="bar on-ink"><span class="brand">${icon('mark')}<span class="clip" title=${state.branch?.name}>${state.branch?.name ?? t('brand')}</span></span>
    ${state.counter !== null && html`<button class="btn" data-size="touch" id="rating-counter" disabled=${state.branch?.device.counter !== undefined} title=${t('rating.change_counter')} onClick=${() => acts.chooseCounter(null)}>${t('counter.name', { n: state.counter })}</button>`}
    <span class="grow"></span><span class="net" data-state=${mark} title=${words}>${icon(`net-${mark}`)}<span class="clip">${words}</span></span></header>`;
}

/** @param {{state: any, acts: any, ticket: import('./state.js').Finished}} props */
function Question({ state, acts, ticket }) {
  const other = state.language === 'en' ? 'zh-CN' : 'en';
  const service = pick(serviceOf(state, ticket.service)?.name, ticket.service);
  const busy = Boolean(state.busy.rate);
  return html`<div class="question"><h1 id="rating-title">${t('rating.title')}</h1><p><span id="rating-number">${t('rating.about', { number: ticket.number, service })}</span> <span lang=${other}>${tIn(other, 'rating.title')}</span></p></div>
    <div class="levels" role="group" aria-labelledby="rating-title">${LEVELS.map(({ level, name, arc }) => html`<button key=${name} class="level" data-level=${level} data-name=${name} disabled=${busy} onClick=${() => acts.rate(level)}>
      <svg viewBox="0 0 132 92" aria-hidden="true"><path d=${arc} /></svg><b>${t(`rating.${name}`)}</b><small lang=${other}>${tIn(other, `rating.${name}`)}</small></button>`)}</div>
    <${Refusal} state=${state} acts=${acts} place="rate" />`;
}

/** @param {{level: number}} props */
function Thanks({ level }) {
  const { name, arc } = /** @type {any} */ (LEVELS.find((one) => one.level === level));
  return html`<div class="thanks" data-name=${name} role="status" id="rating-thanks"><svg viewBox="0 0 132 92" aria-hidden="true"><path d=${arc} /></svg>
    <h1>${t('rating.thanks')}</h1><p>${t(`rating.thanks_${name}`)}</p></div>`;
}

/** @param {{state: any}} props */
function Idle({ state }) {
  const { serving } = state.rating;
  return html`<div class="idle" id="rating-idle">${icon('star')}<h1>${serving ? t('rating.serving', { number: serving.number }) : t('rating.welcome')}</h1><p>${t('rating.idle')}</p></div>`;
}

/** @param {{state: any, acts: any}} props */
function ChooseCounter({ state, acts }) {
  return html`<div class="question"><h1>${t('rating.choose')}</h1><p>${t('rating.choose_line')}</p></div>
    <div class="places">${(state.branch?.counters ?? []).map((/** @type {any} */ place) => html`<button key=${place.number} class="btn" data-size="touch" data-place=${place.number} onClick=${() => acts.chooseCounter(place.number)}>${pick(place.name, t('counter.name', { n: place.number }))}</button>`)}</div>`;
}

/** @param {{acts: any}} props */
function Unpaired({ acts }) {
  return html`<${Empty} name="star" title=${t('rating.unpaired')} line=${t('rating.unpaired_line')}>
    <button class="btn" data-size="touch" data-kind="primary" id="rating-sign-in" onClick=${() => acts.open({ kind: 'sign-in' })}>${t('session.sign_in')}</button>
    <button class="btn" data-size="touch" onClick=${() => acts.open({ kind: 'pair' })}>${t('session.pair')}</button></${Empty}>`;
}

/** @param {{state: any, acts: any}} props */
function Foot({ state, acts }) {
  const { ticket, level } = state.rating;
  const asks = ticket !== null && level === null;
  const other = state.language === 'en' ? 'zh-CN' : 'en';
  return html`<footer class="foot"><span class="promise">${asks && t('rating.promise')}</span>
    ${asks && html`<span class="closing">${t('rating.closes', { n: secondsLeft(state) })}</span>`}
    <button class="btn" data-size="touch" id="language" lang=${other} onClick=${() => acts.chooseLanguage(other)}>${icon('globe')}${tIn(other, 'rating.language')}</button>
    ${asks && html`<button class="btn" data-size="touch" id="rating-skip" onClick=${acts.close}>${t('rating.skip')}</button>`}</footer>`;
}
