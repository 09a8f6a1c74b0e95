//! How a page is judged by looking at it: whether everybody can use it, and how much a first visit loads.

use anyhow::{Result, ensure};

use super::Page;

/// axe-core, unchanged (`tests/vendor/VENDOR.md`). It only looks: nothing of it reaches the product.
const AXE: &str = include_str!("../../vendor/axe.min.js");

/// Faults that shut somebody out, with where they are.
const SERIOUS: &str = "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .flatMap(({ id, nodes }) => nodes.map((n) => `${id}: ${n.target.join(' ')}: ${n.any[0]?.message ?? n.failureSummary}`)))";

/// Bytes that came over the wire for the page and all it loaded before it was drawn, answers of the API included.
const LOADED: &str = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .reduce((sum, entry) => sum + entry.transferSize, 0)";

/// A page is drawn: its bones are gone and something stands in their place.
const DRAWN: &str = "document.fonts.status === 'loaded' && document.querySelector('#app')?.childElementCount > 0
  && !document.querySelector('.bone, .bones')";

impl Page {
    /// Opens an address in a language (`zh-CN`, `en`) and a theme (`light`, `dark`) and waits until it is drawn.
    ///
    /// # Errors
    /// If it never is.
    pub async fn open(&self, url: &str, language: &str, theme: &str) -> Result<()> {
        self.goto(url).await?;
        self.eval(&format!(
            "localStorage.setItem('bm.language', '{language}'); localStorage.setItem('bm.theme', '{theme}')"
        ))
        .await?;
        // A hash alone would only scroll.
        self.goto("about:blank").await?;
        self.goto(url).await?;
        self.drawn().await?;
        self.wait_for(&format!("document.documentElement.lang === '{language}'")).await
    }

    /// Waits until the page is drawn.
    ///
    /// # Errors
    /// If it never is.
    pub async fn drawn(&self) -> Result<()> {
        self.wait_for(DRAWN).await
    }

    /// Serious and critical faults that axe-core finds; empty is good.
    ///
    /// # Errors
    /// If the browser does not answer.
    pub async fn shuts_out(&self) -> Result<Vec<String>> {
        self.eval(&format!("{AXE};\nundefined")).await?;
        Ok(serde_json::from_value(self.eval(SERIOUS).await?)?)
    }

    /// Bytes of a first visit, compressed as they were sent.
    ///
    /// # Errors
    /// If the browser does not tell.
    pub async fn loaded_bytes(&self) -> Result<u64> {
        let bytes = self.eval(LOADED).await?.as_u64().unwrap_or_default();
        ensure!(bytes > 0, "the browser counted nothing");
        Ok(bytes)
    }

    /// Signs in without the dialog, as a page does that was signed in before; what is open has to be opened again.
    ///
    /// # Errors
    /// If the node refuses.
    pub async fn sign_in_quietly(&self, staff: &str, pin: &str) -> Result<()> {
        let body = serde_json::json!({ "staff_id": staff, "pin": pin }).to_string();
        let status = self
            .eval(&format!(
                "fetch('/api/v1/session', {{ method: 'POST', headers: {{ 'Content-Type': 'application/json' }}, \
                 body: {} }}).then((answer) => answer.status)",
                serde_json::Value::String(body)
            ))
            .await?;
        ensure!(status == 200, "{staff} is not let in: {status}");
        Ok(())
    }
}
