// @ts-check
// One event stream for all pages of a browser that show the same node: a browser opens at most six connections to a node, and
// a stream holds one for good. Loop: every page waits for its turn → whose turn it is opens the stream and passes on what it
// hears → when that page goes, the next one has its turn.

const NAME = 'bm.events';

/** @typedef {{opened: () => void, happened: (event: any) => void, lost: () => void}} On */

/**
 * @param {(on: On) => () => void} open opens a stream and gives what closes it
 * @param {On} on
 */
export function together(open, on) {
  // Browsers keep locks from pages that came over plain HTTP from another machine: such a page has a stream of its own.
  const { locks } = navigator;
  const channel = locks ? new BroadcastChannel(NAME) : null;
  /** @type {string | null | undefined} */
  let who;
  let again = () => {};

  const tell = (/** @type {keyof On} */ what) => (/** @type {any} */ said) => {
    channel?.postMessage([what, said]);
    on[what](said);
  };
  const heard = { opened: tell('opened'), happened: tell('happened'), lost: tell('lost') };
  channel?.addEventListener('message', ({ data: [what, said] }) => (what === 'as' ? become(said) : on[/** @type {keyof On} */ (what)](said)));

  /** A stream shows what its opener was allowed to see: somebody else needs another. @param {string | null} now */
  function become(now) {
    const other = who !== undefined && who !== now;
    who = now;
    if (other) again();
  }

  /** Holds the stream until the page is left. @param {AbortSignal} left @returns {Promise<void>} */
  const hold = (left) => new Promise((done) => {
    if (left.aborted) return done();
    let close = open(heard);
    again = () => (close(), (close = open(heard)));
    left.addEventListener('abort', () => (close(), (again = () => {}), done()));
  });

  // A page that was left may live on in the browser's memory; it does not keep the others waiting.
  function wait() {
    const left = new AbortController();
    addEventListener('pagehide', () => left.abort(), { once: true });
    const turn = () => hold(left.signal);
    if (locks) locks.request(NAME, { signal: left.signal }, turn).catch(() => {});
    else turn();
  }

  wait();
  addEventListener('pageshow', (event) => event.persisted && wait());
  return {
    /** Tells who is signed in, as the newest picture says. @param {string | null} now */
    as(now) {
      if (now !== who) channel?.postMessage(['as', now]);
      become(now);
    },
  };
}
