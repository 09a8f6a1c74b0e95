//! A page as a person uses it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::cdp::Cdp;
use super::{PATIENCE, there};

/// Between two looks at whether something stands still: dialogs and cards arrive in a short movement.
const STILL: Duration = Duration::from_millis(60);
/// How long a finger that taps rests on the glass; people need 50 to 150 ms.
const TOUCH: Duration = Duration::from_millis(80);

/// Elements whose text does not fit: wider than their box, unless they end in an ellipsis and tell the whole in `title`, or
/// sticking out of the card they stand in.
const OVERFLOWING: &str = r#"[...document.querySelectorAll('body *')].filter((e) => {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  const box = getComputedStyle(e);
  if (!own || !e.offsetParent || e.closest('.sr') || box.display === 'inline' || box.display.startsWith('table-')) return false;
  if ((box.textOverflow === 'ellipsis' || box.webkitLineClamp !== 'none') && e.title) return false;
  const card = e.closest('.card'), edge = (of) => of.getBoundingClientRect().right;
  return e.scrollWidth > e.clientWidth + 1 || (card !== null && edge(e) > edge(card) + 1);
}).map((e) => `${e.tagName}.${e.className} ${e.textContent.trim()}`)
  .concat(document.documentElement.scrollWidth > innerWidth ? ['the page itself'] : [])"#;

/// One tab of the browser.
pub struct Page {
    cdp: Cdp,
}

impl Page {
    pub(super) async fn attach(socket: &str) -> Result<Self> {
        let cdp = Cdp::connect(socket).await?;
        for domain in ["Page.enable", "Runtime.enable", "Log.enable", "Network.enable"] {
            cdp.ask(domain, json!({})).await?;
        }
        // Only one tab is in front; the others would not draw. Screens of several devices are all looked at.
        cdp.ask("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await?;
        Ok(Self { cdp })
    }

    /// Opens an address and waits until the document and its modules have run.
    ///
    /// # Errors
    /// If it cannot be loaded.
    pub async fn goto(&self, url: &str) -> Result<()> {
        let answer = self.cdp.ask("Page.navigate", json!({ "url": url })).await?;
        if let Some(error) = answer["errorText"].as_str() {
            bail!("{url}: {error}");
        }
        let here = format!("document.readyState === 'complete' && location.href.startsWith({})", json!(url));
        self.wait_for(&here).await
    }

    /// The value of a JavaScript expression; a promise is awaited.
    ///
    /// # Errors
    /// If it throws.
    pub async fn eval(&self, js: &str) -> Result<Value> {
        let params = json!({ "expression": js, "returnByValue": true, "awaitPromise": true });
        let answer = self.cdp.ask("Runtime.evaluate", params).await?;
        match answer.get("exceptionDetails") {
            Some(thrown) => bail!("{js}: {thrown}"),
            None => Ok(answer["result"]["value"].clone()),
        }
    }

    /// Waits until a JavaScript condition holds.
    ///
    /// # Errors
    /// If it does not within [`PATIENCE`]; the message holds what the page showed and its errors.
    pub async fn wait_for(&self, condition: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        // An expression that throws, as while a page is being replaced, does not hold yet.
        while !self.eval(condition).await.is_ok_and(|v| v.as_bool() == Some(true)) {
            if Instant::now() > deadline {
                let shown = self.eval("document.body?.innerText").await.unwrap_or_default();
                bail!("never held: {condition}\nshown: {shown}\nerrors: {:#?}", self.errors());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Clicks the middle of the first element a CSS selector finds, once it is there, enabled, and stands still where
    /// nothing covers it.
    ///
    /// # Errors
    /// If it never does.
    pub async fn click(&self, selector: &str) -> Result<()> {
        let (x, y) = self.place_of(selector).await?;
        self.click_at(x, y).await
    }

    /// The same with a finger, which rests on the glass for a moment.
    ///
    /// # Errors
    /// If it never does.
    pub async fn tap(&self, selector: &str) -> Result<()> {
        let (x, y) = self.place_of(selector).await?;
        let touched = json!([{ "x": x, "y": y }]);
        self.cdp.ask("Input.dispatchTouchEvent", json!({ "type": "touchStart", "touchPoints": touched })).await?;
        tokio::time::sleep(TOUCH).await;
        self.cdp.ask("Input.dispatchTouchEvent", json!({ "type": "touchEnd", "touchPoints": [] })).await?;
        Ok(())
    }

    /// The middle of an element, once it is there, enabled, and stands still where nothing covers it.
    async fn place_of(&self, selector: &str) -> Result<(f64, f64)> {
        let element = format!("document.querySelector({})", json!(selector));
        let until = Instant::now() + PATIENCE;
        let mut before = None;
        loop {
            self.wait_for(&format!("{element} !== null && !{element}.disabled")).await?;
            let spot = self
                .eval(&format!(
                    "(() => {{ const e = {element}; if (!e) return 'nothing yet'; \
                     e.scrollIntoView({{ block: 'center', behavior: 'instant' }}); \
                     const r = e.getBoundingClientRect(); const x = r.x + r.width / 2, y = r.y + r.height / 2; \
                     const hit = document.elementFromPoint(x, y); return e.contains(hit) ? [x, y] : String(hit?.outerHTML); }})()"
                ))
                .await?;
            let place: Option<(f64, f64)> = serde_json::from_value(spot.clone()).ok();
            match place {
                Some(still) if before == place => return Ok(still),
                None if Instant::now() > until => bail!("{selector} is covered by {spot}"),
                _ if Instant::now() > until => bail!("{selector} does not stand still"),
                _ => before = place,
            }
            tokio::time::sleep(STILL).await;
        }
    }

    /// Clicks a place of the window, in CSS pixels.
    ///
    /// # Errors
    /// If the browser does not answer.
    pub async fn click_at(&self, x: f64, y: f64) -> Result<()> {
        for kind in ["mousePressed", "mouseReleased"] {
            let params = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.cdp.ask("Input.dispatchMouseEvent", params).await?;
        }
        Ok(())
    }

    /// Turns the wheel over a place of the window by so many CSS pixels.
    ///
    /// # Errors
    /// If the browser does not answer.
    pub async fn scroll_at(&self, x: f64, y: f64, by: f64) -> Result<()> {
        let params = json!({ "type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": by });
        self.cdp.ask("Input.dispatchMouseEvent", params).await?;
        Ok(())
    }

    /// Runs a script in every document opened from now on, before the document's own.
    ///
    /// # Errors
    /// If the browser does not answer.
    pub async fn run_first(&self, script: &str) -> Result<()> {
        self.cdp.ask("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await?;
        Ok(())
    }

    /// Types into a field.
    ///
    /// # Errors
    /// If there is no such field.
    pub async fn type_into(&self, selector: &str, text: &str) -> Result<()> {
        self.click(selector).await?;
        self.cdp.ask("Input.insertText", json!({ "text": text })).await?;
        Ok(())
    }

    /// Types into a field in place of what stands there.
    ///
    /// # Errors
    /// If there is no such field.
    pub async fn fill(&self, selector: &str, text: &str) -> Result<()> {
        self.click(selector).await?;
        self.eval(&format!("document.querySelector({}).select()", json!(selector))).await?;
        self.cdp.ask("Input.insertText", json!({ "text": text })).await?;
        Ok(())
    }

    /// Types into whatever has the focus.
    ///
    /// # Errors
    /// If the browser does not answer.
    pub async fn type_text(&self, text: &str) -> Result<()> {
        self.cdp.ask("Input.insertText", json!({ "text": text })).await?;
        Ok(())
    }

    /// Presses a key by its name, such as `F2` or `Escape`, with what is held before it, such as `Shift+F2`.
    ///
    /// # Errors
    /// If the browser does not answer.
    pub async fn press(&self, keys: &str) -> Result<()> {
        let (held, key) = keys.rsplit_once('+').unwrap_or(("", keys));
        // Enter only sends a form when it comes as text, as from a keyboard.
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let params = json!({
                "type": kind, "key": key, "code": key, "text": text, "modifiers": modifiers(held),
                "windowsVirtualKeyCode": key_code(key),
            });
            self.cdp.ask("Input.dispatchKeyEvent", params).await?;
        }
        Ok(())
    }

    /// Chooses an option of a select element by its value.
    ///
    /// # Errors
    /// If there is no such element.
    pub async fn choose(&self, selector: &str, value: &str) -> Result<()> {
        self.wait_for(&there(selector)).await?;
        let (selector, value) = (json!(selector), json!(value));
        self.eval(&format!(
            "(() => {{ const e = document.querySelector({selector}); e.value = {value}; \
             e.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()"
        ))
        .await?;
        Ok(())
    }

    /// The text of the first element a CSS selector finds; empty if there is none.
    ///
    /// # Errors
    /// If the browser does not answer.
    pub async fn text(&self, selector: &str) -> Result<String> {
        let value = self.eval(&format!("document.querySelector({})?.textContent ?? ''", json!(selector))).await?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// Sets the size of the page in CSS pixels and waits until it is drawn at that size.
    ///
    /// # Errors
    /// If the browser does not answer.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        let params = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp.ask("Emulation.setDeviceMetricsOverride", params).await?;
        // Lists that measure themselves are drawn anew in the frame after the one that finds their new size.
        self.eval("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null))))")
            .await?;
        Ok(())
    }

    /// Writes what the page shows at a size as a PNG.
    ///
    /// # Errors
    /// If the browser does not answer or the file cannot be written.
    pub async fn screenshot(&self, file: &Path, width: u32, height: u32) -> Result<()> {
        self.resize(width, height).await?;
        let shot = self.cdp.ask("Page.captureScreenshot", json!({ "format": "png" })).await?;
        let text = shot["data"].as_str().context("the browser sent no picture")?;
        std::fs::write(file, data_encoding::BASE64.decode(text.as_bytes())?)?;
        Ok(())
    }

    /// Text that does not fit its box, and the page itself if it scrolls sideways; empty is good.
    ///
    /// # Errors
    /// If the browser does not answer.
    pub async fn overflowing(&self) -> Result<Vec<String>> {
        Ok(serde_json::from_value(self.eval(OVERFLOWING).await?)?)
    }

    /// Console errors and uncaught exceptions so far.
    pub fn errors(&self) -> Vec<String> {
        self.cdp.observed().errors
    }

    /// How often the page has asked for an address that ends like this.
    pub fn asked_for(&self, ending: &str) -> usize {
        self.cdp.observed().requests.iter().filter(|url| url.ends_with(ending)).count()
    }

    /// Requests so far that left this origin (such as `http://127.0.0.1:7700`).
    pub fn foreign_requests(&self, origin: &str) -> Vec<String> {
        let home = |url: &String| url.starts_with(origin) || url.starts_with("data:") || url == "about:blank";
        self.cdp.observed().requests.into_iter().filter(|url| !home(url)).collect()
    }
}

/// The bits that DevTools gives held keys.
fn modifiers(held: &str) -> u32 {
    held.split('+')
        .map(|key| match key {
            "Alt" => 1,
            "Ctrl" => 2,
            "Shift" => 8,
            _ => 0,
        })
        .sum()
}

/// What the browser itself acts upon, as closing a dialog by Escape; pages read the name.
fn key_code(key: &str) -> u32 {
    match (key, key.strip_prefix('F').and_then(|n| n.parse::<u32>().ok())) {
        ("Tab", _) => 9,
        ("Enter", _) => 13,
        ("Escape", _) => 27,
        (_, Some(n @ 1..=12)) => 111 + n,
        _ => 0,
    }
}
