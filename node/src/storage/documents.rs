//! Reading documents back: what was stored, as envelopes again.

use std::collections::BTreeMap;

use branchmesh_model::document::{self, Actor, FactDoc};
use branchmesh_model::ids::DeviceId;
use branchmesh_model::schema::DocId;
use redb::{ReadTransaction, ReadableDatabase};

use super::error::{StoreError, guarded};
use super::rows::{self, DocRow, EnvelopeRow, SealsRow};
use super::store::{Store, after_all_of, places_of};
use super::tables;
use crate::replication::cover::is_covered;
use crate::replication::envelope::Envelope;

/// A document as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredDoc {
    /// The save that holds everything compacted; `None` if nothing is.
    pub snapshot: Option<Vec<u8>>,
    /// What came later, in the order it came: dependencies first.
    pub envelopes: Vec<Envelope>,
    /// Whether its business day was archived.
    pub archived: bool,
}

impl Store {
    /// Reads a document; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Io`].
    pub fn load(&self, doc: &DocId) -> Result<Option<StoredDoc>, StoreError> {
        guarded(|| {
            let tx = self.db.begin_read()?;
            let Some(row) = doc_row(&tx, doc)? else { return Ok(None) };
            let envelopes = loose_envelopes(&tx, doc, &BTreeMap::new())?;
            Ok(Some(StoredDoc { snapshot: snapshot(&tx, doc)?, envelopes, archived: row.archived }))
        })
    }

    /// The facts of a document; none for an unknown one.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Io`].
    pub fn facts(&self, doc: &DocId) -> Result<Vec<(String, String)>, StoreError> {
        guarded(|| {
            let tx = self.db.begin_read()?;
            let mut facts = compacted_doc(&tx, doc)?;
            let damaged = |problem: &dyn std::fmt::Display| StoreError::Damaged(format!("{doc}: {problem}"));
            let loose = loose_envelopes(&tx, doc, &BTreeMap::new())?;
            let changes: Result<Vec<_>, _> = loose.iter().map(|e| document::examine(&e.change, &e.author)).collect();
            facts.apply_all(changes.map_err(|e| damaged(&e))?).map_err(|e| damaged(&e))?;
            Ok(facts.facts())
        })
    }

    /// Envelopes not yet compacted: what tells when [`Store::compact`] is worth its while. 0 for an unknown document.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Io`].
    pub fn loose(&self, doc: &DocId) -> Result<u32, StoreError> {
        guarded(|| Ok(doc_row(&self.db.begin_read()?, doc)?.map_or(0, |row| row.rows)))
    }

    /// The envelopes of `doc` that a reader lacks whose newest change of each actor is in `versions`, dependencies first.
    ///
    /// Stops before `limit_bytes` (of changes and signatures) would be exceeded, but gives at least one if there is
    /// one; what was given can be applied, and asking again with the versions it leads to continues. Of an archived
    /// document, which is small, it gives all: a change without a signature needs the later one that covers it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Io`].
    pub fn envelopes_after(
        &self,
        doc: &DocId,
        versions: &BTreeMap<Vec<u8>, u64>,
        limit_bytes: usize,
    ) -> Result<Vec<Envelope>, StoreError> {
        guarded(|| {
            let tx = self.db.begin_read()?;
            let mut found = Vec::new();
            if lacks_compacted(&tx, doc, versions)? {
                found = compacted_envelopes(&tx, doc, versions)?;
            }
            found.extend(loose_envelopes(&tx, doc, versions)?);
            truncate(&mut found, limit_bytes);
            Ok(found)
        })
    }
}

pub(super) fn doc_row(tx: &ReadTransaction, doc: &DocId) -> Result<Option<DocRow>, StoreError> {
    let row = tx.open_table(tables::DOCUMENTS)?.get(doc.as_str())?;
    row.map(|row| rows::decode(row.value(), "documents")).transpose()
}

pub(super) fn snapshot(tx: &ReadTransaction, doc: &DocId) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(tx.open_table(tables::SNAPSHOTS)?.get(doc.as_str())?.map(|s| s.value().to_vec()))
}

/// The document as it was last compacted, or as it begins.
pub(super) fn compacted_doc(tx: &ReadTransaction, doc: &DocId) -> Result<FactDoc, StoreError> {
    // Only read: this actor never writes.
    let reader = Actor::new(&DeviceId([0; 32]), [0; 8]);
    match snapshot(tx, doc)? {
        Some(bytes) => {
            FactDoc::load(doc, &bytes, &reader).map_err(|e| StoreError::Damaged(format!("snapshot of {doc}: {e}")))
        }
        None => Ok(FactDoc::new(doc, &reader)),
    }
}

/// The uncompacted envelopes a reader of `versions` lacks, in the order they came.
pub(super) fn loose_envelopes(
    tx: &ReadTransaction,
    doc: &DocId,
    versions: &BTreeMap<Vec<u8>, u64>,
) -> Result<Vec<Envelope>, StoreError> {
    let mut found = Vec::new();
    for row in tx.open_table(tables::ENVELOPES)?.range(places_of(doc.as_str()))? {
        let (place, row) = row?;
        let (_, actor, seq) = place.value();
        if lacks(versions, actor, seq) {
            let row: EnvelopeRow = rows::decode(row.value(), "envelopes")?;
            found.push((row.order, row.envelope(doc, actor, seq)));
        }
    }
    found.sort_unstable_by_key(|(order, _)| *order);
    Ok(found.into_iter().map(|(_, envelope)| envelope).collect())
}

fn lacks(versions: &BTreeMap<Vec<u8>, u64>, actor: &[u8], seq: u64) -> bool {
    versions.get(actor).is_none_or(|newest| seq > *newest)
}

fn lacks_compacted(tx: &ReadTransaction, doc: &DocId, versions: &BTreeMap<Vec<u8>, u64>) -> Result<bool, StoreError> {
    let (from, to) = (doc.as_str(), after_all_of(doc.as_str()));
    for row in tx.open_table(tables::COVERED)?.range((from, &b""[..])..(&to, &b""[..]))? {
        let (key, newest) = row?;
        if lacks(versions, key.value().1, newest.value()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The envelopes in the snapshot that a reader of `versions` lacks, rebuilt, dependencies first.
fn compacted_envelopes(
    tx: &ReadTransaction,
    doc: &DocId,
    versions: &BTreeMap<Vec<u8>, u64>,
) -> Result<Vec<Envelope>, StoreError> {
    let mut seals = seals(tx, doc)?;
    let mut found = Vec::new();
    for change in compacted_doc(tx, doc)?.changes_in_order() {
        if !lacks(versions, &change.actor, change.seq) {
            continue;
        }
        let (actor, seq) = (change.actor, change.seq);
        let seal = seals.of(&actor, seq).ok_or_else(|| StoreError::Damaged(format!("a seal of {doc} is missing")))?;
        let Seal { author, n, signature } = seal;
        found.push(Envelope { doc: doc.clone(), author, n, actor, seq, change: change.bytes, signature });
    }
    Ok(found)
}

/// Who signed a change, as the author's which, and how; without a signature if a later one covers it.
#[derive(Clone)]
pub(super) struct Seal {
    pub author: DeviceId,
    pub n: u64,
    pub signature: Vec<u8>,
}

/// The seals of a document by actor and seq.
#[derive(Default)]
pub(super) struct Seals(pub BTreeMap<Vec<u8>, BTreeMap<u64, Seal>>);

impl Seals {
    /// That of a change; `None` if neither it nor a later change of its actor was signed.
    fn of(&mut self, actor: &[u8], seq: u64) -> Option<Seal> {
        let of_actor = self.0.get_mut(actor)?;
        of_actor.remove(&seq).or_else(|| {
            let (_, cover) = of_actor.range(seq..).next()?;
            Some(Seal { author: cover.author, n: 0, signature: Vec::new() })
        })
    }

    /// Adds those of one row.
    pub(super) fn add(&mut self, doc: &DocId, row: SealsRow) -> Result<(), StoreError> {
        for seal in row.seals {
            let (Some(author), Some(actor)) =
                (row.authors.get(seal.author as usize), row.actors.get(seal.actor as usize))
            else {
                return Err(StoreError::Damaged(format!("a seal of {doc} names nobody")));
            };
            let kept = Seal { author: *author, n: seal.n, signature: seal.signature };
            self.0.entry(actor.to_vec()).or_default().insert(seal.seq, kept);
        }
        Ok(())
    }
}

fn seals(tx: &ReadTransaction, doc: &DocId) -> Result<Seals, StoreError> {
    let name = doc.as_str();
    let mut seals = Seals::default();
    for row in tx.open_table(tables::SEALS)?.range((name, 0)..=(name, u64::MAX))? {
        let (_, row) = row?;
        seals.add(doc, rows::decode(row.value(), "seals")?)?;
    }
    Ok(seals)
}

fn truncate(envelopes: &mut Vec<Envelope>, limit_bytes: usize) {
    let mut bytes = 0_usize;
    let fits = |e: &Envelope| {
        bytes = bytes.saturating_add(e.change.len() + e.signature.len());
        bytes <= limit_bytes
    };
    if envelopes.iter().any(is_covered) {
        return;
    }
    let kept = envelopes.iter().map(fits).take_while(|fits| *fits).count();
    envelopes.truncate(kept.max(1));
}
