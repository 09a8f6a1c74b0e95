use redb::ReadableDatabase;

use super::super::testing::Crash;
use super::*;

/// Batches as a busy node commits them: envelopes, stewardship, names and deliveries together.
fn batches() -> Vec<Vec<StoreOp>> {
    let all = Writers::mixed(doc("queue/2026-11-21/0"), 36);
    let batch = |(i, part): (usize, &[Envelope])| {
        let mut batch = ops(part);
        batch.push(meta("last", &[i as u8]));
        batch.push(steward(&[i as u8], &[0; 40]));
        batch.push(outbox(&[i as u8], &vec![7; 3_000]));
        batch
    };
    all.chunks(3).enumerate().map(batch).collect()
}

/// What a store that holds the first `count` batches, and nothing else, looks like.
fn assert_holds(store: &Store, batches: &[Vec<StoreOp>], count: usize, context: &str) {
    let envelopes = batches[..count].iter().flatten().filter_map(|op| match op {
        StoreOp::Envelope(e) => Some(e.clone()),
        _ => None,
    });
    assert_eq!(all_of(store, &doc("queue/2026-11-21/0")), envelopes.collect::<Vec<_>>(), "{context}");
    let last = count.checked_sub(1).map(|i| vec![i as u8]);
    assert_eq!(store.meta("last").expect("readable"), last, "{context}");
    assert_eq!(store.steward_rows().expect("readable").len(), count, "{context}");
    assert_eq!(store.outbox_scan(usize::MAX).expect("readable").len(), count, "{context}");
}

/// How many of `batches` a store holds by its own account.
fn held(store: &Store) -> usize {
    store.meta("last").expect("readable").map_or(0, |i| usize::from(i[0]) + 1)
}

/// Commits until the power goes; returns how many were acknowledged.
fn commit_until_off(disk: &CrashingDisk, batches: &[Vec<StoreOp>]) -> usize {
    let Ok(store) = on(disk) else { return 0 };
    batches.iter().take_while(|batch| store.commit(batch).is_ok()).count()
}

#[test]
fn a_crash_at_every_write_loses_nothing_acknowledged() {
    let batches = batches();
    let whole = CrashingDisk::new();
    assert_eq!(commit_until_off(&whole, &batches), batches.len());
    for step in 0..whole.steps() {
        for crash in [Crash::Unsynced, Crash::Torn(step), Crash::Torn(step + 1_000_003)] {
            let disk = CrashingDisk::new();
            disk.power_off_after(step);
            let acknowledged = commit_until_off(&disk, &batches);
            disk.crash(crash);
            let context = format!("power off at step {step}, {crash:?}, {acknowledged} acknowledged");
            let store = on(&disk).expect(&context);
            let held = held(&store);
            assert!((acknowledged..=acknowledged + 1).contains(&held), "{context}, {held} held");
            assert_holds(&store, &batches, held, &context);
        }
    }
}

#[test]
fn crash_after_crash_keeps_what_was_acknowledged() {
    let batches = batches();
    for seed in 0..200_u64 {
        let disk = CrashingDisk::new();
        let mut done = 0;
        for life in 0_u64.. {
            assert!(life < 500, "seed {seed} never gets anywhere, {done} done");
            disk.power_off_after((seed * 31 + life * 17) % 60 + life);
            if let Ok(store) = on(&disk) {
                let held = held(&store);
                let context = format!("seed {seed}, life {life}");
                assert!((done..=done + 1).contains(&held), "{context}: {held} of {done}");
                assert_holds(&store, &batches, held, &context);
                let more = batches[held..].iter().take_while(|batch| store.commit(batch).is_ok()).count();
                done = held + more;
            }
            if done == batches.len() {
                break;
            }
            disk.crash(Crash::Torn(seed ^ life));
        }
    }
}

#[test]
fn a_crash_while_compacting_changes_nothing_that_is_read() {
    let id = doc("config");
    let all = Writers::mixed(id.clone(), 300);
    let image = {
        let disk = CrashingDisk::new();
        on(&disk).expect("opens").commit(&ops(&all)).expect("commits");
        disk.image()
    };
    let steps = {
        let disk = CrashingDisk::with_image(image.clone());
        assert!(on(&disk).expect("opens").compact(&id).expect("compacts"));
        disk.steps()
    };
    for step in 0..steps {
        let disk = CrashingDisk::with_image(image.clone());
        disk.power_off_after(step);
        let compacted = on(&disk).is_ok_and(|store| store.compact(&id).is_ok());
        disk.crash(Crash::Torn(step));
        let store = on(&disk).expect("reopens");
        assert_eq!(all_of(&store, &id).len(), all.len());
        assert!(!compacted || store.loose(&id).expect("readable") == 0, "step {step}");
    }
}

#[test]
fn a_start_gives_freed_room_back_and_a_crash_meanwhile_costs_nothing() {
    const KIB: usize = 1024;
    let id = doc("config");
    let kept = Writers::mixed(id.clone(), 20);
    let image = {
        let disk = CrashingDisk::new();
        let store = on(&disk).expect("opens");
        let big = |i: u8| vec![i; 64 * KIB];
        (0..96).for_each(|i| store.commit(&[outbox(&[i], &big(i))]).expect("commits"));
        store.commit(&ops(&kept)).expect("commits");
        // What stays lies between what goes, so that the file cannot just be cut off.
        let gone = (0..96).filter(|i| i % 8 != 7).map(|i| StoreOp::Outbox { key: vec![i], value: None });
        store.commit(&gone.collect::<Vec<_>>()).expect("commits");
        drop(store);
        assert!(disk.image().len() > 6_000 * KIB);
        let store = on(&disk).expect("opens");
        assert!(disk.image().len() > 6_000 * KIB, "nobody has looked how much was freed");
        store.note_room_in(disk.image().len() as u64).expect("looks");
        drop(store);
        disk.image()
    };
    assert!(image.len() > 6_000 * KIB);
    let steps = {
        let disk = CrashingDisk::with_image(image.clone());
        let store = on(&disk).expect("opens");
        let room =
            || store.db.begin_read().expect("reads").open_table(tables::STORE).expect("is there").get(tables::ROOM);
        assert!(room().expect("reads").is_none(), "the next start has nothing to do");
        drop(store);
        assert!(disk.image().len() < 2_000 * KIB, "{} bytes are left", disk.image().len());
        disk.steps()
    };
    for step in 0..steps {
        let disk = CrashingDisk::with_image(image.clone());
        disk.power_off_after(step);
        drop(on(&disk));
        disk.crash(Crash::Torn(step));
        assert_eq!(all_of(&on(&disk).expect("reopens"), &id), kept, "step {step} of {steps}");
    }
}

#[test]
fn a_failed_sync_is_no_acknowledgement() {
    let batches = batches();
    let disk = CrashingDisk::new();
    let store = on(&disk).expect("opens");
    store.commit(&batches[0]).expect("commits");
    disk.fail_syncs(1);
    assert!(matches!(store.commit(&batches[1]), Err(StoreError::Io { .. })));
    assert!(matches!(store.commit(&batches[1]), Err(StoreError::FailedEarlier)));
    drop(store);
    disk.crash(Crash::Unsynced);
    assert_holds(&on(&disk).expect("reopens"), &batches, 1, "after a failed sync");
}

#[test]
fn no_failed_sync_is_an_acknowledgement_whatever_it_was_for() {
    let batches = batches();
    // With so short a journal every third commit is one of the database.
    for before in 0..batches.len() - 1 {
        let disk = CrashingDisk::new();
        let store = on(&disk).expect("opens");
        for batch in &batches[..before] {
            store.commit(batch).expect("commits");
        }
        disk.fail_syncs(1);
        assert!(matches!(store.commit(&batches[before]), Err(StoreError::Io { .. })), "{before} before");
        assert!(matches!(store.commit(&batches[before]), Err(StoreError::FailedEarlier)), "{before} before");
        drop(store);
        disk.crash(Crash::Torn(before as u64));
        disk.fail_syncs(1);
        drop(on(&disk));
        disk.fail_syncs(0);
        let store = on(&disk).expect("reopens");
        let held = held(&store);
        assert!((before..=before + 1).contains(&held), "{held} held, {before} acknowledged");
        assert_holds(&store, &batches, held, "after a failed sync");
    }
}

#[test]
fn a_disk_that_fills_up_keeps_what_was_acknowledged() {
    let all = Writers::mixed(doc("config"), 400);
    for room in [0, 1, 5, 40] {
        let disk = CrashingDisk::new();
        let store = on(&disk).expect("opens");
        store.commit(&[StoreOp::Envelope(all[0].clone())]).expect("commits");
        disk.set_capacity(Some(disk.image().len() as u64 + room * 4096));
        let more = all[1..].iter().take_while(|e| {
            store.commit(&[StoreOp::Envelope((*e).clone()), outbox(&e.change, &vec![1; 3_000])]).is_ok()
        });
        let acknowledged = 1 + more.count();
        assert!(acknowledged < all.len(), "the disk fills up");
        drop(store);
        disk.crash(Crash::Torn(room));
        disk.set_capacity(Some(disk.image().len() as u64));
        let full = on(&disk).map(drop);
        assert!(matches!(full, Ok(()) | Err(StoreError::Full)), "{full:?}");
        disk.set_capacity(None);
        let held = all_of(&on(&disk).expect("opens once there is room"), &doc("config"));
        assert!((acknowledged..=acknowledged + 1).contains(&held.len()), "{} of {acknowledged}", held.len());
        assert_eq!(held, all[..held.len()]);
    }
}

#[test]
fn a_full_disk_is_named_and_nothing_is_half_written() {
    let batches = batches();
    let disk = CrashingDisk::new();
    let store = on(&disk).expect("opens");
    store.commit(&batches[0]).expect("commits");
    disk.set_capacity(Some(disk.image().len() as u64));
    let big = outbox(b"big", &vec![1; 8 << 20]);
    let refused = store.commit(&[meta("last", &[9]), big]);
    assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
    drop(store);
    let store = on(&disk).expect("reopens while still full");
    assert_holds(&store, &batches, 1, "after a full disk");
    disk.set_capacity(None);
    store.commit(&batches[1]).expect("commits once there is space");
    assert_holds(&store, &batches, 2, "after space was made");
}

#[test]
fn the_same_seed_leaves_the_same_disk() {
    let after = |steps, seed| {
        let disk = CrashingDisk::new();
        disk.power_off_after(steps);
        commit_until_off(&disk, &batches());
        disk.crash(Crash::Torn(seed));
        disk.image()
    };
    assert!(after(40, 1) == after(40, 1));
    // Right after a sync there is nothing left to tear.
    let differs = |steps| (2..20).any(|seed| after(steps, 1) != after(steps, seed));
    assert!((40..60).any(differs), "the seed makes a difference");
}

#[test]
fn an_old_backend_reaches_nothing_after_a_crash() {
    let disk = CrashingDisk::new();
    let old = on(&disk).expect("opens");
    disk.crash(Crash::Unsynced);
    let new = on(&disk).expect("reopens");
    assert!(old.commit(&[meta("x", b"1")]).is_err());
    drop(old);
    assert_eq!(new.meta("x").expect("readable"), None);
    new.commit(&[meta("x", b"2")]).expect("commits");
}

#[test]
fn an_empty_commit_does_not_touch_the_disk() {
    let disk = CrashingDisk::new();
    let store = on(&disk).expect("opens");
    let before = disk.steps();
    store.commit(&[]).expect("nothing to do");
    assert_eq!(disk.steps(), before);
}
