//! The mesh page: who is linked, who is not, and what to do about it, as devices go and come back.

use anyhow::{Result, ensure};
use branchmesh_tests::branch::{FIVE, Network, tell};
use branchmesh_tests::browser::{Page, in_browser};

/// How many devices the picture shows away.
async fn away_is(page: &Page, count: usize) -> Result<()> {
    page.wait_for(&format!("document.querySelectorAll('.map .n.away').length === {count}")).await
}

#[test]
fn the_picture_and_the_advice_follow_the_branch() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        in_browser(async |browser| {
            let page = browser.page().await?;
            page.open(&format!("http://{}/mesh", branch.node("counter1").place.http), "en", "light").await?;
            page.wait_for("document.querySelectorAll('.map .n').length === 5").await?;
            away_is(&page, 0).await?;
            page.wait_for("document.querySelectorAll('.map .n.lead').length === 1").await?;
            page.wait_for("document.querySelector('#advice [data-tone=ok]') !== null").await?;

            branch.node("display").kill()?;
            away_is(&page, 1).await?;
            page.wait_for("document.querySelector('#advice')?.textContent.includes('display')").await?;
            branch.node("tablet").kill()?;
            away_is(&page, 2).await?;
            // Several silent at once are a cable or a switch, which is worse than one device.
            page.wait_for("document.querySelector('#advice li')?.dataset.tone === 'bad'").await?;
            page.wait_for("document.querySelector('.net')?.dataset.state === 'split'").await?;

            branch.node("display").start()?;
            branch.node("tablet").start()?;
            away_is(&page, 0).await?;
            page.wait_for("document.querySelector('#advice [data-tone=bad]') === null").await?;
            ensure!(page.errors().is_empty(), "errors on the console: {:#?}", page.errors());
            Ok(())
        })
    })
}
