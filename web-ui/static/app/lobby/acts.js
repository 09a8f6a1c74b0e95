// @ts-check
// What the lobby manager does beyond what every screen can.
import * as api from '../core/api.js';
import { ticketOf } from '../core/derive.js';
import { t } from '../core/i18n.js';
import * as shape from '../core/shape.js';
import { detail } from './read.js';

/** @param {any} core @param {{store: any, feed: any}} parts */
export function createActs(core, { store, feed }) {
  const { dispatch } = store;
  const number = (/** @type {string} */ id) => ticketOf(store.get(), id)?.number ?? '';

  /** Opens all of a ticket and reads what only the answer about one ticket tells. @param {string} ticket */
  async function look(ticket) {
    core.forgive('history');
    core.open({ kind: 'ticket', ticket });
    const answer = await api.get(`/tickets/${encodeURIComponent(ticket)}`);
    if (answer.ok) dispatch({ type: 'lobby.detail', detail: detail(answer.body) });
    else dispatch({ type: 'refused', place: 'history', problem: { ...answer.problem, detail: answer.problem.detail || t('problem.unreachable') } });
  }

  /** A new number is shown large: a tablet has no printer. @param {any} answer @param {string} [from] */
  function showNumber(answer, from) {
    if (answer) core.open({ kind: 'slip', ticket: shape.ticket(answer.body), from, printing: answer.body.printing });
  }

  const show = (/** @type {string} */ view, /** @type {object} */ filter = {}) => dispatch({ type: 'lobby.show', view, filter });

  return {
    look,
    show,
    /** @param {object} change */
    filter: (change) => dispatch({ type: 'lobby.filter', change }),
    /** @param {string | null} ticket */
    openCard: (ticket) => dispatch({ type: 'lobby.open', ticket }),
    /** @param {string} ticket */
    reinstate: (ticket) => core.ticketAct(`ticket:${ticket}`, 'reinstate', ticket),
    /** @param {string} ticket @param {string} reason */
    async abandon(ticket, reason) {
      const what = number(ticket);
      if (await core.fromDialog(core.ticketAct('dialog', 'abandon', ticket, reason ? { reason } : {}))) core.toast(t('lobby.abandoned', { number: what }));
    },
    /** @param {string} ticket @param {string} service */
    async move(ticket, service) {
      const from = number(ticket);
      showNumber(await core.fromDialog(core.ticketAct('dialog', 'move', ticket, { service })), from);
    },
    /** @param {string} ticket @param {object} told */
    async identify(ticket, told) {
      if (await core.fromDialog(core.ticketAct('dialog', 'identify', ticket, told))) core.toast(t('lobby.identified_toast', { number: number(ticket) }));
    },
    /** @param {object} ticket */
    async issue(ticket) {
      showNumber(await core.fromDialog(core.command('dialog', 'issue', '/tickets', ticket)));
    },

    /** What an alert's button does. @param {import('./alerts.js').Alert} alert */
    seeTo(alert) {
      if (alert.act === 'conflict') return core.acknowledge(alert.id);
      if (alert.act === 'reminder') return core.command(alert.place, 'acknowledge', `/reminders/${encodeURIComponent(alert.id)}/acknowledge`);
      if (alert.act === 'counters') return show('counters');
      return show('queue', { order: 'longest', service: '', find: '' });
    },

    openSettings() {
      const { settings, theme, language } = store.get();
      core.open({ kind: 'settings' }, { reminder: String(settings?.reminderMin ?? ''), sound: settings?.sound === false ? 'off' : 'on', theme, language });
    },
    async saveSettings() {
      const { reminder, sound, theme, language } = store.get().draft;
      const body = { waiting_reminder_min: Number(reminder), sound: sound === 'on', theme, language };
      const done = await core.fromDialog(core.run('dialog', 'save', () => api.patch('/device/settings', body)));
      if (!done) return;
      core.chooseTheme(theme);
      core.chooseLanguage(language);
      feed.refresh();
    },
  };
}
