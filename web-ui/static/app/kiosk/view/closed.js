// @ts-check
// Outside opening hours: when it opens next, and the week.
import { pick, t } from '../../core/i18n.js';
import { html, icon } from '../../core/ui.js';
import { openingNow } from '../derive.js';
import { week } from '../hours.js';
import { settings } from '../state.js';
import { Foot } from './foot.js';
import { Plate } from './plate.js';

/** @param {{state: any, acts: any}} props */
export function Closed({ state, acts }) {
  const now = openingNow(state);
  const next = now.open ? undefined : now.next;
  return html`<main class="view" data-view="closed">
    <${Plate} state=${state} title=${t('kiosk.closed.title')} line=${pick(settings(state).closed, t('kiosk.closed.line'))} />
    <div class="middle closed">
      ${next && html`<p class="opens" id="kiosk-opens">${icon('clock')}<b>${t('kiosk.closed.opens', { day: dayName(next), at: next.opens })}</b></p>`}
      <table class="week"><caption class="sr">${t('kiosk.closed.week')}</caption><tbody>
        ${week(state.branch.hours).map(({ weekday, spans }) => html`<tr key=${weekday}><th scope="row">${t(`kiosk.day.${weekday}`)}</th><td class="num">${spans.join(t('list.and')) || t('kiosk.closed.all_day')}</td></tr>`)}
      </tbody></table>
    </div>
    <${Foot} state=${state} acts=${acts} />
  </main>`;
}

/** @param {{days: number, weekday: number}} next */
function dayName({ days, weekday }) {
  if (days === 0) return t('kiosk.today');
  return days === 1 ? t('kiosk.tomorrow') : t(`kiosk.day.${weekday}`);
}
