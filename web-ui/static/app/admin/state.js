// @ts-check
// What the admin page keeps beside the shared state: the configuration as it is, and drafts of sections being changed. Pure.
import { put } from './edit.js';

/**
 * @typedef {object} AdminParts
 * @property {string} view the section or view that is open
 * @property {any} config
 * @property {Record<string, any>} drafts by section; kept until saved or given up
 * @property {number | null} entry the open entry of a list
 * @property {any[] | null} devices
 * @property {any[] | null} staff
 * @property {any} invitation
 * @property {{name: string, content: any, result: any} | null} file a file to be taken over, with its differences
 */
/** @typedef {import('../core/types.js').State & AdminParts} State */

/** @type {AdminParts} */
export const first = { view: 'services', config: null, drafts: {}, entry: null, devices: null, staff: null, invitation: null, file: null };

/** @param {State} state @param {any} action @returns {State} */
export function reduce(state, action) {
  switch (action.type) {
    case 'view':
      return { ...state, view: action.view, entry: null };
    case 'entry':
      return { ...state, entry: state.entry === action.entry ? null : action.entry };
    case 'opened':
      return { ...state, entry: action.entry };
    case 'config':
      return { ...state, config: { ...action.config, device: state.config?.device } };
    case 'device':
      return { ...state, config: { ...state.config, device: action.device } };
    case 'devices':
    case 'staff':
    case 'invitation':
    case 'file':
      return { ...state, [action.type]: action[action.type] };
    case 'edit': {
      const whole = state.drafts[action.section] ?? state.config[action.section];
      return { ...state, drafts: { ...state.drafts, [action.section]: put(whole, action.path, action.value) } };
    }
    case 'settled': {
      const { [action.section]: _, ...drafts } = state.drafts;
      return { ...state, drafts, config: action.value === undefined ? state.config : { ...state.config, [action.section]: action.value } };
    }
    case 'signed-out':
      return { ...state, config: null, devices: null, staff: null, invitation: null, file: null };
    default:
      return state;
  }
}

/** The section as it would be saved. @param {State} state @param {string} section */
export const draftOf = (state, section) => state.drafts[section] ?? state.config?.[section];
