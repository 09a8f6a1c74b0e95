// @ts-check
// The only file that touches the network. Answers come back as values, never as exceptions: a refused command, a lost
// connection and a success are told apart by `ok` and, when refused, by the problem's slug.

const BASE = '/api/v1';
const PATIENCE_MS = 20_000;
const REOPEN_MS = 2_000;

let csrf = '';
/** Commands wait for a token that is being asked for. @type {Promise<unknown>} */
let asking = Promise.resolve();

/** Commands whose fate is unknown keep their key, so that pressing again can never do them twice. @type {Map<string, string>} */
const undecided = new Map();

/** The token that proves a command comes from this page. @param {string | undefined} token */
export function setCsrf(token) {
  csrf = token ?? '';
}

export const hasCsrf = () => csrf !== '';

/** @param {Promise<unknown>} token */
export function waitForCsrf(token) {
  asking = token;
}

/** @param {string} path @returns {Promise<import('./types.js').Answer<any>>} */
export function get(path) {
  return ask('GET', path, undefined, {});
}

/**
 * A command. Its key stays the same until its fate is known, whatever happens to the connection meanwhile.
 * @param {string} path
 * @param {object} [body]
 */
export async function command(path, body = {}) {
  const what = `${path} ${JSON.stringify(body)}`;
  const key = undecided.get(what) ?? uuid();
  undecided.set(what, key);
  const answer = await send(path, body, key);
  if (answer.ok || !mayBeTriedAgain(answer.problem.status)) undecided.delete(what);
  return answer;
}

/** The key of a command that from now on somebody else sees through. @param {string} path @param {object} [body] */
export function handOver(path, body = {}) {
  const what = `${path} ${JSON.stringify(body)}`;
  const key = undecided.get(what) ?? uuid();
  undecided.delete(what);
  return key;
}

/** A command under a key that somebody else keeps. @param {string} path @param {object} body @param {string} key */
export function send(path, body, key) {
  return ask('POST', path, body, { 'Idempotency-Key': key });
}

/** Replaces a resource. @param {string} path @param {unknown} body */
export function put(path, body) {
  return ask('PUT', path, body, { 'Idempotency-Key': uuid() });
}

/** Changes parts of a resource. @param {string} path @param {unknown} body */
export function patch(path, body) {
  return ask('PATCH', path, body, { 'Idempotency-Key': uuid() });
}

/** Staff sign in with their PIN. @param {string} staffId @param {string} pin */
export function signIn(staffId, pin) {
  return ask('POST', '/session', { staff_id: staffId, pin }, {});
}

/** A screen on another machine gets its device's role by a code that a colleague reads out. @param {string} code */
export function pair(code) {
  return ask('POST', '/session', { pairing_code: code }, {});
}

export function signOut() {
  return ask('DELETE', '/session', undefined, {});
}

/** A file of sentences. @param {string} language @param {string} name @returns {Promise<Record<string, string>>} */
export async function sentences(language, name) {
  const response = await fetch(`/locales/${language}/${name}.json`);
  return response.json();
}

/** The sheet of icons, as text. @returns {Promise<string>} */
export async function icons() {
  return (await fetch('/icons.svg')).text();
}

/**
 * The event stream, until what is given back is called. The browser reconnects by itself and names the last event it saw.
 * @param {string[]} types
 * @param {import('./together.js').On} on
 */
export function follow(types, on) {
  /** @type {EventSource} */
  let stream;
  let waiting = 0;
  function open() {
    const opened = (stream = new EventSource(`${BASE}/events`));
    opened.addEventListener('error', () => {
      on.lost();
      // A refused stream (signed out, restarted node) is closed for good by the browser: open a new one a little later.
      if (opened.readyState === EventSource.CLOSED) waiting = window.setTimeout(open, REOPEN_MS);
    });
    // A reconnect may have missed something.
    for (const type of ['open', 'resync']) opened.addEventListener(type, () => on.opened());
    for (const type of types) opened.addEventListener(type, (message) => on.happened(JSON.parse(/** @type {MessageEvent} */ (message).data)));
  }
  open();
  return () => {
    clearTimeout(waiting);
    stream.close();
  };
}

/** Whether a command with this answer has to be sent again: nobody knows, or nothing was changed. @param {number} status */
export function mayBeTriedAgain(status) {
  return status === 0 || status === 429 || status >= 502;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {object | undefined} body
 * @param {Record<string, string>} headers
 * @returns {Promise<import('./types.js').Answer<any>>}
 */
async function ask(method, path, body, headers) {
  const init = { method, headers: { ...headers, 'Accept-Language': document.documentElement.lang }, signal: AbortSignal.timeout(PATIENCE_MS) };
  if (method !== 'GET') await asking;
  if (method !== 'GET' && csrf) Object.assign(init.headers, { 'X-Branchmesh-CSRF': csrf });
  if (body !== undefined) Object.assign(init, { body: JSON.stringify(body), headers: { ...init.headers, 'Content-Type': 'application/json' } });
  try {
    return await read(await fetch(BASE + path, init));
  } catch {
    return { ok: false, problem: { status: 0, slug: 'unreachable', title: '', detail: '' } };
  }
}

/** @param {Response} response */
async function read(response) {
  const text = await response.text();
  const body = text && response.headers.get('Content-Type')?.includes('json') ? JSON.parse(text) : null;
  if (response.ok) return { ok: /** @type {const} */ (true), status: response.status, body };
  const slug = String(body?.type ?? 'failed').split('/').pop() ?? 'failed';
  const problem = { status: response.status, slug, title: body?.title ?? '', detail: body?.detail ?? '', field: body?.field, retryAfterS: Number(response.headers.get('Retry-After')) || undefined };
  return { ok: /** @type {const} */ (false), problem };
}

/** `randomUUID` is withheld from pages that came over plain HTTP from another machine of the branch. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
