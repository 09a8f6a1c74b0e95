// @ts-check
// One ticket as a card: number and wait first, then who and what for. Swiped, or by its handle, it shows its two commonest
// acts and keeps its number in sight; a tap opens all of it.
import { Component } from '/vendor/preact.mjs';
import { t } from '../core/i18n.js';
import { Refusal, html, icon } from '../core/ui.js';
import { chipsOf, whatFor } from './chips.js';
import { brief } from './words.js';

/** @typedef {import('../core/types.js').Ticket} Ticket */
/** @typedef {{ticket: Ticket, waited: number, level: number}} Shown */

/** How far a finger has to travel, px. */
const SWIPE = 36;

/**
 * A card's content as plain values: what equals is not drawn again.
 * @param {any} state @param {Shown} shown
 */
export function cardOf(state, { ticket, waited, level }) {
  const place = `ticket:${ticket.id}`;
  return {
    id: ticket.id,
    number: ticket.number,
    state: ticket.state,
    person: t(ticket.identified ? 'lobby.identified' : 'lobby.unidentified'),
    what: whatFor(state, ticket),
    waited: brief(waited),
    level: ticket.state === 'waiting' ? level : 0,
    chips: chipsOf(state, ticket),
    open: state.lobby.opened === ticket.id,
    still: state.link === 'lost' || !state.session,
    busy: state.busy[place] ?? '',
    problem: state.problems[place],
    language: state.language,
  };
}

/** @param {any} one @param {any} other */
function equal(one, other) {
  return Object.keys(one).every((name) => one[name] === other[name] || (name === 'chips' && JSON.stringify(one.chips) === JSON.stringify(other.chips)));
}

/** Props: `card` (see `cardOf`), `position`, `of`, `state` and `acts` for its refusal. */
export class Card extends Component {
  touched = { x: 0, y: 0 };
  swiped = false;

  /** @param {any} next */
  shouldComponentUpdate(next) {
    const now = /** @type {any} */ (this.props);
    return now.position !== next.position || now.of !== next.of || !equal(now.card, next.card);
  }

  /** @param {PointerEvent} event */
  press = (event) => {
    this.touched = { x: event.clientX, y: event.clientY };
    this.swiped = false;
  };

  /** Upwards by the handle or sideways anywhere opens it, downwards folds it: the list itself scrolls up and down. @param {PointerEvent} event */
  lift = (event) => {
    const { card, acts } = /** @type {any} */ (this.props);
    const [across, up] = [Math.abs(event.clientX - this.touched.x), this.touched.y - event.clientY];
    this.swiped = Math.max(across, Math.abs(up)) > SWIPE;
    if (this.swiped) acts.openCard(across > Math.abs(up) || up > 0 ? card.id : null);
  };

  /** A swipe ends in a click, which is not meant. @param {() => void} act */
  unlessSwiped = (act) => () => this.swiped || act();

  render() {
    const { card, position, of, state, acts } = /** @type {any} */ (this.props);
    return html`<li class="ticket" data-ticket=${card.number} data-state=${card.state} data-open=${card.open || undefined} aria-posinset=${position + 1} aria-setsize=${of}
        onPointerDown=${this.press} onPointerUp=${this.lift}>
      <div class="ticket-face" style=${{ '--wait': `var(--ramp-${card.level})` }}>
        <button class="ticket-tap" aria-label=${t('lobby.open_ticket', { number: card.number })} onClick=${this.unlessSwiped(() => acts.look(card.id))}></button>
        <div class="line"><strong class="ticket-no grow">${card.number}</strong><span class="waited" data-level=${card.level}>${card.waited}</span></div>
        <div class="ticket-who"><p class="clip small" title=${card.person}>${card.person}</p><p class="clip faint" title=${card.what}>${card.what}</p></div>
        <div class="line ticket-foot">${card.chips.map((/** @type {any} */ chip) => html`<span class="chip clip" data-tone=${chip.tone} title=${chip.title ?? chip.text}>${chip.icon && icon(chip.icon)}${chip.text}</span>`)}<span class="grow"></span>
          <button class="lift" aria-expanded=${card.open} aria-label=${t(card.open ? 'lobby.fold' : 'lobby.unfold', { number: card.number })} onClick=${this.unlessSwiped(() => acts.openCard(card.open ? null : card.id))}>${icon('move')}</button></div>
        <${Refusal} state=${state} acts=${acts} place=${`ticket:${card.id}`} />
      </div>
      <${Acts} card=${card} acts=${acts} />
    </li>`;
  }
}

/** @param {{card: any, acts: any}} props */
function Acts({ card, acts }) {
  if (!card.open) return null;
  const still = card.still || Boolean(card.busy);
  const why = card.still ? t('lobby.needs_node') : undefined;
  const first = card.state === 'no_show'
    ? html`<button data-verb="reinstate" title=${why} disabled=${still} aria-busy=${card.busy === 'reinstate'} onClick=${() => acts.reinstate(card.id)}>${icon('undo')}${t('lobby.reinstate')}</button>`
    : html`<button data-verb="move" title=${why} disabled=${still} onClick=${() => acts.open({ kind: 'move', ticket: card.id })}>${icon('transfer')}${t('lobby.move')}</button>`;
  return html`<div class="ticket-acts">${first}
    <button data-kind="danger" data-verb="abandon" title=${why} disabled=${still} onClick=${() => acts.open({ kind: 'abandon', ticket: card.id })}>${icon('bin')}${t('lobby.abandon')}</button></div>`;
}
