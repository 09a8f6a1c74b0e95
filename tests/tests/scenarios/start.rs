//! The start page: each device and each role is led to its own work; wrong PINs are told beside the field and slowed down.

use anyhow::{Result, ensure};
use branchmesh_tests::branch::{FIVE, Network, tell};
use branchmesh_tests::browser::steps::sign_in;
use branchmesh_tests::browser::{Page, Person, in_browser};
use branchmesh_tests::node::{MANAGER, MANAGER_PIN};

/// Wrong tries that are answered before the next one has to wait.
const FREE_TRIES: usize = 5;

async fn try_pin(page: &Page, pin: &str) -> Result<()> {
    page.fill("#field-pin", pin).await?;
    page.click("dialog button[type=submit]:not([aria-disabled=true])").await?;
    page.wait_for("!document.querySelector('dialog [aria-busy=true]')").await
}

#[test]
fn everybody_is_led_to_their_own_work() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        in_browser(async |browser| {
            let base = |node: &str| format!("http://{}", branch.node(node).place.http);
            // A screen that customers stand in front of goes to its work by itself.
            for (node, path) in [("kiosk", "/kiosk"), ("display", "/display")] {
                let page = browser.page().await?;
                page.goto(&base(node)).await?;
                page.wait_for(&format!("location.pathname === '{path}'")).await?;
            }
            let page = browser.page().await?;
            page.open(&base("counter1"), "en", "light").await?;
            page.wait_for("document.querySelector('.own[data-work=counter]') !== null").await?;
            ensure!(
                page.eval("document.querySelector('[data-work=admin]') === null").await? == true,
                "not signed in yet"
            );

            sign_in(&page, Person { staff: MANAGER, pin: MANAGER_PIN }).await?;
            for work in ["counter", "lobby", "mesh", "admin"] {
                page.wait_for(&format!("document.querySelector('.tile[data-work={work}]') !== null")).await?;
            }
            branch.issue("kiosk", "cash")?;
            page.wait_for("document.querySelector('.tile[data-work=counter] strong')?.textContent === '1'").await?;

            page.click("#offer-pairing").await?;
            page.click("dialog button[type=submit]").await?;
            page.wait_for("/^\\d{6}$/.test(document.querySelector('#pairing-code')?.textContent)").await?;
            page.press("Escape").await?;
            page.wait_for("document.querySelector('dialog') === null").await?;
            page.click("#sign-out").await?;
            page.wait_for("document.querySelector('#sign-in') !== null").await?;
            ensure!(page.errors().is_empty(), "errors on the console: {:#?}", page.errors());
            Ok(())
        })
    })
}

#[test]
fn wrong_pins_are_told_and_slowed_down() -> Result<()> {
    tell(Network::Loopback, &FIVE[..1], |branch| {
        in_browser(async |browser| {
            let page = browser.page().await?;
            page.open(&format!("http://{}", branch.node("counter1").place.http), "en", "light").await?;
            page.click("#sign-in").await?;
            page.type_into("#field-staff", MANAGER).await?;
            for _ in 0..FREE_TRIES {
                try_pin(&page, "0000").await?;
                page.wait_for("document.querySelector('dialog .refusal')?.textContent.includes('PIN')").await?;
                ensure!(
                    page.eval("document.querySelector('#field-staff').value").await? == MANAGER,
                    "typed text stays"
                );
            }
            try_pin(&page, "0000").await?;
            // Told how long, and the same act is not offered meanwhile.
            let shut = "document.querySelector('dialog button[type=submit]').disabled";
            page.wait_for(&format!(
                "{shut} && /\\d+ s/.test(document.querySelector('dialog button[type=submit]').textContent)"
            ))
            .await
        })
    })
}
