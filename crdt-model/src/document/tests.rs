use automerge::ExpandedChange;
use automerge::legacy::Key;

use super::*;

fn device(n: u8) -> DeviceId {
    DeviceId([n; 32])
}

fn doc(n: u8) -> FactDoc {
    FactDoc::new(&DocId::config(), &Actor::new(&device(n), [n; 8]))
}

fn fact(k: &str, v: &str) -> (String, String) {
    (k.into(), v.into())
}

#[test]
fn two_nodes_begin_the_same_document() {
    assert_eq!(doc(1).heads(), doc(2).heads());
    assert_ne!(doc(1).heads(), FactDoc::new(&DocId::roster(), &Actor::new(&device(1), [0; 8])).heads());
}

#[test]
fn a_change_travels_and_facts_unite() {
    let (mut a, mut b) = (doc(1), doc(2));
    let from_a = a.write(&[fact("x", "1")], UnixMs(5_000)).expect("new");
    let from_b = b.write(&[fact("y", "2")], UnixMs(6_000)).expect("new");
    b.apply(examine(&from_a.bytes, &device(1)).expect("well formed")).expect("ready");
    a.apply(examine(&from_b.bytes, &device(2)).expect("well formed")).expect("ready");
    assert_eq!(a.heads(), b.heads());
    assert_eq!(a.facts(), [fact("x", "1"), fact("y", "2")]);
    assert_eq!(a.versions(), b.versions());
    assert!(a.write(&[fact("x", "1")], UnixMs(0)).is_none(), "nothing new, no change");
}

#[test]
fn a_change_from_another_devices_actor_is_refused() {
    let change = doc(1).write(&[fact("x", "1")], UnixMs(0)).expect("new");
    assert_eq!(examine(&change.bytes, &device(2)).err(), Some(ChangeProblem::ForeignActor));
}

#[test]
fn only_text_under_root_keys_is_accepted() {
    let mut raw = AutoCommit::new().with_actor(ActorId::from(&Actor::new(&device(1), [1; 8]).0[..]));
    raw.put(ROOT, "n", 1_i64).expect("put");
    raw.commit();
    let bytes = raw.get_last_local_change().expect("made").raw_bytes().to_vec();
    assert_eq!(examine(&bytes, &device(1)).err(), Some(ChangeProblem::Shape));
}

#[test]
fn random_bytes_are_refused_without_a_panic() {
    for len in 0..200_usize {
        let bytes: Vec<u8> = (0..len).map(|i| (i * 37 % 251) as u8).collect();
        assert!(examine(&bytes, &device(1)).is_err());
    }
}

#[test]
fn an_early_change_waits_for_its_dependency() {
    let (mut a, mut b) = (doc(1), doc(2));
    let first = a.write(&[fact("x", "1")], UnixMs(0)).expect("new");
    let second = a.write(&[fact("x", "2")], UnixMs(0)).expect("new");
    let early = examine(&second.bytes, &device(1)).expect("well formed");
    assert_eq!(b.apply(early).err(), Some(ChangeProblem::Early));
    b.apply(examine(&first.bytes, &device(1)).expect("ok")).expect("ready");
    b.apply(examine(&second.bytes, &device(1)).expect("ok")).expect("ready");
    assert_eq!(b.get("x").as_deref(), Some("2"));
}

#[test]
fn a_saved_document_gives_back_every_change_as_it_was_signed() {
    let mut a = doc(1);
    let made: Vec<NewChange> =
        (0..20).filter_map(|i| a.write(&[fact(&format!("k{i}"), "v")], UnixMs(i * 1_000))).collect();
    let mut b = FactDoc::load(&DocId::config(), &a.save(), &Actor::new(&device(2), [0; 8])).expect("own bytes");
    assert_eq!(b.changes_in_order(), made);
}

#[test]
fn many_changes_apply_at_once_in_any_order() {
    let (mut a, mut b) = (doc(1), doc(2));
    let made: Vec<NewChange> =
        (0..20).filter_map(|i| a.write(&[fact(&format!("k{i}"), "v")], UnixMs(i * 1_000))).collect();
    let examined = |c: &NewChange| examine(&c.bytes, &device(1)).expect("well formed");
    b.apply_all(made.iter().rev().take(5).map(examined)).expect("no rival among them");
    assert!(b.facts().is_empty(), "nothing they build on is here");
    b.apply_all(made.iter().rev().map(examined)).expect("no rival among them");
    assert_eq!((a.heads(), a.facts()), (b.heads(), b.facts()));
}

#[test]
fn a_key_that_somebody_else_wrote_too_is_looked_at_again() {
    let (mut a, mut b) = (doc(1), doc(2));
    let from_a = a.write(&[fact("x", "1"), fact("y", "1")], UnixMs(0)).expect("new");
    let from_b = b.write(&[fact("x", "2")], UnixMs(0)).expect("new");
    let from_a = examine(&from_a.bytes, &device(1)).expect("well formed");
    let from_b = examine(&from_b.bytes, &device(2)).expect("well formed");
    a.apply_all([from_b]).expect("no rival");
    b.apply(from_a).expect("ready");
    for doc in [&a, &b] {
        assert!(doc.is_written_again("x") && !doc.is_written_again("y"), "two wrote x, one wrote y");
        assert_eq!(doc.chosen("x"), Some((a.get("x").expect("written"), true)));
        assert_eq!(doc.chosen("y"), Some(("1".into(), false)));
        assert_eq!(doc.facts(), ["x", "y"].map(|key| (key.to_owned(), doc.get(key).expect("written"))));
        assert_eq!((doc.chosen("z"), doc.get("z")), (None, None));
    }
    let loaded = FactDoc::load(&DocId::config(), &a.save(), &Actor::new(&device(1), [9; 8])).expect("own bytes");
    assert_eq!((loaded.chosen("x"), loaded.get("y")), (a.chosen("x"), a.get("y")));
}

fn queue(n: u8) -> FactDoc {
    FactDoc::new(&queue_name(), &Actor::new(&device(n), [n; 8]))
}

fn queue_name() -> DocId {
    "queue/2026-11-21/3".parse().expect("a name")
}

fn read(change: &NewChange, by: u8) -> Examined {
    examine(&change.bytes, &device(by)).expect("well formed")
}

/// What an earlier build wrote, one operation a fact.
fn as_it_was(mut doc: FactDoc, facts: &[(String, String)]) -> (FactDoc, Option<NewChange>) {
    doc.adds = false;
    let change = doc.write(facts, UnixMs(0));
    doc.adds = true;
    (doc, change)
}

#[test]
fn what_is_added_together_is_one_operation() {
    let (mut a, mut b) = (queue(1), queue(2));
    let facts = [fact("f:1", "x"), fact("c:1", ""), fact("f:2", "two\nlines"), fact("f:1", "y")];
    let change = read(&a.write(&facts, UnixMs(0)).expect("new"), 1);
    let all = [fact("c:1", ""), fact("f:1", "x"), fact("f:2", "two\nlines")];
    assert_eq!(change.facts, [fact("f:1", "x"), fact("c:1", ""), fact("f:2", "two\nlines")]);
    assert!(change.has_bundle());
    assert_eq!(change.change.max_op(), 3, "after the genesis a bundle, and the text that may not be in it");
    b.apply(change).expect("ready");
    for doc in [&a, &b] {
        assert_eq!(doc.facts(), all);
        assert_eq!(doc.doc.keys(ROOT).collect::<Vec<_>>(), ["+:fffffffd", "f:2", SCHEMA_KEY]);
    }
    assert!(b.write(&[fact("f:1", "z")], UnixMs(0)).is_none(), "what stands under a key stays");
    assert!(!b.is_written_again("f:1"));
}

#[test]
fn two_that_add_at_once_take_nothing_from_each_other() {
    let (mut a, mut b) = (queue(1), queue(2));
    let from_a = a.write(&[fact("f:1", "a"), fact("f:2", "same")], UnixMs(0)).expect("new");
    let from_b = b.write(&[fact("f:1", "b"), fact("f:2", "same"), fact("f:3", "b")], UnixMs(0)).expect("new");
    a.apply(read(&from_b, 2)).expect("ready");
    b.apply(read(&from_a, 1)).expect("ready");
    let loaded = FactDoc::load(&queue_name(), &a.save(), &Actor::new(&device(3), [3; 8])).expect("own bytes");
    for doc in [&a, &b, &loaded] {
        assert_eq!(doc.facts(), [fact("f:1", "b"), fact("f:2", "same"), fact("f:3", "b")]);
        assert_eq!(doc.chosen("f:1"), Some(("b".into(), true)));
        assert_eq!(doc.chosen("f:2"), Some(("same".into(), false)));
        assert!(doc.is_written_again("f:1") && !doc.is_written_again("f:3"));
    }
}

#[test]
fn what_an_earlier_build_wrote_stands_beside_bundles() {
    let (mut a, old) = as_it_was(queue(1), &[fact("f:1", "old"), fact("f:2", "old")]);
    let (mut b, other) = (queue(2), queue(3).write(&[fact("f:2", "new"), fact("f:3", "new")], UnixMs(0)));
    let old = read(&old.expect("new"), 1);
    assert!(!old.has_bundle());
    b.apply(old).expect("ready");
    assert!(b.write(&[fact("f:1", "new")], UnixMs(0)).is_none());
    for doc in [&mut a, &mut b] {
        doc.apply(read(other.as_ref().expect("new"), 3)).expect("ready");
        assert_eq!(doc.facts(), [fact("f:1", "old"), fact("f:2", "old"), fact("f:3", "new")]);
        assert_eq!((doc.chosen("f:2"), doc.chosen("f:1")), (Some(("old".into(), true)), Some(("old".into(), false))));
    }
}

/// A change with one operation that nobody's software makes.
fn crafted(doc: &mut FactDoc, key: &str, value: &str) -> Result<Examined, ChangeProblem> {
    put(&mut doc.doc, key, value);
    doc.doc.commit_with(CommitOptions::default().with_time(0));
    examine(doc.doc.get_last_local_change().expect("made").raw_bytes(), &device(1))
}

#[test]
fn a_bundle_stands_where_its_operation_does_and_in_nobodys_place() {
    let sound = "f:1\nx";
    assert_eq!(crafted(&mut queue(1), &bundle::key(2), sound).expect("sound").facts, [fact("f:1", "x")]);
    for (key, text) in [
        (bundle::key(3), sound),
        ("+:".into(), sound),
        (bundle::key(2), "f:1"),
        (bundle::key(2), ""),
        (bundle::key(2), "\nx"),
        (bundle::key(2), "schema\nx"),
        (bundle::key(2), "+:fffffffd\nx"),
        (bundle::key(2), &format!("{}\nx", "k".repeat(MAX_KEY_BYTES + 1))),
    ] {
        assert_eq!(crafted(&mut queue(1), &key, text).err(), Some(ChangeProblem::Shape), "{key:?} {text:?}");
    }
    let mut doc = queue(1);
    let honest = read(&doc.write(&[fact("f:1", "x")], UnixMs(0)).expect("new"), 1);
    assert_eq!(honest.facts, [fact("f:1", "x")]);
    let in_its_place = crafted(&mut doc, &bundle::key(2), "f:1\ny");
    assert_eq!(in_its_place.err(), Some(ChangeProblem::Shape));
}

/// What a member makes of an honest change of its own before it signs it.
fn forged(honest: &NewChange, by: u8, forge: impl FnOnce(&mut ExpandedChange)) -> Result<Examined, ChangeProblem> {
    let mut expanded = Change::from_bytes(honest.bytes.clone()).expect("honest").decode();
    forge(&mut expanded);
    examine(Change::from(expanded).raw_bytes(), &device(by))
}

/// Puts an operation in the place of `replaced`.
fn instead_of(replaced: &OpId) -> impl FnOnce(&mut ExpandedChange) {
    |change| change.operations[0].pred = vec![replaced.clone()].into()
}

#[test]
fn a_change_that_counts_its_operations_wrongly_is_refused() {
    let (mut a, mut b) = (queue(1), queue(2));
    let honest = a.write(&[fact("f:1", "x")], UnixMs(0)).expect("new");
    for first in [9, MAX_OP, u32::MAX.into()] {
        let miscounted = forged(&honest, 1, |change| {
            change.start_op = first.try_into().expect("not zero");
            change.operations[0].key = Key::Map(bundle::key(first.try_into().expect("32 bits")).into());
        });
        let problem = b.apply(miscounted.expect("its shape is sound")).err();
        assert_eq!(problem, Some(ChangeProblem::Miscounted(first, 1)));
    }
    assert!(b.facts().is_empty());
}

#[test]
fn what_one_has_said_is_out_of_reach_of_others() {
    let (mut a, mut b) = (queue(1), queue(2));
    let bundle = read(&a.write(&[fact("f:1", "x"), fact("c:1", "y")], UnixMs(0)).expect("new"), 1);
    let in_bundle = OpId::new(2, &ActorId::from(&bundle.actor[..]));
    b.apply(bundle).expect("ready");
    let honest = b.write(&[fact("r:1", "two\nlines")], UnixMs(0)).expect("new");
    let hidden = forged(&honest, 2, instead_of(&in_bundle)).expect("its shape is sound");
    assert!(hidden.overwrites());
    let nobody = OpId::new(2, &ActorId::from(&[7; 16][..]));
    let unknown = forged(&honest, 2, instead_of(&nobody)).expect("its shape is sound");
    let genesis = OpId::new(1, &ActorId::from(&b"branchmesh-genesis"[..]));
    let schema = forged(&honest, 2, instead_of(&genesis)).expect("its shape is sound");
    for forged in [hidden, unknown, schema] {
        assert_eq!(a.apply(forged).err(), Some(ChangeProblem::Elsewhere));
    }
    a.apply(read(&honest, 2)).expect("what it said honestly is welcome");
    assert_eq!(a.facts(), [fact("c:1", "y"), fact("f:1", "x"), fact("r:1", "two\nlines")]);
}

#[test]
fn only_what_stood_under_the_same_key_is_overwritten() {
    let (mut a, mut b) = (doc(1), doc(2));
    let first = read(&a.write(&[fact("x", "1"), fact("y", "1")], UnixMs(0)).expect("new"), 1);
    let [x, y] = [2, 3].map(|n| OpId::new(n, &ActorId::from(&first.actor[..])));
    b.apply(first).expect("ready");
    let honest = b.write(&[fact("x", "2")], UnixMs(0)).expect("new");
    assert_eq!(read(&honest, 2).replaced, [("x".to_owned(), vec![x])]);
    let elsewhere = forged(&honest, 2, instead_of(&y)).expect("its shape is sound");
    assert_eq!(a.apply(elsewhere).err(), Some(ChangeProblem::Elsewhere));
    let (second, later) = (read(&honest, 2), b.write(&[fact("x", "3")], UnixMs(0)).expect("new"));
    let among = [(second.hash, second.position())].into();
    assert_eq!(
        a.check_place(&read(&later, 2), &among),
        Err(ChangeProblem::Early),
        "it must be seen what it overwrites"
    );
    assert_eq!(a.check_place(&second, &BTreeMap::new()), Ok(()));
    a.apply(second).expect("ready");
    a.apply(read(&later, 2)).expect("ready");
    assert_eq!(a.facts(), [fact("x", "3"), fact("y", "1")]);
}

#[test]
fn a_change_builds_on_its_actors_change_before() {
    let (mut a, mut b) = (queue(1), queue(2));
    let genesis = ChangeHash(a.heads()[0]);
    let first = read(&a.write(&[fact("f:1", "x")], UnixMs(0)).expect("new"), 1);
    let second = a.write(&[fact("f:2", "x")], UnixMs(0)).expect("new");
    b.apply(first).expect("ready");
    let unlinked = forged(&second, 1, |change| {
        change.deps = vec![genesis];
        change.start_op = 2.try_into().expect("not zero");
        change.operations[0].key = Key::Map(bundle::key(2).into());
    });
    assert_eq!(b.apply(unlinked.expect("its shape is sound")).err(), Some(ChangeProblem::Unlinked(1)));
    b.apply(read(&second, 1)).expect("ready");
}

#[test]
fn a_change_says_each_thing_once_and_carries_nothing_else() {
    let honest = doc(1).write(&[fact("x", "1"), fact("y", "2")], UnixMs(0)).expect("new");
    let twice = forged(&honest, 1, |change| change.operations[1].key = Key::Map("x".into()));
    let extra = forged(&honest, 1, |change| change.extra_bytes = vec![1]);
    let bundled = crafted(&mut queue(1), &bundle::key(2), "f:1\nx\nf:1\ny");
    for problem in [twice, extra, bundled] {
        assert_eq!(problem.err(), Some(ChangeProblem::Shape));
    }
    let own = ActorId::from(&Actor::new(&device(1), [1; 8]).0[..]);
    let to_itself = forged(&honest, 1, instead_of(&OpId::new(2, &own)));
    assert_eq!(to_itself.err(), Some(ChangeProblem::Elsewhere));
    // Whoever takes its own word back within a change may.
    let mut a = doc(1);
    let corrected = read(&a.write(&[fact("x", "1"), fact("x", "2")], UnixMs(0)).expect("new"), 1);
    let mut b = doc(2);
    b.apply(corrected).expect("ready");
    assert_eq!((a.facts(), b.facts()), (vec![fact("x", "2")], vec![fact("x", "2")]));
}

#[test]
fn what_stands_beside_the_operations_is_as_automerge_writes_it() {
    let (mut a, mut b) = (doc(1), doc(2));
    let honest = a.write(&[fact("x", "1")], UnixMs(0)).expect("new");
    b.apply(read(&honest, 1)).expect("ready");
    for time in [i64::MIN, i64::MAX, (1 << 54) + 1] {
        let timed = forged(&honest, 1, |change| change.time = time);
        assert_eq!(timed.err(), Some(ChangeProblem::Shape), "{time}");
    }
    assert!(forged(&honest, 1, |change| change.time = i64::MAX / 1000).is_ok());
    assert_eq!(forged(&honest, 1, |change| change.seq = 0).err(), Some(ChangeProblem::Shape));
    let mut passed_on = honest.bytes.clone();
    passed_on[4] ^= 1;
    assert_eq!(examine(&passed_on, &device(1)).err(), Some(ChangeProblem::Shape), "its checksum");
    let twice = forged(&honest, 1, |change| change.deps = [&change.deps[..], &change.deps[..]].concat());
    assert_eq!(twice.err(), Some(ChangeProblem::Shape));
    let overwriting = b.write(&[fact("x", "2")], UnixMs(0)).expect("new");
    assert_eq!(read(&overwriting, 2).change.other_actor_ids(), [ActorId::from(&honest.actor[..])]);
}

#[test]
fn a_small_change_does_not_unfold_without_end() {
    let honest = doc(1).write(&[fact("x", "")], UnixMs(0)).expect("new");
    let many = |count: u64| {
        let count = usize::try_from(count).expect("small");
        move |change: &mut ExpandedChange| change.operations = vec![change.operations[0].clone(); count]
    };
    let more = MAX_OPERATIONS + 1;
    assert_eq!(forged(&honest, 1, many(more)).err(), Some(ChangeProblem::TooMany(more, 0)));
    assert_eq!(forged(&honest, 1, many(more - 1)).err(), Some(ChangeProblem::Shape), "so many are looked at");
    let more = MAX_REPLACED + 1;
    let replaced = forged(&honest, 1, |change| {
        let own = change.actor_id.clone();
        change.operations[0].pred = (2..2 + more).map(|n| OpId::new(n, &own)).collect();
    });
    assert_eq!(replaced.err(), Some(ChangeProblem::TooMany(1, more)));
}

#[test]
fn what_a_change_claims_is_read_from_any_bytes() {
    let mut a = doc(1);
    a.write(&[fact("x", "1"), fact("y", "1"), fact("z", "1")], UnixMs(0));
    let change = a.write(&[fact("x", "2"), fact("w", "2")], UnixMs(0)).expect("new");
    assert_eq!(chunk::claims(&change.bytes), Some((2, 1)), "two operations, one of them in the place of another");
    // Automerge takes a column of integers for one of actors.
    let mut disguised = change.bytes.clone();
    let column = disguised.windows(2).position(|pair| pair == [7 << 4 | 1, 2]).expect("the column of actors");
    disguised[column] = 7 << 4 | 2;
    assert_eq!(chunk::claims(&disguised), None);
    for at in 0..change.bytes.len() {
        assert!(examine(&change.bytes[..at], &device(1)).is_err());
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut flipped = change.bytes.clone();
            flipped[at] = value;
            let _ = examine(&flipped, &device(1));
        }
    }
}

#[test]
fn a_saved_document_loads_whole() {
    let mut a = doc(1);
    a.write(&[fact("x", "1")], UnixMs(0));
    let mut b = FactDoc::load(&DocId::config(), &a.save(), &Actor::new(&device(1), [9; 8])).expect("own bytes");
    assert_eq!((a.heads(), a.facts()), (b.heads(), b.facts()));
}
