//! Seeded runs of a whole branch in virtual time: many without a fault in the code, none of which may violate anything;
//! and some with a deliberate one, which must be noticed.

use std::ops::Range;

use branchmesh_tests::report;
use branchmesh_tests::sim::{self, Flaw, Kind, draw, shrink};

/// Seeds of each test of honest runs.
const SEEDS: u64 = 250;
/// Seeds of the test in which every run has a cloned disk.
const CLONES: u64 = 200;
/// Seeds within which a deliberate fault must show.
const NOTICED_WITHIN: u64 = 600;
/// The same for faults that only a storm of restarts brings out, one in a thousand: the search begins shortly before the
/// first that was seen to show them.
const NOTICED_IN_STORMS_WITHIN: u64 = 1_500;

fn holds(part: u64) {
    let mut converged = Vec::new();
    for seed in part * SEEDS..(part + 1) * SEEDS {
        let report = sim::run(seed, Kind::Any, None, false);
        assert!(
            report.violations.is_empty(),
            "seed {seed} violates:\n  {}\nreplay: cargo run --release -p branchmesh-tests --bin simulate -- --seed {seed}",
            report.violations.join("\n  ")
        );
        converged.extend(report.converged_ms);
    }
    converged.sort_unstable();
    report::figure("one steward and equal replicas after healing, ms: median", converged[converged.len() / 2]);
    report::figure("slowest", converged[converged.len() - 1]);
}

/// Every run has a cloned disk: many are noticed, none does lasting harm, and what was decided before anybody could notice
/// stays rare.
#[test]
fn holds_with_cloned_disks() {
    let reports: Vec<_> = (0..CLONES).map(|seed| sim::run(seed, Kind::Clones, None, false)).collect();
    let violated = reports.iter().find(|report| !report.violations.is_empty());
    assert!(
        violated.is_none(),
        "a seed violates something: {violated:?}\nreplay: simulate --clones --seed N of the package branchmesh-tests"
    );
    let count = |what: fn(&sim::Report) -> bool| reports.iter().filter(|report| what(report)).count();
    let (cloned, noticed) = (count(|r| r.cloned > 0), count(|r| r.shut_out > 0));
    let excused = count(|r| r.excused > 0);
    report::figure("cloned disks, noticed, at odds before that", format!("{cloned}, {noticed}, {excused}"));
    assert!(cloned * 10 >= reports.len() * 9, "a disk was cloned in {cloned} runs only");
    assert!(noticed * 4 >= cloned * 3, "{noticed} of {cloned} cloned disks were noticed");
    assert!(excused * 5 <= cloned, "{excused} of {cloned} runs had to be excused");
}

/// Without the closing of the door, a cloned disk does harm that nothing excuses: nobody is ever told.
#[test]
fn notices_that_clones_are_let_in() {
    notices_in(Flaw::ClonesLetIn, Kind::Clones, 0..NOTICED_WITHIN);
}

fn notices(flaw: Flaw) {
    notices_in(flaw, Kind::Any, 0..NOTICED_WITHIN);
}

/// Some seed shows the flaw, and the same seed shows nothing without it.
fn notices_in(flaw: Flaw, kind: Kind, mut seeds: Range<u64>) {
    let first = seeds.find(|seed| !sim::run(*seed, kind, Some(flaw), false).violations.is_empty());
    report::figure(&format!("{flaw:?} noticed first by seed"), format!("{first:?}"));
    let seed = first.unwrap_or_else(|| panic!("no seed up to {} noticed {flaw:?}", seeds.end));
    let honest = sim::run(seed, kind, None, false).violations;
    assert!(honest.is_empty(), "seed {seed} violates without {flaw:?} too: {honest:?}");
}

#[test]
fn notices_a_missing_fence() {
    notices_in(Flaw::NoFence, Kind::Storm, 350..350 + NOTICED_IN_STORMS_WITHIN);
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
    notices_a_forgotten_promise = PromiseNotOnDisk,
    notices_network_before_disk = NetworkBeforeDisk,
    notices_a_quorum_of_one = QuorumOfOne,
    notices_records_shown_before_they_count = ShownBeforeCommit,
    notices_missing_lanes = NoLanes,
    notices_unsigned_changes = UnsignedAccepted,
    notices_changes_of_a_wrong_role = WrongRoleAccepted,
    notices_missing_repair = NoRepair,
    notices_a_commit_that_failed = FailedSyncIgnored,
    notices_changes_of_others_that_are_never_stored = OthersChangesNotStored
);

#[test]
fn a_seed_decides_everything() {
    let (first, second) = (sim::run(7, Kind::Any, None, true), sim::run(7, Kind::Any, None, true));
    assert!(!first.story.is_empty());
    assert_eq!((first.story, first.events), (second.story, second.events));
}

#[test]
fn a_failing_plan_is_made_shorter_and_still_fails() {
    let flaw = Some(Flaw::NoLanes);
    let failing = |seed: &u64| !sim::run(*seed, Kind::Any, flaw, false).violations.is_empty();
    let plan = draw::draw((0..50).find(failing).expect("the flaw shows soon"), Kind::Any);
    let shrunk = shrink::shrink(&plan, flaw, 60);
    assert!(!shrunk.report.violations.is_empty() && !shrunk.report.story.is_empty());
    assert!(shrunk.plan.steps.len() < plan.steps.len() / 2, "{} of {}", shrunk.plan.steps.len(), plan.steps.len());
}
