//! The live page as a manager uses it, from signing in to a served customer.

use std::path::Path;

use anyhow::{Result, ensure};

use super::{Browser, Page};

/// Sizes a page must fit: desk, tablet, kiosk, wall.
const SIZES: &[(u32, u32)] = &[(1366, 768), (768, 1024), (1080, 1920), (1920, 1080)];

/// Who signs in.
pub struct Person<'a> {
    /// Staff id.
    pub staff: &'a str,
    /// PIN.
    pub pin: &'a str,
}

/// Uses the live page of the node at `base` (such as `http://127.0.0.1:7700`) with counter 1, serving one new customer,
/// and looks at it in both languages, both themes and all sizes. Pictures are kept in `pictures`, if given.
///
/// # Errors
/// What the page did not do.
pub async fn walk_live_page(browser: &Browser, base: &str, person: Person<'_>, pictures: Option<&Path>) -> Result<()> {
    let page = browser.page().await?;
    page.resize(1366, 768).await?;
    page.goto(&format!("{base}/live")).await?;
    in_english(&page).await?;
    sign_in(&page, person).await?;
    let number = take_ticket(&page, base).await?;
    serve_until(&page, &number).await?;
    page.eval("document.querySelectorAll('details').forEach((d) => (d.open = true))").await?;
    look_everywhere(&page, pictures).await?;
    let foreign = page.foreign_requests(base);
    ensure!(foreign.is_empty(), "requests left the origin: {foreign:?}");
    ensure!(page.errors().is_empty(), "errors on the console: {:#?}", page.errors());
    Ok(())
}

async fn in_english(page: &Page) -> Result<()> {
    page.wait_for("document.querySelector('#language') !== null").await?;
    if page.eval("document.documentElement.lang").await? != "en" {
        page.click("#language").await?;
    }
    page.wait_for("document.querySelector('#tickets-title')?.textContent === 'Tickets today'").await
}

async fn sign_in(page: &Page, person: Person<'_>) -> Result<()> {
    page.click("#sign-in").await?;
    page.type_into("#field-staff", person.staff).await?;
    page.type_into("#field-pin", person.pin).await?;
    page.click("dialog button[type=submit]").await?;
    page.wait_for("document.querySelector('#sign-out') !== null && !document.querySelector('dialog')").await
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

async fn look_everywhere(page: &Page, pictures: Option<&Path>) -> Result<()> {
    for language in ["en", "zh-CN"] {
        if page.eval("document.documentElement.lang").await? != language {
            page.click("#language").await?;
            page.wait_for(&format!("document.documentElement.lang === '{language}'")).await?;
        }
        for theme in ["light", "dark"] {
            choose_theme(page, theme).await?;
            for &(width, height) in SIZES {
                page.resize(width, height).await?;
                let over = page.overflowing().await?;
                ensure!(over.is_empty(), "does not fit at {width}x{height}, {language}: {over:#?}");
                if let Some(folder) = pictures {
                    let file = folder.join(format!("live-{language}-{theme}-{width}x{height}.png"));
                    page.screenshot(&file, width, height).await?;
                }
            }
        }
    }
    Ok(())
}

/// The theme button goes round system, light and dark.
async fn choose_theme(page: &Page, theme: &str) -> Result<()> {
    while page.eval("document.documentElement.dataset.theme ?? 'system'").await? != theme {
        page.click("#theme").await?;
    }
    let ground = page.eval("getComputedStyle(document.body).backgroundColor").await?;
    let expected = if theme == "dark" { "rgb(11, 20, 24)" } else { "rgb(237, 241, 240)" };
    ensure!(ground == expected, "the {theme} theme paints the page {ground}");
    Ok(())
}
