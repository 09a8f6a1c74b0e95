//! A real browser, driven through its DevTools protocol: launch → page → goto, eval, click, type, wait, screenshot.
//!
//! Chromium runs headless with a fresh profile and is ended with its whole process group when [`Browser`] is dropped.

mod cdp;
mod hall;
mod live_page;
mod look;
mod page;
pub mod steps;

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tempfile::TempDir;

pub use hall::{Hall, Screen};
pub use live_page::walk_live_page;
pub use page::Page;
pub use steps::Person;

/// A condition of a page: something stands on it.
pub fn there(selector: &str) -> String {
    format!("document.querySelector({}) !== null", serde_json::json!(selector))
}

/// Tells a story in a browser of its own; calls of [`crate::client::Client`] may stand in between.
///
/// # Errors
/// What went wrong.
pub fn in_browser(story: impl AsyncFnOnce(Browser) -> Result<()>) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async { story(Browser::launch().await?).await })
}

const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
    "--disable-component-update",
];

/// How long anything on a page may take before a test gives up: generous, for busy machines.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running Chromium.
pub struct Browser {
    child: Child,
    port: u16,
    // Removed after the browser has ended: fields drop in order, and `Drop` ends it first.
    _profile: TempDir,
}

impl Browser {
    /// Starts Chromium with a fresh profile.
    ///
    /// # Errors
    /// If it is not installed or does not open its DevTools port in time.
    pub async fn launch() -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let child = Command::new("/usr/bin/chromium")
            .args(FLAGS)
            .arg("--remote-debugging-port=0")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own, so that the helpers it starts can be ended with it and nothing else can.
            .process_group(0)
            .spawn()
            .context("/usr/bin/chromium does not start; is it installed?")?;
        let port_file = profile.path().join("DevToolsActivePort");
        let mut browser = Self { child, port: 0, _profile: profile };
        browser.port = devtools_port(&port_file, &mut browser.child).await?;
        Ok(browser)
    }

    /// Opens an empty page of its own.
    ///
    /// # Errors
    /// If the browser does not answer.
    pub async fn page(&self) -> Result<Page> {
        let address = format!("http://127.0.0.1:{}/json/new?about:blank", self.port);
        let target: serde_json::Value =
            branchmesh_node::http_client().no_proxy().build()?.put(address).send().await?.json().await?;
        let socket = target["webSocketDebuggerUrl"].as_str().context("the browser named no socket for the page")?;
        Page::attach(socket).await
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            // Already gone is as good as ended.
            let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
        }
        let _ = self.child.wait();
    }
}

/// Chromium writes its port, then the path of its socket, into a file of its profile.
async fn devtools_port(file: &Path, child: &mut Child) -> Result<u16> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            bail!("chromium ended at once: {status}");
        }
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if let Some(port) = text.split_once('\n').and_then(|(port, _)| port.parse().ok()) {
            return Ok(port);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("chromium opened no DevTools port: {}", PathBuf::from(file).display())
}
