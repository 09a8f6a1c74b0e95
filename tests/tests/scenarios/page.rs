//! The live page of a real node in a real browser.

use anyhow::Result;
use branchmesh_tests::branch::{FIVE, Network, tell};
use branchmesh_tests::browser::{Browser, Person, walk_live_page};
use branchmesh_tests::node::{MANAGER, MANAGER_PIN};

#[test]
fn a_customer_is_served_on_the_page_of_a_real_node() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        branch.wait_for_one_steward()?;
        let base = format!("http://{}", branch.node("counter1").place.http);
        // Pictures to look at are kept where this names a folder.
        let pictures = std::env::var_os("BRANCHMESH_PICTURES").map(std::path::PathBuf::from);
        let walk = async {
            let browser = Browser::launch().await?;
            let person = Person { staff: MANAGER, pin: MANAGER_PIN };
            walk_live_page(&browser, &base, person, pictures.as_deref()).await
        };
        tokio::runtime::Runtime::new()?.block_on(walk)
    })
}
