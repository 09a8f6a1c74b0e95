//! What stewards and members say to one another, and how much of it one message may hold.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Answer;
use super::epoch::{Ballot, Close, Epoch, Record, shared};
use crate::ids::{CommandId, EpochId, VoterId};

/// Most log records in one message.
pub const MAX_RECORDS: usize = 512;
/// Most bytes of log records in one message, roughly; a single larger record still travels alone.
pub const MAX_RECORD_BYTES: usize = 256 * 1024;
/// Most epochs named in one message.
pub(super) const MAX_EPOCHS: usize = 128;
/// Most epochs in a digest.
pub(super) const MAX_DIGEST: usize = 2_000;
/// Most adverts taken from one heartbeat.
pub(super) const MAX_ADVERTS: usize = 256;
/// Most data messages sent in answer to one question; the rest follows on the next.
pub(super) const MAX_DATA_MESSAGES: usize = 16;
/// Most bytes of a request's or record's body.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// Hops a message may take.
pub(super) const MAX_HOPS: u8 = 8;

/// What a node tells everybody about itself; passed on unchanged by others.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Advert {
    /// The node.
    pub voter: VoterId,
    /// Grows with each start of it.
    pub incarnation: u64,
    /// Grows with each advert of one start.
    pub seq: u64,
    /// Whom it hears and is heard by.
    #[serde(with = "shared")]
    pub neighbours: Arc<BTreeSet<VoterId>>,
    /// It is about to stop.
    pub leaving: bool,
    /// The epoch it is the active steward of.
    pub steward_of: Option<Epoch>,
}

impl Advert {
    /// Whether only its number is another.
    pub(super) fn says_the_same_as(&self, other: &Advert) -> bool {
        let steward_of = |advert: &Advert| advert.steward_of.as_ref().map(|epoch| epoch.id);
        self.incarnation == other.incarnation
            && self.neighbours == other.neighbours
            && self.leaving == other.leaving
            && steward_of(self) == steward_of(other)
    }
}

/// A part of an epoch's committed log, and its close if known.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EpochData {
    /// The epoch.
    pub epoch: Epoch,
    /// How it ended.
    pub close: Option<Close>,
    /// Records before those sent.
    pub from: u32,
    /// The records.
    pub records: Vec<Record>,
}

/// One line of a digest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DigestLine {
    /// The epoch.
    pub epoch: EpochId,
    /// Its records that count, as far as the sender knows.
    pub commit: u32,
    /// Whether the sender knows how it ended.
    pub closed: bool,
}

/// Everything stewardship says on the wire.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Message {
    /// To each neighbour, direct: whom the sender hears, and the link-state table.
    Heartbeat {
        /// Whom the sender hears.
        hears: BTreeSet<VoterId>,
        /// The table.
        adverts: Vec<Advert>,
    },
    /// What epochs do you know?
    Probe {
        /// Names the question.
        attempt: u64,
    },
    /// These: the latest, then the open ones.
    ProbeReply {
        /// The question.
        attempt: u64,
        /// The sender's floor.
        floor: u32,
        /// Epochs, each with its close if known.
        epochs: Vec<(Epoch, Option<Close>)>,
    },
    /// Closing, first step: promise this ballot.
    Prepare {
        /// The epoch to close.
        epoch: Epoch,
        /// The ballot.
        ballot: Ballot,
        /// Records of it the closer has.
        have: u32,
    },
    /// Promised.
    Promise {
        /// The epoch to close.
        epoch: EpochId,
        /// The ballot.
        ballot: Ballot,
        /// What the sender had accepted before.
        accepted: Option<(Ballot, Close)>,
        /// Length of its log.
        len: u32,
        /// Records before those sent.
        from: u32,
        /// What the closer lacks, as far as one message holds.
        records: Vec<Record>,
    },
    /// The epoch is closed already, or a higher ballot was promised, or the epoch is below the floor.
    Refused {
        /// The epoch.
        epoch: EpochId,
        /// The higher ballot.
        promised: Option<Ballot>,
        /// How the epoch ended.
        close: Option<Close>,
        /// The sender's floor.
        floor: u32,
    },
    /// Closing, second step: accept this end.
    Accept {
        /// The epoch to close.
        epoch: Epoch,
        /// The ballot.
        ballot: Ballot,
        /// The end proposed.
        close: Close,
        /// Records before those sent.
        from: u32,
        /// What the member lacked when it promised.
        records: Vec<Record>,
    },
    /// Accepted, and the whole log is on disk.
    Accepted {
        /// The epoch.
        epoch: EpochId,
        /// The ballot.
        ballot: Ballot,
    },
    /// Not accepted yet: records are missing here.
    Behind {
        /// The epoch.
        epoch: EpochId,
        /// The ballot.
        ballot: Ballot,
        /// Length of the log here.
        len: u32,
    },
    /// The steward to a member: records of its log, and how many count.
    Append {
        /// The epoch.
        epoch: Epoch,
        /// Records before those sent.
        from: u32,
        /// The records.
        records: Vec<Record>,
        /// How many count.
        commit: u32,
    },
    /// A member to its steward: so much is on disk.
    Ack {
        /// The epoch.
        epoch: EpochId,
        /// Length of the log here.
        len: u32,
        /// What stood in the way of more, if anything.
        hitch: Hitch,
    },
    /// A request, passed to the steward.
    Ask {
        /// The command.
        cmd: CommandId,
        /// What is asked, for the desk.
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
    },
    /// The steward's answer.
    Reply {
        /// The command.
        cmd: CommandId,
        /// The answer.
        answer: Answer,
    },
    /// A person takes over the tickets of epochs that cannot be closed.
    TakeOver,
    /// What the sender holds, to a neighbour; nothing is said of epochs before `since`.
    Digest {
        /// Epochs below this height are over.
        floor: u32,
        /// The lowest epoch the digest speaks of.
        since: Option<EpochId>,
        /// The epochs.
        lines: Vec<DigestLine>,
    },
    /// Committed records and closes that somebody lacked.
    Data {
        /// The pieces.
        pieces: Vec<EpochData>,
    },
}

/// What kept a member from taking all of an [`Message::Append`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Hitch {
    /// Nothing.
    None,
    /// It promised to close the epoch: the steward must stand down.
    Fenced,
    /// Records before those sent are missing here.
    Gap,
    /// It cannot take an inheritance, because this epoch is not wholly here.
    Need {
        /// The epoch.
        epoch: EpochId,
        /// Records of it that are here.
        have: u32,
    },
}

/// A message on its way, perhaps over several hops.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Packet {
    /// Who says it.
    pub src: VoterId,
    /// To whom.
    pub dst: VoterId,
    /// Hops it may still take.
    pub ttl: u8,
    /// What.
    #[serde(with = "shared")]
    pub message: Arc<Message>,
}

/// The records of a log from position `from` (records before it) up to `upto`, as many as one message may hold.
pub(super) fn slice(log: &[Record], from: u32, upto: u32) -> Vec<Record> {
    let upto = (upto as usize).min(log.len());
    let from = (from as usize).min(upto);
    let mut bytes = 0;
    let fits = |record: &&Record| {
        let first = bytes == 0;
        bytes += record.weight_bytes();
        first || bytes <= MAX_RECORD_BYTES
    };
    log[from..upto].iter().take(MAX_RECORDS).take_while(fits).cloned().collect()
}
