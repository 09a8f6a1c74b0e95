// @ts-check
// The kiosk: one question a view, and the questions that may lie over it.
import { html } from '../core/ui.js';
import { mayIssue, openingNow } from './derive.js';
import { isWarning } from './state.js';
import { narration } from './narration.js';
import { Caption } from './view/caption.js';
import { Choose } from './view/choose.js';
import { Closed } from './view/closed.js';
import { Identify } from './view/identify.js';
import { Issuing } from './view/issuing.js';
import { Result } from './view/result.js';
import { Exit, Stay } from './view/sheets.js';
import { Unpaired } from './view/unpaired.js';

const VIEWS = { home: Choose, group: Choose, category: Choose, identify: Identify, issuing: Issuing, result: Result };

/** Whoever has a number or waits for one sees it, whatever the hour. @param {any} state */
function viewOf(state) {
  const step = /** @type {keyof typeof VIEWS} */ (state.kiosk.step);
  if (step === 'issuing' || step === 'result') return VIEWS[step];
  if (!mayIssue(state)) return Unpaired;
  return openingNow(state).open ? VIEWS[step] : Closed;
}

/** @param {{state: any, acts: any}} props */
export function Page({ state, acts }) {
  const View = viewOf(state);
  return html`<${View} state=${state} acts=${acts} />
    ${state.kiosk.aloud && html`<${Caption} state=${state} text=${narration(state)} />`}
    ${state.exit ? html`<${Exit} state=${state} acts=${acts} />` : isWarning(state) && html`<${Stay} state=${state} acts=${acts} />`}`;
}
