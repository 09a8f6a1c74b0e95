//! The admin page: a section is refused whole and keeps what was typed, saved it reaches every node; devices are invited and
//! revoked; the configuration goes out and comes back as one file.

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{Branch, FIVE, Network, tell};
use branchmesh_tests::browser::{Browser, Page, in_browser};
use branchmesh_tests::node::{MANAGER, MANAGER_PIN};
use serde_json::{Value, json};

async fn signed_in(browser: &Browser, branch: &Branch, view: &str) -> Result<Page> {
    let page = browser.page().await?;
    let url = format!("http://{}/admin#{view}", branch.node("counter1").place.http);
    page.goto(&url).await?;
    page.sign_in_quietly(MANAGER, MANAGER_PIN).await?;
    page.open(&url, "en", "light").await?;
    page.wait_for("document.querySelector('.admin-nav') !== null").await?;
    Ok(page)
}

fn services(branch: &Branch, node: &str) -> Result<Vec<Value>> {
    branch.node(node).client.get("/branch")?.expect(200)?["services"].as_array().cloned().context("a list of services")
}

/// Puts text in place of what a field holds.
async fn fill(page: &Page, place: &str, text: &str) -> Result<()> {
    let field = format!("[id='{place}']");
    page.fill(&field, text).await
}

#[test]
fn a_section_is_refused_whole_or_reaches_every_node() -> Result<()> {
    tell(Network::Loopback, &FIVE[..3], |branch| {
        in_browser(async |browser| {
            let page = signed_in(&browser, branch, "services").await?;
            let before = services(branch, "counter1")?;
            let new = format!("services[{}]", before.len());
            page.click("#add-entry").await?;
            fill(&page, &format!("{new}.id"), "coins").await?;
            fill(&page, &format!("{new}.prefix"), "A").await?;
            fill(&page, &format!("{new}.name.zh"), "硬币").await?;
            fill(&page, &format!("{new}.name.en"), "Coins").await?;
            page.click("#save").await?;
            // The letter is another service's: told at its field, nothing lost, nothing changed.
            let told =
                format!("document.querySelector(\"[id='{new}.prefix']\")?.closest('[data-state=error]') !== null");
            page.wait_for(&told).await?;
            ensure!(
                page.eval(&format!("document.querySelector(\"[id='{new}.name.en']\").value")).await? == "Coins",
                "typed text stays"
            );
            ensure!(services(branch, "counter1")? == before, "nothing changed");

            fill(&page, &format!("{new}.prefix"), "K").await?;
            page.click("#save").await?;
            page.wait_for(
                "document.querySelector('#save')?.disabled === true && document.querySelector('.toast') !== null",
            )
            .await?;
            branch.wait_until("the new service at another node", || {
                let there = services(branch, "kiosk")?.iter().any(|s| s["id"] == "coins" && s["prefix"] == "K");
                ensure!(there, "not there yet");
                Ok(())
            })?;
            Ok(())
        })
    })
}

#[test]
fn devices_are_invited_and_revoked() -> Result<()> {
    tell(Network::Loopback, &FIVE[..3], |branch| {
        in_browser(async |browser| {
            let page = signed_in(&browser, branch, "devices").await?;
            page.click("#invite").await?;
            page.type_into("#field-name", "Window 9").await?;
            page.click("dialog button[type=submit]").await?;
            page.wait_for("document.querySelector('#invitation')?.value.length > 40").await?;
            page.wait_for("document.querySelector('.qr')?.naturalWidth > 100").await?;
            page.press("Escape").await?;
            page.wait_for("document.querySelector('dialog') === null").await?;

            page.click("[data-device=counter2] [data-verb=revoke]").await?;
            page.click("dialog button[type=submit]").await?;
            page.wait_for("document.querySelector('[data-device=counter2] [data-tone=bad]') !== null").await?;
            branch.wait_until("the revocation at another node", || {
                let devices = branch.node("kiosk").client.get("/devices")?.expect(200)?["devices"].clone();
                let gone = devices
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|d| d["name"] == "counter2" && d["state"] == "revoked");
                ensure!(gone, "{devices}");
                Ok(())
            })?;
            ensure!(page.errors().is_empty(), "errors on the console: {:#?}", page.errors());
            Ok(())
        })
    })
}

/// Gives the file input a file, as choosing one does.
async fn choose_file(page: &Page, content: &str) -> Result<()> {
    page.wait_for("document.querySelector('#import') !== null").await?;
    page.eval(&format!(
        "(() => {{ const all = new DataTransfer(); all.items.add(new File([{}], 'branch.json')); \
         const input = document.querySelector('#import'); input.files = all.files; \
         input.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()",
        json!(content)
    ))
    .await?;
    Ok(())
}

#[test]
fn the_configuration_goes_out_and_comes_back_as_one_file() -> Result<()> {
    tell(Network::Loopback, &FIVE[..1], |branch| {
        in_browser(async |browser| {
            let page = signed_in(&browser, branch, "file").await?;
            let exported = page.eval("fetch(document.querySelector('#export').href).then((r) => r.text())").await?;
            let exported = exported.as_str().context("the file is text")?.to_owned();
            choose_file(&page, &exported).await?;
            page.wait_for(
                "document.querySelector('#differences') !== null && document.querySelector('#take-file').disabled",
            )
            .await?;

            choose_file(&page, "no configuration").await?;
            page.wait_for("document.querySelector('.refusal') !== null").await?;

            let mut changed: Value = serde_json::from_str(&exported)?;
            *changed.pointer_mut("/sections/branch/name").context("the file names the branch")? = json!("Riverside");
            choose_file(&page, &changed.to_string()).await?;
            page.wait_for("document.querySelector('#differences tbody')?.textContent.includes('Riverside')").await?;
            page.click("#take-file").await?;
            page.wait_for("document.querySelector('.brand')?.textContent.includes('Riverside')").await?;
            ensure!(page.errors().is_empty(), "errors on the console: {:#?}", page.errors());
            Ok(())
        })
    })
}
