//! Many seeds, no violation; and every deliberate fault is caught.

use std::sync::Arc;

use super::super::{Ballot, Close, Durable, Epoch, Flaws, Message, Op, Packet, Record, Settings};
use super::desk::Ask;
use super::plans::{PROFILES, Profile, run};
use super::world::{Act, S, Weather, World};
use crate::ids::{CommandId, DeviceId, EpochId, RecordId};

/// Seeds from the environment variable for long runs, else few enough for every day.
fn seeds(default: u64) -> std::ops::Range<u64> {
    let many = std::env::var("BRANCHMESH_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let first = std::env::var("BRANCHMESH_FIRST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    first..first + many
}

#[allow(clippy::print_stderr, reason = "a long run tells how soon branches converge")]
fn holds_under(profile: Profile) {
    let mut records = 0;
    let mut pruned = 0;
    let mut waits: Vec<u64> = Vec::new();
    for seed in seeds(12) {
        let outcome = run(seed, profile, Flaws::default());
        assert!(outcome.violations.is_empty(), "{profile:?} seed {seed}: {:#?}", outcome.violations);
        records += outcome.records.min(outcome.answered);
        pruned += outcome.pruned;
        waits.extend(outcome.converged);
    }
    assert!(records > 100, "the runs must do something");
    assert!(pruned > 0 || profile != Profile::Days, "days must be pruned");
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

fn calm(hosts: usize) -> World {
    let weather = Weather {
        loss: 0.0,
        duplicates: 0.0,
        delay: 300,
        slow: 0.0,
        slow_max: 0,
        sync: (500, 1_000),
        stall: 0.0,
        drift: 0.0,
    };
    let mut world = World::new(7, hosts, vec![true; hosts], Settings::default(), weather);
    for i in 0..hosts {
        world.plan(0, Act::Start(i));
    }
    world
}

#[test]
fn a_log_longer_than_a_message_is_handed_on_whole() {
    let mut world = calm(3);
    assert!(world.run(12 * S));
    for k in 0..1_800 {
        world.plan_ask(12 * S + k * 5_000, (k % 3) as usize, Ask::Issue);
    }
    assert!(world.run(25 * S), "{:?}", world.check.violations);
    assert_eq!(world.check.main_numbers(), (1..=1_800).collect::<Vec<u32>>());
    // Its successor inherits all of it, and a device whose disk is new gets all of it.
    let steward = world.stewards()[0];
    world.plan(25 * S, Act::Wipe((steward + 1) % 3));
    world.plan(40 * S, Act::CrashSteward(60 * S));
    world.plan_ask(50 * S, (steward + 1) % 3, Ask::Issue);
    assert!(world.run(60 * S), "{:?}", world.check.violations);
    assert_eq!(world.check.main_numbers(), (1..=1_801).collect::<Vec<u32>>());
}

#[test]
fn a_new_steward_has_all_rights_of_the_old_one_at_its_first_decision() {
    let mut world = calm(3);
    assert!(world.run(12 * S));
    let lost = world.stewards()[0];
    let others: Vec<usize> = (0..3).filter(|i| *i != lost).collect();
    for k in 0..60 {
        world.plan_ask(12 * S + k * 5_000, others[0], Ask::Issue);
    }
    world.plan(14 * S, Act::Isolate(lost));
    // Somebody presses all the time: whichever moment the new one begins to serve in, there is a question in it.
    for k in 0..400 {
        let ask = if k % 10 == 0 { Ask::Call } else { Ask::Issue };
        world.plan_ask(14 * S + k * 10_000, others[k as usize % 2], ask);
    }
    assert!(world.run(30 * S), "{:?}", world.check.violations);
    assert_eq!((world.refused, world.answered_at.len()), (0, 460), "tickets wait, so every call is answered with one");
    assert_eq!(world.check.main_numbers(), (1..=420).collect::<Vec<u32>>(), "nobody numbers in a side lane");
}

#[test]
fn a_device_is_believed_again_after_a_clone_of_its_disk_had_started_more_often() {
    let mut world = calm(3);
    assert!(world.run(12 * S));
    for k in 0..3 {
        world.plan((12 + 6 * k) * S, Act::Crash(1, 3 * S));
    }
    assert!(world.run(32 * S), "{:?}", world.check.violations);
    world.plan(32 * S, Act::Crash(1, 4 * S));
    assert!(world.run(34 * S));
    world.hosts[1].incarnation = 0;
    assert!(world.run(45 * S), "{:?}", world.check.violations);
    for host in &world.hosts {
        let group = host.machine.as_ref().map(|machine| machine.group().len());
        assert_eq!(group, Some(3), "{:?} sees a smaller branch", host.voter);
    }
}

#[test]
fn a_device_that_slept_below_the_floor_stands_down_and_joins_again() {
    let mut world = calm(3);
    assert!(world.run(12 * S));
    let sleeper = world.stewards()[0];
    world.plan(12 * S, Act::Isolate(sleeper));
    for at in [30, 40] {
        world.plan(at * S, Act::Roll);
        world.plan((at + 5) * S, Act::Prune);
    }
    assert!(world.run(50 * S), "{:?}", world.check.violations);
    assert!(world.pruned > 0, "the two prune without the third");
    world.plan(50 * S, Act::Join);
    assert!(world.run(80 * S), "{:?}", world.check.violations);
    let [steward] = world.stewards()[..] else { panic!("one steward: {:?}", world.stewards()) };
    let machine = world.hosts[steward].machine.as_ref().unwrap();
    assert_eq!(machine.epoch().unwrap().members.len(), 3);
    let durable = world.hosts[sleeper].machine.as_ref().unwrap().durable();
    assert!(durable.floor >= world.pruned, "the floor was taken over");
}

#[test]
fn healing_wakes_who_sleeps() {
    let mut world = calm(3);
    assert!(world.run(12 * S));
    let sleeper = world.stewards()[0];
    world.plan(12 * S, Act::Pause(sleeper, 60 * S));
    assert!(world.run(20 * S));
    let groups = |world: &World| world.hosts.iter().map(|host| host.machine.as_ref().unwrap().group().len()).collect();
    let seen: Vec<usize> = groups(&world);
    assert_eq!(seen.iter().filter(|group| **group == 2).count(), 2, "the others go on without it: {seen:?}");
    world.plan(20 * S, Act::Heal);
    // Past the time to which it was to sleep nothing begins twice.
    for time in [30, 80] {
        assert!(world.run(time * S), "{:?}", world.check.violations);
        assert_eq!(groups(&world), [3, 3, 3]);
        assert_eq!(world.stewards().len(), 1);
        assert_eq!([0, 1, 2].map(|i| world.ticks_due(i)), [1, 1, 1]);
    }
}

#[test]
fn heights_that_no_branch_comes_to_are_not_believed() {
    let mut world = calm(2);
    assert!(world.run(8 * S));
    let liar = world.hosts[1].voter;
    let host = &mut world.hosts[0];
    let id = EpochId { height: u32::MAX, creator: liar, n: 1 };
    let last = Epoch::new(id, [host.voter, liar].into());
    let known = host.machine.as_ref().unwrap().epoch().unwrap().clone();
    let close = Close { successor: last.clone(), len: 0 };
    for message in [
        Message::ProbeReply { attempt: 1, floor: u32::MAX, epochs: vec![(last.clone(), None)] },
        Message::ProbeReply { attempt: 1, floor: 0, epochs: vec![(known.clone(), Some(close.clone()))] },
        Message::Append { epoch: last, from: 0, records: vec![], commit: 0 },
        Message::Accept { epoch: known, ballot: Ballot { n: 99, by: liar }, close, from: 0, records: vec![] },
    ] {
        let packet = Packet { src: liar, dst: host.voter, ttl: 1, message: Arc::new(message) };
        let output = host.machine.as_mut().unwrap().handle(0, liar, packet, &mut host.desk);
        assert!(output.ops.is_empty(), "{:?}", output.ops);
    }
    // The next epoch still has a height to take.
    world.plan(8 * S, Act::CrashSteward(2 * S));
    assert!(world.run(30 * S), "{:?}", world.check.violations);
    assert_eq!(world.stewards().len(), 1);
}

#[test]
fn damaged_rows_are_refused() {
    let epoch = EpochId::genesis(DeviceId([1; 32]));
    let cmd = CommandId::try_from("c".to_owned()).unwrap();
    let entry = |index| Op::Push(RecordId { epoch, index }, Record::Entry { cmd: cmd.clone(), body: vec![1] });
    let rows = |ops: &[Op]| ops.iter().flat_map(Op::rows).map(|(key, value)| (key, value.unwrap())).collect::<Vec<_>>();
    let whole = [Op::Epoch(Epoch::genesis(epoch)), entry(1), entry(2), Op::Commit(epoch, 2)];
    let read = Durable::from_rows(rows(&whole).into_iter()).unwrap();
    assert_eq!(read.epochs[&epoch].len(), 2);
    for missing in 0..3 {
        let mut ops = whole.to_vec();
        ops.remove(missing);
        assert!(Durable::from_rows(rows(&ops).into_iter()).is_err(), "row {missing} is missing");
    }
    let mut garbled = rows(&whole);
    garbled[1].1 = vec![0xFF; 3];
    assert!(Durable::from_rows(garbled.into_iter()).is_err(), "a record cannot be decoded");
}
