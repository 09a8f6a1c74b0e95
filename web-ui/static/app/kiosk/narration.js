// @ts-check
// What each view says when it is read aloud: the same facts that stand on it.
import { estimate, pick, t } from '../core/i18n.js';
import { choices } from './derive.js';

/** @param {any} state @returns {string} */
export function narration(state) {
  const { step, ticket } = state.kiosk;
  switch (step) {
    case 'issuing':
      return t('kiosk.issuing.title');
    case 'result':
      return [t('kiosk.say.number', { number: spelt(ticket.number) }), t('kiosk.say.ahead', { n: ticket.ahead ?? 0 }), t('kiosk.say.wait', { wait: estimate(ticket.estimate) }), t('kiosk.result.line')].join(t('kiosk.say.stop'));
    case 'identify':
      return [t(`kiosk.identify.title_${state.kiosk.field}`), t('kiosk.identify.line')].join(t('kiosk.say.stop'));
    default:
      return [t(`kiosk.${step}.title`), ...choices(state).tiles.map(offered)].join(t('kiosk.say.stop'));
  }
}

/** @param {import('./offers.js').Tile} tile */
function offered(tile) {
  const name = pick(tile.name, tile.id);
  if (tile.kind !== 'service') return name;
  return tile.enabled ? t('kiosk.say.offer', { name, n: tile.waiting, wait: estimate(tile.range) }) : t('kiosk.say.not_offered', { name });
}

/** A number is read figure by figure. @param {string} number */
const spelt = (number) => [...number].join(' ');
