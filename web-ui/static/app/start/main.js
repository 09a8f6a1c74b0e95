// @ts-check
import * as api from '../core/api.js';
import { boot } from '../core/boot.js';
import { FORMS } from './pairing.js';
import { Page } from './page.js';
import { ownScreen } from './work.js';

/** A screen that customers stand in front of has one work: it goes there, unless somebody asked for the menu. @param {any} state */
function leadScreen(state) {
  const own = ownScreen(state);
  if (own && location.hash !== '#menu') location.replace(own);
}

await boot({
  screen: 'start',
  Page,
  first: { pairing: null, forms: FORMS },
  reduce: (state, action) => (action.type === 'pairing' ? { ...state, pairing: action.pairing } : state),
  acts: ({ run }, { store }) => ({
    /** @param {string} role */
    async offerPairing(role) {
      const answer = await run('dialog', 'offer', () => api.command('/session/pairing', { role }));
      if (answer?.ok) store.dispatch({ type: 'pairing', pairing: { code: answer.body.pairing_code, role: answer.body.role, until: Date.parse(answer.body.expires_at) } });
    },
    forgetPairing: () => store.dispatch({ type: 'pairing', pairing: null }),
  }),
  started: ({ store }) => store.watch(leadScreen),
});
