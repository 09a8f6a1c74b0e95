//! The live page as a manager uses it, from signing in to a served customer.

use std::path::Path;

use anyhow::{Result, ensure};

use super::steps::{Look, Person, kept_to_itself, look_everywhere, sign_in, speak};
use super::{Browser, Page};

/// Sizes a page must fit: desk, tablet, kiosk, wall.
const SIZES: &[(u32, u32)] = &[(1366, 768), (768, 1024), (1080, 1920), (1920, 1080)];

/// Uses the live page of the node at `base` (such as `http://127.0.0.1:7700`) with counter 1, serving one new customer,
/// and looks at it in both languages, both themes and all sizes. Pictures are kept in `pictures`, if given.
///
/// # Errors
/// What the page did not do.
pub async fn walk_live_page(browser: &Browser, base: &str, person: Person<'_>, pictures: Option<&Path>) -> Result<()> {
    let page = browser.page().await?;
    page.resize(1366, 768).await?;
    page.goto(&format!("{base}/live")).await?;
    speak(&page, "en").await?;
    page.wait_for("document.querySelector('#tickets-title')?.textContent === 'Tickets today'").await?;
    sign_in(&page, person).await?;
    let number = take_ticket(&page, base).await?;
    serve_until(&page, &number).await?;
    page.eval("document.querySelectorAll('details').forEach((d) => (d.open = true))").await?;
    look_everywhere(&page, &Look { name: "live", sizes: SIZES, pictures }).await?;
    kept_to_itself(&page, base)
}

/// Takes a ticket and gives back its number, seen in the list as well.
async fn take_ticket(page: &Page, base: &str) -> Result<String> {
    page.click(".service").await?;
    page.wait_for("document.querySelector('#taken-number') !== null").await?;
    let number = page.text("#taken-number").await?;
    ensure!(number.len() >= 4, "{base} gave the number {number:?}");
    page.wait_for(&format!("document.querySelector('[data-ticket={number}]') !== null")).await?;
    Ok(number)
}

/// Opens counter 1 and serves whoever is next until `number` has been served.
async fn serve_until(page: &Page, number: &str) -> Result<()> {
    page.click("[data-counter='1']").await?;
    page.wait_for("document.querySelector('#desk-open, #desk-close') !== null").await?;
    if page.eval("document.querySelector('#desk-open') !== null").await? == true {
        page.click("#desk-open").await?;
    }
    loop {
        // The first call by key, as tellers do; a running service is finished by it.
        page.wait_for("document.querySelector('#desk-call-next')?.disabled === false").await?;
        page.press("F2").await?;
        page.wait_for("document.querySelector('#desk-start')?.disabled === false").await?;
        let called = page.text("#desk-number").await?;
        page.click("#desk-start").await?;
        page.click("#desk-finish").await?;
        page.wait_for("document.querySelector('#desk-number') === null").await?;
        if called == number {
            return Ok(());
        }
    }
}
