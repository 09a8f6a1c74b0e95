//! A node dies behind an open page: the page keeps its last state with its age, a command given meanwhile waits with its id
//! and is carried out once, and the page can even be opened anew.

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{FIVE, Network, tell};
use branchmesh_tests::browser::steps::sign_in;
use branchmesh_tests::browser::{Person, in_browser};
use branchmesh_tests::client::{Client, insist};
use branchmesh_tests::node::{MANAGER, MANAGER_PIN};
use serde_json::json;

const TELLER: Person<'_> = Person { staff: MANAGER, pin: MANAGER_PIN };

#[test]
fn a_command_given_while_the_node_is_down_is_carried_out_once() -> Result<()> {
    tell(Network::Loopback, &FIVE[..3], |branch| {
        let node = branch.node("counter1");
        branch.open_counter("counter1", 1)?;
        let ticket = branch.issue("kiosk", "cash")?;
        in_browser(async |browser| {
            let page = browser.page().await?;
            page.resize(1366, 768).await?;
            page.open(&format!("http://{}/counter", node.place.http), "en", "light").await?;
            sign_in(&page, TELLER).await?;
            // The pages are kept from now on.
            page.wait_for("navigator.serviceWorker.ready.then((kept) => kept.active !== null)").await?;
            page.click("#desk-call-next").await?;
            page.click("#desk-start").await?;
            page.wait_for("document.querySelector('#desk-finish')?.disabled === false").await?;

            node.kill()?;
            page.wait_for("document.querySelector('.net')?.dataset.state === 'off'").await?;
            page.wait_for("/\\d/.test(document.querySelector('.banner[data-tone=bad]')?.textContent)").await?;
            ensure!(
                page.eval("document.querySelector('#desk-call-next').disabled").await? == true,
                "calling needs the node"
            );
            page.click("#desk-finish").await?;
            page.wait_for("document.querySelectorAll('[data-unsent]').length === 1").await?;
            let key = page.eval("document.querySelector('[data-unsent]').dataset.unsent").await?;

            // The page is opened anew while nobody answers: shell, last state and unsent command are still there.
            page.eval("location.reload()").await?;
            page.wait_for(&format!("document.querySelector('[data-unsent]')?.dataset.unsent === {key}")).await?;
            page.wait_for("document.querySelector('.net')?.dataset.state === 'off'").await?;

            node.start()?;
            branch.wait_for_one_steward()?;
            page.wait_for("document.querySelector('.net')?.dataset.state === 'joined'").await?;
            // A restart signs everybody out; the command goes out under the name of who gave it.
            sign_in(&page, TELLER).await?;
            page.wait_for("document.querySelector('[data-unsent]') === null").await?;
            finished_once(&branch.node("kiosk").client, &ticket.id)?;

            // The same key once more, as from a page that lost the answer: nothing happens twice.
            let again = format!("/tickets/{}/finish", ticket.id);
            let key = key.as_str().context("a key is text")?;
            node.client.post_keyed(&again, key, &json!({}))?.ticket(200)?;
            finished_once(&branch.node("counter1").client, &ticket.id)
        })
    })
}

fn finished_once(client: &Client, ticket: &str) -> Result<()> {
    let body = client.get(&format!("/tickets/{ticket}"))?.expect(200)?;
    let finished = body["history"].as_array().into_iter().flatten().filter(|item| item["what"] == "finished").count();
    ensure!(body["state"] == "served" && finished == 1, "finished {finished} times: {body:#}");
    Ok(())
}

#[test]
fn an_open_page_catches_up_after_a_restart() -> Result<()> {
    tell(Network::Loopback, &FIVE[..3], |branch| {
        let node = branch.node("counter1");
        in_browser(async |browser| {
            let page = browser.page().await?;
            page.open(&format!("http://{}/live", node.place.http), "en", "light").await?;
            sign_in(&page, TELLER).await?;
            node.kill()?;
            page.wait_for("document.querySelector('.net')?.dataset.state === 'off'").await?;
            let kiosk = &branch.node("kiosk").client;
            let ticket = insist(&[kiosk], "/tickets", &json!({ "service": "cash" }))?.ticket(201)?;
            node.start()?;
            page.wait_for("document.querySelector('.net')?.dataset.state === 'joined'").await?;
            sign_in(&page, TELLER).await?;
            page.wait_for(&format!("document.querySelector('[data-ticket={}]') !== null", ticket.number)).await
        })
    })
}
