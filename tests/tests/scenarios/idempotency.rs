//! One key, one effect, wherever it is sent.

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{FIVE, Network, tell};
use branchmesh_tests::client::new_key;
use serde_json::json;

#[test]
fn the_same_key_at_two_devices_has_one_effect() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        let (here, there) = (&branch.node("counter1").client, &branch.node("tablet").client);
        let (key, body) = (new_key(), json!({ "service": "cash" }));
        let first = here.post_keyed("/tickets", &key, &body)?.ticket(201)?;
        let again = there.post_keyed("/tickets", &key, &body)?.ticket(201)?;
        ensure!(again.id == first.id && again.number == first.number, "{first:?} and {again:?}");
        ensure!(branch.wait_for_equal_tables()?.len() == 1, "one ticket");

        branch.issue("kiosk", "cash")?;
        branch.open_counter("counter1", 1)?;
        branch.wait_for_equal_tables()?;
        let key = new_key();
        let first = here.post_keyed("/counters/1/call-next", &key, &json!({}))?.ticket(200)?;
        let again = there.post_keyed("/counters/1/call-next", &key, &json!({}))?.ticket(200)?;
        ensure!(again.id == first.id, "one call: {first:?} and {again:?}");
        let table = branch.wait_for_equal_tables()?;
        ensure!(table.in_state("waiting")?.len() == 1, "the other customer still waits: {table:?}");

        let (path, key) = (format!("/tickets/{}/start", first.id), new_key());
        here.post_keyed(&path, &key, &json!({}))?.ticket(200)?;
        let again = here.post_keyed(&path, &key, &json!({}))?.ticket(200)?;
        ensure!(again.state == "serving", "a repeated start is answered, not refused: {again:?}");
        Ok(())
    })
}

#[test]
fn a_key_is_refused_for_another_request() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        let (here, there) = (&branch.node("counter1").client, &branch.node("tablet").client);
        let key = new_key();
        let ticket = here.post_keyed("/tickets", &key, &json!({ "service": "cash" }))?.ticket(201)?;
        for node in [here, there] {
            let reply = node.post_keyed("/tickets", &key, &json!({ "service": "wealth" }))?;
            let problem = reply.any_problem()?;
            ensure!(matches!(reply.status, 409 | 422), "refused: {reply:?}");
            ensure!(problem.detail.to_lowercase().contains("key"), "it says what is wrong: {problem:?}");
        }
        let table = branch.wait_for_equal_tables()?;
        ensure!(table.len() == 1 && table.ticket(&ticket.id)?.context("it is there")?.service == "cash", "{table:?}");
        Ok(())
    })
}
