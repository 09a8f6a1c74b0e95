//! The format of the whole database: which tables there are and what their rows mean.

use redb::{Database, ReadableDatabase, WriteTransaction};

use super::error::StoreError;
use super::store::begin_write;
use super::tables;

/// The format this version writes.
pub(super) const NEWEST: u32 = 3;

type Step = fn(&WriteTransaction) -> Result<(), StoreError>;

/// `STEPS[i]` turns format `i + 1` into `i + 2`. A step reads old tables, fills new ones and deletes the old.
const STEPS: [Step; NEWEST as usize - 1] = [covered_seals, journal];

/// From format 2 on a seal may be missing where a later one of the same actor covers it, which a reader of format 1 would
/// take for damage. What stands in a database of format 1 reads the same.
fn covered_seals(_: &WriteTransaction) -> Result<(), StoreError> {
    Ok(())
}

/// Format 3 begins with a journal; a database of format 2 had none, and its file has got one before it comes here.
fn journal(tx: &WriteTransaction) -> Result<(), StoreError> {
    tx.open_table(tables::JOURNAL)?;
    Ok(())
}

/// Makes every table of a new database.
pub(super) fn create(db: &Database, generation: u32) -> Result<(), StoreError> {
    let tx = begin_write(db)?;
    {
        let mut store = tx.open_table(tables::STORE)?;
        store.insert(tables::FORMAT, NEWEST)?;
        store.insert(tables::GENERATION, generation)?;
    }
    tx.open_table(tables::JOURNAL)?;
    tx.open_table(tables::DOCUMENTS)?;
    tx.open_table(tables::ENVELOPES)?;
    tx.open_table(tables::SNAPSHOTS)?;
    tx.open_table(tables::SEALS)?;
    tx.open_table(tables::COVERED)?;
    tx.open_table(tables::STEWARD)?;
    tx.open_table(tables::META)?;
    tx.open_table(tables::OUTBOX)?;
    Ok(tx.commit()?)
}

/// Brings an existing database to [`NEWEST`], one step a transaction, so that a crash repeats at most one.
///
/// # Errors
/// [`StoreError::Newer`] for a format this version does not know; [`StoreError::Damaged`] if there is none.
pub(super) fn migrate(db: &Database) -> Result<(), StoreError> {
    let found = format(db)?;
    if found > NEWEST {
        return Err(StoreError::Newer { found, known: NEWEST });
    }
    let done = found.checked_sub(1).ok_or_else(|| StoreError::Damaged("format 0".into()))?;
    for (to, step) in (found + 1..).zip(STEPS.iter().skip(done as usize)) {
        let tx = begin_write(db)?;
        step(&tx)?;
        tx.open_table(tables::STORE)?.insert(tables::FORMAT, to)?;
        tx.commit()?;
    }
    Ok(())
}

fn format(db: &Database) -> Result<u32, StoreError> {
    let store = db.begin_read()?.open_table(tables::STORE)?;
    let format = store.get(tables::FORMAT)?.map(|f| f.value());
    format.ok_or_else(|| StoreError::Damaged("no format number".into()))
}

/// Opens every table and reads the index, so that what is missing or unreadable is found now and not in service.
pub(super) fn check(db: &Database) -> Result<(), StoreError> {
    let tx = db.begin_read()?;
    tx.open_table(tables::JOURNAL)?;
    tx.open_table(tables::ENVELOPES)?;
    tx.open_table(tables::SNAPSHOTS)?;
    tx.open_table(tables::SEALS)?;
    tx.open_table(tables::COVERED)?;
    tx.open_table(tables::STEWARD)?;
    tx.open_table(tables::META)?;
    tx.open_table(tables::OUTBOX)?;
    let documents = tx.open_table(tables::DOCUMENTS)?;
    for row in documents.range::<&str>(..)? {
        let (name, row) = row?;
        super::rows::document_name(name.value())?;
        super::rows::decode::<super::rows::DocRow>(row.value(), "documents")?;
    }
    Ok(())
}
