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
    /// one; what was given can be applied, and asking again with the versions it leads to continues.
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
            FactDoc::load(&bytes, &reader).map_err(|e| StoreError::Damaged(format!("snapshot of {doc}: {e}")))
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
        let place = (change.actor, change.seq);
        let seal = seals.remove(&place).ok_or_else(|| StoreError::Damaged(format!("a seal of {doc} is missing")))?;
        let (actor, seq) = place;
        let Seal { author, n, signature } = seal;
        found.push(Envelope { doc: doc.clone(), author, n, actor, seq, change: change.bytes, signature });
    }
    Ok(found)
}

struct Seal {
    author: DeviceId,
    n: u64,
    signature: Vec<u8>,
}

/// All seals of a document by (actor, seq).
fn seals(tx: &ReadTransaction, doc: &DocId) -> Result<BTreeMap<(Vec<u8>, u64), Seal>, StoreError> {
    let name = doc.as_str();
    let mut seals = BTreeMap::new();
    for row in tx.open_table(tables::SEALS)?.range((name, 0)..=(name, u64::MAX))? {
        let (_, row) = row?;
        let row: SealsRow = rows::decode(row.value(), "seals")?;
        for seal in row.seals {
            let (Some(author), Some(actor)) =
                (row.authors.get(seal.author as usize), row.actors.get(seal.actor as usize))
            else {
                return Err(StoreError::Damaged(format!("a seal of {doc} names nobody")));
            };
            let place = (actor.to_vec(), seal.seq);
            seals.insert(place, Seal { author: *author, n: seal.n, signature: seal.signature });
        }
    }
    Ok(seals)
}

fn truncate(envelopes: &mut Vec<Envelope>, limit_bytes: usize) {
    let mut bytes = 0_usize;
    let fits = |e: &Envelope| {
        bytes = bytes.saturating_add(e.change.len() + e.signature.len());
        bytes <= limit_bytes
    };
    let kept = envelopes.iter().map(fits).take_while(|fits| *fits).count();
    envelopes.truncate(kept.max(1));
}
