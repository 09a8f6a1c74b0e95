//! A device is lost; its backup goes on a new disk.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{Branch, FIVE, Network, tables_equal, tell};
use branchmesh_tests::client::{Ticket, insist};
use branchmesh_tests::load::Load;
use branchmesh_tests::node::Node;
use serde_json::json;

/// The devices that go on without the lost one.
const OTHERS: [&str; 4] = ["counter2", "kiosk", "display", "tablet"];

fn issue_at(node: &Node) -> Result<Ticket> {
    insist(&[&node.client], "/tickets", &json!({ "service": "cash" }))?.ticket(201)
}

/// Letters of the lane in which `node` (in the place of counter1) numbers when it is cut off from all others.
fn lane_when_alone(branch: &Branch, node: &Node) -> Result<String> {
    branch.split(&[&["counter1"], &OTHERS])?;
    // The first ticket may still be given by the old group, which the cut may not have reached yet.
    branch.wait_until("a side lane when alone", || {
        let number = issue_at(node)?.number;
        ensure!(letters(&number).len() > 1, "{number} is of the main lane");
        Ok(())
    })?;
    let lane = letters(&issue_at(node)?.number);
    branch.heal()?;
    Ok(lane)
}

fn letters(number: &str) -> String {
    number.chars().take_while(char::is_ascii_alphabetic).collect()
}

#[test]
fn a_backup_of_a_live_device_rejoins_from_a_new_folder_as_a_new_voter() -> Result<()> {
    tell(Network::LanWithoutMulticast, &FIVE, |branch| {
        branch.open_counter("counter1", 1)?;
        branch.open_counter("counter2", 2)?;
        let lost = branch.node("counter1");
        let lane = lane_when_alone(branch, lost)?;
        branch.wait_for_one_steward()?;
        branch.wait_for_equal_tables()?;

        let file = branch.folder().join("counter1.backup");
        let file_text = file.to_str().context("test folders have plain names")?;
        let ledger = Load::run(branch, &["kiosk", "tablet"], |load| {
            load.wait_for_more(10)?;
            lost.cli("backup", &[file_text])?.ok()?;
            load.wait_for_more(10)
        })?;
        ledger.check_promises(&branch.wait_for_equal_tables()?)?;
        let device = lost.id()?;
        lost.kill()?;
        issue_at(branch.node("kiosk"))?;

        let restored = lost.moved_to(branch.folder().join("counter1-restored"));
        restored.cli("restore", &[file_text])?.ok()?;
        restored.start()?;
        ensure!(restored.id()? == device, "it is the same device");
        let all = || -> Vec<&Node> { branch.running().into_iter().chain([&restored]).collect() };
        branch.wait_until("the restored device holds what its peers hold", || tables_equal(&all()).map(|_| ()))?;
        all().into_iter().try_for_each(|node| issue_at(node).map(|_| ()))?;
        let lane_now = lane_when_alone(branch, &restored)?;
        ensure!(lane_now != lane, "a restored disk may have forgotten numbers: it needs another lane than {lane}");

        branch.wait_until("equal tables again", || tables_equal(&all()).map(|_| ()))?;
        let table = tables_equal(&all())?;
        let numbers: BTreeSet<String> = table.tickets()?.into_iter().map(|t| t.number).collect();
        ensure!(numbers.len() == table.len(), "a number was given twice: {numbers:?}");
        table.check_numbers()?;
        ledger.check_promises(&table)
    })
}

#[test]
fn restore_refuses_a_folder_in_use_and_a_file_that_is_no_backup() -> Result<()> {
    tell(Network::Loopback, &FIVE[..1], |branch| {
        let node = branch.node("counter1");
        let file = branch.folder().join("good.backup");
        let good = file.to_str().context("test folders have plain names")?;
        node.cli("backup", &[good])?.ok()?;
        let over = node.cli("restore", &[good])?;
        ensure!(over.code == Some(1) && !over.stderr.is_empty(), "a folder in use is refused: {over:?}");
        let junk = branch.folder().join("junk.backup");
        std::fs::write(&junk, b"this is no backup")?;
        let empty = node.moved_to(branch.folder().join("fresh"));
        let refused = empty.cli("restore", &[junk.to_str().context("test folders have plain names")?])?;
        ensure!(refused.code == Some(1) && !refused.stderr.contains("panicked"), "junk is refused: {refused:?}");
        let ticket = branch.issue("counter1", "cash")?;
        ensure!(ticket.number == "A001", "the live device is untouched: {ticket:?}");
        Ok(())
    })
}
