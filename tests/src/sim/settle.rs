//! After everything healed: how soon the branch is one again, and the judgement.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use branchmesh_model::ids::DeviceId;
use branchmesh_model::schema::DocId;
use branchmesh_model::time::BusinessDate;
use branchmesh_model::view::DayView;
use branchmesh_node::handle::Snapshot;

use super::member::{Member, Process};
use super::network::Ms;
use super::world::World;

/// Longest time from healing to one steward and equal replicas.
const SETTLED_WITHIN_MS: Ms = 45_000;
const LOOK_EVERY_MS: Ms = 250;
/// Looks in a row at which the branch must be one.
const CALM_LOOKS: u32 = 8;

/// Waits until the branch is one, then judges.
pub fn settle(world: &mut World) {
    let healed = world.now;
    let mut calm = 0;
    let let_in = healed.max(world.let_in_again());
    while calm < CALM_LOOKS && world.now < let_in + SETTLED_WITHIN_MS {
        // Whoever was about to leave when everything healed comes back too.
        for index in 0..world.members.len() {
            world.start(index);
        }
        if !world.run_until(world.now + LOOK_EVERY_MS) {
            return;
        }
        calm = if unsettled(world).is_empty() { calm + 1 } else { 0 };
        if calm == 1 {
            world.checker.converged_ms = Some(world.now.saturating_sub(let_in));
        }
    }
    if calm == 0 {
        world.checker.converged_ms = None;
        let why = unsettled(world);
        world.violate(format!("not settled after healing: {why}"));
        return;
    }
    let pictures: Vec<(String, Arc<Snapshot>)> =
        world.generous().filter_map(|m| m.process.as_ref().map(|p| (m.name.clone(), p.snapshot.clone()))).collect();
    world.let_those_go_who_share_nothing();
    a_last_lie_is_refused(world);
    inspect(world);
    let (today, latest) = world.today();
    let devices = world.members.iter().map(|m| m.device).collect();
    world.checker.settled(world.now, &pictures, (today, latest), &devices);
}

/// What a liar says last is refused by everybody it comes to, counted, and nowhere on disk.
fn a_last_lie_is_refused(world: &mut World) {
    let refused = |world: &World, i: usize| world.members[i].counted("envelopes_refused_");
    let before: Vec<(u64, u64)> =
        world.members.iter().enumerate().map(|(i, m)| (m.starts, refused(world, i))).collect();
    let dice = world.rng.draw();
    let told = world.lie(dice);
    world.run_until(world.now + 2_000);
    // One that was about to leave when everything healed may have gone since, and its counts with it.
    let stayed = |world: &World, i: usize| world.is_process(i, before[i].0);
    for index in told {
        if stayed(world, index) && refused(world, index) <= before[index].1 {
            world.violate(format!("{} did not count a lie it was told", world.name(index)));
        }
    }
}

/// Looks at the disks of all running devices.
fn inspect(world: &mut World) {
    let told = world.checker.told_facts();
    let wrong: Vec<String> = world.honest().flat_map(|m| world.audit.disk(m, &told)).collect();
    wrong.into_iter().for_each(|what| world.violate(what));
}

/// Why the branch is not one yet; empty if it is.
fn unsettled(world: &World) -> String {
    let stewards = world.stewards();
    if stewards.len() != 1 || stewards.contains(&None) {
        return format!("stewards differ: {}", as_each_sees_it(world));
    }
    let enrolled = world.enrolled().count();
    let believes = |p: &&Process| p.snapshot.mesh.runs_twice || p.snapshot.mesh.peers.iter().any(|p| p.runs_twice);
    if world.honest().filter_map(|m| m.process.as_ref()).any(|p| believes(&p)) {
        return "somebody believes that two machines run as one device".into();
    }
    if world.honest().filter_map(|m| m.process.as_ref()).any(|p| p.snapshot.mesh.group.len() != enrolled) {
        return format!("not all {enrolled} are in one group: {}", as_each_sees_it(world));
    }
    if let Some(ahead) = world.honest().find(|m| m.counted("records_ahead") > 0) {
        return format!("{} shows records that are in no document", ahead.name);
    }
    let tables = tables_differ(world);
    if tables.is_empty() { documents_differ(world) } else { tables }
}

/// Tells what two devices show that is not the same; empty if all show the same.
fn tables_differ(world: &World) -> String {
    let mut shown = world.generous().filter_map(|m| m.process.as_ref().map(|p| (&m.name, &p.snapshot.days)));
    let Some((first, days)) = shown.next() else { return String::new() };
    let Some((other, others)) = shown.find(|(_, others)| *others != days) else { return String::new() };
    let both: BTreeSet<&BusinessDate> = days.keys().chain(others.keys()).collect();
    let differ = |date: &&&BusinessDate| days.get(**date) != others.get(**date);
    let of = |table: Option<&Arc<DayView>>| table.map_or("no table".into(), |day| format!("{day:?}"));
    let told = both.iter().find(differ).map(|date| {
        let (ours, theirs) = (of(days.get(*date)), of(others.get(*date)));
        let same = ours.chars().zip(theirs.chars()).take_while(|(a, b)| a == b).count().saturating_sub(80);
        let from = |text: &str| text.chars().skip(same).take(200).collect::<String>();
        format!("tables of {date} differ: {first} …{}… {other} …{}…", from(&ours), from(&theirs))
    });
    told.unwrap_or_default()
}

fn as_each_sees_it(world: &World) -> String {
    let seen = world.honest().filter_map(|m| m.process.as_ref().map(|p| (&m.name, p)));
    let seen: Vec<String> = seen
        .map(|(name, p)| {
            let mesh = &p.snapshot.mesh;
            format!("{name}: group of {}, epoch {:?}, steward {:?}", mesh.group.len(), mesh.epoch, mesh.steward)
        })
        .collect();
    seen.join("; ")
}

/// Names a document that two devices which may both hold it do not hold alike; empty if there is none. A device that keeps to
/// itself what others made may hold more than they, but not less.
fn documents_differ(world: &World) -> String {
    let heads: Vec<(&Member, BTreeMap<String, Vec<u8>>)> = world.honest().map(|m| (m, m.heads())).collect();
    let generous: BTreeSet<DeviceId> = world.generous().map(|m| m.device).collect();
    let docs: BTreeSet<&String> =
        heads.iter().filter(|(m, _)| generous.contains(&m.device)).flat_map(|(_, heads)| heads.keys()).collect();
    for doc in docs {
        let Ok(id) = doc.parse::<DocId>() else { continue };
        let holders = heads.iter().filter(|(m, _)| id.family().may_hold(m.role));
        let digests: BTreeSet<Option<&Vec<u8>>> = holders.clone().map(|(_, heads)| heads.get(doc)).collect();
        if digests.len() < 2 {
            continue;
        }
        let missing = missing(&id, &holders.map(|(m, _)| *m).collect::<Vec<_>>(), &generous);
        if !missing.is_empty() {
            return format!("{doc}: {}", missing.join("; "));
        }
    }
    String::new()
}

/// The changes of a document that a generous device has and another device lacks, and who lacks them.
fn missing(doc: &DocId, members: &[&Member], generous: &BTreeSet<DeviceId>) -> Vec<String> {
    let mut holders: BTreeMap<(DeviceId, Vec<u8>, u64), Vec<&Member>> = BTreeMap::new();
    for member in members {
        let Some(process) = &member.process else { continue };
        for envelope in process.store.envelopes_after(doc, &BTreeMap::new(), usize::MAX).unwrap_or_default() {
            holders.entry((envelope.author, envelope.actor, envelope.seq)).or_default().push(member);
        }
    }
    let offered = holders.iter().filter(|(_, by)| by.iter().any(|m| generous.contains(&m.device)));
    let lacking = offered.filter(|(_, by)| by.len() < members.len());
    lacking
        .map(|((author, _, seq), by)| {
            let without = members.iter().filter(|m| by.iter().all(|by| by.device != m.device)).map(|m| m.name.as_str());
            format!("change {seq} of {} is not at {}", author.short(), without.collect::<Vec<_>>().join(", "))
        })
        .collect()
}
