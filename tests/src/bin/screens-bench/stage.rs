//! The branch and the browser of a run, and the stop watch that is put into its pages.

use std::time::Duration;

use anyhow::{Context as _, Result};
use branchmesh_tests::branch::Branch;
use branchmesh_tests::browser::{Browser, Page};
use branchmesh_tests::node::{MANAGER, MANAGER_PIN};
use indicatif::{ProgressBar, ProgressStyle};

/// Runs inside a page. Times are those of the page's own clock, which browsers keep apart from the wall clock by a little;
/// `skew` is how much. Something is *shown* when the frame that holds it has been laid out and painted: pages draw in
/// animation frames, and the next task runs after that frame.
const STOP_WATCH: &str = "
  window.watch = (() => {
    const now = () => performance.timeOrigin + performance.now();
    const painted = () => new Promise((done) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => done(now());
      port2.postMessage(0);
    });
    const shown = (there) => new Promise((done) => {
      const look = () => there() && (observer.disconnect(), done(painted()));
      const observer = new MutationObserver(look);
      observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
      look();
    });
    const touched = (kind) => new Promise((done) => {
      const heard = (event) => done(performance.timeOrigin + event.timeStamp);
      addEventListener(kind, heard, { capture: true, once: true });
    });
    let began, ended;
    return {
      shown,
      begin: (kind) => void (began = touched(kind)),
      until: (there) => void (ended = shown(there)),
      began: () => began,
      ended: () => ended,
      skew: () => Math.min(...Array.from({ length: 20_000 }, () => now() - Date.now())),
    };
  })();";

/// What the parts of a run share.
pub(crate) struct Stage<'a> {
    pub(crate) branch: &'a Branch,
    pub(crate) browser: Browser,
    pub(crate) times: usize,
}

impl Stage<'_> {
    /// The address of a page of a device.
    pub(crate) fn url(&self, node: &str, path: &str) -> String {
        format!("http://{}{path}", self.branch.node(node).place.http)
    }

    /// Opens a page of a device in English at a size; for staff if it says so.
    pub(crate) async fn open(&self, node: &str, path: &str, size: (u32, u32), staff: bool) -> Result<Page> {
        self.open_in(&self.browser, node, path, size, staff).await
    }

    /// The same in another browser.
    pub(crate) async fn open_in(
        &self,
        browser: &Browser,
        node: &str,
        path: &str,
        size: (u32, u32),
        staff: bool,
    ) -> Result<Page> {
        let page = browser.page().await?;
        prepare(&page, &self.url(node, "/health"), size, staff).await?;
        page.open(&self.url(node, path), "en", "light").await?;
        Ok(page)
    }
}

/// Gives a page its size and its stop watch, and signs in at the node whose `/health` is named.
pub(crate) async fn prepare(page: &Page, health: &str, (width, height): (u32, u32), staff: bool) -> Result<()> {
    page.resize(width, height).await?;
    page.run_first(STOP_WATCH).await?;
    page.goto(health).await?;
    let signed_in = page.eval("fetch('/api/v1/session').then((answer) => answer.ok)").await? == true;
    if staff && !signed_in { page.sign_in_quietly(MANAGER, MANAGER_PIN).await } else { Ok(()) }
}

/// The value of an expression that is a number, or a promise of one.
pub(crate) async fn number(page: &Page, js: &str) -> Result<f64> {
    page.eval(js).await?.as_f64().with_context(|| format!("{js} is no number"))
}

/// Progress of one part.
pub(crate) fn progress(what: &'static str, steps: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:24} {wide_bar} {pos}/{len}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(steps as u64).with_style(style).with_message(what)
}

/// People do not press in step with the frames of a screen.
pub(crate) async fn breathe(round: usize) {
    tokio::time::sleep(Duration::from_millis(40 + (round as u64 * 37) % 50)).await;
}
