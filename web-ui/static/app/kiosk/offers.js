// @ts-check
// What the kiosk offers: groups, services and categories as tiles with the figures of their queues. Pure.

/** @typedef {{zh: string, en: string}} Text */
/** @typedef {{low: number, high: number}} Range */
/** @typedef {{key: string, kind: 'group' | 'service' | 'category' | 'more', id: string, name: Text, about: Text[], icon: string, enabled: boolean, waiting: number, range?: Range, served: boolean}} Tile */

/** Tiles that fit one view; what is beyond stands behind "more". */
export const TILES = 8;

/** Pictures by what a service or category is called in the configuration. */
const PICTURES = /** @type {[RegExp, string][]} */ ([
  [/loss|lost|stolen/, 'loss'],
  [/wealth|fund|invest|gold|vip|insur/, 'wealth'],
  [/corp|company|business|enterprise/, 'company'],
  [/card|account|personal/, 'card'],
  [/loan|credit|mortgage|form/, 'doc'],
  [/non.?cash|transfer|remit/, 'transfer'],
  [/cash|deposit|withdraw|exchange|fx|currency/, 'cash'],
]);

/** @param {string} id */
export const picture = (id) => PICTURES.find(([like]) => like.test(id.toLowerCase()))?.[1] ?? 'ticket';

/**
 * The tiles of the first level: the groups in their order, then services that belong to none. A group of one is no
 * choice, so its service stands for itself.
 * @param {{services: any[], groups: {id: string, name: Text}[]}} branch
 * @param {any[]} queues
 * @returns {Tile[]}
 */
export function firstLevel({ services, groups }, queues) {
  const named = new Set(groups.map((g) => g.id));
  const loose = [...new Set(services.flatMap((s) => (s.group && !named.has(s.group) ? [s.group] : [])))];
  const all = [...groups, ...loose.map((id) => ({ id, name: { zh: id, en: id } }))];
  const grouped = all.flatMap((group) => {
    const inside = services.filter((s) => s.group === group.id);
    return inside.length > 1 ? [groupTile(group, inside, queues)] : inside.map((s) => serviceTile(s, queues));
  });
  return [...grouped, ...services.filter((s) => !s.group).map((s) => serviceTile(s, queues))];
}

/** @param {string} group @param {any[]} services @param {any[]} queues @returns {Tile[]} */
export const groupLevel = (group, services, queues) => services.filter((s) => s.group === group).map((s) => serviceTile(s, queues));

/** @param {any} service @returns {Tile[]} */
export const categoryLevel = (service) =>
  service.categories.map((/** @type {any} */ c) => ({ key: `category-${c.id}`, kind: 'category', id: c.id, name: c.name, about: [], icon: picture(c.id), enabled: true, waiting: 0, served: true }));

/** @param {any} service @param {any[]} queues @returns {Tile} */
export function serviceTile(service, queues) {
  const queue = queues.find((q) => q.service === service.id);
  return {
    key: `service-${service.id}`, kind: 'service', id: service.id, name: service.name, icon: picture(service.id), enabled: service.enabled,
    about: service.categories.map((/** @type {any} */ c) => c.name), waiting: queue?.waiting ?? 0, range: queue?.estimate, served: (queue?.openCounters ?? 1) > 0,
  };
}

/** @param {{id: string, name: Text}} group @param {any[]} services @param {any[]} queues @returns {Tile} */
function groupTile(group, services, queues) {
  const inside = services.map((s) => serviceTile(s, queues));
  return {
    key: `group-${group.id}`, kind: 'group', id: group.id, name: group.name, icon: 'list', about: inside.map((tile) => tile.name),
    enabled: inside.some((tile) => tile.enabled), waiting: inside.reduce((sum, tile) => sum + tile.waiting, 0), served: inside.some((tile) => tile.served),
  };
}

/**
 * One view of a long list: when not all fit, the last place leads to the rest.
 * @param {Tile[]} tiles
 * @param {number} page
 */
export function pageOf(tiles, page) {
  if (tiles.length <= TILES) return { tiles, rest: [] };
  const size = TILES - 1;
  const start = Math.min(page, Math.ceil(tiles.length / size) - 1) * size;
  return { tiles: tiles.slice(start, start + size), rest: start + size < tiles.length ? tiles.slice(start + size) : tiles.slice(0, size) };
}
