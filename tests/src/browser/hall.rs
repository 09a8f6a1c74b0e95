//! Pages used step by step by a story that blocks, so that commands to nodes may stand in between.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::steps::{self, Look, Person};
use super::{Browser, Page, there};
use crate::node::Node;

/// What the people of a story look at: one browser, whose screens end with it.
pub struct Hall {
    runtime: Runtime,
    browser: Browser,
}

impl Hall {
    /// Starts the browser.
    ///
    /// # Errors
    /// If it does not start.
    pub fn new() -> Result<Self> {
        let runtime = Runtime::new()?;
        let browser = runtime.block_on(Browser::launch())?;
        Ok(Self { runtime, browser })
    }

    /// Opens an address of a node on a screen of this size.
    ///
    /// # Errors
    /// If it cannot be loaded.
    pub fn open(&self, node: &Node, path: &str, (width, height): (u32, u32)) -> Result<Screen<'_>> {
        let base = format!("http://{}", node.place.http);
        let page = self.runtime.block_on(async {
            let page = self.browser.page().await?;
            page.resize(width, height).await?;
            page.goto(&format!("{base}{path}")).await?;
            anyhow::Ok(page)
        })?;
        Ok(Screen { runtime: &self.runtime, page, base })
    }
}

/// One page.
pub struct Screen<'a> {
    runtime: &'a Runtime,
    page: Page,
    base: String,
}

impl Screen<'_> {
    /// Switches to a language; `zh-CN` or `en`.
    ///
    /// # Errors
    /// If the page does not switch.
    pub fn speak(&self, language: &str) -> Result<()> {
        self.runtime.block_on(steps::speak(&self.page, language))
    }

    /// Signs in with the dialog of the top bar.
    ///
    /// # Errors
    /// If the page does not take them.
    pub fn sign_in(&self, person: Person<'_>) -> Result<()> {
        self.runtime.block_on(steps::sign_in(&self.page, person))
    }

    /// Clicks what a selector finds.
    ///
    /// # Errors
    /// If it is never there to be clicked.
    pub fn click(&self, selector: &str) -> Result<()> {
        self.runtime.block_on(self.page.click(selector)).with_context(|| format!("clicking {selector}"))
    }

    /// Clicks a place.
    ///
    /// # Errors
    /// If the browser does not answer.
    pub fn click_at(&self, x: u32, y: u32) -> Result<()> {
        self.runtime.block_on(self.page.click_at(f64::from(x), f64::from(y)))
    }

    /// Sends the dialog that is open.
    ///
    /// # Errors
    /// If there is none.
    pub fn submit(&self) -> Result<()> {
        self.click("dialog button[type=submit]")
    }

    /// Types into a field in place of what stands there.
    ///
    /// # Errors
    /// If there is no such field.
    pub fn fill(&self, selector: &str, text: &str) -> Result<()> {
        self.runtime.block_on(self.page.fill(selector, text))
    }

    /// Waits until a JavaScript condition holds.
    ///
    /// # Errors
    /// If it never does.
    pub fn holds(&self, condition: &str) -> Result<()> {
        self.runtime.block_on(self.page.wait_for(condition))
    }

    /// Waits until something is on the page.
    ///
    /// # Errors
    /// If it never is.
    pub fn shows(&self, selector: &str) -> Result<()> {
        self.holds(&there(selector))
    }

    /// Waits until something is not, or no longer, on the page.
    ///
    /// # Errors
    /// If it stays.
    pub fn gone(&self, selector: &str) -> Result<()> {
        self.holds(&format!("!({})", there(selector)))
    }

    /// Waits until the first such element holds `text`.
    ///
    /// # Errors
    /// If it never does.
    pub fn reads(&self, selector: &str, text: &str) -> Result<()> {
        let (selector, text) = (json!(selector), json!(text));
        self.holds(&format!("document.querySelector({selector})?.textContent.includes({text}) === true"))
    }

    /// The text of an element, once it is there.
    ///
    /// # Errors
    /// If it never is.
    pub fn text(&self, selector: &str) -> Result<String> {
        self.shows(selector)?;
        self.runtime.block_on(self.page.text(selector))
    }

    /// The value of a JavaScript expression.
    ///
    /// # Errors
    /// If it throws.
    pub fn value(&self, js: &str) -> Result<Value> {
        self.runtime.block_on(self.page.eval(js))
    }

    /// Opens another address of the same node, or the same anew.
    ///
    /// # Errors
    /// If it cannot be loaded.
    pub fn reload(&self, path: &str) -> Result<()> {
        self.runtime.block_on(async {
            // The same address alone would not be loaded anew.
            self.page.goto("about:blank").await?;
            self.page.goto(&format!("{}{path}", self.base)).await
        })
    }

    /// Nothing overflows in any of the sizes; the first of them stays.
    ///
    /// # Errors
    /// What does not fit.
    pub fn fits(&self, what: &str, sizes: &[(u32, u32)]) -> Result<()> {
        self.runtime.block_on(async {
            for &(width, height) in sizes {
                self.page.resize(width, height).await?;
                let over = self.page.overflowing().await?;
                ensure!(over.is_empty(), "{what} does not fit at {width}x{height}: {over:#?}");
            }
            let (width, height) = sizes[0];
            self.page.resize(width, height).await
        })
    }

    /// Nothing overflows in any size, language and theme; pictures are kept if asked for.
    ///
    /// # Errors
    /// What does not fit, and where.
    pub fn fits_everywhere(&self, name: &str, sizes: &[(u32, u32)]) -> Result<()> {
        let pictures = std::env::var_os("BRANCHMESH_PICTURES");
        let look = Look { name, sizes, pictures: pictures.as_deref().map(Path::new) };
        self.runtime.block_on(steps::look_everywhere(&self.page, &look))
    }

    /// The page kept to its own origin and found nothing wrong.
    ///
    /// # Errors
    /// What it asked of others, or what stands on its console.
    pub fn kept_to_itself(&self) -> Result<()> {
        steps::kept_to_itself(&self.page, &self.base)
    }
}
