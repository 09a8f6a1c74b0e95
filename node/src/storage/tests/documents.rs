use std::collections::{BTreeMap, BTreeSet};

use branchmesh_model::document::{Actor, Examined, FactDoc, examine};
use branchmesh_model::ids::DeviceId;
use branchmesh_model::time::BusinessDate;
use proptest::prelude::*;

use super::*;

fn sorted(mut envelopes: Vec<Envelope>) -> Vec<Envelope> {
    envelopes.sort_by(|a, b| (&a.actor, a.seq).cmp(&(&b.actor, b.seq)));
    envelopes
}

fn dependencies_come_first(envelopes: &[Envelope]) -> bool {
    let changes: Vec<_> = envelopes.iter().map(|e| examine(&e.change, &e.author).expect("well formed")).collect();
    let is_early = |(i, change): (usize, &Examined)| {
        let later: BTreeSet<_> = changes[i..].iter().map(|c| c.hash).collect();
        change.deps().any(|dep| later.contains(&dep))
    };
    !changes.iter().enumerate().any(is_early)
}

#[test]
fn envelopes_come_back_in_the_order_they_went_in() {
    let store = in_memory();
    let (a, b) = (Writers::mixed(doc("config"), 20), Writers::mixed(doc("roster"), 5));
    store.commit(&ops(&a[..7])).expect("commits");
    store.commit(&ops(&b)).expect("commits");
    store.commit(&ops(&a[7..])).expect("commits");
    let loaded = store.load(&doc("config")).expect("readable").expect("there");
    assert_eq!((loaded.snapshot, loaded.envelopes, loaded.archived), (None, a, false));
    assert_eq!(store.documents().expect("readable"), [doc("config"), doc("roster")]);
    assert_eq!(store.load(&doc("lead/1")).expect("readable"), None);
}

#[test]
fn a_repeated_envelope_is_skipped_and_a_rival_one_refused() {
    let store = in_memory();
    let all = Writers::mixed(doc("config"), 300);
    store.commit(&ops(&all)).expect("commits");
    store.commit(&ops(&all[..10])).expect("repeats are harmless");
    let mut rival = all[5].clone();
    rival.change.push(0);
    let refused = store.commit(&[meta("x", b"1"), StoreOp::Envelope(rival)]);
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    assert_eq!(store.meta("x").expect("readable"), None, "nothing of a refused batch is kept");
    assert!(store.compact(&doc("config")).expect("compacts"));
    store.commit(&ops(&all)).expect("repeats of compacted ones too");
    assert_eq!(store.loose(&doc("config")).expect("readable"), 0);
    assert_eq!(all_of(&store, &doc("config")).len(), 300);
}

#[test]
fn compaction_rebuilds_every_envelope() {
    let store = in_memory();
    let id = doc("queue/2026-11-21/3");
    let all = Writers::mixed(id.clone(), 900);
    for part in all.chunks(300) {
        store.commit(&ops(part)).expect("commits");
        let before = store.stats().expect("readable");
        assert!(store.compact(&id).expect("compacts"));
        let after = store.stats().expect("readable");
        assert_eq!((after.envelopes, after.compacted), (0, before.compacted + 300));
        assert!(after.content_bytes < before.content_bytes, "{before:?} {after:?}");
        assert!(!store.compact(&id).expect("nothing to do"));
    }
    assert_eq!(sorted(all_of(&store, &id)), sorted(all.clone()));
    let stored = store.load(&id).expect("readable").expect("there");
    let reader = Actor::new(&DeviceId([9; 32]), [0; 8]);
    let mut loaded = FactDoc::load(&id, &stored.snapshot.expect("compacted"), &reader).expect("loads");
    let mut fresh = FactDoc::new(&id, &reader);
    for e in &all {
        fresh.apply(examine(&e.change, &e.author).expect("well formed")).expect("in order");
    }
    assert_eq!((loaded.heads(), loaded.facts()), (fresh.heads(), fresh.facts()));
}

#[test]
fn what_cannot_be_rebuilt_is_kept_as_it_is() {
    let store = in_memory();
    let id = doc("config");
    let mut all = Writers::mixed(id.clone(), 400);
    all.remove(1);
    store.commit(&ops(&all)).expect("commits");
    assert!(!store.compact(&id).expect("refuses without an error"));
    assert_eq!(all_of(&store, &id), all);
}

#[test]
fn families_and_keys_of_the_future_are_kept() {
    let store = in_memory();
    let id = doc("hologram/7");
    let all = Writers::mixed(id.clone(), 260);
    store.commit(&ops(&all)).expect("commits");
    assert!(store.compact(&id).expect("compacts"));
    assert_eq!(sorted(all_of(&store, &id)), sorted(all));
}

#[test]
fn a_past_day_is_archived_and_still_takes_a_late_change() {
    let store = in_memory();
    let date: BusinessDate = "2026-11-20".parse().expect("a date");
    let (shard, counters, today) = (doc("queue/2026-11-20/0"), doc("queue/2026-11-20/c"), doc("queue/2026-11-21/0"));
    let all = Writers::mixed(shard.clone(), 12);
    store.commit(&ops(&all[..11])).expect("commits");
    store.commit(&ops(&Writers::mixed(counters, 3))).expect("commits");
    store.commit(&ops(&Writers::mixed(today.clone(), 4))).expect("commits");
    assert_eq!(store.archive_day(date).expect("archives"), 2);
    let stats = store.stats().expect("readable");
    assert_eq!((stats.archived, stats.compacted, stats.envelopes), (2, 14, 4));
    store.commit(&ops(&all[11..])).expect("late, but taken");
    let stored = store.load(&shard).expect("readable").expect("there");
    assert!(stored.archived && stored.snapshot.is_some() && stored.envelopes.len() == 1);
    assert_eq!(sorted(all_of(&store, &shard)), sorted(covered(all, 11)));
    assert!(!store.load(&today).expect("readable").expect("there").archived);
    assert_eq!(store.archive_day(date).expect("again"), 2);
    assert_eq!(store.loose(&shard).expect("readable"), 0);
}

/// These envelopes once the first `archived` of them were archived: only what covers the rest of its actor is signed.
fn covered(mut all: Vec<Envelope>, archived: usize) -> Vec<Envelope> {
    let mut newest: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for e in &all[..archived] {
        newest.insert(e.actor.clone(), e.seq);
    }
    for e in all[..archived].iter_mut().filter(|e| newest[&e.actor] != e.seq) {
        (e.n, e.signature) = (0, Vec::new());
    }
    all
}

#[test]
fn a_forgotten_document_leaves_nothing_and_its_neighbours_everything() {
    let store = in_memory();
    let names = ["customer/1", "customer/10", "customer/2", "customer/1/x"];
    for name in names {
        store.commit(&ops(&Writers::mixed(doc(name), 300))).expect("commits");
        store.compact(&doc(name)).expect("compacts");
        store.commit(&ops(&Writers::mixed(doc(name), 310)[300..])).expect("commits");
    }
    let late = ops(&Writers::mixed(doc("customer/1"), 312)[310..]);
    store.commit(&[late, vec![StoreOp::Forget(doc("customer/1"))]].concat()).expect("forgets what just came, too");
    assert_eq!(store.load(&doc("customer/1")).expect("readable"), None);
    assert!(all_of(&store, &doc("customer/1")).is_empty());
    for name in &names[1..] {
        assert_eq!(all_of(&store, &doc(name)).len(), 310, "{name}");
    }
    store.commit(&ops(&Writers::mixed(doc("customer/1"), 5))).expect("may come again");
    assert_eq!(all_of(&store, &doc("customer/1")).len(), 5);
}

#[test]
fn other_rows_are_set_read_and_removed() {
    let store = in_memory();
    store
        .commit(&[meta("peer/a", b"1"), meta("peer/b", b"2"), meta("quux", b"3"), steward(b"s", b"v")])
        .expect("commits");
    store.commit(&[outbox(b"2", b"y"), outbox(b"1", b"x"), outbox(b"3", b"z")]).expect("commits");
    let names: Vec<String> = store.meta_scan("peer/").expect("readable").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["peer/a", "peer/b"]);
    assert_eq!(
        store.outbox_scan(2).expect("readable"),
        [(b"1".to_vec(), b"x".to_vec()), (b"2".to_vec(), b"y".to_vec())]
    );
    store.commit(&[StoreOp::Meta { key: "quux".into(), value: None }]).expect("commits");
    store.commit(&[StoreOp::Steward { key: b"s".to_vec(), value: None }]).expect("commits");
    assert_eq!(store.meta("quux").expect("readable"), None);
    assert_eq!(store.steward_rows().expect("readable"), []);
    assert_eq!(store.stats().expect("readable").outbox_rows, 3);
}

#[test]
fn compacting_beside_commits_loses_nothing() {
    let store = in_memory();
    let id = doc("config");
    let all = Writers::mixed(id.clone(), 1_200);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for part in all.chunks(10) {
                store.commit(&ops(part)).expect("commits");
            }
        });
        while !writer.is_finished() {
            store.compact(&id).expect("compacts or not");
        }
    });
    assert!(store.stats().expect("readable").compacted + u64::from(store.loose(&id).expect("readable")) == 1_200);
    assert_eq!(sorted(all_of(&store, &id)), sorted(all));
}

#[derive(Clone, Debug)]
enum Step {
    Write(usize),
    Hear(usize),
    Commit,
    Archive,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..3_usize).prop_map(Step::Write),
        3 => (0..3_usize).prop_map(Step::Hear),
        2 => Just(Step::Commit),
        1 => Just(Step::Archive),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// The reference model is the list of what was committed: a reader gets exactly what it lacks of it, dependencies
    /// first, in any number of pieces.
    #[test]
    fn a_reader_gets_exactly_what_it_lacks(steps in steps(), known in prop::collection::vec(0..12_u64, 3), limit in 1..2_000_usize) {
        let id = doc("queue/2026-11-20/0");
        let disk = CrashingDisk::new();
        let mut store = on(&disk).expect("an empty disk");
        let mut writers = Writers::new(id.clone(), 3);
        let (mut committed, mut archived) = (0, 0);
        for step in steps {
            match step {
                Step::Write(i) => drop(writers.write(i)),
                Step::Hear(i) => writers.hear(i),
                Step::Commit => {
                    store.commit(&ops(&writers.all[committed..])).expect("commits");
                    committed = writers.all.len();
                }
                Step::Archive => {
                    store.archive_day("2026-11-20".parse().expect("a date")).expect("archives");
                    archived = committed;
                }
                Step::Reopen => {
                    drop(store);
                    store = on(&disk).expect("reopens");
                }
            }
        }
        let model = &covered(writers.all[..committed].to_vec(), archived)[..];
        let actors: Vec<Vec<u8>> = (0..3_u8)
            .map(|i| FactDoc::new(&id, &Actor::new(&DeviceId([i + 1; 32]), [i; 8])).write(&[("f:".into(), String::new())], UnixMs(0)).expect("new").actor)
            .collect();
        let mut versions: BTreeMap<Vec<u8>, u64> =
            actors.into_iter().zip(known).filter(|(_, seq)| *seq > 0).collect();
        let lacks = |v: &BTreeMap<Vec<u8>, u64>, e: &Envelope| v.get(&e.actor).is_none_or(|s| e.seq > *s);
        let expected: Vec<Envelope> = model.iter().filter(|e| lacks(&versions, e)).cloned().collect();
        let whole = store.envelopes_after(&id, &versions, usize::MAX).expect("readable");
        prop_assert!(dependencies_come_first(&whole));
        prop_assert_eq!(sorted(whole), sorted(expected.clone()));
        let mut read = Vec::new();
        loop {
            let piece = store.envelopes_after(&id, &versions, limit).expect("readable");
            let bytes: usize = piece.iter().map(|e| e.change.len() + e.signature.len()).sum();
            let whole = piece.iter().any(|e| e.signature.is_empty());
            prop_assert!(bytes <= limit || piece.len() == 1 || whole);
            if piece.is_empty() {
                break;
            }
            for e in &piece {
                versions.insert(e.actor.clone(), e.seq);
            }
            read.extend(piece);
        }
        prop_assert!(dependencies_come_first(&read));
        prop_assert_eq!(sorted(read), sorted(expected));
    }
}
