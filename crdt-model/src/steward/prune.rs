//! Old days are cut off below a floor. Epochs of lesser height are over for everybody who hears of the floor: whoever still
//! serves one stands down, nobody inherits them, and their tickets are no longer callable. Choosing the floor (no epoch of
//! a day that still matters lies below) is the caller's part; [`Machine::safe_floor`] helps.

use std::collections::BTreeSet;

use super::Output;
use super::durable::{Held, Op};
use super::epoch::Record;
use super::machine::Machine;
use crate::ids::{CommandId, EpochId};

impl Machine {
    /// Raises the floor to `below` and drops every epoch, answer and close below it from the disk. The neighbours take
    /// the floor over, but drop what they hold only when they prune themselves.
    pub fn prune(&mut self, below: u32) -> Output {
        self.adopt_floor(below);
        let over = self.disk.epochs.values().take_while(|held| held.epoch.id.height < below);
        let drops: Vec<Op> = over.map(|held| Op::Drop { epoch: held.epoch.id, had: held.len() }).collect();
        let answers = self.disk.answers.iter().filter(|(_, saved)| saved.record.epoch.height < below);
        let forgets: Vec<Op> = answers.map(|(cmd, _): (&CommandId, _)| Op::Forget(cmd.clone())).collect();
        for op in drops.into_iter().chain(forgets) {
            self.op(op);
        }
        self.committed.retain(|_, record| record.epoch.height >= below);
        self.full.retain(|epoch| epoch.height >= below);
        self.finish()
    }

    /// Takes over a higher floor: own epochs below it are over.
    pub(super) fn adopt_floor(&mut self, floor: u32) {
        if floor <= self.disk.floor || !self.is_credible(floor) {
            return;
        }
        self.op(Op::Floor(floor));
        if self.active.as_ref().is_some_and(|active| active.epoch.id.height < floor) {
            self.stand_down();
        }
        self.change.drop_pending_if(|pending| pending.height < floor);
        self.closers.retain(|epoch, _| epoch.height >= floor);
    }

    /// The greatest floor that loses nothing known here: below it no entry `matters` (is of a day whose numbers or tickets
    /// may still be used), all epochs are closed, and the epoch in force has the rights over them. Zero if none is in force.
    pub fn safe_floor(&self, matters: impl Fn(&[u8]) -> bool) -> u32 {
        let Some(epoch) = self.epoch_in_force() else { return 0 };
        let rights = self.rights_of(epoch.id);
        let settled =
            |held: &Held| self.is_over(&held.epoch.id) || (held.close.is_some() && rights.contains(&held.epoch.id));
        let in_use =
            |held: &Held| held.log.iter().any(|record| matches!(record, Record::Entry { body, .. } if matters(body)));
        let needed = self.disk.epochs.values().find(|held| !settled(held) || in_use(held));
        needed.map_or(epoch.id.height, |held| held.epoch.id.height.min(epoch.id.height))
    }

    /// Whether the epoch in force here has the rights over another.
    pub fn inherits(&self, epoch: EpochId) -> bool {
        self.epoch_in_force().is_some_and(|in_force| self.rights_of(in_force.id).contains(&epoch))
    }

    /// An epoch and all it inherited, as far as held here and not below the floor.
    fn rights_of(&self, root: EpochId) -> BTreeSet<EpochId> {
        let mut todo = vec![root];
        let mut rights = BTreeSet::new();
        while let Some(epoch) = todo.pop() {
            if !self.is_over(&epoch) && rights.insert(epoch) {
                todo.extend(self.held(&epoch).into_iter().flat_map(|held| held.inherits()));
            }
        }
        rights
    }
}
