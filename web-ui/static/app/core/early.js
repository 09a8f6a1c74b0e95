// @ts-check
// Runs before the first paint, so that a chosen theme or language never flashes, and before any module, so that a page which
// a new release met half loaded is loaded again.
(() => {
  const kept = (/** @type {string} */ name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  };
  const root = document.documentElement;
  const theme = kept('bm.theme');
  if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
  if (kept('bm.contrast') === 'more') root.dataset.contrast = 'more';
  // A page that nobody kept yet has nothing to replace.
  if (navigator.serviceWorker?.controller) navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  root.lang = kept('bm.language') || (navigator.language.startsWith('zh') ? 'zh-CN' : 'en');
})();
