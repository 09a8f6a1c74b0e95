// @ts-check
// How each device and the whole branch do, and what a person should do about it. Pure.
import { network } from '../core/derive.js';
import { figure, minutes, t } from '../core/i18n.js';

/** @typedef {import('../core/types.js').State} State */
/** @typedef {import('../core/types.js').Peer} Peer */

/** Round trips on one LAN take a few milliseconds; above this Wi-Fi or a cable is in trouble. */
const SLOW_MS = 50;
/** Clocks apart by more than this make waiting times look wrong. */
const SKEWED_MS = 2_000;
/** Apart by more than this the business day may change at two times. */
const BADLY_SKEWED_MS = 30_000;

/** @param {Peer} peer */
export const isSlow = (peer) => peer.together && (peer.rttMs ?? 0) > SLOW_MS;
/** @param {Peer} peer */
export const isSkewed = (peer) => Math.abs(peer.skewMs ?? 0) > SKEWED_MS;

/** One word for a device, worst first, with its tone. @param {Peer} peer @param {string | undefined} steward */
export function standing(peer, steward) {
  if (peer.runsTwice) return { key: 'mesh.twice', tone: 'bad' };
  if (!peer.together) return { key: 'mesh.away', tone: 'bad' };
  if (peer.behind) return { key: 'mesh.catching_up', tone: 'warn' };
  if (isSlow(peer)) return { key: 'mesh.slow', tone: 'warn' };
  if (peer.id === steward) return { key: 'mesh.is_steward', tone: 'primary' };
  return { key: peer.state === 'connected' ? 'mesh.linked' : 'mesh.through', tone: 'ok' };
}

/** A difference of clocks as people say it. @param {number | undefined} ms */
export function skew(ms) {
  if (ms === undefined) return t('none');
  if (Math.abs(ms) <= SKEWED_MS) return t('mesh.ms', { n: `${ms > 0 ? '+' : ms < 0 ? '−' : ''}${figure(Math.abs(ms))}` });
  const size = Math.abs(ms) < 60_000 ? t('mesh.seconds', { n: Math.round(Math.abs(ms) / 1000) }) : minutes(Math.abs(ms));
  return t(ms > 0 ? 'mesh.fast' : 'mesh.late', { size });
}

/** @typedef {{tone: 'ok' | 'warn' | 'bad', title: string, act: string}} Advice */

/** What is so and what to do, the worst first; never empty. @param {State} state @returns {Advice[]} */
export function advice(state) {
  const mesh = state.mesh;
  if (network(state).state === 'off') return [{ tone: 'bad', title: t('advice.off'), act: t('advice.off_act') }];
  if (!mesh) return [];
  if (mesh.runsTwice) return [{ tone: 'bad', title: t('advice.twice'), act: t('advice.twice_act') }];
  const found = [...apart(state), ...steward(state), ...mesh.peers.flatMap(device)];
  if (mesh.anomalies) found.push({ tone: 'warn', title: t('advice.anomalies', { n: mesh.anomalies }), act: t('advice.anomalies_act') });
  found.sort((a, b) => Number(b.tone === 'bad') - Number(a.tone === 'bad'));
  return found.length ? found : [{ tone: 'ok', title: t('advice.well'), act: t(mesh.total === 1 ? 'advice.single_act' : 'advice.well_act') }];
}

/** @param {State} state @returns {Advice[]} */
function apart({ mesh }) {
  const away = mesh?.peers.filter((peer) => !peer.together && !peer.runsTwice) ?? [];
  if (!mesh || !away.length) return [];
  const names = away.slice(0, 3).map((peer) => peer.name).join(t('list.and')) + (away.length > 3 ? t('mesh.and_more', { n: away.length - 3 }) : '');
  // One silent device is that device; several at once are a cable or a switch between.
  if (away.length === 1) return [{ tone: 'warn', title: t('advice.one_away', { name: names }), act: t('advice.one_away_act') }];
  return [{ tone: 'bad', title: t('advice.split', { n: mesh.group, m: mesh.total, names }), act: t(mesh.foreignWaiting ? 'advice.split_foreign_act' : 'advice.split_act', { foreign: mesh.foreignWaiting }) }];
}

/** @param {State} state @returns {Advice[]} */
function steward({ mesh }) {
  return mesh?.stewardId ? [] : [{ tone: 'bad', title: t('advice.no_steward'), act: t('advice.no_steward_act') }];
}

/** @param {Peer} peer @returns {Advice[]} */
function device(peer) {
  const { name } = peer;
  /** @type {Advice[]} */
  const found = [];
  if (peer.runsTwice) found.push({ tone: 'bad', title: t('advice.peer_twice', { name }), act: t('advice.peer_twice_act') });
  if (peer.together && peer.behind) found.push({ tone: 'warn', title: t('advice.behind', { name, n: peer.behind }), act: t('advice.behind_act') });
  if (isSlow(peer)) found.push({ tone: 'warn', title: t('advice.slow', { name, n: figure(peer.rttMs ?? 0) }), act: t('advice.slow_act') });
  if (isSkewed(peer)) {
    const bad = Math.abs(peer.skewMs ?? 0) > BADLY_SKEWED_MS;
    found.push({ tone: bad ? 'bad' : 'warn', title: t('advice.skew', { name, skew: skew(peer.skewMs) }), act: t('advice.skew_act') });
  }
  return found;
}
