use std::fs;

use super::super::{migrations, set_aside, tables};
use super::*;

fn image() -> Vec<u8> {
    let disk = CrashingDisk::new();
    let store = on(&disk).expect("opens");
    for name in ["config", "roster", "queue/2026-11-20/1", "lead/1"] {
        store.commit(&ops(&Writers::mixed(doc(name), 40))).expect("commits");
    }
    store.archive_day("2026-11-20".parse().expect("a date")).expect("archives");
    store.commit(&[meta("a", b"1"), steward(b"k", &[3; 500])]).expect("commits");
    drop(store);
    disk.image()
}

/// Opens and reads everything; any answer is good, a panic is not.
fn read_all(image: Vec<u8>, verify: bool) -> Result<(), StoreError> {
    let options = StoreOptions { cache_bytes: 1 << 20, verify, first_generation: 0, journal_bytes: 8 << 10 };
    let store = Store::with_backend(CrashingDisk::with_image(image).backend(), &options)?;
    for id in store.documents()? {
        store.load(&id)?;
        store.envelopes_after(&id, &Default::default(), usize::MAX)?;
        store.compact(&id)?;
    }
    store.steward_rows()?;
    store.meta_scan("")?;
    store.outbox_scan(10)?;
    store.stats()?;
    store.commit(&[meta("after", b"1")])
}

#[test]
fn no_damaged_byte_makes_it_panic() {
    let image = image();
    read_all(image.clone(), true).expect("sound");
    let mut found = 0;
    // A prime step meets headers, branches, leaves and free space alike; where journal and database begin is met byte for byte.
    let database = 4096 + 2 * (8 << 10);
    for at in (0..80).chain(database..database + 512).chain((80..image.len()).step_by(1_019)) {
        for flip in [0x01, 0xff] {
            let mut damaged = image.clone();
            damaged[at] ^= flip;
            let verified = read_all(damaged.clone(), true);
            found += u32::from(matches!(verified, Err(StoreError::Damaged(_))));
            assert!(
                matches!(verified, Ok(()) | Err(StoreError::Damaged(_) | StoreError::Io { .. })),
                "{at}: {verified:?}"
            );
            drop(read_all(damaged, false));
        }
    }
    assert!(found > 20, "only {found} damages found");
}

#[test]
fn a_truncated_file_is_damaged_at_every_length() {
    let image = image();
    for len in (1..image.len()).step_by(image.len() / 97) {
        let outcome = read_all(image[..len].to_vec(), true);
        assert!(matches!(outcome, Err(StoreError::Damaged(_))), "{len} of {}: {outcome:?}", image.len());
    }
}

#[test]
fn a_damaged_database_is_set_aside_and_the_device_comes_back_as_a_new_voter() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    store.commit(&[meta("a", b"1")]).expect("commits");
    assert_eq!(store.generation(), 0);
    drop(store);
    let path = dir.path().join("branchmesh.redb");
    let damaged = vec![0x5a; 100_000];
    fs::write(&path, &damaged).expect("writable");
    let opened = Store::open(dir.path(), &StoreOptions::default()).expect("an answer");
    assert!(matches!(&opened, Opened::Damaged { reason } if !reason.is_empty()), "{opened:?}");
    let aside = set_aside(dir.path()).expect("moves it");
    assert_eq!(fs::read(&aside).expect("still there"), damaged, "whole");
    let name = aside.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(name.starts_with("branchmesh.redb.damaged-2"), "{name}");
    let store = open(dir.path());
    let generation = store.generation();
    assert!(generation > 0);
    assert_eq!(store.meta("a").expect("readable"), None);
    drop(store);
    assert_eq!(open(dir.path()).generation(), generation, "stays the same voter from then on");
}

#[test]
fn a_missing_table_is_damage() {
    let disk = CrashingDisk::new();
    let store = on(&disk).expect("opens");
    let tx = store.db.begin_write().expect("a transaction");
    tx.delete_table(tables::SEALS).expect("deletes");
    tx.commit().expect("commits");
    drop(store);
    assert!(matches!(on(&disk), Err(StoreError::Damaged(_))));
}

#[test]
fn an_unreadable_row_of_the_index_is_damage() {
    let disk = CrashingDisk::new();
    let store = on(&disk).expect("opens");
    let tx = store.db.begin_write().expect("a transaction");
    tx.open_table(tables::DOCUMENTS).expect("opens").insert("config", &b"\xff"[..]).expect("inserts");
    tx.commit().expect("commits");
    drop(store);
    assert!(matches!(on(&disk), Err(StoreError::Damaged(_))));
}

#[test]
fn a_newer_format_is_refused_with_a_sentence_and_left_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    let tx = store.db.begin_write().expect("a transaction");
    tx.open_table(tables::STORE).expect("opens").insert(tables::FORMAT, migrations::NEWEST + 1).expect("inserts");
    tx.commit().expect("commits");
    drop(store);
    let refused = Store::open(dir.path(), &StoreOptions::default()).expect_err("newer");
    assert_eq!(
        refused.to_string(),
        "this data was written by a newer branchmesh (format 4, this one knows 3); install that version"
    );
}
