//! Draws plans: branches, work and faults.

use super::Rng;
use super::network::{Ms, Weather};
use super::plan::{Act, Clock, Plan, Setup, Step};

/// When the first customer comes.
pub const OPENING: Ms = 8_000;
/// How far off a clock is whose battery was changed, ms.
const YEAR: i64 = 365 * 24 * 3_600_000;
/// Before this time nothing goes wrong.
const FIRST_FAULT: Ms = 9_000;

/// Kinds of runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Every fault there is.
    Any,
    /// The same, and in every run a cloned disk.
    Clones,
    /// Nothing but quick restarts and cuts, close upon one another: what a forgotten promise needs to show.
    Storm,
}

/// The plan of one seed.
pub fn draw(seed: u64, kind: Kind) -> Plan {
    let mut rng = Rng::branch(seed, 1);
    let mut setup = setup(&mut rng, kind);
    if kind != Kind::Storm && !setup.night {
        a_clock_a_year_off(&mut Rng::branch(seed, 3), &mut setup);
    }
    let heal_at = 10_000 + rng.range(12_000, 30_000);
    let mut steps = power_on(&mut rng, &setup);
    work(&mut rng, heal_at, &mut steps);
    match kind {
        Kind::Any | Kind::Clones => faults(&mut rng, &setup, heal_at, &mut steps),
        Kind::Storm => storm(&mut rng, &setup, heal_at, &mut steps),
    }
    let mut rng = Rng::branch(seed, 4);
    if kind == Kind::Clones || (kind == Kind::Any && rng.chance(125)) {
        a_cloned_disk(&mut rng, &setup, heal_at, &mut steps);
    }
    steps.sort_by_key(|step| step.at);
    Plan { seed, setup, steps, heal_at }
}

fn setup(rng: &mut Rng, kind: Kind) -> Setup {
    let size = rng.range(3, 6) as usize;
    let night = rng.chance(150);
    let liar = rng.chance(400).then(|| rng.range(1, size as u64 - 1) as usize);
    Setup {
        size,
        weather: Weather::draw(rng),
        sync_ms: if rng.chance(300) { (3, 25) } else { (1, 3) },
        liar,
        withholds: rng.chance(300) && kind != Kind::Storm,
        night,
        clocks: clocks(rng, size, night),
        overrides: rng.chance(300),
    }
}

/// Most clocks are a little off, some much, and the two clocks of a device drift together.
fn clocks(rng: &mut Rng, size: usize, night: bool) -> Vec<Clock> {
    let drifting = if rng.chance(200) && !night { rng.one_of(&[200, 10_000, 100_000]) } else { 20 };
    (0..=size)
        .map(|_| {
            let skew = if rng.chance(100) && !night { around(rng, 60_000) } else { around(rng, 200) };
            Clock { skew, drift_ppm: around(rng, drifting) }
        })
        .collect()
}

/// Now and then one clock is a year off from the beginning; the others outvote it.
fn a_clock_a_year_off(rng: &mut Rng, setup: &mut Setup) {
    if rng.chance(100) {
        let one = rng.index(setup.size);
        setup.clocks[one].skew = rng.one_of(&[YEAR, -YEAR]);
    }
}

/// One disk is cloned: not one that is lost or restored in the same run, nor the liar's.
fn a_cloned_disk(rng: &mut Rng, setup: &Setup, heal_at: Ms, steps: &mut Vec<Step>) {
    let lost = |one: &usize| {
        let loses = |act: &Act| matches!(act, Act::FlipBits { member, .. } | Act::Restore(member) if member == one);
        steps.iter().any(|step| loses(&step.act))
    };
    let sound: Vec<usize> = (0..setup.size).filter(|one| setup.liar != Some(*one) && !lost(one)).collect();
    let one = rng.one_of(&sound);
    let at = rng.range(FIRST_FAULT, heal_at - 2_000);
    steps.push(Step { at, act: Act::Clone(one, rng.range(1_000, 15_000)) });
}

fn around(rng: &mut Rng, most: i64) -> i64 {
    rng.below(2 * most.unsigned_abs() + 1) as i64 - most
}

/// Everybody at once, or one after the other as people arrive in the morning.
fn power_on(rng: &mut Rng, setup: &Setup) -> Vec<Step> {
    let spread = if rng.chance(300) { 7_000 } else { 0 };
    (0..setup.size).map(|i| Step { at: rng.below(spread + 1), act: Act::Start(i) }).collect()
}

fn work(rng: &mut Rng, heal_at: Ms, steps: &mut Vec<Step>) {
    let pace = rng.range(60, 400);
    let mut at = OPENING;
    while at < heal_at {
        steps.push(Step { at, act: Act::Work { dice: rng.draw() } });
        at += rng.range(pace / 2, pace * 2);
    }
}

fn faults(rng: &mut Rng, setup: &Setup, heal_at: Ms, steps: &mut Vec<Step>) {
    let mut at = FIRST_FAULT + rng.range(1_000, 4_000);
    // A device that is away for the rest of the day is not switched on by who walks by.
    let away = rng.chance(100).then(|| rng.index(setup.size));
    if let Some(away) = away {
        steps.push(Step { at: at + rng.below(3_000), act: Act::Crash(away) });
    }
    if setup.night && rng.chance(600) {
        // The day ends while the branch is in two parts.
        steps.push(Step { at: rng.range(17_000, 24_000), act: Act::Split(groups(rng, setup.size, 2)) });
    }
    let mut disk_lost = false;
    if setup.size > 4 && rng.chance(150) {
        // One is thrown out, often while somebody cannot hear of it.
        let one = rng.range(1, setup.size as u64 - 1) as usize;
        let when = rng.range(FIRST_FAULT + 2_000, heal_at);
        if rng.chance(700) {
            steps.push(Step { at: when - rng.range(500, 2_000), act: Act::Split(groups(rng, setup.size, 2)) });
        }
        steps.push(Step { at: when, act: Act::Revoke(one) });
    }
    while at < heal_at {
        fault(rng, setup, at, heal_at, &mut disk_lost, steps);
        if rng.chance(300) {
            let dark = rng.index(setup.size);
            if Some(dark) != away {
                steps.push(Step { at: at + 1, act: Act::Start(dark) });
            }
        }
        at += rng.range(300, 6_000);
    }
}

fn storm(rng: &mut Rng, setup: &Setup, heal_at: Ms, steps: &mut Vec<Step>) {
    let mut at = FIRST_FAULT + rng.range(1_000, 4_000);
    while at < heal_at {
        for index in 0..setup.size {
            if rng.chance(800) {
                steps.push(Step { at, act: Act::Start(index) });
            }
        }
        let act = match rng.below(10) {
            0..=4 => Act::Crash(rng.index(setup.size)),
            5..=7 => Act::Split(groups(rng, setup.size, 2)),
            _ => Act::Whole,
        };
        steps.push(Step { at: at + 1, act });
        at += rng.range(100, 1_200);
    }
}

/// Adds a fault, with what belongs to it later.
fn fault(rng: &mut Rng, setup: &Setup, at: Ms, heal_at: Ms, disk_lost: &mut bool, steps: &mut Vec<Step>) {
    let one = rng.index(setup.size);
    let other = (one + 1 + rng.index(setup.size - 1)) % setup.size;
    let mut add = |at, act| steps.push(Step { at, act });
    match rng.below(100) {
        0..=14 => add(at, Act::Split(groups(rng, setup.size, 2))),
        15..=19 => add(at, Act::Split(groups(rng, setup.size, 3))),
        20..=24 => add(at, Act::Cut(one, other)),
        25..=34 => add(at, Act::Whole),
        35..=45 => add(at, if rng.chance(700) { Act::Crash(one) } else { Act::Start(one) }),
        46..=50 => add(at, Act::CutOneWay(one, other)),
        51..=54 => add(at, Act::Links(partial_mesh(rng, setup.size))),
        55..=57 => {
            let until = (at + rng.range(3_000, 12_000)).min(heal_at);
            let period = rng.range(300, 4_000);
            let mut at = at;
            while at < until {
                add(at, Act::Cut(one, other));
                add(at + period / 2, Act::Mend(one, other));
                at += period;
            }
        }
        58..=61 => add(at, Act::Leave(one)),
        62..=66 => add(at, Act::Lie { dice: rng.draw() }),
        67..=68 => add(at, Act::Garbage { dice: rng.draw() }),
        69..=71 => add(at, Act::Visit { dice: rng.draw() }),
        72..=77 => add(at, Act::Pause(one, rng.range(500, 9_000))),
        78..=79 => {
            let to = if setup.night { around(rng, 500) } else { rng.one_of(&[0, -45_000, 45_000, -3_600_000]) };
            add(at, Act::SetClock(one, to));
        }
        80 => {
            // At night no clock may leave the day that everybody must know of.
            let (most, speed) = if setup.night { (250, 1) } else { (9_000, rng.one_of(&[1, 60, 3_600])) };
            add(at, Act::RunBack(one, rng.range(100, most), speed));
        }
        81..=82 => {
            add(at, Act::FillDisk(one));
            add(at + rng.range(500, 6_000), Act::FreeDisk(one));
        }
        83 => add(at, Act::FailSync(one)),
        84 if !*disk_lost => {
            *disk_lost = true;
            add(at, Act::FlipBits { member: one, dice: rng.draw() });
        }
        85..=86 if !*disk_lost => {
            *disk_lost = true;
            add(at, Act::BackUp(one));
            add(at + rng.range(500, 15_000), Act::Restore(one));
        }
        87..=89 => {
            add(at, Act::Invite { dice: rng.draw() });
            add(at + rng.range(200, 4_000), Act::Join);
            add(at + rng.range(4_000, 8_000), Act::ReplayInvitation { dice: rng.draw() });
        }
        90..=91 => add(at, Act::Rank { dice: rng.draw() }),
        92..=93 => add(at, Act::TakeOver(one)),
        94..=95 => add(at, Act::Burst { count: rng.range(10, 40), dice: rng.draw() }),
        96 => {
            let back_after = (0..setup.size).map(|_| rng.range(500, 8_000)).collect();
            add(at, Act::Blackout { back_after });
        }
        97 => add(at, Act::Compact(one)),
        _ => add(at, Act::Newer { dice: rng.draw() }),
    }
}

fn groups(rng: &mut Rng, size: usize, count: u64) -> Vec<usize> {
    // The device that waits to be invited is somewhere too.
    (0..=size).map(|_| rng.below(count) as usize).collect()
}

/// A line, a star, or links at random.
fn partial_mesh(rng: &mut Rng, size: usize) -> Vec<(usize, usize)> {
    let first = rng.index(size);
    let order: Vec<usize> = (0..size).map(|i| (first + i) % size).collect();
    match rng.below(4) {
        0 => order.windows(2).map(|pair| (pair[0], pair[1])).collect(),
        1 => order[1..].iter().map(|other| (first, *other)).collect(),
        _ => {
            let density = rng.range(200, 700);
            let pairs = (0..size).flat_map(|a| (0..a).map(move |b| (a, b)));
            pairs.filter(|_| rng.chance(density)).collect()
        }
    }
}
