//! A device is lost; its backup goes on a new disk.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{FIVE, Network, tables_equal, tell};
use branchmesh_tests::client::insist;
use branchmesh_tests::load::Load;
use branchmesh_tests::node::Node;
use serde_json::{Value, json};

/// The storage generation a node votes with.
fn generation(node: &Node) -> Result<u64> {
    let said = node.cli("status", &["--json"])?.ok()?;
    let status: Value = serde_json::from_str(&said.stdout).with_context(|| format!("JSON: {said:?}"))?;
    status["generation"].as_u64().with_context(|| format!("a generation: {status}"))
}

#[test]
fn a_backup_of_a_live_device_rejoins_from_a_new_folder_as_a_new_voter() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        branch.open_counter("counter1", 1)?;
        branch.open_counter("counter2", 2)?;
        let lost = branch.node("counter1");
        let file = branch.folder().join("counter1.backup");
        let file_text = file.to_str().context("test folders have plain names")?;
        let ledger = Load::run(branch, &["kiosk", "tablet"], |load| {
            load.wait_for_more(10)?;
            lost.cli("backup", &[file_text])?.ok()?;
            load.wait_for_more(10)
        })?;
        ledger.check(&branch.wait_for_equal_tables()?)?;
        let (device, votes_as) = (lost.id()?, generation(lost)?);
        lost.kill()?;
        insist(&[&branch.node("kiosk").client], "/tickets", &json!({ "service": "cash" }))?.ticket(201)?;

        let restored = lost.moved_to(branch.folder().join("counter1-restored"));
        restored.cli("restore", &[file_text])?.ok()?;
        restored.start()?;
        ensure!(restored.id()? == device, "it is the same device");
        ensure!(generation(&restored)? != votes_as, "it votes as a new generation");
        let all = || -> Vec<&Node> { branch.running().into_iter().chain([&restored]).collect() };
        branch.wait_until("the restored device holds what its peers hold", || tables_equal(&all()).map(|_| ()))?;

        for node in all() {
            insist(&[&node.client], "/tickets", &json!({ "service": "cash" }))?.ticket(201)?;
        }
        branch.wait_until("equal tables again", || tables_equal(&all()).map(|_| ()))?;
        let table = tables_equal(&all())?;
        let numbers: BTreeSet<String> = table.tickets()?.into_iter().map(|t| t.number).collect();
        ensure!(numbers.len() == table.len(), "a number was given twice: {numbers:?}");
        table.check_numbers()?;
        ensure!(
            table.len() == ledger.issued.len() + 6,
            "{} tickets, {} acknowledged",
            table.len(),
            ledger.issued.len()
        );
        Ok(())
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
