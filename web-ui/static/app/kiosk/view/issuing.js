// @ts-check
// The press is on its way and takes longer than usual: what is so and what to do.
import { t } from '../../core/i18n.js';
import { html, icon } from '../../core/ui.js';
import { Foot } from './foot.js';
import { Plate } from './plate.js';

/** @param {{state: any, acts: any}} props */
export function Issuing({ state, acts }) {
  const { problem } = state.kiosk;
  return html`<main class="view" data-view="issuing">
    <${Plate} state=${state} title=${t(problem ? 'kiosk.issuing.waits' : 'kiosk.issuing.title')} line=${problem ? t('kiosk.issuing.kept') : ''} />
    <div class="middle issuing" aria-busy="true">
      <div class="slip"><div class="slip-paper"><div class="no"><span class="bone"></span><strong class="bone"></strong></div><div class="stub"><span class="bone"></span></div></div></div>
      ${problem && html`<div class="banner" data-tone="warn" role="alert" id="kiosk-waits">${icon('net-alone')}<p class="grow"><b>${t(problem.status === 503 ? 'kiosk.issuing.no_steward' : 'kiosk.issuing.unreachable')}</b> <span>${t('kiosk.issuing.do')}</span></p></div>
        <button class="btn" data-size="public" id="kiosk-give-up" onClick=${acts.home}>${t('kiosk.issuing.give_up')}</button>`}
    </div>
    <${Foot} state=${state} acts=${acts} />
  </main>`;
}
