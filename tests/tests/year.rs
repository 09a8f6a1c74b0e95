//! A few small weeks of the simulated year: what a device keeps on disk and in memory does not grow once the days that shall be
//! kept are full. `cargo run --release -p branchmesh-tests --bin year` plays all of it.

use anyhow::{Context, Result, ensure};
use branchmesh_tests::year::{self, Evening, Wanted};

const DAYS: u32 = 19;
const TICKETS: u32 = 10;
const KEEP_DAYS: u16 = 5;
/// Documents of a business day: one for each shard, and the counters'.
const DOCUMENTS: u64 = 9;
/// Visits of a business day: one customer in ten tells who they are.
const VISITS: u64 = 1;

#[test]
fn nothing_grows_once_the_days_that_are_kept_are_full() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let wanted = Wanted { days: DAYS, tickets: TICKETS, keep_days: KEEP_DAYS };
    let evenings = year::play(folder.path(), &wanted, |_| {})?;
    let from = evenings.iter().position(|e| e.day == 9).context("the second Wednesday")?;
    let (second, third): (&[Evening], &[Evening]) = evenings[from..].split_at(4);
    ensure!(second.len() == 4 && third.len() >= 4, "two weeks to compare: {}", evenings.len());
    let kept = u64::from(KEEP_DAYS);
    for evening in evenings[from..].iter() {
        ensure!(evening.documents <= 2 + kept * (DOCUMENTS + VISITS), "documents of kept days only: {evening:?}");
        ensure!(evening.archived >= (kept - 3) * (DOCUMENTS - 2), "past days are archived: {evening:?}");
        ensure!(evening.early_changes == 0 && evening.outbox_rows == 0, "no queue is left full: {evening:?}");
        ensure!(evening.shown_tickets <= 2 * u64::from(TICKETS), "two days are shown: {evening:?}");
    }
    type Size = (&'static str, fn(&Evening) -> u64);
    let sizes: [Size; 6] = [
        ("content", |e| e.content_bytes),
        ("file", |e| e.file_bytes),
        ("steward rows", |e| e.steward_rows),
        ("steward bytes", |e| e.steward_bytes),
        ("other rows", |e| e.meta_rows),
        ("loose changes", |e| e.loose_changes),
    ];
    for (name, of) in sizes {
        let most = |week: &[Evening]| week.iter().map(of).max().unwrap_or(0);
        let (before, after) = (most(second), most(third));
        ensure!(after <= before + before / 10, "{name} grow from one week to the next: {before} to {after}");
    }
    Ok(())
}
