//! What a log and its end are made of: epochs, quorums, records, ballots and closes.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{CommandId, EpochId, VoterId};

/// An epoch: immutable, its creator is its only steward, for life. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Epoch {
    /// Its name; the order of names is the order of succession.
    pub id: EpochId,
    /// Who votes in it.
    #[serde(with = "shared")]
    pub members: Arc<BTreeSet<VoterId>>,
}

impl Epoch {
    /// An epoch of these members.
    pub fn new(id: EpochId, members: BTreeSet<VoterId>) -> Self {
        Self { id, members: Arc::new(members) }
    }

    /// The founder's first epoch, in which only the founder votes.
    pub fn genesis(id: EpochId) -> Self {
        Self::new(id, BTreeSet::from([id.creator]))
    }

    /// Whether those for whom `present` holds are more than half of the members, or exactly half with the creator.
    /// Two quorums of one epoch always share a member, whatever happens.
    pub fn is_quorum(&self, present: impl Fn(&VoterId) -> bool) -> bool {
        let twice = self.members.iter().filter(|voter| present(voter)).count() * 2;
        let all = self.members.len();
        twice > all || (twice == all && self.members.contains(&self.id.creator) && present(&self.id.creator))
    }

    /// [`Self::is_quorum`] of a set.
    pub fn has_quorum_in(&self, group: &BTreeSet<VoterId>) -> bool {
        self.is_quorum(|voter| group.contains(voter))
    }
}

/// One record of an epoch's log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Record {
    /// From here on the epoch has the rights over a closed one.
    Inherit {
        /// The closed epoch.
        epoch: EpochId,
        /// Its final length.
        len: u32,
        /// Whether the main number lane comes with it.
        main: bool,
    },
    /// A person took over the tickets of an epoch that cannot be closed.
    Force {
        /// The epoch.
        epoch: EpochId,
        /// How much of it the steward held as committed.
        len: u32,
    },
    /// A decision; its body means nothing to this module.
    Entry {
        /// The command it answers.
        cmd: CommandId,
        /// The decision, as the [`super::Desk`] wrote it.
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
    },
}

impl Record {
    /// Roughly what it takes in a message.
    pub(super) fn weight_bytes(&self) -> usize {
        match self {
            Self::Entry { body, .. } => 80 + body.len(),
            Self::Inherit { .. } | Self::Force { .. } => 64,
        }
    }
}

/// How an epoch ended: decided once, by a quorum of its members.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Close {
    /// The one epoch that succeeds it.
    pub successor: Epoch,
    /// Final length of its log; records beyond were never shown to anybody and are void.
    pub len: u32,
}

/// A round of closing an epoch; later rounds win over earlier ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Ballot {
    /// Counts up, durably at each proposer.
    pub n: u32,
    /// The proposer: no two share a ballot.
    pub by: VoterId,
}

/// Serde for `Arc<T>` without serde's `rc` feature: written as a plain `T`.
pub(super) mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in crate::steward) fn serialize<T: Serialize, S: Serializer>(value: &Arc<T>, s: S) -> Result<S::Ok, S::Error> {
        T::serialize(value, s)
    }

    pub(in crate::steward) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Arc<T>, D::Error> {
        T::deserialize(d).map(Arc::new)
    }
}
