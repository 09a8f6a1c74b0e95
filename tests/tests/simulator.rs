//! Seeded runs of a whole branch in virtual time: many without a fault in the code, none of which may violate anything;
//! and some with a deliberate one, which must be noticed.

use branchmesh_tests::report;
use branchmesh_tests::sim::{self, Flaw};

/// Seeds of each test of honest runs.
const SEEDS: u64 = 63;
/// Seeds within which a deliberate fault must show.
const NOTICED_WITHIN: u64 = 600;

fn holds(part: u64) {
    let mut converged = Vec::new();
    for seed in part * SEEDS..(part + 1) * SEEDS {
        let report = sim::run(seed, None, false);
        assert!(
            report.violations.is_empty(),
            "seed {seed} violates:\n  {}\nreplay: cargo run --release -p branchmesh-tests --bin simulate -- {seed}",
            report.violations.join("\n  ")
        );
        converged.extend(report.converged_ms);
    }
    converged.sort_unstable();
    report::figure("one steward and equal replicas after healing, ms: median", converged[converged.len() / 2]);
    report::figure("slowest", converged[converged.len() - 1]);
}

fn notices(flaw: Flaw) {
    let first = (0..NOTICED_WITHIN).find(|seed| !sim::run(*seed, Some(flaw), false).violations.is_empty());
    report::figure(&format!("{flaw:?} noticed first by seed"), format!("{first:?}"));
    assert!(first.is_some(), "{NOTICED_WITHIN} seeds did not notice {flaw:?}");
}

macro_rules! parts {
    ($($name:ident = $part:literal),*) => { $(#[test] fn $name() { holds($part); })* };
}

parts!(
    holds_part_0 = 0,
    holds_part_1 = 1,
    holds_part_2 = 2,
    holds_part_3 = 3,
    holds_part_4 = 4,
    holds_part_5 = 5,
    holds_part_6 = 6,
    holds_part_7 = 7
);

macro_rules! flaws {
    ($($name:ident = $flaw:ident),*) => { $(#[test] fn $name() { notices(Flaw::$flaw); })* };
}

flaws!(
    notices_a_quorum_of_one = QuorumOfOne,
    notices_a_missing_fence = NoFence,
    notices_a_forgotten_promise = PromiseNotOnDisk,
    notices_network_before_disk = NetworkBeforeDisk,
    notices_records_shown_before_they_count = ShownBeforeCommit,
    notices_missing_lanes = NoLanes,
    notices_unsigned_changes = UnsignedAccepted,
    notices_changes_of_a_wrong_role = WrongRoleAccepted
);

#[test]
fn a_seed_decides_everything() {
    let (first, second) = (sim::run(7, None, true), sim::run(7, None, true));
    assert!(!first.story.is_empty());
    assert_eq!((first.story, first.events), (second.story, second.events));
}
