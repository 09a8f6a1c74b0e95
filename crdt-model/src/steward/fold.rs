//! What the active steward has the right over: its own epoch and, through it, all that was inherited or taken over. The desk's
//! book is folded from exactly these records, in log order, so any steward with the same log has the same book.

use std::collections::{BTreeMap, BTreeSet};

use super::durable::{Durable, Held};
use super::epoch::Record;
use super::machine::Machine;
use super::{Desk, Lane, Right};
use crate::ids::{CommandId, EpochId, RecordId};

/// So long a steward holds back a no that rights on their way to it would turn into a yes: longer than a change of epoch takes.
const RIGHTS_WITHIN_MS: u64 = 3_000;

/// The steward's rights, and the commands they cover.
#[derive(Default)]
pub(super) struct Rights {
    pub(super) inherited: BTreeSet<EpochId>,
    /// Epochs taken over, and how much of each.
    pub(super) forced: BTreeMap<EpochId, u32>,
    /// Whether the main lane is among them.
    pub(super) main: bool,
    pub(super) commands: BTreeMap<CommandId, RecordId>,
}

/// A log on the way to being folded.
struct Reading {
    epoch: EpochId,
    next: u32,
    len: u32,
    right: Right,
}

impl Rights {
    /// Folds an epoch, and all it leads to, into the desk. The stack is explicit: a chain of epochs can be long.
    pub(super) fn take(&mut self, disk: &Durable, epoch: EpochId, len: u32, right: Right, desk: &mut dyn Desk) {
        let mut stack: Vec<Reading> = self.enter(disk, epoch, len, right).into_iter().collect();
        while let Some(top) = stack.last_mut() {
            if top.next >= top.len {
                stack.pop();
                continue;
            }
            top.next += 1;
            let id = RecordId { epoch: top.epoch, index: top.next };
            let right = top.right;
            let log = &disk.epochs.get(&top.epoch).expect("only held epochs are entered").log;
            match &log[id.index as usize - 1] {
                Record::Entry { cmd, body } => {
                    if right == Right::Held {
                        self.commands.insert(cmd.clone(), id);
                    }
                    desk.fold(id, body, right);
                }
                Record::Inherit { epoch, len, main } => {
                    self.main |= right == Right::Held && *main;
                    stack.extend(self.enter(disk, *epoch, *len, right));
                }
                Record::Force { epoch, len } => {
                    if right == Right::Held {
                        stack.extend(self.enter(disk, *epoch, *len, Right::Forced));
                    }
                }
            }
        }
    }

    /// What is still to be read of an epoch. Nothing of one below the floor: half of it may be gone, and a book that knows a
    /// ticket but not its grant would grant it twice.
    fn enter(&mut self, disk: &Durable, epoch: EpochId, len: u32, right: Right) -> Option<Reading> {
        if epoch.height < disk.floor || self.inherited.contains(&epoch) {
            return None;
        }
        let next = match right {
            Right::Held => {
                self.inherited.insert(epoch);
                0
            }
            Right::Forced => self.forced.get(&epoch).copied().unwrap_or(0),
        };
        self.main |= right == Right::Held && epoch.height == 0;
        let len = disk.epochs.get(&epoch)?.len().min(len);
        if right == Right::Forced {
            self.forced.insert(epoch, len.max(next));
        }
        Some(Reading { epoch, next, len, right })
    }
}

impl Machine {
    /// The book of the epoch this node becomes the active steward of.
    pub(super) fn open_book(&self, epoch: EpochId, desk: &mut dyn Desk) -> Rights {
        desk.reset();
        for held in self.disk.epochs.values().filter(|held| held.epoch.id.creator == self.me) {
            for record in &held.log {
                if let Record::Entry { body, .. } = record {
                    desk.fold_own(body);
                }
            }
        }
        let mut rights = Rights::default();
        rights.take(&self.disk, epoch, u32::MAX, Right::Held, desk);
        rights
    }

    /// The lane the active steward numbers in.
    pub fn lane(&self) -> Option<Lane> {
        let rights = &self.active.as_ref()?.rights;
        Some(if rights.main || self.settings.flaws.no_lanes { Lane::Main } else { Lane::Side })
    }

    /// Whether numbers come from the main lane here.
    pub fn in_main_lane(&self) -> bool {
        self.epoch_in_force().is_some_and(|epoch| self.carries_main(&epoch.id))
    }

    /// Whether the main lane comes with an epoch.
    pub(super) fn carries_main(&self, epoch: &EpochId) -> bool {
        epoch.height == 0
            || self
                .disk
                .epochs
                .get(epoch)
                .is_some_and(|held| held.log.iter().any(|record| matches!(record, Record::Inherit { main: true, .. })))
    }

    /// Whether an epoch, and all it inherited, is here to its last record. Those below the floor are taken as held.
    pub(super) fn is_full(&mut self, root: EpochId) -> bool {
        let mut todo = vec![root];
        let mut seen = BTreeSet::new();
        while let Some(epoch) = todo.pop() {
            if self.is_over(&epoch) || self.full.contains(&epoch) || !seen.insert(epoch) {
                continue;
            }
            match self.disk.epochs.get(&epoch) {
                Some(held) if held.is_whole() => todo.extend(held.inherits()),
                _ => return false,
            }
        }
        self.full.extend(seen);
        true
    }

    /// An epoch that keeps `root` from being full.
    pub(super) fn missing_of(&self, root: EpochId) -> EpochId {
        let mut todo = vec![root];
        let mut seen = BTreeSet::new();
        while let Some(epoch) = todo.pop() {
            if self.is_over(&epoch) || self.full.contains(&epoch) || !seen.insert(epoch) {
                continue;
            }
            match self.disk.epochs.get(&epoch) {
                Some(held) if held.is_whole() => todo.extend(held.inherits()),
                _ => return epoch,
            }
        }
        root
    }

    /// Whether an epoch's chain of successors, as far as known here, reaches another.
    pub(super) fn leads_to(&self, from: EpochId, to: EpochId) -> bool {
        let mut at = from;
        // Successors have higher ids, so the walk ends.
        while at < to {
            match self.disk.epochs.get(&at).and_then(|held| held.close.as_ref()) {
                Some(close) => at = close.successor.id,
                None => return false,
            }
        }
        at == to
    }

    /// Whether the active steward may soon have rights that it lacks: over epochs that its group can close, or whose logs are
    /// on their way. A no to a request that needs them would be wrong a moment later. Each epoch is waited for once.
    pub(super) fn awaits_rights(&mut self, now: u64) -> bool {
        let Some(active) = &self.active else { return false };
        let group = &self.links.group;
        let comes = |held: &&Held| {
            let id = held.epoch.id;
            !self.is_over(&id)
                && !active.rights.inherited.contains(&id)
                && self.held(&self.end_of(id)).is_some_and(|end| end.epoch.has_quorum_in(group))
        };
        let coming: BTreeSet<EpochId> = self.disk.epochs.values().filter(comes).map(|held| held.epoch.id).collect();
        let Some(active) = self.active.as_mut() else { return false };
        if !coming.is_subset(&active.awaited) {
            active.awaited.extend(&coming);
            active.awaits_until = now + RIGHTS_WITHIN_MS;
        }
        !coming.is_empty() && now < active.awaits_until
    }

    /// The last of an epoch's chain of successors, as far as known here.
    pub(super) fn end_of(&self, epoch: EpochId) -> EpochId {
        let mut at = epoch;
        // Successors have higher ids, so the walk ends.
        while let Some(close) = self.held(&at).and_then(|held| held.close.as_ref()) {
            at = close.successor.id;
        }
        at
    }

    /// Whether an epoch and every one on its way to its successor `to` is full.
    pub(super) fn is_path_full(&mut self, from: EpochId, to: EpochId) -> bool {
        let mut at = from;
        while at != to {
            if !self.is_full(at) {
                return false;
            }
            match self.disk.epochs.get(&at).and_then(|held| held.close.as_ref()) {
                Some(close) => at = close.successor.id,
                None => return false,
            }
        }
        true
    }
}
