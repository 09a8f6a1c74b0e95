//! Frames between peers: what one message on a connection can be, and its bytes.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use branchmesh_model::ids::{BranchId, DeviceId};
use branchmesh_model::schema::DocId;
use branchmesh_model::steward::Packet;
use branchmesh_model::time::UnixMs;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::envelope::Envelope;
use super::parcel::{Parcel, ParcelId};
use super::reconcile::{Items, RangePrint};

/// Largest frame accepted, in bytes.
pub const MAX_FRAME_BYTES: usize = 2 * 1024 * 1024;
/// Envelopes are packed into frames of about this size.
pub const FRAME_TARGET_BYTES: usize = 256 * 1024;

/// For every actor of a document, the number of its newest change held.
pub type Versions = BTreeMap<ByteBuf, u64>;

/// The first words on a connection, in both directions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hello {
    /// The branch.
    pub branch: BranchId,
    /// How often the device's storage was restored or replaced: its vote's generation.
    pub generation: u32,
    /// Where the device can be reached, as far as it knows.
    pub addresses: Vec<SocketAddr>,
}

/// A message between two connected peers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Frame {
    /// Stewardship, possibly on its way to somebody else.
    Steward(Packet),
    /// Changes as they happen.
    Live(Vec<Envelope>),
    /// What the sender holds, in one number; sent every second and whenever it changed a while ago.
    Summary {
        /// XOR of the fingerprints of the documents both may hold.
        print: [u8; 32],
        /// The sender's clock.
        clock: UnixMs,
    },
    /// Fingerprints of ranges of documents, to find those that differ.
    Ranges(Vec<RangePrint>),
    /// The documents of a range that is small or was found to differ.
    Items(Items),
    /// The sender lacks changes of these documents.
    Want(Vec<(DocId, Versions)>),
    /// Changes asked for with `Want`.
    Repair(Vec<Envelope>),
    /// Where other devices can be reached.
    Addresses(Vec<(DeviceId, Vec<SocketAddr>)>),
    /// What a customer told at a public device, sealed for one staff device, possibly on its way to it.
    Parcel(Parcel),
    /// A staff device has a parcel on disk; `from` sealed it.
    ParcelTaken {
        /// The parcel.
        id: ParcelId,
        /// Who sealed it, and is told.
        from: DeviceId,
    },
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameProblem {
    /// Larger than [`MAX_FRAME_BYTES`].
    #[error("a frame of {0} bytes is too large")]
    TooLarge(usize),
    /// Damaged, or of a later version.
    #[error("not a frame of this version")]
    Malformed,
}

impl Frame {
    /// The bytes of this frame.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("a frame holds only plain data")
    }

    /// Whether its sender speaks of documents it has on disk.
    pub fn rests_on_documents(&self) -> bool {
        !matches!(self, Frame::Steward(_) | Frame::Addresses(_))
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// [`FrameProblem`] if the bytes are none.
    pub fn decode(bytes: &[u8]) -> Result<Frame, FrameProblem> {
        if bytes.len() > MAX_FRAME_BYTES {
            return Err(FrameProblem::TooLarge(bytes.len()));
        }
        match postcard::take_from_bytes(bytes) {
            Ok((frame, [])) => Ok(frame),
            _ => Err(FrameProblem::Malformed),
        }
    }
}

/// Cuts envelopes into frames of about [`FRAME_TARGET_BYTES`].
pub fn packed(envelopes: Vec<Envelope>, frame: impl Fn(Vec<Envelope>) -> Frame) -> Vec<Frame> {
    let mut frames = Vec::new();
    let (mut batch, mut size) = (Vec::new(), 0);
    for envelope in envelopes {
        size += envelope.change.len() + 240;
        batch.push(envelope);
        if size >= FRAME_TARGET_BYTES {
            frames.push(frame(std::mem::take(&mut batch)));
            size = 0;
        }
    }
    if !batch.is_empty() {
        frames.push(frame(batch));
    }
    frames
}
