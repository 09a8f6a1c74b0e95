//! A device that is switched off properly says goodbye, and nobody has to find out.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{FIVE, Network, tell};
use branchmesh_tests::client::new_key;
use branchmesh_tests::report;
use serde_json::json;

#[test]
fn the_steward_stops_cleanly_and_the_others_go_on_with_its_queue() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        branch.open_counter("counter1", 1)?;
        branch.open_counter("counter2", 2)?;
        let first = branch.issue("tablet", "cash")?;
        branch.issue("tablet", "cash")?;
        branch.wait_for_equal_tables()?;
        let steward = branch.wait_for_one_steward()?;
        let start = Instant::now();
        branch.node(&steward).stop()?;
        report::time("clean stop of the steward", start.elapsed());

        // One attempt, no retry: its successor was in office before it left.
        let start = Instant::now();
        let path = "/tickets";
        let at = &branch.node("tablet").client;
        let next = at.post_keyed(path, &new_key(), &json!({ "service": "cash" }))?.ticket(201)?;
        report::time("first ticket after the steward's goodbye", start.elapsed());
        ensure!(next.number == "A003", "the main lane goes on: {next:?}");
        let called = branch.call_next("tablet", 2)?.context("somebody waits")?;
        ensure!(called.id == first.id, "the old group's tickets may be called: {called:?}");
        ensure!(branch.wait_for_one_steward()? != steward, "another device is steward");

        branch.node(&steward).start()?;
        branch.wait_for_one_steward()?;
        branch.wait_for_equal_tables()?;
        Ok(())
    })
}
