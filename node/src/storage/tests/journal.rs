//! What a start does that a crash left undone.

use super::super::Row;
use super::super::journal::{Layout, decode, encode, record};
use super::super::testing::Crash;
use super::*;

const DAY: &str = "queue/2026-11-21/0";

/// Batches of every kind of operation, and none that would fill the journal of [`roomy`].
fn batches() -> Vec<Vec<StoreOp>> {
    let writers = Writers::mixed(doc(DAY), 12);
    let mut batches: Vec<Vec<StoreOp>> = writers.iter().map(|e| vec![StoreOp::Envelope(e.clone())]).collect();
    batches.push(ops(&Writers::mixed(doc("lead/1"), 4)));
    batches.push(vec![meta("kept", b"1"), meta("gone", b"1"), steward(b"kept", &[3; 700]), steward(b"gone", &[4])]);
    batches.push(vec![outbox(b"kept", &[5; 600]), outbox(b"gone", &[6])]);
    batches.push(vec![
        StoreOp::Meta { key: "gone".into(), value: None },
        StoreOp::Steward { key: b"gone".to_vec(), value: None },
        StoreOp::Outbox { key: b"gone".to_vec(), value: None },
    ]);
    batches.push(vec![StoreOp::Forget(doc("lead/1")), StoreOp::TakeSignature(writers[3].clone())]);
    batches
}

fn roomy(disk: &CrashingDisk) -> Result<Store, StoreError> {
    let options = StoreOptions { cache_bytes: 1 << 20, verify: true, first_generation: 0, journal_bytes: 128 << 10 };
    Store::with_backend(disk.backend(), &options)
}

/// All that a reader can see.
#[derive(PartialEq, Debug)]
struct Seen {
    documents: Vec<(DocId, Vec<Envelope>)>,
    steward: Vec<Row>,
    meta: Vec<(String, Vec<u8>)>,
    outbox: Vec<Row>,
}

fn seen(store: &Store) -> Seen {
    let documents = store.documents().expect("readable").into_iter();
    Seen {
        documents: documents.map(|doc| (doc.clone(), all_of(store, &doc))).collect(),
        steward: store.steward_rows().expect("readable"),
        meta: store.meta_scan("").expect("readable"),
        outbox: store.outbox_scan(usize::MAX).expect("readable"),
    }
}

/// A disk on which the journal says all and the database nothing, as after a crash, and what a reader should see.
fn left_undone() -> (Vec<u8>, Seen) {
    let disk = CrashingDisk::new();
    let store = roomy(&disk).expect("opens");
    for batch in batches() {
        store.commit(&batch).expect("commits");
    }
    let seen = seen(&store);
    let image = disk.image();
    disk.crash(Crash::Unsynced);
    assert!(disk.image() == image, "nothing was written and not synced");
    (image, seen)
}

fn open_image(image: &[u8]) -> Result<Store, StoreError> {
    roomy(&CrashingDisk::with_image(image.to_vec()))
}

fn journal_bytes() -> usize {
    usize::try_from(Layout::new(128 << 10, [0; 32]).database()).expect("small")
}

#[test]
fn a_start_does_what_the_journal_says() {
    let (image, expected) = left_undone();
    let mut emptied = image.clone();
    emptied[4096..journal_bytes()].fill(0);
    let store = open_image(&emptied).expect("opens");
    assert_eq!(store.documents().expect("readable"), [], "the database itself holds nothing yet");
    assert_eq!(seen(&open_image(&image).expect("opens")), expected);
}

#[test]
fn a_settled_database_needs_no_journal() {
    let disk = CrashingDisk::new();
    let store = roomy(&disk).expect("opens");
    for batch in batches() {
        store.commit(&batch).expect("commits");
    }
    store.settle().expect("settles");
    let before = disk.steps();
    store.settle().expect("has nothing to do");
    assert_eq!(disk.steps(), before);
    let expected = seen(&store);
    let mut image = disk.image();
    image[4096..journal_bytes()].fill(0);
    assert_eq!(seen(&open_image(&image).expect("opens")), expected);
}

#[test]
fn a_damaged_byte_of_the_journal_is_mended_from_the_other_copy() {
    let (image, expected) = left_undone();
    // What names the layout is checked too, but has no copy; the rest of its page means nothing.
    for at in (4096..journal_bytes()).step_by(97) {
        let mut damaged = image.clone();
        damaged[at] ^= 0x10;
        assert_eq!(seen(&open_image(&damaged).expect("opens")), expected, "byte {at}");
    }
    for at in 0..68 {
        let mut damaged = image.clone();
        damaged[at] ^= 0x10;
        assert!(open_image(&damaged).is_err(), "byte {at}");
    }
}

#[test]
fn a_record_lost_in_both_copies_is_damage_if_another_follows() {
    let (image, _) = left_undone();
    let half = (journal_bytes() - 4096) / 2;
    let mut damaged = image.clone();
    damaged[4096 + 20] ^= 1;
    damaged[4096 + half + 60] ^= 1;
    let refused = open_image(&damaged).expect_err("the first of many");
    assert!(matches!(&refused, StoreError::Damaged(why) if why.contains("journal")), "{refused:?}");
}

#[test]
fn a_store_goes_on_where_its_journal_ends() {
    let (image, _) = left_undone();
    let disk = CrashingDisk::with_image(image);
    for round in 0..60_u8 {
        let store = roomy(&disk).expect("opens");
        let last = store.meta("round").expect("readable");
        assert_eq!(last, round.checked_sub(1).map(|last| vec![last]), "round {round}");
        store
            .commit(&[meta("round", &[round]), meta("weight", &vec![round; 40 * usize::from(round)])])
            .expect("commits");
        disk.crash(Crash::Unsynced);
        drop(store);
    }
}

#[test]
fn compaction_between_what_only_the_journal_holds_loses_nothing() {
    let id = doc("config");
    let all = Writers::mixed(id.clone(), 330);
    let disk = CrashingDisk::new();
    let store = roomy(&disk).expect("opens");
    let commit = |part: &[Envelope]| part.chunks(30).for_each(|part| store.commit(&ops(part)).expect("commits"));
    commit(&all[..300]);
    assert!(store.compact(&id).expect("compacts"));
    commit(&all[300..]);
    store.commit(&[StoreOp::TakeSignature(all[310].clone())]).expect("commits");
    let expected = seen(&store);
    disk.crash(Crash::Unsynced);
    drop(store);
    assert_eq!(seen(&roomy(&disk).expect("reopens")), expected);
}

#[test]
fn a_damaged_byte_costs_nothing_after_rounds_and_crashes() {
    let mut torn = 0;
    for seed in 0..300_u64 {
        let disk = CrashingDisk::new();
        let mut acknowledged = 0_u64;
        // A journal of two records: most rounds leave some of the one before behind them.
        for life in 0..4 {
            let store = on(&disk).expect("opens");
            disk.power_off_after((seed * 13 + life * 29) % 41);
            while store.commit(&[meta("n", &(acknowledged + 1).to_be_bytes())]).is_ok() {
                acknowledged += 1;
            }
            drop(store);
            let before = disk.image();
            disk.crash(Crash::Torn(seed * 7 + life));
            torn += usize::from(before != disk.image());
            let mut image = disk.image();
            let at = 4096 + (seed * 997 + life * 4099) as usize % (2 * (8 << 10));
            image[at] ^= 1 << (seed % 8);
            let store = on(&CrashingDisk::with_image(image)).expect("opens with a damaged byte");
            let n = store.meta("n").expect("readable").map_or(0, |n| u64::from_be_bytes(n.try_into().expect("eight")));
            assert!((acknowledged..=acknowledged + 1).contains(&n), "seed {seed}, life {life}: {n} of {acknowledged}");
            let held = on(&disk).expect("opens").meta("n").expect("readable");
            acknowledged = held.map_or(0, |n| u64::from_be_bytes(n.try_into().expect("eight")));
        }
    }
    assert!(torn > 100, "only {torn} crashes tore anything");
}

#[test]
fn what_others_wrote_is_no_record() {
    let disk = CrashingDisk::new();
    let store = roomy(&disk).expect("opens");
    // A change holds what a member likes, so also what would be a later record in whatever place.
    let forged = (0..).take(30).flat_map(|n| {
        let page = forge(4096 * n, 3 + n as u64);
        [page, vec![0; 4096 - 200]].concat()
    });
    store.commit(&[meta("change", &[vec![0; 4096 - 60], forged.collect()].concat())]).expect("commits");
    store.settle().expect("settles");
    store.commit(&[meta("later", b"1")]).expect("commits");
    disk.crash(Crash::Unsynced);
    let store = roomy(&disk).expect("the forged are no records");
    assert_eq!(store.meta("later").expect("readable"), Some(b"1".to_vec()));
    assert_eq!(store.meta("forged").expect("readable"), None);
}

/// A record as one makes it who knows everything but the key.
fn forge(at: usize, number: u64) -> Vec<u8> {
    let mut page = record(&[9; 32], at, number, &encode(&[meta("forged", b"1")])).expect("short");
    page.truncate(200);
    page
}

#[test]
fn a_later_layout_is_refused_and_left_alone() {
    let (mut image, _) = left_undone();
    image[15] = 2;
    let checksum = blake3::hash(&image[..52]);
    image[52..68].copy_from_slice(&checksum.as_bytes()[..16]);
    assert!(matches!(open_image(&image), Err(StoreError::Newer { found: 2, known: 1 })));
}

#[test]
fn bytes_of_the_first_layout_stay_readable() {
    let disk = CrashingDisk::new();
    roomy(&disk).expect("opens").commit(&[meta("m", b"1")]).expect("commits");
    let image = disk.image();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(&image[..68]), FROZEN_PAGE);
    assert_eq!(hex(&image[4096..4096 + 36]), FROZEN_RECORD);
    assert_eq!(image[4096..4096 + 36], image[4096 + (128 << 10)..][..36]);
}

const FROZEN_PAGE: &str = "6272616e63686d657368206469736b01000002000000000000000000000000000000000000000000000000000000000000000000\
    b9b31d0760b5d87d4465437343fa0f59";
const FROZEN_RECORD: &str = "0700000001000000000000003bc58dfebd35981b2dd07fdfe4770d120104016d01013100";

/// What a journal of the first layout says of every kind of operation.
const FROZEN: &str = "060006636f6e66696701010101010101010101010101010101010101010101010101010101010101010502020207030304010209020106636f6e6669\
    670206636f6e666967010101010101010101010101010101010101010101010101010101010101010105020202070303040102090203010901020808\
    04016d00050107010106";

#[test]
fn records_of_the_first_layout_stay_readable() {
    let envelope = Envelope {
        doc: doc("config"),
        author: DeviceId([1; 32]),
        n: 5,
        actor: vec![2, 2],
        seq: 7,
        change: vec![3, 4, 1],
        signature: vec![9, 2],
    };
    let ops = [
        StoreOp::Envelope(envelope.clone()),
        StoreOp::Forget(doc("config")),
        StoreOp::TakeSignature(envelope),
        StoreOp::Steward { key: vec![9], value: Some(vec![8, 8]) },
        StoreOp::Meta { key: "m".into(), value: None },
        StoreOp::Outbox { key: vec![7], value: Some(vec![6]) },
    ];
    let hex: String = encode(&ops).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, FROZEN);
    assert_eq!(decode(&encode(&ops)).expect("readable"), ops);
}
