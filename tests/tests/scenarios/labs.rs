//! Networks and days as branches have them, under load. No lab's LAN has a default route.
//!
//! `BRANCHMESH_LAB_SLEEP_S` and `BRANCHMESH_LAB_KILL_S` make a device sleep, and power cuts go on, for longer than the few
//! seconds of an ordinary run.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{Branch, FIVE, Network, tell};
use branchmesh_tests::dice::Dice;
use branchmesh_tests::load::{Ledger, Load};
use branchmesh_tests::node::Spec;
use branchmesh_tests::relay::Weather;
use branchmesh_tests::report;
use branchmesh_tests::table::main_lane;

/// Four devices that all may vote.
const FOUR: [Spec; 4] = [
    Spec { name: "counter1", role: "counter", counter: Some(1) },
    Spec { name: "counter2", role: "counter", counter: Some(2) },
    Spec { name: "counter3", role: "counter", counter: Some(3) },
    Spec { name: "kiosk", role: "kiosk", counter: None },
];

/// Calls that a lost answer may leave without a customer, in each cut of a lab.
const GHOSTS_A_CUT: usize = 4;

fn seconds(variable: &str, usual: u64) -> Duration {
    Duration::from_secs(std::env::var(variable).ok().and_then(|s| s.parse().ok()).unwrap_or(usual))
}

fn open(branch: &Branch) -> Result<()> {
    branch.open_counter("counter1", 1)?;
    branch.open_counter("counter2", 2)
}

/// After the trouble: one steward, equal tables, and every promise kept.
fn judge(branch: &Branch, ledger: &Ledger, called_ghosts: usize) -> Result<()> {
    let healed = Instant::now();
    branch.wait_for_one_steward()?;
    report::time("one steward after the trouble", healed.elapsed());
    let table = branch.wait_for_equal_tables()?;
    report::time("equal tables after the trouble", healed.elapsed());
    ledger.check(&table, called_ghosts)?;
    for node in branch.nodes() {
        ensure!(node.client.open_conflicts()?.is_empty(), "a conflict without an override at {}", node.spec.name);
    }
    Ok(())
}

#[test]
fn two_against_two_without_multicast() -> Result<()> {
    tell(Network::LanWithoutMulticast, &FOUR, |branch| {
        open(branch)?;
        branch.open_counter("counter3", 3)?;
        let waiting = (0..4).map(|_| branch.issue("kiosk", "cash")).collect::<Result<Vec<_>>>()?;
        branch.wait_for_equal_tables()?;
        let steward = branch.wait_for_one_steward()?;
        let names = FOUR.map(|spec| spec.name);
        let with = names.into_iter().find(|n| *n != steward).context("another device")?;
        let others: Vec<&str> = names.into_iter().filter(|n| *n != steward && *n != with).collect();
        branch.split(&[&[&steward, with], &others])?;
        let cut = Instant::now();

        // The tie goes to the side of the epoch's creator: there the main lane goes on and the waiting are called.
        let counter_of = |side: &[&str]| FOUR.iter().find(|s| side.contains(&s.name) && s.counter.is_some()).cloned();
        let here = counter_of(&[&steward, with]).context("a counter on this side")?;
        let called =
            branch.call_next(here.name, here.counter.context("it has a number")?)?.context("somebody waits")?;
        report::time("two against two: from the cut to the next call", cut.elapsed());
        ensure!(called.id == waiting[0].id, "in the order of arrival: {called:?}");

        let there = counter_of(&others).context("a counter on the other side")?;
        let new = branch.issue(there.name, "cash")?;
        report::time("two against two: from the cut to the other side's first ticket", cut.elapsed());
        ensure!(main_lane(&new.number).is_none(), "the other side has a lane of its own: {new:?}");
        let number = there.counter.context("it has a number")?;
        let theirs = branch.call_next(there.name, number)?.context("the new ticket")?;
        ensure!(theirs.id == new.id, "only its own ticket is called there: {theirs:?}");

        branch.heal()?;
        branch.wait_for_one_steward()?;
        branch.wait_for_equal_tables()?;
        branch.wait_for_waiting(3)
    })
}

#[test]
fn three_ways_and_a_split_within_a_split() -> Result<()> {
    let cuts: [&[&[&str]]; 4] = [
        &[&["counter1", "kiosk"], &["counter2", "display"], &["tablet"]],
        &[&["counter1"], &["counter2", "display"], &["kiosk", "tablet"]],
        &[&["counter1", "counter2", "display"], &["kiosk", "tablet"]],
        &[&["counter1", "counter2"], &["display"], &["kiosk", "tablet"]],
    ];
    tell(Network::Lan, &FIVE, |branch| {
        open(branch)?;
        let ledger = Load::run(branch, &["kiosk", "tablet"], |load| {
            load.wait_for_more(5)?;
            for groups in cuts {
                branch.split(groups)?;
                std::thread::sleep(Duration::from_secs(6));
            }
            branch.heal()?;
            load.wait_for_more(5)
        })?;
        judge(branch, &ledger, cuts.len() * GHOSTS_A_CUT)
    })
}

#[test]
fn a_fifth_of_all_packets_is_lost() -> Result<()> {
    tell(Network::Lan, &FIVE, |branch| {
        open(branch)?;
        let ledger = Load::run(branch, &["kiosk", "tablet"], |load| {
            branch.lose_packets(20)?;
            let start = Instant::now();
            load.wait_for_more(20)?;
            report::time("twenty tickets and calls while a fifth of all packets is lost", start.elapsed());
            branch.lose_packets(0)
        })?;
        judge(branch, &ledger, GHOSTS_A_CUT)
    })
}

#[test]
fn packets_are_delayed_overtake_each_other_and_are_lost() -> Result<()> {
    tell(Network::LanWithRelay, &FIVE, |branch| {
        open(branch)?;
        let ledger = Load::run(branch, &["kiosk", "tablet"], |load| {
            load.wait_for_more(5)?;
            let relay = branch.relay(Weather { lost_percent: 20, delay_ms: (5, 60) })?;
            let start = Instant::now();
            load.wait_for_more(10)?;
            report::time("ten tickets and calls through the relay, from the moment it took over", start.elapsed());
            let steady = Instant::now();
            load.wait_for_more(10)?;
            report::time("ten more", steady.elapsed());
            let (passed, lost) = relay.counts();
            ensure!(lost > 0 && passed > lost, "{passed} datagrams passed the relay and {lost} did not");
            report::figure("datagrams passed and lost", format!("{passed} {lost}"));
            branch.mend_relay()
        })?;
        // Every answer may be lost here, not only those under way while links are cut.
        judge(branch, &ledger, 4 * GHOSTS_A_CUT)
    })
}

#[test]
fn a_device_gets_another_address() -> Result<()> {
    tell(Network::LanOnAnyAddress, &FIVE, |branch| {
        open(branch)?;
        let ledger = Load::run(branch, &["kiosk", "tablet"], |load| {
            load.wait_for_more(5)?;
            let steward = branch.wait_for_one_steward()?;
            branch.move_device(&steward)?;
            let moved = Instant::now();
            load.wait_for_more(5)?;
            report::time("five tickets and calls after the steward's address changed", moved.elapsed());
            branch.wait_for_one_steward()?;
            report::time("one steward of all after its address changed", moved.elapsed());
            load.wait_for_more(5)
        })?;
        judge(branch, &ledger, GHOSTS_A_CUT)
    })
}

#[test]
fn a_device_that_slept_takes_part_again() -> Result<()> {
    tell(Network::Lan, &FIVE, |branch| {
        open(branch)?;
        let sleeper = branch.node("counter2");
        let ledger = Load::run(branch, &["kiosk", "tablet"], |load| {
            load.wait_for_more(5)?;
            sleeper.pause()?;
            std::thread::sleep(seconds("BRANCHMESH_LAB_SLEEP_S", 15));
            sleeper.resume()?;
            load.wait_for_more(5)
        })?;
        judge(branch, &ledger, GHOSTS_A_CUT)
    })
}

#[test]
fn an_evening_and_a_morning() -> Result<()> {
    tell(Network::Lan, &FIVE, |branch| {
        open(branch)?;
        let issued = (0..5).map(|_| branch.issue("kiosk", "cash")).collect::<Result<Vec<_>>>()?;
        branch.wait_for_equal_tables()?;
        for node in branch.nodes() {
            node.stop()?;
        }
        let mut dice = Dice::new();
        let morning = Instant::now();
        for node in branch.nodes() {
            node.launch()?;
            std::thread::sleep(Duration::from_millis(u64::try_from(dice.below(2_000))?));
        }
        branch.wait_for_one_steward()?;
        report::time("from the first device's start to one steward of all", morning.elapsed());
        let table = branch.wait_for_equal_tables()?;
        ensure!(table.len() == issued.len(), "{} of {} tickets", table.len(), issued.len());
        // The device that went last took the main lane along, and brings it back.
        branch.wait_until("the main lane is back", || {
            let mesh = branch.node("kiosk").client.mesh()?;
            ensure!(mesh["lane"].is_null(), "the lane is {}", mesh["lane"]);
            Ok(())
        })?;
        let next = branch.issue("kiosk", "cash")?;
        ensure!(next.number == "A006", "the main lane goes on: {next:?}");
        Ok(())
    })
}

#[test]
fn power_cuts_at_random() -> Result<()> {
    let long = seconds("BRANCHMESH_LAB_KILL_S", 20);
    tell(Network::Lan, &FIVE, |branch| {
        open(branch)?;
        let mut dice = Dice::new();
        let mut kills = 0;
        let ledger = Load::run(branch, &["kiosk", "tablet"], |load| {
            let start = Instant::now();
            while start.elapsed() < long {
                load.wait_for_more(1)?;
                let victim = &branch.nodes()[dice.below(branch.nodes().len())];
                victim.kill()?;
                kills += 1;
                std::thread::sleep(Duration::from_millis(u64::try_from(dice.below(1_500))?));
                victim.start()?;
            }
            load.wait_for_more(5)
        })?;
        report::figure("power cuts", kills);
        judge(branch, &ledger, kills)
    })
}
