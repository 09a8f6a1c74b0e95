//! The LAN is cut into three devices and two, and mended.

use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{Branch, FIVE, Network, tell};
use branchmesh_tests::client::{Client, Ticket};
use branchmesh_tests::report;
use branchmesh_tests::table::main_lane;
use serde_json::json;

/// Holds two of the three devices that may be stewards.
const LARGER: [&str; 3] = ["counter1", "kiosk", "display"];
/// Holds one of them.
const SMALLER: [&str; 2] = ["counter2", "tablet"];
/// Customers waiting when the cable breaks.
const WAITING: usize = 20;

/// A branch with two open counters and [`WAITING`] customers, known everywhere.
fn full_lobby(branch: &Branch) -> Result<Vec<Ticket>> {
    branch.open_counter("counter1", 1)?;
    branch.open_counter("counter2", 2)?;
    let waiting = (0..WAITING).map(|_| branch.issue("kiosk", "cash")).collect::<Result<Vec<_>>>()?;
    branch.wait_for_equal_tables()?;
    Ok(waiting)
}

/// Asks the smaller side for a ticket of the old group until it knows that it may not: before it has noticed the cut it
/// answers that no steward can be reached.
fn refused_for_want_of_authority(branch: &Branch, client: &Client, ticket: &str) -> Result<()> {
    let body = json!({ "counter": 2 });
    let path = format!("/tickets/{ticket}/call");
    let reply = branchmesh_tests::client::insist(&[client], &path, &body)?;
    reply.problem(409, "no-authority")?;
    let said = reply.text.to_lowercase();
    ensure!(LARGER.iter().any(|name| said.contains(name)), "it names who may call: {reply:?}");
    ensure!(said.contains("override"), "it says that an override exists: {reply:?}");
    ensure!(branch.node("counter2").table()?.ticket(ticket)?.context("known")?.state == "waiting", "nothing changed");
    Ok(())
}

#[test]
fn each_waiting_customer_is_callable_on_exactly_one_side() -> Result<()> {
    tell(Network::Lan, &FIVE, |branch| {
        let waiting = full_lobby(branch)?;
        branch.split(&[&LARGER, &SMALLER])?;
        let cut = Instant::now();

        let (larger, smaller) = std::thread::scope(|scope| {
            let smaller = scope.spawn(|| {
                let ticket = branch.issue("tablet", "cash");
                report::time("smaller side: from the cut to its first new ticket", cut.elapsed());
                ticket
            });
            let larger = branch.issue("kiosk", "cash");
            report::time("larger side: from the cut to its first new ticket", cut.elapsed());
            (larger, smaller.join().expect("an issuer returns its errors"))
        });
        let (larger, smaller) = (larger?, smaller?);
        ensure!(larger.number == format!("A{:03}", WAITING + 1), "the main lane goes on: {}", larger.number);
        ensure!(main_lane(&smaller.number).is_none(), "a side lane has letters of its own: {}", smaller.number);

        let called_new = branch.call_next("counter2", 2)?.context("the smaller side calls its own new ticket")?;
        ensure!(called_new.id == smaller.id, "counter 2 was given {called_new:?}");
        branch.serve("counter2", &smaller.id)?;
        ensure!(branch.call_next("counter2", 2)?.is_none(), "nobody else may be called there");

        let here = &branch.node("counter2").client;
        waiting.iter().try_for_each(|t| refused_for_want_of_authority(branch, here, &t.id))?;
        for ticket in &waiting[..WAITING / 2] {
            let called = branch.call_next("counter1", 1)?.context("somebody waits")?;
            ensure!(called.id == ticket.id, "in the order of arrival: {called:?}, expected {ticket:?}");
            branch.serve("counter1", &ticket.id)?;
        }

        branch.heal()?;
        branch.wait_for_one_steward()?;
        branch.wait_for_equal_tables()?;
        branch.wait_for_waiting(WAITING / 2 + 1)?;
        everybody_else_is_called_once(branch, WAITING / 2 + 1)?;
        let table = branch.wait_for_equal_tables()?;
        // A command whose answer was lost in the cut may have run on both sides; its second ticket is given up.
        let kept: Vec<Ticket> = table.tickets()?.into_iter().filter(|t| t.state != "abandoned").collect();
        ensure!(kept.len() == WAITING + 2, "{} tickets", kept.len());
        ensure!(kept.iter().all(|t| t.state == "served" && t.calls == 1), "{table:?}");
        branch.nodes().iter().try_for_each(|n| {
            ensure!(n.client.open_conflicts()?.is_empty(), "a conflict without an override at {}", n.spec.name);
            Ok(())
        })
    })
}

/// Two counters call until nobody waits; `expected` different tickets in all.
fn everybody_else_is_called_once(branch: &Branch, expected: usize) -> Result<()> {
    let call_all = |at: &str, counter: u32| -> Result<Vec<String>> {
        let mut ids = Vec::new();
        while let Some(ticket) = branch.call_next(at, counter)? {
            branch.serve(at, &ticket.id)?;
            ids.push(ticket.id);
        }
        Ok(ids)
    };
    let (one, two) = std::thread::scope(|scope| {
        let two = scope.spawn(|| call_all("counter2", 2));
        (call_all("counter1", 1), two.join().expect("a teller returns its errors"))
    });
    let all: Vec<String> = one?.into_iter().chain(two?).collect();
    let different: BTreeSet<&String> = all.iter().collect();
    ensure!(all.len() == expected && different.len() == expected, "expected {expected} calls: {all:?}");
    Ok(())
}

#[test]
fn three_cuts_in_a_row_leave_one_branch_and_no_number_twice() -> Result<()> {
    let cuts: [&[&[&str]]; 3] = [
        &[&LARGER, &SMALLER],
        &[&["counter1", "tablet"], &["counter2", "kiosk", "display"]],
        &[&["counter1", "display"], &["counter2"], &["kiosk", "tablet"]],
    ];
    tell(Network::Lan, &FIVE, |branch| {
        let mut issued = Vec::new();
        for groups in cuts {
            branch.split(groups)?;
            for group in groups {
                let at = group.first().context("no group is empty")?;
                issued.push(branch.issue(at, "wealth")?);
            }
            branch.heal()?;
            issued.push(branch.issue("kiosk", "wealth")?);
        }
        branch.wait_for_one_steward()?;
        branch.wait_for_waiting(issued.len())?;
        let table = branch.wait_for_equal_tables()?;
        issued.iter().try_for_each(|t| {
            let there = table.ticket(&t.id)?.with_context(|| format!("{t:?} is lost"))?;
            ensure!(there.number == t.number, "{t:?} became {there:?}");
            Ok(())
        })
    })
}
