// @ts-check
// The service worker keeps the pages of one release, all of it or none: a page can be opened while the node behind it is down, and
// never runs with files of two releases. `RELEASE` is written above by the node (web-ui/src/worker.rs).
// Loop: install → fetch every file and check its tag → wait → the page says when → activate → the pages load again.

const CACHE = `branchmesh-${RELEASE.version}`;
const FILES = new Map(RELEASE.files);
const worker = /** @type {any} */ (self);

worker.addEventListener('install', (event) => event.waitUntil(keep()));
worker.addEventListener('activate', (event) => event.waitUntil(forgetOthers()));
worker.addEventListener('message', (event) => event.data === 'take-over' && worker.skipWaiting());
worker.addEventListener('fetch', (event) => {
  const file = fileOf(event.request);
  if (file) event.respondWith(answer(file, event.request));
});

async function keep() {
  const cache = await caches.open(CACHE);
  await Promise.all([...FILES].map(async ([path, tag]) => {
    const response = await fetch(path, { cache: 'no-cache' });
    // The node may have been replaced meanwhile: then this release is gone, and the next worker keeps the next one.
    if (!response.ok || response.headers.get('ETag')?.replace('W/', '') !== tag) throw new Error(`${path} is of another release`);
    await cache.put(path, response);
  }));
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith('branchmesh-') && name !== CACHE).map((name) => caches.delete(name)));
}

/** The kept file that answers a request; nothing for the API and for what is not of the pages. @param {Request} request */
function fileOf(request) {
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return undefined;
  if (request.mode === 'navigate') return pageOf(pathname);
  return FILES.has(pathname) ? pathname : undefined;
}

/** An address that ends with a slash stands for every single segment below it. @param {string} pathname */
function pageOf(pathname) {
  const answers = (/** @type {string} */ address) => pathname === address
    || (address !== '/' && address.endsWith('/') && pathname.startsWith(address) && !pathname.slice(address.length).includes('/'));
  return RELEASE.pages.find(([address]) => answers(address))?.[1];
}

/** @param {string} file @param {Request} request */
async function answer(file, request) {
  return (await caches.match(file, { cacheName: CACHE })) ?? fetch(request);
}
