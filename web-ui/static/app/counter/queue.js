// @ts-check
// Who next: the waiting list with the longest wait on top, its figures and its tabs.
import { Component, createRef } from '/vendor/preact.mjs';
import { counterOf, serviceOf, staffName } from '../core/derive.js';
import { people, pick, t } from '../core/i18n.js';
import { Empty, html, icon } from '../core/ui.js';
import { keyLabel } from './keymap.js';
import { bar, counts, figures, isMine, listed, nextFor, waited } from './line.js';

/** @typedef {import('./types.js').State} State */
/** @typedef {import('../core/types.js').Ticket} Ticket */

const TABS = /** @type {const} */ (['mine', 'all', 'no_show', 'parked']);
/** Height of a row of `.table`, pixels. */
const ROW_PX = 42;
/** Rows drawn above and below what is seen. */
const SPARE = 6;

/** @param {{state: State, acts: any}} props */
export function Queue({ state, acts }) {
  return html`<section class="card queue" aria-labelledby="queue-title">
    <div class="card-head"><h2 id="queue-title">${t('counter.waiting')}</h2>${state.search === null ? html`<${Tabs} state=${state} acts=${acts} />` : html`<${Search} state=${state} acts=${acts} />`}
      <span class="grow"></span><button class="btn btn-icon" data-kind="quiet" id="find" disabled=${!state.session} aria-pressed=${state.search !== null} aria-label=${t('counter.find')}
        title=${`${t('counter.find')} ${keyLabel(state.keys.find)}`} onClick=${() => acts.search(state.search === null ? '' : null)}>${icon(state.search === null ? 'search' : 'close')}</button></div>
    <${Figures} state=${state} />
    ${state.session ? html`<${List} state=${state} acts=${acts} />` : html`<${Empty} name="people" title=${t('counter.hidden')} line=${t('counter.hidden_line')} />`}
  </section>`;
}

/** @param {{state: State, acts: any}} props */
function Tabs({ state, acts }) {
  const n = counts(state);
  return html`<div class="seg" role="group" aria-label=${t('counter.tabs')}>${TABS.map((tab) => html`<button key=${tab} data-tab=${tab} aria-pressed=${state.tab === tab} onClick=${() => acts.tab(tab)}>${t(`counter.tab.${tab}`)} <span class="num">${state.session ? n[tab] : ''}</span></button>`)}</div>`;
}

/** Takes the focus when it appears: the key that opened it was pressed to type. */
class Search extends Component {
  /** @type {{current: HTMLInputElement | null}} */
  field = createRef();

  componentDidMount() {
    this.field.current?.focus();
  }

  render() {
    const { state, acts } = /** @type {any} */ (this.props);
    return html`<div class="field find"><label class="sr" for="find-number">${t('counter.find_label')}</label>
      <input ref=${this.field} id="find-number" type="search" autocomplete="off" maxlength="12" placeholder=${t('counter.find_label')} value=${state.search ?? ''} onInput=${(/** @type {any} */ e) => acts.search(e.target.value)} /></div>`;
  }
}

/** @param {{state: State}} props */
function Figures({ state }) {
  const { callable, longestMs, averageMs, served } = figures(state);
  const over = longestMs !== undefined && longestMs >= (state.branch?.serviceLevelMs ?? Infinity);
  const stat = (/** @type {string} */ name, /** @type {any} */ value, /** @type {string} */ unit, tone = '') => html`<div class="stat" data-stat=${name} data-tone=${tone}><dt>${t(`counter.stat.${name}`)}</dt><dd>${value}${unit && html`<small>${unit}</small>`}</dd></div>`;
  const wait = (/** @type {number | undefined} */ ms) => (ms === undefined ? [t('none'), ''] : [Math.floor(ms / 60_000), t('counter.unit.minutes')]);
  const [longest, longestUnit] = wait(longestMs);
  const [average, averageUnit] = wait(averageMs);
  return html`<dl class="stats load">${stat('callable', state.session ? callable : t('none'), state.session ? people(callable) : '')}${stat('longest', longest, String(longestUnit), over ? 'bad' : '')}${stat('average', average, String(averageUnit))}${stat('served', state.session ? served : t('none'), state.session ? t('counter.unit.tickets') : '')}</dl>`;
}

/** Draws the rows that can be seen and a few more: 999 waiting cost no more than 20. */
class List extends Component {
  /** @type {{current: HTMLElement | null}} */
  scroll = createRef();
  state = { top: 0, height: 600 };

  componentDidMount() {
    this.measure = () => this.scroll.current && this.setState({ top: this.scroll.current.scrollTop, height: this.scroll.current.clientHeight });
    this.watch = new ResizeObserver(this.measure);
    if (this.scroll.current) this.watch.observe(this.scroll.current);
  }

  componentWillUnmount() {
    this.watch?.disconnect();
  }

  render() {
    const { state, acts } = /** @type {{state: State, acts: any}} */ (/** @type {unknown} */ (this.props));
    const tickets = listed(state);
    const from = Math.max(0, Math.min(Math.floor(this.state.top / ROW_PX) - SPARE, tickets.length - SPARE));
    const rows = tickets.slice(from, from + Math.ceil(this.state.height / ROW_PX) + 2 * SPARE);
    const next = nextFor(state)?.id;
    return html`<div class="scroll" ref=${this.scroll} onScroll=${this.measure} tabindex="-1">${tickets.length === 0 ? html`<${Nobody} state=${state} acts=${acts} />` : html`<table class="table waiting" aria-rowcount=${tickets.length + 1}>
      <thead><tr><th>${t('counter.ticket.number')}</th><th>${t('counter.ticket.service')}</th><th>${t('counter.hints')}</th><th class="wait-col">${t('counter.wait_head', { n: Math.round((state.branch?.serviceLevelMs ?? 0) / 60_000) })}</th></tr></thead>
      <tbody>
        <${Gap} rows=${from} />
        ${rows.map((ticket, at) => html`<${Row} key=${ticket.id} state=${state} acts=${acts} ticket=${ticket} next=${ticket.id === next} at=${from + at + 2} />`)}
        <${Gap} rows=${tickets.length - from - rows.length} />
      </tbody>
    </table>`}</div>`;
  }
}

/** Stands for the rows that are not drawn. @param {{rows: number}} props */
const Gap = ({ rows }) => rows > 0 && html`<tr aria-hidden="true" class="gap"><td colspan="4" style=${{ height: `${rows * ROW_PX}px` }}></td></tr>`;

/** @param {{state: State, acts: any, ticket: Ticket, next: boolean, at: number}} props */
function Row({ state, acts, ticket, next, at }) {
  const service = pick(serviceOf(state, ticket.service)?.name, ticket.service);
  const wait = waited(state, ticket);
  const { at: filled, tick, fill, over } = bar(wait, state.branch?.serviceLevelMs ?? 0);
  const elsewhere = ticket.state === 'waiting' && !isMine(state, ticket);
  return html`<tr data-ticket=${ticket.number} aria-rowindex=${at} aria-selected=${state.picked === ticket.id} aria-disabled=${elsewhere} class=${next ? 'next' : ''} onClick=${() => acts.pick(ticket.id)}>
    <td class="table-key"><button class="link" aria-label=${t('counter.look_at', { number: ticket.number })}>${ticket.number}</button></td>
    <td class="fill"><span class="clip block" title=${service}>${service}</span></td>
    <td><${Hints} state=${state} ticket=${ticket} next=${next} elsewhere=${elsewhere} /></td>
    <td><span class="waitcell"><span class="r" data-over=${over}>${shortWait(wait)}${over && html`<span class="sr">${t('counter.over')}</span>`}</span><span class="progress" data-tick style=${{ '--at': filled, '--tick': tick, '--fill': fill }}></span></span></td>
  </tr>`;
}

/** A wait that fits a narrow column. @param {number} ms */
function shortWait(ms) {
  const whole = Math.floor(ms / 60_000);
  return whole < 60 ? t('counter.short_wait', { n: whole }) : t('counter.short_wait_hours', { h: Math.floor(whole / 60), m: whole % 60 });
}

/** @param {{state: State, ticket: Ticket, next: boolean, elsewhere: boolean}} props */
function Hints({ state, ticket, next, elsewhere }) {
  const chip = (/** @type {string} */ tone, /** @type {any} */ text) => html`<span class="chip clip" data-tone=${tone} title=${text}>${text}</span>`;
  const sent = ticket.forCounter ?? (ticket.state === 'waiting' ? undefined : ticket.counter);
  return html`<span class="hints">
    ${next && chip('primary', t('counter.hint.next'))}
    ${ticket.state !== 'waiting' && chip(ticket.state === 'no_show' ? 'warn' : 'info', t(`state.${ticket.state}`))}
    ${ticket.foreign ? chip('warn', t('counter.hint.foreign')) : elsewhere && sent === undefined && !ticket.forStaff && chip('', t('counter.hint.elsewhere'))}
    ${sent !== undefined && chip('', pick(counterOf(state, sent)?.name, t('counter.name', { n: sent })))}
    ${ticket.forStaff && chip('', t('counter.hint.for_staff', { staff: staffName(state, ticket.forStaff) ?? '' }))}
    ${ticket.identified && chip('info', t('counter.hint.identified'))}
    ${ticket.parent && chip('', t('counter.hint.moved'))}
    ${ticket.language && !ticket.language.startsWith('zh') && chip('', ticket.language)}
  </span>`;
}

/** @param {{state: State, acts: any}} props */
function Nobody({ state, acts }) {
  if (state.search) return html`<${Empty} name="search" title=${t('counter.not_found', { number: state.search })} line=${t('counter.not_found_line')} />`;
  const others = state.tab === 'mine' && counts(state).all > 0;
  return html`<${Empty} name="people" title=${t(`counter.none.${state.tab}`)} line=${t(others ? 'counter.none_others' : 'counter.none_line')}>
    ${others && html`<button class="btn" onClick=${() => acts.tab('all')}>${t('counter.see_all')}</button>`}
  </${Empty}>`;
}
