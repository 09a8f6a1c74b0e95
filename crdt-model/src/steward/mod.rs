//! Who may give numbers and grant calls: a small replicated log per connected group, partitioned when the network is.
//!
//! The loop, before any type:
//!
//! 1. Nodes that hear one another form a **group** (`links`). One node opens an **epoch** with the others as members and
//!    is its only steward (`change`).
//! 2. A request reaches the steward (`requests`); the [`Desk`], which knows tickets, decides; the decision becomes a
//!    record of the epoch's log (`log`) and **counts** once a quorum of the members has it on disk.
//! 3. When the group changes, a new epoch is opened and the old ones are **closed** in its favour: their members decide
//!    once and for ever which epoch succeeds them and how long their logs are (`close`), so that rights over a ticket
//!    follow one chain. Whoever was cut off meets a **fence** and stands down.
//! 4. A steward **inherits** a closed epoch only when it and its members hold all of it (`fold`), and then may grant its
//!    tickets and, if the main number lane comes with it, number in that.
//! 5. Neighbours compare digests and repair what they lack (`repair`); old days are cut off below a **floor** (`prune`).
//!
//! [`Machine`] is pure: time (milliseconds of a local monotonic clock) and packets come in, an [`Output`] goes out, and the
//! driver releases its packets and notes only after its operations are on disk. Packets to the node itself come back
//! through [`Machine::handle`] then. No clock, no lease and no timing decides whether this is safe, only how soon it acts.

mod change;
mod close;
mod durable;
mod epoch;
mod fold;
mod links;
mod log;
mod machine;
mod message;
mod prune;
mod repair;
mod requests;
mod rows;
mod settings;
#[cfg(test)]
mod sim;

use serde::{Deserialize, Serialize};

pub use durable::{Durable, Held, Op, Saved};
pub use epoch::{Ballot, Close, Epoch, Record};
pub use machine::Machine;
pub use message::{
    Advert, DigestLine, EpochData, Hitch, MAX_BODY_BYTES, MAX_RECORD_BYTES, MAX_RECORDS, Message, Packet,
};
pub use requests::NoStewardHere;
pub use rows::{DamagedState, Row};
pub use settings::{Census, Flaws, Settings, Standing};

use crate::ids::{CommandId, RecordId, VoterId};

/// Something a node asks of the steward.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// The command; asked again, it gets the same answer.
    pub cmd: CommandId,
    /// The node that asks.
    pub client: VoterId,
    /// What for; only the desk reads it.
    pub body: Vec<u8>,
}

/// What became of a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// A quorum has it.
    Committed {
        /// The record.
        record: RecordId,
        /// Its body.
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
    },
    /// The desk refused; nothing was changed.
    Refused {
        /// Why, as the desk wrote it.
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
    },
}

/// In which number lane a steward numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lane {
    /// The branch's own: A001.
    Main,
    /// The steward's own, because the main lane is elsewhere: AK001.
    Side,
}

/// By what right a record is folded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Right {
    /// Of the steward's own or an inherited epoch: its tickets may be granted.
    Held,
    /// Only by take-over: grants must be marked as forced.
    Forced,
}

/// A decision of the [`Desk`] against a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Why; only who asked reads it.
    pub body: Vec<u8>,
    /// Whether a steward with more rights might decide otherwise.
    pub lacks_rights: bool,
}

/// What the machine asks of the domain: the steward's book of tickets.
pub trait Desk {
    /// A new book begins: forget everything.
    fn reset(&mut self);

    /// An entry of an epoch that this voter created, inherited or not, committed or not: its own-lane numbers are used.
    /// Every such entry is folded once after a reset, before any [`Self::fold`], and each new one as it is appended.
    fn fold_own(&mut self, body: &[u8]);

    /// An entry of the steward's own, an inherited or a taken-over epoch, in log order. After a reset each comes once by
    /// each right at most: what was folded as forced may come again as held, never the other way round. Grants of forced
    /// records count like others; tickets of forced records are open to forced grants only until they come as held.
    fn fold(&mut self, id: RecordId, body: &[u8], right: Right);

    /// The entry to append for a request, or the refusal. The machine folds the entry right after.
    fn decide(&mut self, request: &Request, lane: Lane) -> Result<Vec<u8>, Refused>;
}

/// Something the driver tells others, once the operations of the same output are on disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// An entry counts, learnt here for the first time since the start (or never durably before).
    Committed {
        /// The record.
        record: RecordId,
        /// Its body.
        body: Vec<u8>,
    },
    /// A request made here is answered.
    Answered {
        /// The command.
        cmd: CommandId,
        /// The answer.
        answer: Answer,
    },
    /// A request made here was not answered in time. It may have been carried out.
    TimedOut {
        /// The command.
        cmd: CommandId,
    },
    /// An epoch was closed, learnt here for the first time.
    Closed {
        /// The epoch.
        epoch: crate::ids::EpochId,
        /// How it ended.
        close: Close,
    },
    /// The epoch in force here, or this node's own part in it, changed.
    EpochChanged,
    /// The group changed.
    GroupChanged,
    /// Two nodes hold different records in one place: somebody's disk lied.
    Diverged {
        /// The place.
        record: RecordId,
    },
}

/// What one call leads to. First the operations go to disk, then the rest happens.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Output {
    /// To be made durable, in this order.
    pub ops: Vec<Op>,
    /// To be sent to these next hops. What goes to the node itself comes back through [`Machine::handle`].
    pub send: Vec<(VoterId, Packet)>,
    /// To be told.
    pub notes: Vec<Note>,
}
