// @ts-check
import * as api from '../core/api.js';
import { boot } from '../core/boot.js';
import { createActs } from './acts.js';
import { Page } from './page.js';
import { SECTIONS, VIEWS } from './sections.js';
import { first, reduce } from './state.js';

/** @param {string} path @param {string} type @param {(body: any) => any} pick @param {(state: any) => boolean} wanted */
const reading = (path, type, pick, wanted) => async (/** @type {any} */ state) => {
  if (!wanted(state)) return null;
  const answer = await api.get(path);
  return answer.ok ? { type, [type]: pick(answer.body) } : null;
};

const isAdmin = (/** @type {any} */ state) => Boolean(state.session?.roles.includes('admin'));
const named = location.hash.slice(1);
const view = [...SECTIONS, ...VIEWS].some((one) => one.name === named) ? named : first.view;

await boot({
  screen: 'admin',
  Page,
  first: { ...first, view },
  reduce,
  acts: createActs,
  extras: [
    reading('/config', 'config', (body) => body, (state) => Boolean(state.session)),
    reading('/device/settings', 'device', (body) => body, (state) => Boolean(state.session)),
    reading('/devices', 'devices', (body) => body.devices, isAdmin),
    reading('/staff', 'staff', (body) => body.staff, isAdmin),
  ],
  started({ store }) {
    // What was typed and not saved is worth a question.
    addEventListener('beforeunload', (event) => Object.keys(store.get().drafts).length && event.preventDefault());
    addEventListener('hashchange', () => store.dispatch({ type: 'view', view: location.hash.slice(1) || first.view }));
  },
});
