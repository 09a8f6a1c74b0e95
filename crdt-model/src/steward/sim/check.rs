//! What must hold in every run.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Close;
use super::desk::Entry;
use crate::ids::{CommandId, EpochId, RecordId, VoterId};

#[derive(Default)]
pub(super) struct Checker {
    pub(super) records: BTreeMap<RecordId, Vec<u8>>,
    longest: BTreeMap<EpochId, u32>,
    closes: BTreeMap<EpochId, (EpochId, u32)>,
    grants: BTreeMap<(RecordId, u32), RecordId>,
    numbers: BTreeMap<(u32, Option<VoterId>, u32), RecordId>,
    pub(super) released: BTreeSet<RecordId>,
    pub(super) answered: BTreeMap<CommandId, (RecordId, Vec<u8>)>,
    pub(super) violations: Vec<String>,
}

impl Checker {
    fn violation(&mut self, text: String) {
        if self.violations.len() < 10 {
            self.violations.push(text);
        }
    }

    pub(super) fn on_committed(&mut self, id: RecordId, body: &[u8]) {
        if *self.records.entry(id).or_insert_with(|| body.to_vec()) != body {
            self.violation(format!("two records at {id:?}"));
        }
        let longest = self.longest.entry(id.epoch).or_default();
        *longest = id.index.max(*longest);
        if self.closes.get(&id.epoch).is_some_and(|(_, len)| *len < id.index) {
            self.violation(format!("record {id:?} counts though its epoch was closed before it"));
        }
        self.on_shown(id, body);
    }

    pub(super) fn on_answered(&mut self, cmd: CommandId, id: RecordId, body: &[u8]) {
        self.on_shown(id, body);
        self.answered.insert(cmd, (id, body.to_vec()));
    }

    /// Somebody outside may have seen it.
    fn on_shown(&mut self, id: RecordId, body: &[u8]) {
        match Entry::read(body) {
            Entry::Issue { day, lane, count } => {
                let first = *self.numbers.entry((day, lane, count)).or_insert(id);
                if first != id {
                    self.violation(format!("number {day} {lane:?} {count} shown for {first:?} and {id:?}"));
                }
            }
            Entry::Grant { forced: true, .. } => {}
            Entry::Grant { ticket, turn, forced: false, .. } => {
                let first = *self.grants.entry((ticket, turn)).or_insert(id);
                if first != id {
                    self.violation(format!("ticket {ticket:?} turn {turn} granted by {first:?} and {id:?}"));
                }
                let before = turn.checked_sub(1).and_then(|turn| self.grants.get(&(ticket, turn)));
                if before.is_some_and(|before| !self.released.contains(before)) {
                    self.violation(format!("ticket {ticket:?} turn {turn} granted before release"));
                }
            }
        }
    }

    pub(super) fn on_closed(&mut self, epoch: EpochId, close: &Close) {
        let known = *self.closes.entry(epoch).or_insert((close.successor.id, close.len));
        if known != (close.successor.id, close.len) {
            self.violation(format!("two ends of {epoch:?}: {known:?} and {close:?}"));
        }
        if self.longest.get(&epoch).is_some_and(|longest| *longest > close.len) {
            self.violation(format!("the end of {epoch:?} voids records that count"));
        }
    }

    pub(super) fn on_diverged(&mut self, id: RecordId) {
        self.violation(format!("logs diverge at {id:?}"));
    }

    /// The main lane's numbers, in order.
    pub(super) fn main_numbers(&self) -> Vec<u32> {
        let main = |body: &Vec<u8>| match Entry::read(body) {
            Entry::Issue { lane: None, count, .. } => Some(count),
            _ => None,
        };
        let mut numbers: Vec<u32> = self.records.values().filter_map(main).collect();
        numbers.sort_unstable();
        numbers
    }
}
