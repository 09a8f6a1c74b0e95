//! Many pages of one node in one browser: they share one event stream, which passes on when the page that holds it goes.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{FIVE, Network, tell};
use branchmesh_tests::browser::{PATIENCE, Page, in_browser};
use branchmesh_tests::client::Ticket;
use branchmesh_tests::process::LOOK_AGAIN;

/// More than the six connections a browser opens to a node.
const TABS: usize = 8;
const EVENTS: &str = "/api/v1/events";

async fn all_show(tabs: &[Page], number: &str) -> Result<()> {
    for tab in tabs {
        tab.wait_for(&format!("document.querySelector('.newest[data-number={number}]') !== null")).await?;
    }
    Ok(())
}

fn holders(tabs: &[Page]) -> usize {
    tabs.iter().filter(|tab| tab.asked_for(EVENTS) > 0).count()
}

/// Waits until one of the tabs holds the stream, for as long as anything may take.
async fn taken_over(tabs: &[Page]) {
    let until = Instant::now() + PATIENCE;
    while holders(tabs) == 0 && Instant::now() < until {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

#[test]
fn more_tabs_than_connections_share_one_event_stream() -> Result<()> {
    tell(Network::Loopback, &FIVE[..2], |branch| {
        branch.open_counter("counter1", 1)?;
        let url = format!("http://{}/display", branch.node("counter2").place.http);
        let call = || -> Result<Ticket> {
            branch.issue("counter1", "cash")?;
            branch.call_next("counter1", 1)?.context("somebody waits")
        };
        in_browser(async |browser| {
            let mut tabs = vec![];
            for _ in 0..TABS {
                let tab = browser.page().await?;
                tab.goto(&url).await?;
                tab.wait_for("document.querySelector('.newest') !== null").await?;
                tabs.push(tab);
            }
            let first = tokio::task::block_in_place(call)?;
            all_show(&tabs, &first.number).await?;
            ensure!(holders(&tabs) == 1, "{} of {TABS} tabs hold a stream", holders(&tabs));

            let holder = tabs.iter().position(|tab| tab.asked_for(EVENTS) > 0).unwrap_or_default();
            let gone = tabs.remove(holder);
            gone.goto("about:blank").await?;
            taken_over(&tabs).await;
            ensure!(holders(&tabs) == 1, "{} of the others took the stream over", holders(&tabs));
            let second = tokio::task::block_in_place(|| {
                branch.serve("counter1", &first.id)?;
                call()
            })?;
            all_show(&tabs, &second.number).await
        })
    })
}
