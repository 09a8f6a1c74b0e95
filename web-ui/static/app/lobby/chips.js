// @ts-check
// What there is to know about a ticket in a word or two, the most telling first.
import { serviceOf } from '../core/derive.js';
import { pick, t } from '../core/i18n.js';

/** @typedef {{key: string, text: string, title?: string, tone?: string, icon?: string}} Chip */

const STATES = /** @type {Record<string, string>} */ ({ called: 'primary', serving: 'primary', parked: 'info', no_show: 'warn', abandoned: 'bad' });

/** Making one costs more than drawing a card. @type {Map<string, Intl.DisplayNames>} */
const named = new Map();

/** The service a ticket waits for, and its business type if it has one. @param {any} state @param {import('../core/types.js').Ticket} ticket */
export function whatFor(state, ticket) {
  const service = serviceOf(state, ticket.service);
  const type = service?.categories.find((one) => one.id === ticket.category);
  const name = pick(service?.name, ticket.service);
  return type ? t('lobby.service_type', { service: name, type: pick(type.name, type.id) }) : name;
}

/** @param {any} state @param {import('../core/types.js').Ticket} ticket @returns {Chip[]} */
export function chipsOf(state, ticket) {
  /** @type {(Chip | false | undefined)[]} */
  const all = [
    ticket.conflict !== undefined && { key: 'conflict', tone: 'bad', icon: 'conflict', text: t('lobby.chip.conflict') },
    ticket.state !== 'waiting' && { key: 'state', tone: STATES[ticket.state], text: stateText(ticket) },
    ticket.forCounter !== undefined && { key: 'for', tone: 'info', text: t('lobby.chip.for_counter', { n: ticket.forCounter }) },
    ticket.overridden && { key: 'forced', tone: 'warn', text: t('lobby.chip.forced') },
    ticket.parent !== undefined && { key: 'moved', text: t('lobby.chip.moved') },
    ticket.language !== undefined && ticket.language !== (state.branch?.languages[0] ?? ticket.language) && { key: 'language', icon: 'globe', text: (ticket.language.split('-')[0] ?? '').toUpperCase(), title: languageName(state, ticket.language) },
  ];
  return /** @type {Chip[]} */ (all.filter(Boolean)).slice(0, 2);
}

/** @param {import('../core/types.js').Ticket} ticket */
function stateText(ticket) {
  const at = ticket.counter !== undefined && (ticket.state === 'called' || ticket.state === 'serving');
  return at ? t('lobby.chip.at', { state: t(`state.${ticket.state}`), n: ticket.counter ?? 0 }) : t(`state.${ticket.state}`);
}

/** A language's name in the reader's own. @param {any} state @param {string} tag */
function languageName(state, tag) {
  const names = named.get(state.language) ?? new Intl.DisplayNames([state.language], { type: 'language' });
  named.set(state.language, names);
  return names.of(tag) ?? tag;
}
