// @ts-check
// Which work stands behind this page: by the device's role, and by the roles of who is signed in. Pure.
import { network } from '../core/derive.js';
import { age, minutes, t } from '../core/i18n.js';

/** @typedef {import('../core/types.js').State} State */
/** @typedef {{name: string, href: string, icon: string, figure?: string, line: string, tone?: string}} Work */

const SCREENS = /** @type {Record<string, string>} */ ({ kiosk: '/kiosk', display: '/display', rating: '/rating' });
const OWN = /** @type {Record<string, string>} */ ({ kiosk: 'kiosk', display: 'display', rating: 'rating', counter: 'counter', tablet: 'lobby' });
const LOBBY = ['lobby_manager', 'branch_head', 'admin'];
const SETUP = ['branch_head', 'admin'];

/** Where a device goes by itself, if customers stand in front of it. @param {State} state */
export function ownScreen(state) {
  const public_ = state.snapshot?.scope === 'device' && state.link === 'live';
  return public_ ? SCREENS[state.branch?.device.role ?? ''] : undefined;
}

/** The screen this device is for, whoever is signed in. @param {State} state */
export const deviceWork = (state) => OWN[state.branch?.device.role ?? ''];

/** Works of the signed-in person, the most used first. @param {State} state @returns {Work[]} */
export function staffWork(state) {
  const roles = state.session?.roles ?? [];
  const may = (/** @type {string[]} */ wanted) => wanted.some((role) => roles.includes(role));
  const works = [];
  if (may(['teller', ...LOBBY])) works.push(work(state, 'counter'));
  if (may(LOBBY)) works.push(work(state, 'lobby'));
  works.push(work(state, 'mesh'));
  if (may(SETUP)) works.push(work(state, 'admin'));
  return works;
}

/** Works that need nobody. @param {State} state @returns {Work[]} */
export const openWork = (state) => ['display', 'mesh', 'live'].map((name) => work(state, name));

/** @param {State} state @param {string} name @returns {Work} */
export function work(state, name) {
  return { name, href: `/${name}`, ...FACES[name]?.(state) };
}

/** @param {State} state */
const waiting = (state) => state.snapshot?.queues.reduce((sum, queue) => sum + queue.waiting, 0) ?? 0;

/** How long the longest wait is. @param {State} state */
function longest(state) {
  const waits = (state.snapshot?.queues ?? []).map((queue) => queue.longestMs ?? 0);
  const most = Math.max(0, ...waits);
  return waiting(state) ? t('start.longest', { wait: minutes(most) }) : t('start.nobody');
}

/** @type {Record<string, (state: State) => {icon: string, figure?: string, line: string, tone?: string}>} */
const FACES = {
  kiosk: (state) => ({ icon: 'kiosk', figure: String(waiting(state)), line: longest(state) }),
  counter: (state) => ({ icon: 'counter', figure: String(waiting(state)), line: longest(state) }),
  lobby(state) {
    const conflicts = state.snapshot?.conflicts.length ?? 0;
    const open = state.snapshot?.counters.filter((counter) => counter.state === 'open').length ?? 0;
    return { icon: 'people', figure: String(conflicts || open), line: t(conflicts ? 'start.conflicts' : 'start.open_counters'), tone: conflicts ? 'bad' : undefined };
  },
  display: (state) => ({ icon: 'screen', line: t('start.display_line') }),
  rating: () => ({ icon: 'star', line: t('start.rating_line') }),
  mesh(state) {
    const net = network(state);
    const words = t(net.key, { n: state.mesh?.group ?? 0, m: state.mesh?.total ?? 0, age: age(state.now - state.seenAt) });
    return { icon: `net-${net.state}`, figure: state.mesh ? `${state.mesh.group}/${state.mesh.total}` : undefined, line: words, tone: net.state === 'joined' ? undefined : 'warn' };
  },
  admin: (state) => ({ icon: 'gear', figure: String(state.branch?.services.length ?? 0), line: t('start.admin_line') }),
  live: () => ({ icon: 'list', line: t('start.live_line') }),
};
