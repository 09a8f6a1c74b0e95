// @ts-check
// Keeps the pages in this browser and brings a new release in at a quiet moment. Browsers allow that to pages of this machine
// and of HTTPS only; elsewhere the page works without.

const LOOK_MS = 3_600_000;

/** @param {() => boolean} isQuiet whether nobody would lose anything by a fresh page */
export async function keepShell(isQuiet) {
  const container = navigator.serviceWorker;
  if (!container) return { look() {} };
  const registration = await container.register('/sw.js').catch(() => null);
  if (!registration) return { look() {} };
  // The first worker has nothing to replace: it takes charge at the next load by itself.
  const offer = () => container.controller && isQuiet() && registration.waiting?.postMessage('take-over');
  const look = () => registration.update().catch(() => {});
  setInterval(offer, 5_000);
  setInterval(look, LOOK_MS);
  return { look };
}
