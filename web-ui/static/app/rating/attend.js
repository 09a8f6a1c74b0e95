// @ts-check
// When the question comes: at the event that says a ticket is finished here, or, if events were missed, when a picture no
// longer shows the ticket that was in service.
import * as api from '../core/api.js';

/** @param {any} core @param {{store: any}} parts */
export function createRatingActs(core, { store }) {
  const { dispatch } = store;
  return {
    /** @param {import('./state.js').Finished} ticket */
    ask: (ticket) => dispatch({ type: 'rating/ask', ticket, now: Date.now() }),
    close: () => dispatch({ type: 'rating/close' }),
    /** Kept and sent later if the node does not answer now. @param {number} level */
    async rate(level) {
      const { ticket } = store.get().rating;
      if (!ticket) return;
      const answer = await core.ticketAct('rate', 'rate', ticket.id, { level });
      if (answer?.ok || answer?.queued) dispatch({ type: 'rating/given', level, now: Date.now() });
    },
  };
}

/** @param {import('../core/feed.js').Event} event @param {any} acts @param {any} state */
export function happened(event, acts, state) {
  if (event.type !== 'ticket.finished' || event.data.counter !== state.counter) return;
  acts.ask({ id: event.data.ticket, number: event.data.number, service: event.data.service });
}

/** @param {{store: any, acts: any}} parts */
export function heed({ store, acts }) {
  // Whoever is still reading or choosing a language has time.
  addEventListener('click', () => store.dispatch({ type: 'rating/touched', now: Date.now() }));
  /** @type {import('./state.js').Finished | null} */
  let before = null;
  store.watch((/** @type {any} */ { rating }) => {
    const gone = before && before.id !== rating.serving?.id ? before : null;
    before = rating.serving;
    if (gone && !rating.asked.includes(gone.id)) lookAfter(gone, acts);
  });
}

/** A ticket left the counter while nobody told us how: only a finished one is rated. @param {import('./state.js').Finished} ticket @param {any} acts */
async function lookAfter(ticket, acts) {
  const answer = await api.get(`/tickets/${encodeURIComponent(ticket.id)}`);
  if (answer.ok && answer.body.state === 'served') acts.ask(ticket);
}
