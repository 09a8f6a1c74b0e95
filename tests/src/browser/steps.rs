//! What people do on every screen: choose a language and a theme, sign in; and what is looked at everywhere.

use std::path::Path;

use anyhow::{Result, ensure};

use super::Page;

/// Who signs in.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// Staff id.
    pub staff: &'a str,
    /// PIN.
    pub pin: &'a str,
}

/// How a screen is looked at.
pub struct Look<'a> {
    /// Begins the names of the pictures.
    pub name: &'a str,
    /// Sizes it must fit.
    pub sizes: &'a [(u32, u32)],
    /// Where pictures are kept, if they are.
    pub pictures: Option<&'a Path>,
}

/// Switches the page to a language by its own button; `zh-CN` or `en`.
///
/// # Errors
/// If it has no such button or does not switch.
pub async fn speak(page: &Page, language: &str) -> Result<()> {
    page.wait_for("document.querySelector('#language') !== null").await?;
    if page.eval("document.documentElement.lang").await? != language {
        page.click("#language").await?;
    }
    page.wait_for(&format!("document.documentElement.lang === '{language}'")).await
}

/// Signs in with the dialog of the top bar.
///
/// # Errors
/// If the page does not take them.
pub async fn sign_in(page: &Page, person: Person<'_>) -> Result<()> {
    page.click("#sign-in").await?;
    page.type_into("#field-staff", person.staff).await?;
    page.type_into("#field-pin", person.pin).await?;
    page.click("dialog button[type=submit]").await?;
    page.wait_for("document.querySelector('#sign-out') !== null && !document.querySelector('dialog')").await
}

/// Nothing may overflow in any size, language and theme.
///
/// # Errors
/// What does not fit, and where.
pub async fn look_everywhere(page: &Page, look: &Look<'_>) -> Result<()> {
    for language in ["en", "zh-CN"] {
        speak(page, language).await?;
        for theme in ["light", "dark"] {
            choose_theme(page, theme).await?;
            for &(width, height) in look.sizes {
                page.resize(width, height).await?;
                let over = page.overflowing().await?;
                ensure!(over.is_empty(), "does not fit at {width}x{height}, {language}: {over:#?}");
                if let Some(folder) = look.pictures {
                    let file = folder.join(format!("{}-{language}-{theme}-{width}x{height}.png", look.name));
                    page.screenshot(&file, width, height).await?;
                }
            }
        }
    }
    Ok(())
}

/// The page kept to its own origin and found nothing wrong.
///
/// # Errors
/// What it asked of others, or what stands on its console.
pub fn kept_to_itself(page: &Page, origin: &str) -> Result<()> {
    let foreign = page.foreign_requests(origin);
    ensure!(foreign.is_empty(), "requests left the origin: {foreign:?}");
    ensure!(page.errors().is_empty(), "errors on the console: {:#?}", page.errors());
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
