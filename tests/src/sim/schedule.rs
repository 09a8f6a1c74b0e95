//! A run: a calm start, a time of faults and work, healing, settling, judgement.

use branchmesh_node::handle::Snapshot;

use super::network::Ms;
use super::workload::Workload;
use super::world::World;

/// Longest time from healing to one steward and equal replicas.
const SETTLED_WITHIN_MS: Ms = 45_000;

/// Plays one run to its end.
pub fn play(world: &mut World) {
    play_with(world, fault, (300, 6_000));
}

/// The same with nothing but quick restarts and cuts, close upon one another: what a forgotten promise needs to show.
pub fn play_storm(world: &mut World) {
    play_with(world, restart_or_cut, (100, 1_200));
}

fn play_with(world: &mut World, fault: fn(&mut World), pause: (Ms, Ms)) {
    let mut workload = Workload::default();
    workload.overrides = world.rng.chance(300);
    for index in 0..world.members.len() {
        world.start(index);
    }
    if !world.run_until(8_000) {
        return;
    }
    workload.open_counters(world);
    let faults_end = 10_000 + world.rng.range(12_000, 30_000);
    if !trouble(world, &mut workload, faults_end, fault, pause) {
        return;
    }
    world.heal();
    settle(world);
}

/// Work and faults until `end`; whether all is still well.
fn trouble(
    world: &mut World,
    workload: &mut Workload,
    end: Ms,
    fault: fn(&mut World),
    (soonest, latest): (Ms, Ms),
) -> bool {
    let mut next_fault = world.now + world.rng.range(1_000, 4_000);
    let pace = world.rng.range(60, 400);
    while world.now < end {
        let pause = world.rng.range(pace / 2, pace * 2);
        if !world.run_until(world.now + pause) {
            return false;
        }
        workload.act(world);
        if world.now >= next_fault {
            fault(world);
            next_fault = world.now + world.rng.range(soonest, latest);
        }
    }
    true
}

fn restart_or_cut(world: &mut World) {
    for index in 0..world.members.len() {
        if world.rng.chance(800) {
            world.start(index);
        }
    }
    let size = world.members.len() as u64;
    match world.rng.below(10) {
        0..=4 => {
            let one = world.rng.below(size) as usize;
            world.crash(one);
        }
        5..=7 => {
            let groups: Vec<usize> = (0..size).map(|_| world.rng.below(2) as usize).collect();
            world.tell(|w| format!("the LAN splits: {}", sides(w, &groups)));
            world.rewire(|n| n.split(&groups));
        }
        _ => {
            world.tell(|_| "the LAN is whole".into());
            world.rewire(super::network::Network::heal);
        }
    }
}

fn fault(world: &mut World) {
    let size = world.members.len() as u64;
    let one = world.rng.below(size) as usize;
    match world.rng.below(14) {
        0..=2 => {
            let groups: Vec<usize> = (0..size).map(|_| world.rng.below(2) as usize).collect();
            world.tell(|w| format!("the LAN splits: {}", sides(w, &groups)));
            world.rewire(|n| n.split(&groups));
        }
        3 => {
            let groups: Vec<usize> = (0..size).map(|_| world.rng.below(3) as usize).collect();
            world.tell(|w| format!("the LAN splits: {}", sides(w, &groups)));
            world.rewire(|n| n.split(&groups));
        }
        4 => {
            let other = world.rng.below(size) as usize;
            world.tell(|w| format!("the link {}–{} is cut", w.members[one].name, w.members[other].name));
            world.rewire(|n| n.set(one, other, one == other));
        }
        5 | 6 => {
            world.tell(|_| "the LAN is whole".into());
            world.rewire(super::network::Network::heal);
        }
        7 | 8 => {
            if world.is_up(one) {
                world.crash(one);
            } else {
                world.start(one);
            }
        }
        9 => {
            let other = world.rng.below(size) as usize;
            world.tell(|w| format!("nothing passes from {} to {}", w.members[one].name, w.members[other].name));
            world.rewire(|n| n.cut_one_way(one, other));
        }
        10 => world.leave(one),
        11 => world.lie(),
        12 => world.visit(),
        _ => {
            let for_ms = world.rng.range(500, 8_000);
            world.pause(one, for_ms);
        }
    }
    // Somebody walks by and switches a dead device on.
    let dark = world.rng.below(size) as usize;
    if world.rng.chance(300) {
        world.start(dark);
    }
}

fn sides(world: &World, groups: &[usize]) -> String {
    let name = |side: usize| {
        let members = world.members.iter().zip(groups).filter(|(_, g)| **g == side).map(|(m, _)| m.name.as_str());
        members.collect::<Vec<_>>().join(" ")
    };
    [name(0), name(1), name(2)].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(" | ")
}

fn settle(world: &mut World) {
    let healed = world.now;
    let mut calm = 0;
    while world.now < healed + SETTLED_WITHIN_MS {
        // Whoever was about to leave when everything healed comes back too.
        for index in 0..world.members.len() {
            world.start(index);
        }
        if !world.run_until(world.now + 250) {
            return;
        }
        calm = if is_settled(world) { calm + 1 } else { 0 };
        if calm == 1 {
            world.checker.converged_ms = Some(world.now - healed);
        }
        if calm == 8 {
            break;
        }
    }
    let pictures: Vec<(String, std::sync::Arc<Snapshot>)> =
        world.members.iter().filter_map(|m| m.process.as_ref().map(|p| (m.name.clone(), p.snapshot.clone()))).collect();
    if calm == 0 {
        world.checker.converged_ms = None;
        let why = unsettled(world);
        world.checker.violate(world.now, format!("not settled after healing: {why}"));
    }
    world.lie();
    world.run_until(world.now + 500);
    world.inspect();
    let today = world.today();
    let borrowed: Vec<(String, &Snapshot)> = pictures.iter().map(|(n, p)| (n.clone(), &**p)).collect();
    let now = world.now;
    world.checker.settled(now, &borrowed, today);
}

fn is_settled(world: &World) -> bool {
    unsettled(world).is_empty()
}

/// Why the branch is not one yet; empty if it is.
fn unsettled(world: &World) -> String {
    let stewards = world.stewards();
    if stewards.len() != 1 || stewards.contains(&None) {
        let seen = world.members.iter().filter_map(|m| m.process.as_ref().map(|p| (&m.name, p)));
        let seen: Vec<String> = seen
            .map(|(name, p)| {
                let mesh = &p.snapshot.mesh;
                format!("{name}: group of {}, epoch {:?}, steward {:?}", mesh.group.len(), mesh.epoch, mesh.steward)
            })
            .collect();
        return format!("stewards differ: {}", seen.join("; "));
    }
    let pictures: Vec<_> = world.members.iter().filter_map(|m| m.process.as_ref()).map(|p| &p.snapshot).collect();
    if let Some(lone) = pictures.iter().find(|p| p.mesh.group.len() != world.members.len()) {
        return format!("a group of {}", lone.mesh.group.len());
    }
    if pictures.iter().any(|p| p.days != pictures[0].days) {
        return "tables differ".into();
    }
    String::new()
}
