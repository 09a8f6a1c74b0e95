//! What must survive a crash, and the operations that change it. The machine applies each operation to its mirror at once
//! and hands it to the driver, which releases the effects of the same call only when it is on disk.

use std::collections::BTreeMap;

use super::epoch::{Ballot, Close, Epoch, Record};
use crate::ids::{CommandId, EpochId, RecordId};

/// An epoch as this node holds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// The epoch.
    pub epoch: Epoch,
    /// The highest ballot this node promised: it takes no more records (the fence) and no lower ballot.
    pub promised: Option<Ballot>,
    /// What it accepted last, and in which ballot.
    pub accepted: Option<(Ballot, Close)>,
    /// The log, as far as it is here.
    pub log: Vec<Record>,
    /// How many of its records count.
    pub commit: u32,
    /// How it ended, once that is decided and known here.
    pub close: Option<Close>,
}

impl Held {
    pub(super) fn new(epoch: Epoch) -> Self {
        Self { epoch, promised: None, accepted: None, log: Vec::new(), commit: 0, close: None }
    }

    /// Length of the log held here.
    pub fn len(&self) -> u32 {
        u32::try_from(self.log.len()).expect("a log is pruned long before it has 2^32 records")
    }

    /// Whether nothing is in the log.
    pub fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// Whether every record of the closed epoch is here.
    pub(super) fn is_whole(&self) -> bool {
        self.close.as_ref().is_some_and(|close| self.len() >= close.len)
    }

    /// The epochs its log inherits, nearest first.
    pub(super) fn inherits(&self) -> impl Iterator<Item = EpochId> {
        self.log.iter().filter_map(|record| match record {
            Record::Inherit { epoch, .. } => Some(*epoch),
            Record::Force { .. } | Record::Entry { .. } => None,
        })
    }
}

/// The answer to a command that was asked here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Saved {
    /// The record that answers it.
    pub record: RecordId,
    /// The record's body.
    pub body: Vec<u8>,
}

/// All that must survive; a mirror of the rows on disk.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Durable {
    /// Epochs this voter has created.
    pub created: u32,
    /// The highest ballot number it has used or seen.
    pub ballots: u32,
    /// Epochs of lesser height are over: pruned here or elsewhere.
    pub floor: u32,
    /// The epochs held.
    pub epochs: BTreeMap<EpochId, Held>,
    /// Answers given here.
    pub answers: BTreeMap<CommandId, Saved>,
}

/// A change of [`Durable`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Op {
    /// An epoch became known.
    Epoch(Epoch),
    /// A ballot was promised.
    Promise(EpochId, Ballot),
    /// A close was accepted in a ballot.
    Accept(EpochId, Ballot, Close),
    /// A record was added at this position, counted from 1.
    Push(RecordId, Record),
    /// So many records count.
    Commit(EpochId, u32),
    /// The epoch is closed; `had` is how long the log here was, so that void rows can be deleted.
    Close {
        /// The epoch.
        epoch: EpochId,
        /// How it ended.
        close: Close,
        /// Length of the log here before.
        had: u32,
    },
    /// So many epochs were created.
    Created(u32),
    /// The highest ballot number used or seen.
    Ballots(u32),
    /// Epochs below this height are over.
    Floor(u32),
    /// An epoch is dropped with the `had` records of its log.
    Drop {
        /// The epoch.
        epoch: EpochId,
        /// Length of the log here.
        had: u32,
    },
    /// An answer is about to be shown.
    Answer(CommandId, Saved),
    /// An old answer is dropped.
    Forget(CommandId),
}

impl Durable {
    /// Applies a change to the mirror. Changes of epochs that are not held do nothing.
    pub fn apply(&mut self, op: &Op) {
        match op {
            Op::Epoch(epoch) => {
                self.epochs.entry(epoch.id).or_insert_with(|| Held::new(epoch.clone()));
            }
            Op::Created(n) => self.created = *n,
            Op::Ballots(n) => self.ballots = *n,
            Op::Floor(height) => self.floor = *height,
            Op::Drop { epoch, .. } => {
                self.epochs.remove(epoch);
            }
            Op::Answer(cmd, saved) => {
                self.answers.insert(cmd.clone(), saved.clone());
            }
            Op::Forget(cmd) => {
                self.answers.remove(cmd);
            }
            Op::Promise(id, ..) | Op::Accept(id, ..) | Op::Commit(id, _) | Op::Close { epoch: id, .. } => {
                if let Some(held) = self.epochs.get_mut(id) {
                    held.apply(op);
                }
            }
            Op::Push(place, record) => {
                if let Some(held) = self.epochs.get_mut(&place.epoch) {
                    held.log.push(record.clone());
                }
            }
        }
    }
}

impl Held {
    fn apply(&mut self, op: &Op) {
        match op {
            Op::Promise(_, ballot) => self.promised = self.promised.max(Some(*ballot)),
            Op::Accept(_, ballot, close) => {
                self.promised = self.promised.max(Some(*ballot));
                self.accepted = Some((*ballot, close.clone()));
            }
            Op::Commit(_, n) => self.commit = *n,
            Op::Close { close, .. } => {
                self.log.truncate(close.len as usize);
                self.commit = self.commit.min(close.len);
                self.close = Some(close.clone());
            }
            _ => {}
        }
    }
}
