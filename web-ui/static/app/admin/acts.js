// @ts-check
// What an admin does: change a section, invite and revoke devices, keep staff, take a file over.
import * as api from '../core/api.js';
import { t } from '../core/i18n.js';
import { entryOf, firstWrong } from './edit.js';
import { sectionOf } from './sections.js';
import { draftOf } from './state.js';

/** @param {any} core @param {{store: any, feed: any}} parts */
export function createActs(core, { store, feed }) {
  const { dispatch } = store;
  const { command, fromDialog, run, toast } = core;

  /** The refusal opens the entry it speaks of. @param {string} place @param {any} problem */
  function show(place, problem) {
    const entry = entryOf(problem.field);
    if (entry !== null) dispatch({ type: 'opened', entry });
    dispatch({ type: 'refused', place, problem });
    // Once it is drawn: a long section would hide what has to be changed.
    requestAnimationFrame(() => requestAnimationFrame(lead));
  }

  /** @param {Promise<any>} done @param {string} said */
  async function saying(done, said) {
    const answer = await done;
    if (answer?.ok) toast(said);
    return answer;
  }

  return {
    /** @param {string} view */
    visit(view) {
      location.hash = view;
      dispatch({ type: 'view', view });
    },
    /** @param {number} entry */
    toggle: (entry) => dispatch({ type: 'entry', entry }),
    /** @param {string} section @param {import('./edit.js').Path} path @param {any} value */
    edit: (section, path, value) => dispatch({ type: 'edit', section, path, value }),
    /** @param {string} section */
    addEntry(section) {
      const list = draftOf(store.get(), section);
      dispatch({ type: 'edit', section, path: [], value: [...list, sectionOf(section)?.blank?.(list, store.get().config)] });
      dispatch({ type: 'opened', entry: list.length });
    },
    /** @param {string} section */
    giveUp(section) {
      dispatch({ type: 'settled', section });
      dispatch({ type: 'forgive', place: section });
    },
    /** @param {string} section */
    async save(section) {
      const draft = draftOf(store.get(), section);
      const { fields = [], patch } = sectionOf(section) ?? {};
      const wrong = firstWrong(section, fields, draft);
      if (wrong) return show(section, { status: 422, slug: 'validation', title: '', detail: t('admin.whole_number'), field: wrong });
      const answer = await run(section, 'save', () => (patch ? api.patch(patch, draft) : api.put(`/config/${section}`, draft)));
      if (answer?.ok) {
        dispatch({ type: 'settled', section, value: answer.body });
        toast(t('admin.saved', { section: t(`admin.section.${section}`) }));
      } else if (answer) show(section, patch && answer.problem.field ? { ...answer.problem, field: `${section}.${answer.problem.field}` } : answer.problem);
    },

    /** @param {{role: string, name: string, counter?: number, ttl_s: number}} wanted */
    async invite(wanted) {
      const answer = await command('dialog', 'invite', '/devices/invitations', wanted);
      if (answer?.ok) dispatch({ type: 'invitation', invitation: { ...answer.body, ...wanted } });
    },
    forgetInvitation: () => dispatch({ type: 'invitation', invitation: null }),
    /** @param {{id: string, name: string}} device */
    revoke: (device) => saying(fromDialog(command('dialog', 'revoke', `/devices/${encodeURIComponent(device.id)}/revoke`)), t('devices.revoked', { name: device.name })),

    /** @param {{id: string, name: string}} device */
    grant: (device) => saying(fromDialog(command('dialog', 'grant', `/devices/${encodeURIComponent(device.id)}/admin`)), t('admin.done')),

    /** @param {object} member */
    addStaff: (member) => saying(fromDialog(command('dialog', 'staff', '/staff', member)), t('admin.done')),
    /** @param {string} id @param {object} change */
    changeStaff: (id, change) => saying(fromDialog(run('dialog', 'staff', () => api.patch(`/staff/${encodeURIComponent(id)}`, change))), t('admin.done')),

    /** Reads a file and asks what it would change; nothing is changed yet. @param {File} chosen */
    async readFile(chosen) {
      dispatch({ type: 'file', file: null });
      const content = parsed(await chosen.text());
      if (!content) return dispatch({ type: 'refused', place: 'file', problem: { status: 422, slug: 'validation', title: '', detail: t('file.unreadable', { name: chosen.name }) } });
      const answer = await run('file', 'check', () => api.send('/config/import?dry_run=true', content, api.uuid()));
      if (answer?.ok) dispatch({ type: 'file', file: { name: chosen.name, content, result: answer.body } });
    },
    async takeFile() {
      const { file } = store.get();
      const answer = await run('file', 'import', () => api.command('/config/import', file.content));
      if (!answer?.ok) return;
      dispatch({ type: 'file', file: null });
      toast(answer.body.need_pin.length ? t('file.need_pin', { names: answer.body.need_pin.join(t('list.and')) }) : t('file.taken'));
      feed.refresh();
    },
    leaveFile: () => dispatch({ type: 'file', file: null }),
  };
}

/** Brings the refused field to who has to change it. */
function lead() {
  const field = document.querySelector('[data-state="error"]');
  field?.scrollIntoView({ block: 'center' });
  /** @type {HTMLElement | null | undefined} */ (field?.querySelector('input, select, textarea'))?.focus();
}

/** @param {string} text */
function parsed(text) {
  try {
    const content = JSON.parse(text);
    return content && typeof content === 'object' ? content : null;
  } catch {
    return null;
  }
}
