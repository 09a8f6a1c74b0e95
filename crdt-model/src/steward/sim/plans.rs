//! Random schedules of trouble, and what must be true after it ends.

use super::super::{Flaws, Settings};
use super::desk::{Ask, Entry};
use super::dice::Dice;
use super::world::{Act, MS, S, Weather, World};

/// Kinds of trouble.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Profile {
    Splits,
    Crashes,
    Pauses,
    Flapping,
    NonTransitive,
    Asymmetric,
    Chaos,
    Reconnects,
    Goodbyes,
    TakeOver,
    /// Days roll and are pruned among splits and crashes.
    Days,
    /// Devices are revoked.
    Revocations,
}

pub(super) const PROFILES: [Profile; 12] = [
    Profile::Splits,
    Profile::Crashes,
    Profile::Pauses,
    Profile::Flapping,
    Profile::NonTransitive,
    Profile::Asymmetric,
    Profile::Chaos,
    Profile::Reconnects,
    Profile::Goodbyes,
    Profile::TakeOver,
    Profile::Days,
    Profile::Revocations,
];

/// What a run came to.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) violations: Vec<String>,
    /// How long after healing one steward served all, µs.
    pub(super) converged: Option<u64>,
    pub(super) records: usize,
    pub(super) answered: usize,
    pub(super) pruned: u32,
}

/// How long a run goes on after healing.
const TAIL: u64 = 45 * S;

pub(super) fn weather(dice: &mut Dice) -> Weather {
    let slow_disk = dice.chance(0.3);
    Weather {
        loss: dice.one_of(&[0.0, 0.0, 0.01, 0.05, 0.2]),
        duplicates: dice.one_of(&[0.0, 0.05, 0.3]),
        delay: dice.one_of(&[300, 2_000, 15_000]),
        slow: dice.one_of(&[0.0, 0.002, 0.02]),
        slow_max: dice.one_of(&[200 * MS, 4 * S]),
        sync: if slow_disk { (5 * MS, 40 * MS) } else { (500, 6 * MS) },
        stall: dice.one_of(&[0.0, 0.0, 0.002, 0.01]),
        drift: if dice.chance(0.2) { 0.5 } else { 0.01 },
    }
}

/// Some links up, some down: a line, a star, or at random; perhaps only one way.
fn links(dice: &mut Dice, n: usize, asymmetric: bool) -> Vec<Vec<bool>> {
    let mut up: Vec<Vec<bool>> = (0..n).map(|a| (0..n).map(|b| a == b).collect()).collect();
    let mut join = |a: usize, b: usize| {
        up[a][b] = true;
        up[b][a] = true;
    };
    let first = dice.below(n as u64) as usize;
    let order: Vec<usize> = (0..n).map(|i| (first + i) % n).collect();
    match dice.below(4) {
        0 => order.windows(2).for_each(|pair| join(pair[0], pair[1])),
        1 => order[1..].iter().for_each(|other| join(first, *other)),
        _ => {
            let p = 0.2 + 0.5 * (dice.below(1_000) as f64 / 1_000.0);
            for a in 0..n {
                for b in 0..a {
                    if dice.chance(p) {
                        join(a, b);
                    }
                }
            }
        }
    }
    for (a, row) in up.iter_mut().enumerate() {
        for (b, link) in row.iter_mut().enumerate() {
            *link &= a == b || !asymmetric || !dice.chance(0.25);
        }
    }
    up
}

pub(super) fn trouble(dice: &mut Dice, profile: Profile, n: usize, now: u64) -> Act {
    let node = |dice: &mut Dice| dice.below(n as u64) as usize;
    match profile {
        Profile::Splits => match dice.below(4) {
            0 => Act::Split(2),
            1 => Act::Split(2 + dice.below(3)),
            2 => Act::Isolate(node(dice)),
            _ => Act::Join,
        },
        Profile::Crashes => match dice.below(4) {
            0 => Act::CrashSteward(dice.range(S / 5, 20 * S)),
            1 => Act::Join,
            _ => Act::Crash(node(dice), dice.range(S / 5, 30 * S)),
        },
        Profile::Pauses => match dice.below(4) {
            0 | 1 => Act::PauseSteward(10 * S),
            2 => Act::Pause(node(dice), dice.range(S, 12 * S)),
            _ => Act::CrashSteward(dice.range(S, 20 * S)),
        },
        Profile::Flapping => match dice.below(3) {
            0 => Act::Flap(node(dice), dice.range(S / 2, 6 * S), now + dice.range(5 * S, 25 * S)),
            1 => Act::Links(links(dice, n, false)),
            _ => Act::Join,
        },
        Profile::NonTransitive => Act::Links(links(dice, n, false)),
        Profile::Asymmetric if dice.chance(0.3) => Act::Join,
        Profile::Asymmetric => Act::Links(links(dice, n, true)),
        Profile::Reconnects => match dice.below(4) {
            0 => Act::Split(2),
            1 => Act::Join,
            _ => Act::Reconnect(node(dice), node(dice), dice.range(10 * MS, 4 * S)),
        },
        Profile::Goodbyes => match dice.below(7) {
            0 | 1 => Act::Leave(node(dice)),
            2 => Act::Split(2),
            3 => Act::Wipe(node(dice)),
            4 => Act::Crash(node(dice), dice.range(S, 20 * S)),
            _ => Act::Join,
        },
        Profile::TakeOver => match dice.below(6) {
            0 | 1 => Act::TakeOver(node(dice)),
            2 => Act::Split(2),
            3 => Act::Split(3),
            4 => Act::CrashSteward(dice.range(S, 20 * S)),
            _ => Act::Join,
        },
        Profile::Days => match dice.below(8) {
            0 | 1 => Act::Roll,
            2 | 3 => Act::Prune,
            4 => Act::Split(2),
            5 => Act::Crash(node(dice), dice.range(S / 5, 20 * S)),
            _ => Act::Join,
        },
        Profile::Revocations => match dice.below(5) {
            0 => Act::Revoke(node(dice)),
            1 => Act::Split(2),
            2 => Act::Crash(node(dice), dice.range(S / 5, 20 * S)),
            _ => Act::Join,
        },
        Profile::Chaos => match dice.below(13) {
            0 => Act::Split(2),
            1 => Act::Split(3),
            2 => Act::Isolate(node(dice)),
            3 => Act::Pair(node(dice), node(dice)),
            4 => Act::CrashSteward(dice.range(S / 5, 15 * S)),
            5 => Act::Crash(node(dice), dice.range(S / 5, 15 * S)),
            6 => Act::PauseSteward(10 * S),
            7 => Act::Pause(node(dice), dice.range(S, 12 * S)),
            8 => Act::TakeOver(node(dice)),
            9 => Act::Links(links(dice, n, false)),
            10 => Act::Links(links(dice, n, true)),
            11 => Act::Leave(node(dice)),
            _ => Act::Join,
        },
    }
}

/// A branch of 2 to 9 devices under one kind of trouble, then healed.
pub(super) fn run(seed: u64, profile: Profile, flaws: Flaws) -> Outcome {
    let mut dice = Dice(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ profile as u64);
    let n = 2 + dice.below(8) as usize;
    let mut preferred: Vec<bool> = (0..n).map(|_| dice.chance(0.6)).collect();
    if dice.chance(0.7) {
        preferred = vec![true; n];
    }
    let weather = weather(&mut dice);
    let settings = Settings { flaws, ..Settings::default() };
    let mut world = World::new(dice.next(), n, preferred, settings, weather);
    for i in 0..n {
        let start = if dice.chance(0.9) { dice.below(2 * S) } else { dice.below(15 * S) };
        world.plan(start, Act::Start(i));
    }
    let heal = 25 * S + dice.below(35 * S);
    plan_asks(&mut world, &mut dice, n, heal + 38 * S);
    let mut time = 8 * S;
    while time < heal {
        let act = trouble(&mut dice, profile, n, time);
        world.plan(time, act);
        time += if dice.chance(0.3) { dice.range(50 * MS, S) } else { dice.range(S, 9 * S) };
    }
    world.plan(heal, Act::Heal);
    if profile == Profile::Days {
        world.plan(heal + 25 * S, Act::Roll);
        world.plan(heal + 30 * S, Act::Prune);
    }
    let fine = world.run(heal);
    finish(world, fine, heal, profile)
}

pub(super) fn plan_asks(world: &mut World, dice: &mut Dice, n: usize, until: u64) {
    let mut time = 3 * S;
    while time < until {
        time += dice.range(50 * MS, 700 * MS);
        let ask = if dice.chance(0.55) { Ask::Issue } else { Ask::Call };
        world.plan_ask(time, dice.below(n as u64) as usize, ask);
    }
}

fn finish(mut world: World, mut fine: bool, heal: u64, profile: Profile) -> Outcome {
    let mut converged = None;
    let mut why = String::new();
    let mut time = heal;
    while fine && time < heal + TAIL {
        time += 250 * MS;
        fine = world.run(time);
        match one_steward(&world) {
            Ok(()) => {
                converged.get_or_insert(time - heal);
            }
            // The day that rolls after healing changes the epoch once more.
            Err(_) if profile == Profile::Days && time > heal + 20 * S && time < heal + 40 * S => {}
            Err(problem) => {
                converged = None;
                why = problem;
            }
        }
    }
    if fine {
        match converged {
            None => world.check.violations.push(format!("no convergence: {why}")),
            Some(after) => check_end(&mut world, heal + after, heal + TAIL, profile),
        }
    }
    Outcome {
        violations: world.check.violations,
        converged,
        records: world.check.records.len(),
        answered: world.check.answered.len(),
        pruned: world.pruned,
    }
}

/// Whether one steward serves everybody, with everybody in its epoch and nothing left open that could be closed.
fn one_steward(world: &World) -> Result<(), String> {
    let running = world.running();
    let stewards = world.stewards();
    let [steward] = stewards[..] else { return Err(format!("stewards {stewards:?}")) };
    let epoch = world.hosts[steward].machine.as_ref().unwrap().epoch().unwrap().clone();
    for i in running.iter().copied() {
        let machine = world.hosts[i].machine.as_ref().unwrap();
        if machine.group().len() != running.len() {
            return Err(format!("host {i} sees {:?}", machine.group()));
        }
        if machine.epoch().map(|seen| seen.id) != Some(epoch.id) {
            return Err(format!("host {i} follows {:?}, not {:?}", machine.epoch(), epoch.id));
        }
        let floor = machine.durable().floor;
        for held in machine.durable().epochs.values().filter(|held| held.epoch.id.height >= floor) {
            if held.close.is_none() && held.epoch.id != epoch.id && held.epoch.has_quorum_in(machine.group()) {
                return Err(format!("host {i} has {:?} open", held.epoch.id));
            }
        }
    }
    Ok(())
}

/// What must be true of a converged branch.
fn check_end(world: &mut World, converged: u64, end: u64, profile: Profile) {
    let mut wrong = Vec::new();
    // A wiped or revoked device may take the last copy, or the majority, of an epoch with it.
    let whole = !matches!(profile, Profile::Goodbyes | Profile::Revocations | Profile::Days);
    let steward = world.stewards()[0];
    if whole {
        let numbers = world.check.main_numbers();
        if (1..).zip(&numbers).any(|(expected, number)| expected != *number) {
            wrong.push(format!("main lane has gaps or repeats: {} numbers, last {:?}", numbers.len(), numbers.last()));
        }
        let desk = &world.hosts[steward].desk;
        if world.hosts[steward].machine.as_ref().unwrap().lane() != Some(super::super::Lane::Main) {
            wrong.push("the main lane is lost".to_owned());
        }
        let issues = world.check.records.iter().filter(|(_, body)| matches!(Entry::read(body), Entry::Issue { .. }));
        if let Some((id, _)) = issues.into_iter().find(|(id, _)| !desk.holds(id)) {
            wrong.push(format!("the steward does not hold ticket {id:?}"));
        }
        if desk.any_forced() {
            wrong.push("a ticket is still only taken over".to_owned());
        }
    }
    let reference = world.hosts[steward].machine.as_ref().unwrap().durable().clone();
    for i in world.running() {
        if !world.is_disk_true(i) {
            wrong.push(format!("host {i}'s disk differs from its mirror"));
        }
        let durable = world.hosts[i].machine.as_ref().unwrap().durable();
        let floor = durable.floor.max(reference.floor);
        for (id, held) in reference.epochs.range(..).filter(|(id, held)| id.height >= floor && held.commit > 0) {
            let same = durable.epochs.get(id).is_some_and(|other| {
                other.commit == held.commit
                    && other.close == held.close
                    && other.log[..other.commit as usize] == held.log[..held.commit as usize]
            });
            if !same {
                wrong.push(format!("host {i} differs in {id:?}"));
            }
        }
        for (record, body) in world.check.answered.values().filter(|_| whole) {
            let log = durable.epochs.get(&record.epoch).map(|held| &held.log[..held.commit as usize]);
            let kept = log.and_then(|log| log.get(record.index as usize - 1));
            if !matches!(kept, Some(super::super::Record::Entry { body: kept, .. }) if kept == body) {
                wrong.push(format!("host {i} lost the answer {record:?}"));
            }
        }
    }
    let slow = world.asked.iter().filter(|(cmd, (at, _))| {
        let answer = world.answered_at.get(*cmd);
        *at > converged + 5 * S && *at < end - 3 * S && answer.is_none_or(|answer| *answer > at + 2 * S)
    });
    let slow = slow.count();
    // A roll hands over once more, and what is asked meanwhile may wait.
    if slow > 0 && profile != Profile::Days {
        wrong.push(format!("{slow} commands were slow or unanswered after convergence"));
    }
    world.check.violations.extend(wrong.into_iter().take(10));
}
