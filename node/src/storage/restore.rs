//! Restoring a backup: checked whole before anything is touched, then built beside and renamed.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use redb::{Database, WriteTransaction};

use super::backup::{Record, Unfit, Verified};
use super::error::{StoreError, guarded};
use super::folder::{self, Folder};
use super::open::{self, StoreOptions};
use super::store::begin_write;
use super::{rows, tables};
use crate::replication::enrol::INVITATION;

/// Records committed at once, bytes: what a restore needs of memory.
const BATCH_BYTES: u64 = 4 * 1024 * 1024;

/// Fills the data folder `dir` from the backup `file`. `progress` hears of bytes done and bytes in total (the file is
/// read twice: once to check it, once to copy it).
///
/// The restored store has a new [generation](super::Store::generation) and no stewardship: its promises may be old. The
/// device's key in the folder stays; a folder without one belongs to a new device. With `replace`, a database that is
/// there already is kept beside as `branchmesh.redb.replaced-{UTC time}`.
///
/// # Errors
/// [`StoreError::BadBackup`] for a damaged, truncated, foreign or newer file, [`StoreError::Occupied`] if there is a
/// database and `replace` is `false`, [`StoreError::InUse`] while a node runs there; in all these nothing is changed.
pub fn restore(file: &Path, dir: &Path, replace: bool, mut progress: impl FnMut(u64, u64)) -> Result<(), StoreError> {
    let backup = Verified::open(file, |done, total| progress(done, total * 2)).map_err(|unfit| match unfit {
        Unfit::Because(why) => StoreError::BadBackup { file: file.to_owned(), why },
        Unfit::Io(e) => StoreError::at(file, e),
    })?;
    let folder = Folder::take(dir)?;
    let database = folder.database();
    if database.exists() && !replace {
        return Err(StoreError::Occupied { path: database, what: "a database" });
    }
    let fresh = folder.file("restoring.redb");
    let beside = folder.generation()?.unwrap_or(0);
    let generation = guarded(|| fill(&fresh, backup, beside, progress)).inspect_err(|_| {
        // What is left is of no use, and the space may be what was missing.
        let _ = fs::remove_file(&fresh);
    })?;
    folder.set_generation(generation)?;
    keep_replaced(&database)?;
    folder::rename(&fresh, &database)
}

/// Builds the database `fresh` from the backup; returns its generation.
fn fill(
    fresh: &Path,
    mut backup: Verified,
    beside: u32,
    mut progress: impl FnMut(u64, u64),
) -> Result<u32, StoreError> {
    let options = StoreOptions::default();
    open::create(fresh, &options, 0)?;
    let db = open::existing(fresh, &options)?;
    let total = backup.left();
    let mut newest = beside;
    while backup.left() > 0 {
        let tx = begin_write(&db)?;
        newest = newest.max(copy_batch(&mut backup, &tx)?);
        tx.commit()?;
        progress(total * 2 - backup.left(), total * 2);
    }
    let generation = folder::next_generation(newest);
    set_generation(&db, generation)?;
    db.close()?;
    Ok(generation)
}

pub(super) fn set_generation(db: &Database, generation: u32) -> Result<(), StoreError> {
    let tx = begin_write(db)?;
    tx.open_table(tables::STORE)?.insert(tables::GENERATION, generation)?;
    Ok(tx.commit()?)
}

/// Copies records until the batch is full; returns the generation among them, or 0.
fn copy_batch(backup: &mut Verified, tx: &WriteTransaction) -> Result<u32, StoreError> {
    let until = backup.left().saturating_sub(BATCH_BYTES);
    let (mut buffer, mut generation) = (Vec::new(), 0);
    let unreadable = |e: std::io::Error| StoreError::Damaged(format!("the backup became unreadable: {e}"));
    while backup.left() > until && backup.next(&mut buffer).map_err(unreadable)? {
        match rows::decode(&buffer, "the backup")? {
            Record::Generation(g) => generation = g,
            Record::Document(k, v) => drop(tx.open_table(tables::DOCUMENTS)?.insert(k, v)?),
            Record::Envelope(k, v) => drop(tx.open_table(tables::ENVELOPES)?.insert(k, v)?),
            Record::Snapshot(k, v) => drop(tx.open_table(tables::SNAPSHOTS)?.insert(k, v)?),
            Record::Seals(k, v) => drop(tx.open_table(tables::SEALS)?.insert(k, v)?),
            Record::Covered(k, v) => drop(tx.open_table(tables::COVERED)?.insert(k, v)?),
            // Whether an invitation was used since is not known any more, so none is honoured.
            Record::Meta(k, _) if k.starts_with(INVITATION) => {}
            Record::Meta(k, v) => drop(tx.open_table(tables::META)?.insert(k, v)?),
            Record::Outbox(k, v) => drop(tx.open_table(tables::OUTBOX)?.insert(k, v)?),
        }
    }
    Ok(generation)
}

/// Gives the database that is about to be replaced a second name, so that no moment is without one.
fn keep_replaced(database: &Path) -> Result<(), StoreError> {
    if !database.exists() {
        return Ok(());
    }
    let name = format!("{}.replaced-{}", folder::DATABASE, Timestamp::now().strftime("%Y%m%dT%H%M%S%6fZ"));
    let kept = database.with_file_name(name);
    match fs::hard_link(database, &kept) {
        Ok(()) => folder::sync_parent(&kept),
        // Not every file system has hard links.
        Err(_) => folder::rename(database, &kept),
    }
}
