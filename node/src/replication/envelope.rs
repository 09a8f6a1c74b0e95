//! A change with the name and signature of the device that made it; what every hop checks before it applies the change.

use branchmesh_model::document::Hash;
use branchmesh_model::ids::{BranchId, DeviceId};
use branchmesh_model::schema::DocId;
use serde::{Deserialize, Serialize};

/// A signed change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Envelope {
    /// The document it belongs to.
    pub doc: DocId,
    /// The device that made and signed it.
    pub author: DeviceId,
    /// The author's own count of envelopes over all documents, from 1; a revocation names the last that counts.
    pub n: u64,
    /// The change's automerge actor, 16 bytes.
    #[serde(with = "serde_bytes")]
    pub actor: Vec<u8>,
    /// The change's number among its actor's.
    pub seq: u64,
    /// The automerge change, uncompressed.
    #[serde(with = "serde_bytes")]
    pub change: Vec<u8>,
    /// ed25519 signature over [`signed_bytes`].
    #[serde(with = "serde_bytes")]
    pub signature: Vec<u8>,
}

/// What the author signs: the branch, the document, its own count and the change's hash. The hash stands for the bytes,
/// so a change rebuilt from a compacted document still has a valid signature.
pub fn signed_bytes(branch: &BranchId, doc: &DocId, n: u64, hash: &Hash) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(160);
    bytes.extend_from_slice(b"branchmesh envelope 1\0");
    bytes.extend_from_slice(&branch.0);
    bytes.extend_from_slice(&n.to_be_bytes());
    bytes.extend_from_slice(hash);
    bytes.extend_from_slice(doc.as_str().as_bytes());
    bytes
}
