//! Power cuts (`SIGKILL`) under load, and what a damaged disk does.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{Branch, FIVE, Network, tell};
use branchmesh_tests::client::Client;
use branchmesh_tests::dice::Dice;
use branchmesh_tests::load::Load;
use branchmesh_tests::report;

/// Power cuts in the long scenario.
const KILLS: usize = 15;

fn two_open_counters(branch: &Branch) -> Result<()> {
    branch.open_counter("counter1", 1)?;
    branch.open_counter("counter2", 2)
}

#[test]
fn the_steward_dies_while_granting_and_nothing_acknowledged_is_lost() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        two_open_counters(branch)?;
        let steward = branch.wait_for_one_steward()?;
        let mut death = Instant::now();
        let ledger = Load::run(branch, &["kiosk", "tablet"], |load| {
            load.wait_for_more(20)?;
            branch.node(&steward).kill()?;
            death = Instant::now();
            load.wait_for_more(20)
        })?;
        ledger.report_resumed("the steward died", death);
        ledger.check(&branch.wait_for_equal_tables()?, 1)?;
        ensure!(branch.wait_for_one_steward()? != steward, "another device is steward now");

        branch.node(&steward).start()?;
        branch.wait_for_one_steward()?;
        ledger.check(&branch.wait_for_equal_tables()?, 1)
    })
}

#[test]
fn a_paused_steward_comes_back_and_grants_nothing_twice() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        two_open_counters(branch)?;
        let steward = branch.wait_for_one_steward()?;
        let (kiosk, caller) = if steward == "kiosk" { ("tablet", "counter2") } else { ("kiosk", "tablet") };
        let before = (0..6).map(|_| branch.issue(kiosk, "cash")).collect::<Result<Vec<_>>>()?;
        branch.wait_for_equal_tables()?;
        branch.node(&steward).pause()?;
        let pause = Instant::now();
        let first = branch.call_next(caller, 2);
        report::time("the steward froze: until the next call", pause.elapsed());
        branch.node(&steward).resume()?;
        let first = first?.context("somebody waits")?;
        ensure!(first.id == before[0].id, "the first in the queue: {first:?}");
        branch.wait_for_one_steward()?;
        branch.serve(caller, &first.id)?;
        let second = branch.call_next(caller, 1)?.context("somebody waits")?;
        ensure!(second.id == before[1].id, "the second in the queue: {second:?}");
        let table = branch.wait_for_equal_tables()?;
        ensure!(table.in_state("waiting")?.len() == 4, "four still wait: {table:?}");
        Ok(())
    })
}

#[test]
fn fifteen_power_cuts_under_load_lose_and_repeat_nothing() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        two_open_counters(branch)?;
        branch.wait_for_one_steward()?;
        let mut dice = Dice::new();
        let ledger = Load::run(branch, &["kiosk", "tablet"], |load| {
            for _ in 0..KILLS {
                load.wait_for_more(2)?;
                let victim = &branch.nodes()[dice.below(branch.nodes().len())];
                victim.kill()?;
                std::thread::sleep(Duration::from_millis(u64::try_from(dice.below(3000))?));
                victim.start()?;
            }
            load.wait_for_more(5)
        })?;
        branch.wait_for_one_steward()?;
        ledger.check(&branch.wait_for_equal_tables()?, KILLS)
    })
}

#[test]
fn a_damaged_store_is_reported_set_aside_and_filled_again_by_the_peers() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        two_open_counters(branch)?;
        for _ in 0..12 {
            branch.issue("kiosk", "cash")?;
        }
        let before = branch.wait_for_equal_tables()?;
        let victim = branch.node("counter2");
        let device = victim.id()?;
        victim.kill()?;
        let store = largest_file(&victim.data)?;
        let damaged = flip_bytes(&store)?;
        victim.start()?;

        let log = victim.log_text()?.to_lowercase();
        ensure!(log.contains("damaged") && log.contains("aside"), "the log says plainly what happened");
        ensure!(!log.contains("panicked"), "a damaged file is no reason to panic");
        let kept = files_below(&victim.data)?.into_iter().filter(|f| *f != store);
        let kept = kept.filter(|f| std::fs::read(f).is_ok_and(|bytes| bytes == damaged)).count();
        ensure!(kept == 1, "the damaged store is kept whole, once, beside the new one");
        ensure!(victim.id()? == device, "it is the same device");
        branch.wait_for_one_steward()?;
        ensure!(branch.wait_for_equal_tables()? == before, "it holds what its peers hold");
        let ticket = branch.issue("counter2", "cash")?;
        ensure!(before.ticket(&ticket.id)?.is_none() && ticket.number == "A013", "it serves on: {ticket:?}");
        branch.wait_for_equal_tables()?;
        Ok(())
    })
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { files.extend(files_below(&path)?) } else { files.push(path) }
    }
    Ok(files)
}

fn largest_file(folder: &Path) -> Result<PathBuf> {
    let size = |file: &PathBuf| file.metadata().map_or(0, |m| m.len());
    files_below(folder)?.into_iter().max_by_key(size).context("a device has a store")
}

/// Inverts one byte in 64, from the header on; returns what the file is now.
fn flip_bytes(file: &Path) -> Result<Vec<u8>> {
    let mut bytes = std::fs::read(file)?;
    bytes.iter_mut().step_by(64).for_each(|b| *b = !*b);
    std::fs::write(file, &bytes)?;
    Ok(bytes)
}

#[test]
fn a_lone_device_answers_after_a_power_cut_with_all_it_acknowledged() -> Result<()> {
    tell(Network::Loopback, &FIVE[..1], |branch| {
        let node = branch.node("counter1");
        let mut issued = Vec::new();
        for _ in 0..5 {
            issued.push(branch.issue("counter1", "cash")?);
            node.kill()?;
            node.start()?;
            let table = node.table()?;
            ensure!(table.len() == issued.len(), "{} of {} tickets", table.len(), issued.len());
        }
        let alone: &Client = &node.client;
        ensure!(alone.open_conflicts()?.is_empty(), "no conflict");
        node.table()?.check_numbers()
    })
}
