use std::fs;
use std::path::PathBuf;

use super::super::restore;
use super::*;

/// A folder with a store of everything, and its backup.
fn backed_up() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(&dir.path().join("data"));
    store.commit(&ops(&Writers::mixed(doc("config"), 300))).expect("commits");
    store.compact(&doc("config")).expect("compacts");
    store.commit(&ops(&Writers::mixed(doc("config"), 320)[300..])).expect("commits");
    store.commit(&ops(&Writers::mixed(doc("lead/1"), 9))).expect("commits");
    store.commit(&[meta("a", b"1"), steward(b"vote", b"x"), outbox(b"o", b"y")]).expect("commits");
    let file = dir.path().join("copy");
    let mut heard = Vec::new();
    let size = store.backup(&file, |done, total| heard.push((done, total))).expect("backs up");
    assert_eq!(size, fs::metadata(&file).expect("there").len());
    assert!(heard.last().is_some_and(|(done, total)| done == total), "{heard:?}");
    (dir, file)
}

fn restored(file: &Path, dir: &Path) -> Store {
    restore(file, dir, false, |done, total| assert!(done <= total)).expect("restores");
    open(dir)
}

#[test]
fn a_restored_store_holds_everything_but_its_votes() {
    let (dir, file) = backed_up();
    let original = open(&dir.path().join("data"));
    let copy = restored(&file, &dir.path().join("new"));
    assert_eq!(copy.documents().expect("readable"), original.documents().expect("readable"));
    for id in original.documents().expect("readable") {
        assert_eq!(copy.load(&id).expect("readable"), original.load(&id).expect("readable"));
        assert_eq!(all_of(&copy, &id), all_of(&original, &id));
    }
    assert_eq!(copy.meta("a").expect("readable"), Some(b"1".to_vec()));
    assert_eq!(copy.outbox_scan(9).expect("readable").len(), 1);
    assert_eq!(copy.steward_rows().expect("readable"), []);
    assert!(copy.generation() > original.generation());
    copy.commit(&ops(&Writers::mixed(doc("lead/1"), 12))).expect("goes on");
    assert_eq!(all_of(&copy, &doc("lead/1")).len(), 12);
}

#[test]
fn a_backup_taken_while_writing_is_one_instant() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(&dir.path().join("data"));
    let all = Writers::mixed(doc("config"), 400);
    let file = dir.path().join("copy");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for (i, part) in all.chunks(2).enumerate() {
                let mut batch = ops(part);
                batch.push(meta("last", &(i as u64).to_be_bytes()));
                store.commit(&batch).expect("commits");
            }
        });
        while !writer.is_finished() {
            store.backup(&file, |_, _| {}).expect("backs up");
            let scratch = tempfile::tempdir().expect("a folder");
            let copy = restored(&file, scratch.path());
            let last = copy.meta("last").expect("readable");
            let batches = last.map_or(0, |i| u64::from_be_bytes(i.try_into().expect("eight bytes")) + 1);
            assert_eq!(all_of(&copy, &doc("config")), all[..batches as usize * 2]);
        }
    });
}

/// Restoring `bytes` is refused for the reason `why` and leaves no trace.
fn check_refused(bytes: &[u8], why: &str) {
    let dir = tempfile::tempdir().expect("a folder");
    let (file, data) = (dir.path().join("copy"), dir.path().join("data"));
    fs::write(&file, bytes).expect("writable");
    let refused = restore(&file, &data, true, |_, _| {}).expect_err("unfit");
    assert!(matches!(refused, StoreError::BadBackup { .. }), "{refused:?}");
    assert!(refused.to_string().contains(why), "{refused} does not say {why}");
    assert!(!data.exists(), "the folder was touched");
}

#[test]
fn an_unfit_file_is_refused_and_nothing_changes() {
    let (_dir, file) = backed_up();
    let good = fs::read(&file).expect("readable");
    check_refused(b"", "is not a branchmesh backup");
    check_refused(b"something else", "is not a branchmesh backup");
    check_refused(&[&b"x"[..], &good].concat(), "is not a branchmesh backup");
    check_refused(&[&good[..], b"x"].concat(), "is damaged");
    let mut newer = good.clone();
    newer[20] = 4;
    check_refused(&newer, "made by a newer branchmesh (format 4, this one knows 3)");
    for len in (64..good.len()).step_by(good.len() / 41) {
        check_refused(&good[..len], "is truncated");
    }
    for at in (32..good.len()).step_by(good.len() / 103) {
        let mut damaged = good.clone();
        damaged[at] ^= 4;
        check_refused(&damaged, "is damaged");
    }
}

#[test]
fn a_folder_with_a_database_is_only_replaced_when_asked() {
    let (dir, file) = backed_up();
    let data = dir.path().join("data");
    let before = fs::read(data.join("branchmesh.redb")).expect("readable");
    let refused = restore(&file, &data, false, |_, _| {}).expect_err("occupied");
    assert!(matches!(refused, StoreError::Occupied { .. }), "{refused:?}");
    assert_eq!(fs::read(data.join("branchmesh.redb")).expect("readable"), before);
    restore(&file, &data, true, |_, _| {}).expect("replaces");
    let kept = fs::read_dir(&data).expect("readable").map(|f| f.expect("readable").path());
    let kept = kept.into_iter().find(|p| p.to_string_lossy().contains(".replaced-")).expect("kept beside");
    assert_eq!(fs::read(kept).expect("readable"), before);
    let first = open(&data).generation();
    assert!(first > 0);
    restore(&file, &data, true, |_, _| {}).expect("again");
    assert!(open(&data).generation() > first, "every restore is a new voter");
}

#[test]
fn a_running_store_is_not_restored_over() {
    let (dir, file) = backed_up();
    let data = dir.path().join("data");
    let _running = open(&data);
    let refused = restore(&file, &data, true, |_, _| {}).expect_err("in use");
    assert!(matches!(refused, StoreError::InUse(_)), "{refused:?}");
}

#[test]
fn a_backup_replaces_a_backup_and_no_other_file() {
    let (dir, file) = backed_up();
    let store = open(&dir.path().join("data"));
    store.backup(&file, |_, _| {}).expect("replaces the older one");
    let database = dir.path().join("data").join("branchmesh.redb");
    let refused = store.backup(&database, |_, _| {}).expect_err("not a backup");
    assert!(matches!(refused, StoreError::Occupied { .. }), "{refused:?}");
    store.commit(&[meta("still", b"fine")]).expect("commits");
}
