use std::fs;

use super::super::DeviceKey;
use super::*;

#[test]
fn a_store_is_there_again_after_it_was_closed() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("not/yet/there");
    open(&data).commit(&[meta("a", b"1")]).expect("commits");
    let store = open(&data);
    assert_eq!(store.meta("a").expect("readable"), Some(b"1".to_vec()));
    assert_eq!(store.generation(), 0);
    assert!(store.stats().expect("readable").file_bytes > 0);
}

#[test]
fn a_folder_serves_one_store_at_a_time() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    let refused = Store::open(dir.path(), &StoreOptions::default()).expect_err("in use");
    assert!(refused.to_string().starts_with("another branchmesh uses the folder"), "{refused}");
    drop(store);
    open(dir.path());
}

#[test]
fn a_start_that_was_interrupted_is_started_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("branchmesh.redb.part"), b"half a database").expect("writable");
    let store = open(dir.path());
    store.commit(&[meta("a", b"1")]).expect("commits");
    assert_eq!(store.generation(), 0, "nobody has ever voted here");
}

#[test]
fn a_removed_database_comes_back_as_a_new_voter() {
    let dir = tempfile::tempdir().expect("a folder");
    drop(open(dir.path()));
    fs::remove_file(dir.path().join("branchmesh.redb")).expect("removable");
    assert!(open(dir.path()).generation() > 0);
}

#[test]
fn of_two_generations_the_newer_counts() {
    let dir = tempfile::tempdir().expect("a folder");
    let beside = dir.path().join("generation");
    drop(open(dir.path()));
    fs::write(&beside, "7\n").expect("writable");
    assert_eq!(open(dir.path()).generation(), 7);
    fs::remove_file(&beside).expect("removable");
    assert_eq!(open(dir.path()).generation(), 7, "the database knows it too");
    assert_eq!(fs::read_to_string(&beside).expect("written again"), "7\n");
}

#[test]
fn a_device_key_is_made_once_and_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    assert!(DeviceKey::load(dir.path()).expect("an answer").is_none());
    let made = DeviceKey::create(dir.path()).expect("makes one");
    let loaded = DeviceKey::load(dir.path()).expect("readable").expect("there");
    assert_eq!((loaded.device(), loaded.secret()), (made.device(), made.secret()));
    assert!(matches!(DeviceKey::create(dir.path()), Err(StoreError::Occupied { .. })));
    fs::write(dir.path().join("device.key"), b"short").expect("writable");
    assert!(matches!(DeviceKey::load(dir.path()), Err(StoreError::Key { .. })));
}

#[test]
fn a_secret_is_not_printed() {
    let dir = tempfile::tempdir().expect("a folder");
    let key = DeviceKey::create(dir.path()).expect("makes one");
    assert_eq!(format!("{key:?}"), format!("DeviceKey({:?})", key.device()));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_what_is_stored() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    drop(open(&data));
    DeviceKey::create(&data).expect("makes one");
    let mode = |name: &str| fs::metadata(data.join(name)).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode("."), mode("branchmesh.redb"), mode("device.key")), (0o700, 0o600, 0o600));
    fs::set_permissions(data.join("device.key"), fs::Permissions::from_mode(0o644)).expect("allowed");
    DeviceKey::load(&data).expect("readable").expect("there");
    assert_eq!(mode("device.key"), 0o600);
}
