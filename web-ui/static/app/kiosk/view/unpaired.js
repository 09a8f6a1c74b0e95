// @ts-check
// Opened on a machine that is not the kiosk: what is missing and how to get it.
import { Ask } from '../../core/dialog.js';
import { t } from '../../core/i18n.js';
import { Empty, html } from '../../core/ui.js';
import { Foot } from './foot.js';
import { Plate } from './plate.js';

/** @param {{state: any, acts: any}} props */
export function Unpaired({ state, acts }) {
  return html`<main class="view" data-view="unpaired">
    <${Plate} state=${state} title=${t('kiosk.unpaired.title')} line=${t('kiosk.unpaired.line')} />
    <div class="middle closed"><${Empty} name="kiosk" title=${t('kiosk.unpaired.what')} line=${t('kiosk.unpaired.do')}>
      <button class="btn" data-size="public" data-kind="primary" id="kiosk-pair" onClick=${() => acts.open({ kind: 'pair' })}>${t('session.pair')}</button>
      <button class="btn" data-size="public" onClick=${() => acts.open({ kind: 'sign-in' })}>${t('session.sign_in')}</button>
    </${Empty}></div>
    <${Foot} state=${state} acts=${acts} />
    <${Ask} state=${state} acts=${acts} />
  </main>`;
}
