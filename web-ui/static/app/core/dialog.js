// @ts-check
// The question that is open, wherever its form comes from.
import { FORMS } from './session.js';
import { html } from './ui.js';

/** @typedef {Record<string, (props: {state: any, acts: any, dialog: any}) => any>} Forms */

/** A screen's own forms stand beside the shared ones. @param {{state: import('./types.js').State, acts: any, forms?: Forms}} props */
export function Ask({ state, acts, forms = {} }) {
  const dialog = state.dialog;
  const Form = dialog && (forms[dialog.kind] ?? FORMS[dialog.kind]);
  return Form ? html`<${Form} key=${dialog.kind} state=${state} acts=${acts} dialog=${dialog} />` : null;
}
