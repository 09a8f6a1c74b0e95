// @ts-check
// Runs before the first paint, so that a chosen theme or language never flashes.
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
  root.lang = kept('bm.language') || (navigator.language.startsWith('zh') ? 'zh-CN' : 'en');
})();
