//! Compaction: many envelopes become one compressed save and their seals, from which each is rebuilt byte for byte. In an
//! archived document the newest change of each actor keeps its seal, which covers the actor's earlier ones.

use std::collections::{BTreeMap, BTreeSet};

use branchmesh_model::document::{self, Actor, Examined, FactDoc, NewChange};
use branchmesh_model::ids::DeviceId;
use branchmesh_model::schema::DocId;
use branchmesh_model::time::BusinessDate;
use redb::{ReadTransaction, ReadableDatabase, ReadableTableMetadata, WriteTransaction};

use super::documents::{Seals, compacted_doc, doc_row, loose_envelopes};
use super::error::{StoreError, guarded};
use super::rows::{self, DocRow, SealsRow};
use super::store::{Store, begin_write};
use super::tables;
use crate::replication::cover;
use crate::replication::envelope::Envelope;

/// What a compaction will put in place of the envelopes it has read.
struct Plan {
    before: DocRow,
    envelopes: Vec<Envelope>,
    save: Vec<u8>,
    /// All changes of the document.
    changes: Vec<NewChange>,
}

/// A smaller file is not worth the time, bytes.
const LEAST_TO_GIVE_BACK: u64 = 4 << 20;

/// A document of more changes than this keeps every seal: covered ones must travel in one frame.
const MAX_COVERED_BYTES: usize = 1 << 20;

impl Store {
    /// Loose envelopes from which [`Store::compact`] does anything.
    pub const COMPACT_FROM: u32 = 256;

    /// Puts a compressed save and seals in place of the envelopes of `doc`, if there are [`Store::COMPACT_FROM`] of
    /// them; tells whether it did. Every change is rebuilt from the save and compared before its row goes.
    ///
    /// May run beside commits: what they add meanwhile stays as it is. If the envelopes cannot be rebuilt (one misses a
    /// dependency, or a later version wrote it in a way this one does not reproduce) they stay, and the answer is `false`.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn compact(&self, doc: &DocId) -> Result<bool, StoreError> {
        guarded(|| self.compact_from(doc, Self::COMPACT_FROM))
    }

    /// Compacts what is left of the queue documents of a past day, lets go the signatures that later ones cover, and marks
    /// them archived; returns how many there are. They read as before, and take late envelopes as before.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn archive_day(&self, date: BusinessDate) -> Result<usize, StoreError> {
        guarded(|| {
            let mut archived = 0;
            for doc in DocId::queue_day(date) {
                let Some(row) = doc_row(&self.db.begin_read()?, &doc)? else { continue };
                if row.rows > 0 || !row.archived {
                    self.archive(&doc, row)?;
                }
                archived += 1;
            }
            Ok(archived)
        })
    }

    /// Looks how much of the database is room that was freed, as archiving a day leaves it; if that is more than a quarter, the next start
    /// makes the file smaller. Reads the whole file, beside commits.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn note_freed_room(&self) -> Result<(), StoreError> {
        let journal = self.journal.lock().map_err(|_| StoreError::FailedEarlier)?.layout().database();
        self.file_bytes().map_or(Ok(()), |file| self.note_room_in(file.saturating_sub(journal)))
    }

    /// The same for a database of so many bytes.
    pub(super) fn note_room_in(&self, file: u64) -> Result<(), StoreError> {
        guarded(|| {
            let is_much = file >= LEAST_TO_GIVE_BACK && used_bytes(&self.db.begin_read()?)? < file / 4 * 3;
            if is_much == self.db.begin_read()?.open_table(tables::STORE)?.get(tables::ROOM)?.is_some() {
                return Ok(());
            }
            let tx = begin_write(&self.db)?;
            let mut store = tx.open_table(tables::STORE)?;
            if is_much {
                store.insert(tables::ROOM, 1)?;
            } else {
                store.remove(tables::ROOM)?;
            }
            drop(store);
            Ok(tx.commit()?)
        })
    }

    fn archive(&self, doc: &DocId, before: DocRow) -> Result<(), StoreError> {
        let plan = plan(&self.db.begin_read()?, doc, before)?;
        if let Some(plan) = plan {
            let tx = begin_write(&self.db)?;
            let done = carry_out(&tx, doc, &plan)? && let_covered_seals_go(&tx, doc, &plan)?;
            if done { tx.commit()? } else { tx.abort()? }
        }
        self.change_row(doc, |row| row.archived = true)
    }

    fn compact_from(&self, doc: &DocId, least: u32) -> Result<bool, StoreError> {
        let tx = self.db.begin_read()?;
        let Some(before) = doc_row(&tx, doc)? else { return Ok(false) };
        if before.rows < least.max(before.retry_at) {
            return Ok(false);
        }
        let Some(plan) = plan(&tx, doc, before)? else {
            // Not before there is twice as much: trying costs time proportional to the document.
            self.change_row(doc, |row| row.retry_at = row.rows.saturating_mul(2))?;
            return Ok(false);
        };
        drop(tx);
        let tx = begin_write(&self.db)?;
        let done = carry_out(&tx, doc, &plan)?;
        if done {
            tx.commit()?
        } else {
            tx.abort()?
        }
        Ok(done)
    }

    fn change_row(&self, doc: &DocId, change: impl FnOnce(&mut DocRow)) -> Result<(), StoreError> {
        let tx = begin_write(&self.db)?;
        if let Some(mut row) = row_to_write(&tx, doc)? {
            change(&mut row);
            tx.open_table(tables::DOCUMENTS)?.insert(doc.as_str(), &rows::encode(&row)[..])?;
        }
        Ok(tx.commit()?)
    }
}

fn row_to_write(tx: &WriteTransaction, doc: &DocId) -> Result<Option<DocRow>, StoreError> {
    use redb::ReadableTable;
    let documents = tx.open_table(tables::DOCUMENTS)?;
    let row = documents.get(doc.as_str())?;
    row.map(|row| rows::decode(row.value(), "documents")).transpose()
}

/// Bytes of the pages that all tables fill.
fn used_bytes(tx: &ReadTransaction) -> Result<u64, StoreError> {
    let mut used = 0;
    for table in tx.list_tables()? {
        let stats = tx.open_untyped_table(table)?.stats()?;
        used += stats.stored_bytes() + stats.metadata_bytes() + stats.fragmented_bytes();
    }
    Ok(used)
}

/// Applies the envelopes to the compacted document and proves that its save gives back every change; `None` if not.
fn plan(tx: &ReadTransaction, doc: &DocId, before: DocRow) -> Result<Option<Plan>, StoreError> {
    let envelopes = loose_envelopes(tx, doc, &BTreeMap::new())?;
    let mut facts = compacted_doc(tx, doc)?;
    let mut expected: BTreeMap<(Vec<u8>, u64), Vec<u8>> =
        facts.changes_in_order().into_iter().map(|c| ((c.actor, c.seq), c.bytes)).collect();
    let mut changes = Vec::with_capacity(envelopes.len());
    for envelope in &envelopes {
        let Ok(change) = document::examine(&envelope.change, &envelope.author) else { return Ok(None) };
        if (&change.actor, change.seq) != (&envelope.actor, envelope.seq) {
            return Ok(None);
        }
        changes.push(change);
        expected.insert((envelope.actor.clone(), envelope.seq), envelope.change.clone());
    }
    if facts.apply_all(changes).is_err() {
        return Ok(None);
    }
    let save = facts.save();
    let reader = Actor::new(&DeviceId([0; 32]), [0; 8]);
    let Ok(mut rebuilt) = FactDoc::load(doc, &save, &reader) else { return Ok(None) };
    let as_expected = |c: &NewChange| expected.get(&(c.actor.clone(), c.seq)) == Some(&c.bytes);
    let rebuilt = rebuilt.changes_in_order();
    let whole = rebuilt.len() == expected.len() && rebuilt.iter().all(as_expected);
    Ok(whole.then_some(Plan { before, envelopes, save, changes: rebuilt }))
}

/// Writes the plan; `false` if another compaction or a [`StoreOp::Forget`](super::StoreOp::Forget) came between, and nothing must be committed.
fn carry_out(tx: &WriteTransaction, doc: &DocId, plan: &Plan) -> Result<bool, StoreError> {
    let name = doc.as_str();
    let Some(mut row) = row_to_write(tx, doc)? else { return Ok(false) };
    if row.compactions != plan.before.compactions || row.next < plan.before.next {
        return Ok(false);
    }
    let seals = rows::encode(&SealsRow::of(&plan.envelopes));
    tx.open_table(tables::SEALS)?.insert((name, plan.before.sealed), &seals[..])?;
    let old = tx.open_table(tables::SNAPSHOTS)?.insert(name, &plan.save[..])?.map_or(0, |old| old.value().len());
    let mut covered = tx.open_table(tables::COVERED)?;
    let mut loose = tx.open_table(tables::ENVELOPES)?;
    for e in &plan.envelopes {
        // Of one actor the newest comes last.
        covered.insert((name, &e.actor[..]), e.seq)?;
        if loose.remove((name, &e.actor[..], e.seq))?.is_none() {
            return Ok(false);
        }
    }
    row.rows -= plan.before.rows;
    row.row_bytes -= plan.before.row_bytes;
    row.sealed += plan.envelopes.len() as u64;
    row.compacted_bytes = row.compacted_bytes - old as u64 + (plan.save.len() + seals.len()) as u64;
    row.compactions += 1;
    row.retry_at = 0;
    tx.open_table(tables::DOCUMENTS)?.insert(name, &rows::encode(&row)[..])?;
    Ok(true)
}

/// Puts one row in the place of all seals: those that no later one of the same actor covers. `false` if the document came
/// to be another meanwhile.
fn let_covered_seals_go(tx: &WriteTransaction, doc: &DocId, plan: &Plan) -> Result<bool, StoreError> {
    use redb::ReadableTable;
    if plan.changes.iter().map(|c| c.bytes.len()).sum::<usize>() > MAX_COVERED_BYTES {
        return Ok(true);
    }
    let name = doc.as_str();
    let mut table = tx.open_table(tables::SEALS)?;
    let mut seals = Seals::default();
    for row in table.range((name, 0)..=(name, u64::MAX))? {
        let (_, row) = row?;
        seals.add(doc, rows::decode(row.value(), "seals")?)?;
    }
    let kept = rows::encode(&uncovered(doc, &plan.changes, &seals));
    table.retain_in((name, 0)..=(name, u64::MAX), |_, _| false)?;
    table.insert((name, 0), &kept[..])?;
    drop(table);
    let Some(mut row) = row_to_write(tx, doc)? else { return Ok(false) };
    row.compacted_bytes = (plan.save.len() + kept.len()) as u64;
    tx.open_table(tables::DOCUMENTS)?.insert(name, &rows::encode(&row)[..])?;
    Ok(true)
}

/// The seals that are needed: the newest of each actor, and any that it does not cover, as only a dishonest actor has them.
fn uncovered(doc: &DocId, changes: &[NewChange], seals: &Seals) -> SealsRow {
    let (mut signed, mut unsigned) = (Vec::new(), Vec::new());
    for change in changes {
        let Some(of_actor) = seals.0.get(&change.actor) else { continue };
        let Some((newest, seal)) = of_actor.last_key_value() else { continue };
        let Ok(examined) = document::examine(&change.bytes, &seal.author) else { continue };
        let is_newest = change.seq == *newest;
        let signature = if is_newest { seal.signature.clone() } else { Vec::new() };
        let (actor, seq, author) = (change.actor.clone(), change.seq, seal.author);
        let envelope = Envelope { doc: doc.clone(), author, n: seal.n, actor, seq, change: Vec::new(), signature };
        let list = if is_newest { &mut signed } else { &mut unsigned };
        list.push((envelope, examined));
    }
    let vouched = cover::vouched(&signed, &unsigned);
    let is_covered =
        |(envelope, change): &(Envelope, Examined)| vouched.contains_key(&(envelope.doc.clone(), change.hash));
    let covered: BTreeSet<(&[u8], u64)> =
        unsigned.iter().filter(|c| is_covered(c)).map(|(e, _)| (&e.actor[..], e.seq)).collect();
    let mut row = SealsRow::default();
    for (actor, of_actor) in &seals.0 {
        for (seq, seal) in of_actor.iter().filter(|(seq, _)| !covered.contains(&(&actor[..], **seq))) {
            row.push(&seal.author, actor, *seq, seal.n, seal.signature.clone());
        }
    }
    row
}
