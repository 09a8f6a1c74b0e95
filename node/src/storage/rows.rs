//! What the values of the tables hold. postcard, field after field: a field more is a new table name.

use branchmesh_model::ids::DeviceId;
use branchmesh_model::schema::DocId;
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use crate::replication::envelope::Envelope;

/// A document in the index.
#[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct DocRow {
    /// Order of the next envelope; counts every envelope that ever came.
    pub next: u64,
    /// Envelopes not compacted.
    pub rows: u32,
    /// Their bytes.
    pub row_bytes: u64,
    /// Bytes of the snapshot and the seals.
    pub compacted_bytes: u64,
    /// Changes in the snapshot.
    pub sealed: u64,
    /// Grows with every compaction, so that one that was overtaken notices.
    pub compactions: u32,
    /// Rows from which a compaction that once failed is tried again.
    pub retry_at: u32,
    /// The business day is over and everything is compacted; later envelopes are still taken.
    pub archived: bool,
}

/// An envelope without what its key tells.
#[derive(Serialize, Deserialize)]
pub(super) struct EnvelopeRow<'a> {
    /// Its place among the document's envelopes in the order they came, which puts dependencies first.
    pub order: u64,
    pub author: DeviceId,
    pub n: u64,
    #[serde(with = "serde_bytes")]
    pub change: &'a [u8],
    #[serde(with = "serde_bytes")]
    pub signature: &'a [u8],
}

impl EnvelopeRow<'_> {
    pub(super) fn envelope(&self, doc: &DocId, actor: &[u8], seq: u64) -> Envelope {
        Envelope {
            doc: doc.clone(),
            author: self.author,
            n: self.n,
            actor: actor.to_vec(),
            seq,
            change: self.change.to_vec(),
            signature: self.signature.to_vec(),
        }
    }
}

/// Who signed what in one compaction. Authors and actors are listed once and named by position.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct SealsRow {
    pub authors: Vec<DeviceId>,
    pub actors: Vec<serde_bytes::ByteBuf>,
    pub seals: Vec<SealRow>,
}

/// What a rebuilt change lacks to be its envelope again.
#[derive(Serialize, Deserialize)]
pub(super) struct SealRow {
    pub author: u32,
    pub actor: u32,
    pub seq: u64,
    pub n: u64,
    #[serde(with = "serde_bytes")]
    pub signature: Vec<u8>,
}

impl SealsRow {
    pub(super) fn of(envelopes: &[Envelope]) -> Self {
        let mut row = Self::default();
        for e in envelopes {
            row.push(&e.author, &e.actor, e.seq, e.n, e.signature.clone());
        }
        row
    }

    pub(super) fn push(&mut self, author: &DeviceId, actor: &[u8], seq: u64, n: u64, signature: Vec<u8>) {
        let author = place_of(&mut self.authors, |a| a == author, || *author);
        let actor = place_of(&mut self.actors, |a| a[..] == *actor, || actor.to_vec().into());
        self.seals.push(SealRow { author, actor, seq, n, signature });
    }

    /// Removes the seal of this very envelope; `false` if it is not here.
    pub(super) fn remove(&mut self, envelope: &Envelope) -> bool {
        let before = self.seals.len();
        let Some(at) = self.actors.iter().position(|a| a[..] == envelope.actor) else { return false };
        let is_it = |seal: &SealRow| {
            (seal.actor as usize, seal.seq) == (at, envelope.seq) && seal.signature == envelope.signature
        };
        self.seals.retain(|seal| !is_it(seal));
        self.seals.len() < before
    }
}

/// Where the wanted item stands in `list`, put at its end if it is new. The newest are looked at first: runs are long.
fn place_of<T>(list: &mut Vec<T>, is: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> u32 {
    let at = list.iter().rposition(is).unwrap_or_else(|| {
        list.push(make());
        list.len() - 1
    });
    u32::try_from(at).expect("a compaction has fewer than 2^32 authors")
}

pub(super) fn encode<T: Serialize>(row: &T) -> Vec<u8> {
    postcard::to_stdvec(row).expect("rows are plain data, which postcard always encodes")
}

pub(super) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8], what: &str) -> Result<T, StoreError> {
    postcard::from_bytes(bytes).map_err(|_| StoreError::Damaged(format!("unreadable row of {what}")))
}

pub(super) fn document_name(text: &str) -> Result<DocId, StoreError> {
    text.parse().map_err(|_| StoreError::Damaged("unreadable document name".into()))
}
