//! A person calls a ticket although the other side of a split may: the double call is shown to everybody until somebody
//! has seen to it.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{Branch, FIVE, Network, tell};
use branchmesh_tests::client::insist;
use serde_json::{Value, json};

/// The open conflicts as all devices agree on them.
fn conflicts_everywhere(branch: &Branch) -> Result<Vec<Value>> {
    let mut seen = branch.nodes().iter().map(|n| n.client.open_conflicts()).collect::<Result<Vec<_>>>()?;
    let first = seen.pop().context("a branch has a device")?;
    ensure!(seen.iter().all(|other| *other == first), "devices show different conflicts: {first:?} and {seen:?}");
    Ok(first)
}

#[test]
fn an_override_makes_one_conflict_everywhere_until_acknowledged() -> Result<()> {
    tell(Network::LanWithoutMulticast, &FIVE, |branch| {
        branch.open_counter("counter1", 1)?;
        branch.open_counter("counter2", 2)?;
        let ticket = branch.issue("kiosk", "cash")?;
        let bystander = branch.issue("kiosk", "cash")?;
        branch.wait_for_equal_tables()?;
        branch.split(&[&["counter1", "kiosk", "display"], &["counter2", "tablet"]])?;

        let call = format!("/tickets/{}/call", ticket.id);
        let beyond = &branch.node("counter2").client;
        insist(&[beyond], &call, &json!({ "counter": 2 }))?.problem(409, "no-authority")?;
        let without_reason = json!({ "counter": 2, "override": { "reason": "" } });
        beyond.post(&call, &without_reason)?.problem(422, "validation")?;
        let with_reason = json!({ "counter": 2, "override": { "reason": "the customer stands here" } });
        let forced = insist(&[beyond], &call, &with_reason)?.ticket(200)?;
        ensure!(forced.overridden && forced.counter == Some(2), "marked as overridden: {forced:?}");
        let normal = insist(&[&branch.node("counter1").client], &call, &json!({ "counter": 1 }))?.ticket(200)?;
        ensure!(normal.counter == Some(1), "called normally: {normal:?}");

        branch.heal()?;
        branch.wait_for_one_steward()?;
        branch.wait_until("one conflict on all devices", || {
            let conflicts = conflicts_everywhere(branch)?;
            ensure!(conflicts.len() == 1, "conflicts: {conflicts:?}");
            Ok(())
        })?;
        branch.wait_for_equal_tables()?;
        let conflict = conflicts_everywhere(branch)?.pop().context("one conflict")?;
        names_both_calls(&conflict, &ticket.id)?;

        let id = conflict["id"].as_str().context("a conflict has an id")?;
        let path = format!("/conflicts/{id}/acknowledge");
        insist(&[&branch.node("tablet").client], &path, &json!({}))?.expect(200)?;
        branch.wait_until("no conflict on any device", || {
            let conflicts = conflicts_everywhere(branch)?;
            ensure!(conflicts.is_empty(), "conflicts: {conflicts:?}");
            Ok(())
        })?;
        let table = branch.wait_for_equal_tables()?;
        let untouched = table.ticket(&bystander.id)?.context("the other ticket")?;
        ensure!(untouched.state == "waiting" && !untouched.overridden, "the other ticket is as it was: {untouched:?}");
        Ok(())
    })
}

fn names_both_calls(conflict: &Value, ticket: &str) -> Result<()> {
    ensure!(branchmesh_tests::client::id_of(&conflict["ticket"]).as_deref() == Some(ticket), "of {ticket}: {conflict}");
    let calls = conflict["calls"].as_array().context("a conflict lists its calls")?;
    let counters: BTreeSet<u64> = calls.iter().filter_map(|c| c["counter"].as_u64()).collect();
    ensure!(counters == BTreeSet::from([1, 2]), "both counters are named: {conflict}");
    Ok(())
}
