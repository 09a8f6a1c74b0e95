//! The store itself: one durable transaction at a time, and plain reads.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Mutex;

use branchmesh_model::schema::DocId;
use redb::{
    Database, Durability, ReadableDatabase, ReadableTable, ReadableTableMetadata, Table, TableDefinition,
    WriteTransaction,
};

use super::error::{StoreError, guarded};
use super::folder::Folder;
use super::journal::Journal;
use super::rows::{self, DocRow, EnvelopeRow, SealsRow};
use super::tables;
use crate::replication::envelope::Envelope;

/// Something to make durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreOp {
    /// Append a change whose dependencies are stored or earlier in the same batch. One that is stored already is skipped.
    Envelope(Envelope),
    /// Forget a document, all of it. Peers that still hold it will offer it again: it must not be taken.
    Forget(DocId),
    /// Take away a stored change's signature, if it is that of this envelope, which was found not to be its author's. A
    /// later change vouches for it.
    TakeSignature(Envelope),
    /// Set or remove a row of stewardship.
    Steward {
        /// The hub's choice.
        key: Vec<u8>,
        /// `None` removes.
        value: Option<Vec<u8>>,
    },
    /// Set or remove a value by name.
    Meta {
        /// The hub's choice.
        key: String,
        /// `None` removes.
        value: Option<Vec<u8>>,
    },
    /// Set or remove something to be delivered elsewhere.
    Outbox {
        /// The hub's choice; deliveries are read in key order.
        key: Vec<u8>,
        /// `None` removes.
        value: Option<Vec<u8>>,
    },
}

/// How much a store holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Documents.
    pub documents: u64,
    /// Documents of archived days among them.
    pub archived: u64,
    /// Envelopes kept one by one.
    pub envelopes: u64,
    /// Changes kept in compacted documents.
    pub compacted: u64,
    /// Bytes of envelopes, snapshots and seals.
    pub content_bytes: u64,
    /// Bytes of the database file, or [`Stats::content_bytes`] where there is no file.
    pub file_bytes: u64,
    /// Rows of stewardship.
    pub steward_rows: u64,
    /// Undelivered rows of the outbox.
    pub outbox_rows: u64,
}

/// A row with its key.
pub type Row = (Vec<u8>, Vec<u8>);

/// The node's durable memory. May be shared between threads; commits follow one another.
#[derive(Debug)]
pub struct Store {
    // Dropped in this order: the folder is given back once the database is closed.
    pub(super) db: Closing,
    pub(super) journal: Mutex<Journal>,
    pub(super) folder: Option<Folder>,
    pub(super) generation: u32,
}

/// A database that is closed without a panic: redb then makes durable what is in memory, on a file that may be damaged.
#[derive(Debug)]
pub(super) struct Closing(Option<Database>);

impl Closing {
    pub(super) fn new(db: Database) -> Self {
        Self(Some(db))
    }
}

impl Deref for Closing {
    type Target = Database;

    fn deref(&self) -> &Database {
        self.0.as_ref().expect("taken by nobody but the drop")
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        let closed = guarded(|| Ok(self.0.take().map_or(Ok(()), Database::close)?));
        if let Err(error) = closed {
            tracing::warn!("the database was not closed, and the next start has more to do: {error}");
        }
    }
}

impl Store {
    /// How often this disk was restored or replaced, with gaps: the device votes as (device, generation), because a disk
    /// that may have forgotten a promise must not vote as the one that made it. Also the time to start over with every
    /// count of which older values may be in other hands.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Makes all of `ops` durable together, in order, or none of them. Costs nothing if there are none.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for two changes in one place; otherwise the store must be dropped and opened again.
    pub fn commit(&self, ops: &[StoreOp]) -> Result<(), StoreError> {
        if ops.is_empty() {
            return Ok(());
        }
        self.with_journal(|journal| {
            let number = journal.next();
            let Some(record) = journal.record(ops) else {
                let tx = begin_write(&self.db)?;
                apply(&tx, ops)?;
                return hold(tx, journal, number);
            };
            let mut tx = self.db.begin_write()?;
            tx.set_durability(Durability::None)?;
            apply(&tx, ops)?;
            note_applied(&tx, number)?;
            journal.append(&record)?;
            Ok(tx.commit()?)
        })
    }

    /// Lets the database hold on disk what the journal does, which begins anew: the next start has nothing to do.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn settle(&self) -> Result<(), StoreError> {
        self.with_journal(|journal| match journal.next() - 1 {
            _ if journal.is_empty() => Ok(()),
            applied => hold(begin_write(&self.db)?, journal, applied),
        })
    }

    fn with_journal(&self, work: impl FnOnce(&mut Journal) -> Result<(), StoreError>) -> Result<(), StoreError> {
        guarded(|| {
            let mut journal = self.journal.lock().map_err(|_| StoreError::FailedEarlier)?;
            journal.check()?;
            work(&mut journal).inspect_err(|error| {
                if !matches!(error, StoreError::Conflict { .. }) {
                    journal.shut();
                }
            })
        })
    }

    /// The names of all documents, in order.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Io`].
    pub fn documents(&self) -> Result<Vec<DocId>, StoreError> {
        guarded(|| {
            let table = self.db.begin_read()?.open_table(tables::DOCUMENTS)?;
            table.range::<&str>(..)?.map(|row| rows::document_name(row?.0.value())).collect()
        })
    }

    /// All rows of stewardship, in key order.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Io`].
    pub fn steward_rows(&self) -> Result<Vec<Row>, StoreError> {
        self.rows(tables::STEWARD, usize::MAX)
    }

    /// The first `limit` rows of the outbox, in key order.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Io`].
    pub fn outbox_scan(&self, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.rows(tables::OUTBOX, limit)
    }

    fn rows(&self, table: tables::Bytes, limit: usize) -> Result<Vec<Row>, StoreError> {
        guarded(|| {
            let table = self.db.begin_read()?.open_table(table)?;
            let mut rows = Vec::new();
            for row in table.range::<&[u8]>(..)?.take(limit) {
                let (key, value) = row?;
                rows.push((key.value().to_vec(), value.value().to_vec()));
            }
            Ok(rows)
        })
    }

    /// The value under `key`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Io`].
    pub fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        guarded(|| {
            let table = self.db.begin_read()?.open_table(tables::META)?;
            Ok(table.get(key)?.map(|v| v.value().to_vec()))
        })
    }

    /// All values whose name begins with `prefix`, in order of their names.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Io`].
    pub fn meta_scan(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        guarded(|| {
            let table = self.db.begin_read()?.open_table(tables::META)?;
            let mut found = Vec::new();
            for row in table.range(prefix..)? {
                let (name, value) = row?;
                if !name.value().starts_with(prefix) {
                    break;
                }
                found.push((name.value().to_owned(), value.value().to_vec()));
            }
            Ok(found)
        })
    }

    /// How much is held.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Io`].
    pub fn stats(&self) -> Result<Stats, StoreError> {
        guarded(|| {
            let tx = self.db.begin_read()?;
            let mut stats = Stats {
                steward_rows: tx.open_table(tables::STEWARD)?.len()?,
                outbox_rows: tx.open_table(tables::OUTBOX)?.len()?,
                ..Stats::default()
            };
            for row in tx.open_table(tables::DOCUMENTS)?.range::<&str>(..)? {
                let (_, row) = row?;
                let row: DocRow = rows::decode(row.value(), "documents")?;
                stats.documents += 1;
                stats.archived += u64::from(row.archived);
                stats.envelopes += u64::from(row.rows);
                stats.compacted += row.sealed;
                stats.content_bytes += row.row_bytes + row.compacted_bytes;
            }
            stats.file_bytes = self.file_bytes().unwrap_or(stats.content_bytes);
            Ok(stats)
        })
    }
}

/// A transaction whose commit returns once everything is on disk. The state of redb's allocator is not saved with each, which
/// would make a call a fifth slower (7.5 ms against 6.2 ms were measured); after a crash it is found again by one walk over the pages.
pub(super) fn begin_write(db: &Database) -> Result<WriteTransaction, StoreError> {
    let mut tx = db.begin_write()?;
    tx.set_durability(Durability::Immediate)?;
    tx.set_two_phase_commit(true);
    Ok(tx)
}

/// Commits so that the database holds on disk all up to a record of the journal, which begins anew.
pub(super) fn hold(tx: WriteTransaction, journal: &mut Journal, applied: u64) -> Result<(), StoreError> {
    note_applied(&tx, applied)?;
    tx.commit()?;
    journal.begin_anew(applied);
    Ok(())
}

fn note_applied(tx: &WriteTransaction, number: u64) -> Result<(), StoreError> {
    tx.open_table(tables::JOURNAL)?.insert(tables::APPLIED, number)?;
    Ok(())
}

/// The least document name after `name` itself.
pub(super) fn after_all_of(name: &str) -> String {
    format!("{name}\0")
}

/// Every possible key of [`tables::ENVELOPES`] in document `name`: actors are at most 16 bytes long.
pub(super) fn places_of(name: &str) -> std::ops::RangeInclusive<(&str, &[u8], u64)> {
    (name, &[], 0)..=(name, &[0xff; 64], u64::MAX)
}

/// Of several values for one key the last is written, once.
pub(super) fn apply(tx: &WriteTransaction, ops: &[StoreOp]) -> Result<(), StoreError> {
    let (mut steward, mut meta, mut outbox) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    // Opening a table takes time, and most transactions touch one or two.
    let mut appender = None;
    for op in ops {
        match op {
            StoreOp::Envelope(envelope) => opened(&mut appender, tx)?.append(envelope)?,
            StoreOp::Forget(doc) => opened(&mut appender, tx)?.forget(doc)?,
            StoreOp::TakeSignature(envelope) => opened(&mut appender, tx)?.take_signature(envelope)?,
            StoreOp::Steward { key, value } => {
                steward.insert(&key[..], value);
            }
            StoreOp::Meta { key, value } => {
                meta.insert(&key[..], value);
            }
            StoreOp::Outbox { key, value } => {
                outbox.insert(&key[..], value);
            }
        }
    }
    set_all(tx, tables::STEWARD, steward)?;
    set_all(tx, tables::META, meta)?;
    set_all(tx, tables::OUTBOX, outbox)?;
    appender.map_or(Ok(()), Appender::finish)
}

fn set_all<'k, K: redb::Key + 'static>(
    tx: &WriteTransaction,
    table: TableDefinition<'_, K, &'static [u8]>,
    rows: BTreeMap<K::SelfType<'k>, &Option<Vec<u8>>>,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = tx.open_table(table)?;
    for (key, value) in rows {
        match value {
            Some(value) => drop(table.insert(key, &value[..])?),
            None => drop(table.remove(key)?),
        }
    }
    Ok(())
}

fn opened<'a, 'tx>(
    appender: &'a mut Option<Appender<'tx>>,
    tx: &'tx WriteTransaction,
) -> Result<&'a mut Appender<'tx>, StoreError> {
    match appender {
        Some(appender) => Ok(appender),
        none => Ok(none.insert(Appender::new(tx)?)),
    }
}

/// Appends envelopes and writes each touched row of the index once.
struct Appender<'tx> {
    tx: &'tx WriteTransaction,
    documents: Table<'tx, &'static str, &'static [u8]>,
    envelopes: Table<'tx, tables::Place, &'static [u8]>,
    covered: Table<'tx, (&'static str, &'static [u8]), u64>,
    touched: BTreeMap<DocId, DocRow>,
}

impl<'tx> Appender<'tx> {
    fn new(tx: &'tx WriteTransaction) -> Result<Self, StoreError> {
        Ok(Self {
            tx,
            documents: tx.open_table(tables::DOCUMENTS)?,
            envelopes: tx.open_table(tables::ENVELOPES)?,
            covered: tx.open_table(tables::COVERED)?,
            touched: BTreeMap::new(),
        })
    }

    fn append(&mut self, envelope: &Envelope) -> Result<(), StoreError> {
        if self.is_stored(envelope)? {
            return Ok(());
        }
        if !self.touched.contains_key(&envelope.doc) {
            let row = match self.documents.get(envelope.doc.as_str())? {
                Some(row) => rows::decode(row.value(), "documents")?,
                None => DocRow::default(),
            };
            self.touched.insert(envelope.doc.clone(), row);
        }
        let row = self.touched.get_mut(&envelope.doc).expect("inserted above");
        let Envelope { author, n, change, signature, .. } = envelope;
        let bytes = rows::encode(&EnvelopeRow { order: row.next, author: *author, n: *n, change, signature });
        row.next += 1;
        row.rows += 1;
        row.row_bytes += bytes.len() as u64;
        self.envelopes.insert(place(envelope), &bytes[..])?;
        Ok(())
    }

    fn forget(&mut self, doc: &DocId) -> Result<(), StoreError> {
        let name = doc.as_str();
        self.touched.remove(doc);
        self.documents.remove(name)?;
        self.envelopes.retain_in(places_of(name), |_, _| false)?;
        let after = after_all_of(name);
        self.covered.retain_in((name, &b""[..])..(&after, &b""[..]), |_, _| false)?;
        self.tx.open_table(tables::SNAPSHOTS)?.remove(name)?;
        self.tx.open_table(tables::SEALS)?.retain_in((name, 0)..=(name, u64::MAX), |_, _| false)?;
        Ok(())
    }

    fn take_signature(&mut self, wrong: &Envelope) -> Result<(), StoreError> {
        let loose = match self.envelopes.get(place(wrong))? {
            Some(row) => {
                let row: EnvelopeRow = rows::decode(row.value(), "envelopes")?;
                Some((row.signature == wrong.signature, rows::encode(&EnvelopeRow { n: 0, signature: &[], ..row })))
            }
            None => None,
        };
        if let Some((is_it, row)) = loose {
            if is_it {
                self.envelopes.insert(place(wrong), &row[..])?;
            }
            return Ok(());
        }
        let doc = &wrong.doc;
        let mut seals = self.tx.open_table(tables::SEALS)?;
        let mut changed = Vec::new();
        for row in seals.range((doc.as_str(), 0)..=(doc.as_str(), u64::MAX))? {
            let (key, row) = row?;
            let mut row: SealsRow = rows::decode(row.value(), "seals")?;
            if row.remove(wrong) {
                changed.push((key.value().1, rows::encode(&row)));
            }
        }
        for (order, row) in changed {
            seals.insert((doc.as_str(), order), &row[..])?;
        }
        Ok(())
    }

    fn is_stored(&self, envelope: &Envelope) -> Result<bool, StoreError> {
        let covered = self.covered.get((envelope.doc.as_str(), &envelope.actor[..]))?;
        if covered.is_some_and(|newest| envelope.seq <= newest.value()) {
            return Ok(true);
        }
        let Some(held) = self.envelopes.get(place(envelope))? else { return Ok(false) };
        let held: EnvelopeRow = rows::decode(held.value(), "envelopes")?;
        if held.change != &envelope.change[..] {
            return Err(StoreError::Conflict { doc: envelope.doc.clone(), seq: envelope.seq });
        }
        Ok(true)
    }

    fn finish(mut self) -> Result<(), StoreError> {
        for (doc, row) in &self.touched {
            self.documents.insert(doc.as_str(), &rows::encode(row)[..])?;
        }
        Ok(())
    }
}

fn place(envelope: &Envelope) -> (&str, &[u8], u64) {
    (envelope.doc.as_str(), &envelope.actor, envelope.seq)
}
