//! Many seeds, no violation; and every deliberate fault is caught.

use super::super::Flaws;
use super::plans::{PROFILES, Profile, run};

/// Seeds from the environment variable for long runs, else few enough for every day.
fn seeds(default: u64) -> std::ops::Range<u64> {
    let many = std::env::var("BRANCHMESH_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let first = std::env::var("BRANCHMESH_FIRST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    first..first + many
}

fn holds_under(profile: Profile) {
    let mut records = 0;
    let mut waits: Vec<u64> = Vec::new();
    for seed in seeds(25) {
        let outcome = run(seed, profile, Flaws::default());
        assert!(outcome.violations.is_empty(), "{profile:?} seed {seed}: {:#?}", outcome.violations);
        records += outcome.records.min(outcome.answered);
        waits.extend(outcome.converged);
    }
    assert!(records > 100, "the runs must do something");
    waits.sort_unstable();
    eprintln!(
        "{profile:?}: {records} records, converged p50 {:?} max {:?} µs",
        waits.get(waits.len() / 2),
        waits.last()
    );
}

macro_rules! profiles {
    ($($name:ident: $profile:ident,)*) => { $(#[test] fn $name() { holds_under(Profile::$profile); })* };
}

profiles! {
    holds_under_splits: Splits,
    holds_under_crashes: Crashes,
    holds_under_pauses: Pauses,
    holds_under_flapping: Flapping,
    holds_when_links_are_not_transitive: NonTransitive,
    holds_when_links_are_one_way: Asymmetric,
    holds_in_chaos: Chaos,
    holds_under_reconnects: Reconnects,
    holds_under_goodbyes_and_lost_disks: Goodbyes,
    holds_under_take_overs: TakeOver,
    holds_over_days: Days,
    holds_under_revocations: Revocations,
}

/// The first of many seeds with a violation that people would notice.
fn is_caught(flaws: Flaws) {
    let caught = (1..600).find(|seed| {
        let profile = PROFILES[*seed as usize % PROFILES.len()];
        run(*seed, profile, flaws).violations.iter().any(|text| !text.contains("convergence"))
    });
    assert!(caught.is_some(), "{flaws:?} was not caught");
}

macro_rules! flaws {
    ($($name:ident: $flaw:ident,)*) => {
        $(#[test] fn $name() { is_caught(Flaws { $flaw: true, ..Flaws::default() }); })*
    };
}

flaws! {
    catches_quorum_of_one: quorum_of_one,
    catches_no_fence: no_fence,
    catches_promises_not_on_disk: promise_not_on_disk,
    catches_shown_before_commit: shown_before_commit,
    catches_no_lanes: no_lanes,
    catches_forgotten_attempts: attempts_forgotten,
}
