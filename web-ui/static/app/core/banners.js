// @ts-check
// Lasting conditions, worst first: what is so, what still works, what to do.
import { age, clock, t } from './i18n.js';
import { network } from './derive.js';
import { Refusal, html, icon } from './ui.js';

/** A screen that tells conflicts elsewhere leaves them out here. @param {{state: import('./types.js').State, acts: any, conflicts?: boolean}} props */
export function Banners({ state, acts, conflicts = true }) {
  return html`<div class="banners" role="region" aria-label=${t('banner.region')}>
    <${Refusal} state=${state} acts=${acts} place="session" />
    <${Conditions} state=${state} acts=${acts} />
    <${Waiting} state=${state} acts=${acts} />
    ${conflicts && state.snapshot?.conflicts.map((conflict) => html`<${Conflict} key=${conflict.id} state=${state} acts=${acts} conflict=${conflict} />`)}
  </div>`;
}

/** @param {{state: import('./types.js').State, acts: any}} props */
function Conditions({ state, acts }) {
  const net = network(state);
  if (net.state === 'off') return html`<${Condition} tone="bad" name="net-off" title=${t('banner.off')} text=${t('banner.off_text', { age: age(state.now - state.seenAt) })} />`;
  if (net.state === 'joined' || !state.mesh) return null;
  const text = t(net.state === 'alone' ? 'banner.alone_text' : 'banner.split_text', { n: state.mesh.group, m: state.mesh.total, foreign: state.mesh.foreignWaiting });
  const mayAct = state.session && !state.mesh.takenOver;
  return html`<${Condition} tone="warn" name=${`net-${net.state}`} title=${t(net.state === 'alone' ? 'banner.alone' : 'banner.split')} text=${text}>
    ${mayAct && html`<button class="btn" onClick=${() => acts.open({ kind: 'take-over' })}>${t('mesh.take_over')}</button>`}
  </${Condition}>`;
}

/** @param {{tone: string, name: string, title: string, text: string, children?: any}} props */
function Condition({ tone, name, title, text, children }) {
  return html`<div class="banner" data-tone=${tone} role="status">${icon(name)}<p class="grow"><b>${title}</b> <span>${text}</span></p>${children}</div>`;
}

/** @param {{state: import('./types.js').State, acts: any, conflict: import('./types.js').Conflict}} props */
function Conflict({ state, acts, conflict }) {
  const place = `conflict:${conflict.id}`;
  const calls = conflict.calls.map((c) => (c.at ? t('conflict.call', { counter: c.counter, at: clock(c.at) }) : t('conflict.call_untimed', { counter: c.counter })));
  const busy = Boolean(state.busy[place]);
  return html`<div><div class="banner" data-tone="bad" role="alert">
      ${icon('conflict')}<p class="grow"><b>${t('conflict.title', { number: conflict.number })}</b> <span>${calls.join(t('list.and'))}</span></p>
      ${state.session && html`<button class="btn" data-kind="danger" disabled=${busy} aria-busy=${busy} onClick=${() => acts.acknowledge(conflict.id)}>${t('conflict.acknowledge')}</button>`}
    </div><${Refusal} state=${state} acts=${acts} place=${place} /></div>`;
}

/** Commands the node has not got yet, each with its id: it is the same command however often it is sent. @param {{state: import('./types.js').State, acts: any}} props */
function Waiting({ state, acts }) {
  if (!state.outbox.length) return null;
  const foreign = state.outbox.some((item) => !item.refused && item.staff !== state.session?.id);
  const line = t(state.link === 'lost' ? 'outbox.later' : foreign ? 'outbox.sign_in' : 'outbox.sending');
  return html`<div class="banner unsent" data-tone="info" role="status">${icon('clock')}<div class="grow">
    <p><b>${t('outbox.title', { n: state.outbox.length })}</b> <span>${line}</span></p>
    <ul>${state.outbox.map((item) => html`<li key=${item.key} class="line wrap" data-unsent=${item.key}>
      <b>${t(`verb.${item.verb}`)} ${item.subject}</b>
      <span class="chip" data-tone=${item.refused ? 'bad' : 'info'}>${t(item.refused ? 'outbox.refused' : 'outbox.unsent')}</span>
      ${item.refused && html`<span>${item.refused}</span>`}
      <span class="num">${clock(item.at)}</span><code class="clip" title=${item.key}>${item.key}</code>
      <button class="btn" data-size="small" onClick=${() => acts.dropUnsent(item.key)}>${t('outbox.drop')}</button>
    </li>`)}</ul></div></div>`;
}
