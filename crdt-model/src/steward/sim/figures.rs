//! How soon: the waits that people notice after splits and after healing, over many random storms. Printed, never asserted.
//!
//!     BRANCHMESH_SEEDS=500 cargo nextest run --release --workspace --no-capture -E 'test(steward::sim::figures)'

use std::collections::BTreeSet;

use super::super::{Flaws, Settings};
use super::dice::Dice;
use super::plans::{PROFILES, Profile, plan_asks, run, trouble, weather};
use super::world::{Act, MS, S, Weather, World};
use crate::ids::RecordId;

/// Tickets should be callable again within this time of a split in two.
const BAR: u64 = 3 * S;
const LOOK_EVERY: u64 = 50 * MS;

fn seeds(default: u64) -> u64 {
    std::env::var("BRANCHMESH_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A storm of splits among joins; for every split in two that lasts at least [`BAR`], the time until all tickets that were
/// callable before it are held by a steward again, if they were by then.
fn waits_after_splits(seed: u64, fair: bool, waits: &mut Vec<Option<u64>>) {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let n = 3 + dice.below(7) as usize;
    let mut weather = weather(&mut dice);
    if fair {
        weather = Weather { loss: weather.loss.min(0.01), slow: 0.0, stall: 0.0, drift: 0.01, ..weather };
    }
    let mut world = World::new(dice.next(), n, vec![true; n], Settings::default(), weather);
    for i in 0..n {
        world.plan(dice.below(2 * S), Act::Start(i));
    }
    let end = 60 * S;
    plan_asks(&mut world, &mut dice, n, end);
    let mut time = 12 * S;
    assert!(world.run(time));
    while time < end {
        let act = trouble(&mut dice, Profile::Splits, n, time);
        let two = matches!(act, Act::Split(2));
        // What was appended and does not count yet was never shown to a customer, so nobody waits for it.
        let mut before = world.callable();
        before.retain(|ticket| world.check.records.contains_key(ticket));
        world.plan(time, act);
        let next = time + if dice.chance(0.3) { dice.range(50 * MS, S) } else { dice.range(S, 9 * S) };
        assert!(world.run(time + MS), "{:?}", world.check.violations);
        if two && world.is_split() && next >= time + BAR {
            waits.push(wait_for(&mut world, &before, time, next));
        }
        assert!(world.run(next), "{:?}", world.check.violations);
        time = next;
    }
}

/// Time until a steward that can reach a quorum has them all. What a planned change of epoch costs later is not counted.
fn wait_for(world: &mut World, tickets: &BTreeSet<RecordId>, split_at: u64, end: u64) -> Option<u64> {
    let mut now = split_at;
    while now + LOOK_EVERY < end {
        now += LOOK_EVERY;
        assert!(world.run(now), "{:?}", world.check.violations);
        if tickets.iter().all(|ticket| world.is_held(ticket)) {
            return Some(now - split_at);
        }
    }
    None
}

fn at(sorted: &[u64], per_mille: usize) -> f64 {
    sorted.get(sorted.len() * per_mille / 1_000).map_or(f64::NAN, |wait| *wait as f64 / S as f64)
}

#[allow(clippy::print_stderr, reason = "figures are for people")]
fn tell_waits(weather: &str, fair: bool) {
    let mut waits = Vec::new();
    for seed in 0..seeds(20) {
        waits_after_splits(seed, fair, &mut waits);
    }
    let soon = waits.iter().filter(|wait| wait.is_some_and(|wait| wait <= BAR)).count();
    let mut known: Vec<u64> = waits.iter().flatten().copied().collect();
    known.sort_unstable();
    eprintln!(
        "figure: {weather}: after {} splits in two: callable again within 3 s in {:.1} %; p50 {:.2} s, p90 {:.2} s, p99 {:.2} s, never before the next trouble {}",
        waits.len(),
        100.0 * soon as f64 / waits.len().max(1) as f64,
        at(&known, 500),
        at(&known, 900),
        at(&known, 990),
        waits.len() - known.len(),
    );
    assert!(!waits.is_empty(), "the storms must split");
}

#[test]
fn waiting_tickets_after_a_split_in_two() {
    tell_waits("all weather", false);
}

/// A branch whose disks do not stall, whose clocks run alike, and whose network loses a packet of a hundred at most.
#[test]
fn waiting_tickets_after_a_split_in_two_in_fair_weather() {
    tell_waits("fair weather", true);
}

#[test]
#[allow(clippy::print_stderr, reason = "figures are for people")]
fn one_steward_after_healing() {
    let mut waits = Vec::new();
    for seed in 0..seeds(24) {
        let profile = PROFILES[seed as usize % PROFILES.len()];
        let outcome = run(seed, profile, Flaws::default());
        assert!(outcome.violations.is_empty(), "{profile:?} seed {seed}: {:#?}", outcome.violations);
        waits.extend(outcome.converged);
    }
    waits.sort_unstable();
    eprintln!(
        "figure: one steward after healing, {} storms: p50 {:.2} s, p99 {:.2} s, slowest {:.2} s",
        waits.len(),
        at(&waits, 500),
        at(&waits, 990),
        at(&waits, 1_000 - 1)
    );
}
