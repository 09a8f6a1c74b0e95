//! An ordinary morning: many customers, two counters calling at once, from whatever device is nearest.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use branchmesh_tests::branch::{Branch, FIVE, Network, tell};
use branchmesh_tests::client::Ticket;
use branchmesh_tests::report;
use std::time::Instant;

/// Customers at each of the two devices that issue.
const EACH: usize = 30;

fn issue_many(branch: &Branch, at: &str) -> Result<Vec<Ticket>> {
    (0..EACH).map(|i| branch.issue(at, if i % 3 == 0 { "non_cash" } else { "cash" })).collect()
}

fn call_all(branch: &Branch, at: &str, counter: u32) -> Result<Vec<Ticket>> {
    let mut called = Vec::new();
    while let Some(ticket) = branch.call_next(at, counter)? {
        branch.serve(at, &ticket.id)?;
        called.push(ticket);
    }
    Ok(called)
}

#[test]
fn sixty_tickets_from_two_devices_and_two_counters_none_twice() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        let start = Instant::now();
        let (kiosk, tablet) = std::thread::scope(|scope| {
            let tablet = scope.spawn(|| issue_many(branch, "tablet"));
            (issue_many(branch, "kiosk"), tablet.join().expect("an issuer returns its errors"))
        });
        let issued: Vec<Ticket> = kiosk?.into_iter().chain(tablet?).collect();
        report::time("60 tickets from two devices", start.elapsed());
        let numbers: BTreeSet<&str> = issued.iter().map(|t| t.number.as_str()).collect();
        let expected: BTreeSet<String> =
            (1..=40).map(|n| format!("A{n:03}")).chain((1..=20).map(|n| format!("B{n:03}"))).collect();
        ensure!(numbers.iter().copied().eq(expected.iter().map(String::as_str)), "numbers: {numbers:?}");

        branch.open_counter("counter1", 1)?;
        branch.open_counter("tablet", 2)?;
        let start = Instant::now();
        let (one, two) = std::thread::scope(|scope| {
            let two = scope.spawn(|| call_all(branch, "tablet", 2));
            (call_all(branch, "counter1", 1), two.join().expect("a teller returns its errors"))
        });
        let called: Vec<Ticket> = one?.into_iter().chain(two?).collect();
        report::time("60 tickets called and served at two counters", start.elapsed());
        let ids: BTreeSet<&str> = called.iter().map(|t| t.id.as_str()).collect();
        ensure!(
            called.len() == issued.len() && ids.len() == issued.len(),
            "{} calls, {} tickets",
            called.len(),
            ids.len()
        );

        let table = branch.wait_for_equal_tables()?;
        ensure!(table.len() == issued.len(), "{} tickets in the tables", table.len());
        ensure!(table.in_state("served")?.len() == issued.len(), "not all are served");
        ensure!(table.tickets()?.iter().all(|t| t.calls == 1), "a ticket was called more than once");
        Ok(())
    })
}

#[test]
fn a_branch_forms_and_serves_where_multicast_is_blocked() -> Result<()> {
    tell(Network::LanWithoutMulticast, &FIVE, |branch| {
        branch.open_counter("counter2", 2)?;
        let ticket = branch.issue("tablet", "cash")?;
        let called = branch.call_next("counter2", 2)?;
        ensure!(called.map(|t| t.id) == Some(ticket.id), "the only customer is called");
        branch.wait_for_equal_tables()?;
        Ok(())
    })
}
