//! The log of the active epoch: appended by its steward alone, counted once a quorum has it on disk.

use super::durable::Op;
use super::epoch::{Epoch, Record};
use super::machine::{Active, Machine};
use super::message::{Hitch, Message, slice};
use super::{Answer, Desk, Note, Right};
use crate::ids::{EpochId, RecordId, VoterId};

/// Records sent and not acknowledged are sent again after this time.
const RESEND_MS: u64 = 250;
/// A member with nothing to get hears from its steward this often.
const IDLE_MS: u64 = 500;

impl Machine {
    /// Begins to serve as the steward of an own epoch.
    pub(super) fn activate(&mut self, epoch: Epoch, desk: &mut dyn Desk) {
        let rights = self.open_book(epoch.id, desk);
        let len = self.held(&epoch.id).map_or(0, |held| held.len());
        self.active = Some(Active {
            epoch: epoch.clone(),
            rights,
            members: epoch.members.iter().map(|voter| (*voter, Default::default())).collect(),
            waiting: Default::default(),
            ready: false,
            asks_since: None,
            awaited: Default::default(),
            awaits_until: 0,
        });
        self.may_inherit = true;
        self.links.heartbeat_due = true;
        self.send(self.me, Message::Ack { epoch: epoch.id, len, hitch: Hitch::None });
    }

    /// Appends a record to the own log; returns its index. This node's own acknowledgement comes back once it is on disk.
    pub(super) fn push(&mut self, record: Record, desk: &mut dyn Desk) -> Option<u32> {
        let epoch = self.active.as_ref()?.epoch.id;
        let id = RecordId { epoch, index: self.held(&epoch)?.len() + 1 };
        self.op(Op::Push(id, record.clone()));
        let rights = &mut self.active.as_mut()?.rights;
        match record {
            Record::Entry { cmd, body } => {
                rights.commands.insert(cmd, id);
                desk.fold_own(&body);
                desk.fold(id, &body, Right::Held);
            }
            Record::Inherit { epoch, len, main } => {
                rights.main |= main;
                rights.take(&self.disk, epoch, len, Right::Held, desk);
            }
            Record::Force { epoch, len } => rights.take(&self.disk, epoch, len, Right::Forced, desk),
        }
        if self.settings.flaws.shown_before_commit {
            self.show_early(epoch, id.index - 1, id.index);
        }
        self.send(self.me, Message::Ack { epoch, len: id.index, hitch: Hitch::None });
        Some(id.index)
    }

    /// Sends each member what it lacks, and how many records count as soon as that changed.
    pub(super) fn replicate(&mut self, now: u64) {
        let Some(active) = self.active.as_mut() else { return };
        let Some(held) = self.disk.epochs.get(&active.epoch.id) else { return };
        let (len, commit) = (held.len(), held.commit);
        let mut appends = Vec::new();
        for (voter, progress) in active.members.iter_mut().filter(|(voter, _)| **voter != self.me) {
            let recent = |ms: u64| progress.sent_at.is_some_and(|at| now < at + ms);
            let in_flight = progress.sent > progress.acked && recent(RESEND_MS);
            let from = if in_flight { progress.sent } else { progress.acked }.min(len);
            if from >= len && progress.told >= commit && recent(IDLE_MS) {
                continue;
            }
            let records = slice(&held.log, from, len);
            progress.sent_at = Some(now);
            progress.told = commit;
            progress.sent = from + u32::try_from(records.len()).expect("a message holds few records");
            appends.push((*voter, Message::Append { epoch: active.epoch.clone(), from, records, commit }));
        }
        for (voter, append) in appends {
            self.send(voter, append);
        }
    }

    /// A member takes records of its steward, unless it promised to close the epoch.
    pub(super) fn on_append(&mut self, src: VoterId, epoch: &Epoch, from: u32, records: &[Record], commit: u32) {
        let id = epoch.id;
        if src != id.creator {
            return;
        }
        let known = self.ensure(epoch);
        let fenced = |machine: &Self| {
            machine.held(&id).is_none_or(|held| {
                held.close.is_some() || (held.promised.is_some() && !machine.settings.flaws.no_fence)
            })
        };
        if !known || fenced(self) {
            let len = self.held(&id).map_or(0, |held| held.len());
            self.send(src, Message::Ack { epoch: id, len, hitch: Hitch::Fenced });
            return;
        }
        let before = self.held(&id).map_or(0, |held| held.len());
        let (upto, lacking) = self.acceptable(before, from, records);
        self.extend(id, from, records, upto);
        let len = self.held(&id).map_or(0, |held| held.len());
        if self.settings.flaws.shown_before_commit {
            self.show_early(id, before, len);
        }
        self.set_commit(id, commit.min(len));
        let hitch = match lacking {
            Some(epoch) => Hitch::Need { epoch, have: self.held(&epoch).map_or(0, |held| held.commit) },
            None if from > len => Hitch::Gap,
            None => Hitch::None,
        };
        self.send(src, Message::Ack { epoch: id, len, hitch });
    }

    /// How far a member may take records: an inheritance only if it holds all of it, or a later quorum could not hand on what
    /// the steward has the right over.
    fn acceptable(&mut self, before: u32, from: u32, records: &[Record]) -> (u32, Option<EpochId>) {
        let mut at = from;
        for record in records {
            if let Record::Inherit { epoch, .. } = record
                && at >= before
                && !self.is_full(*epoch)
            {
                return (at, Some(self.missing_of(*epoch)));
            }
            at = at.saturating_add(1);
        }
        (at, None)
    }

    fn show_early(&mut self, epoch: EpochId, before: u32, len: u32) {
        let Some(held) = self.disk.epochs.get(&epoch) else { return };
        for index in before..len {
            if let Record::Entry { body, .. } = &held.log[index as usize] {
                let record = RecordId { epoch, index: index + 1 };
                self.out.notes.push(Note::Committed { record, body: body.clone() });
            }
        }
    }

    /// The steward hears how much a member has on disk.
    pub(super) fn on_ack(&mut self, now: u64, src: VoterId, epoch: EpochId, len: u32, hitch: Hitch) {
        let Some(active) = self.active.as_mut().filter(|active| active.epoch.id == epoch) else { return };
        if hitch == Hitch::Fenced {
            if !self.settings.flaws.no_fence {
                self.stand_down();
            }
            return;
        }
        if src == self.me && !active.ready {
            active.ready = true;
            self.links.heartbeat_due = true;
        }
        let Some(progress) = active.members.get_mut(&src) else { return };
        progress.acked = progress.acked.max(len);
        progress.heard_at = Some(now);
        if hitch == Hitch::Gap && len >= progress.acked {
            progress.sent_at = None;
            progress.sent = 0;
        }
        if let Hitch::Need { epoch, have } = hitch {
            progress.sent_at = None;
            progress.sent = 0;
            self.send_tree(src, epoch, have);
        }
        self.advance(now);
    }

    /// Records count as far as a quorum has them on disk. All of the group hear of it at once, and show it: it is on the disks
    /// that matter.
    fn advance(&mut self, now: u64) {
        let Some(active) = self.active.as_ref() else { return };
        let epoch = active.epoch.id;
        let Some(held) = self.disk.epochs.get(&epoch) else { return };
        let mine = |voter: &VoterId| self.settings.flaws.quorum_of_one && *voter == self.me;
        let on_disk = |voter: &VoterId, index: u32| active.members.get(voter).is_some_and(|p| p.acked >= index);
        let counts = |index: &u32| {
            active.epoch.is_quorum(|voter| on_disk(voter, *index))
                || active.epoch.members.iter().any(|voter| mine(voter) && on_disk(voter, *index))
        };
        let before = held.commit;
        let Some(commit) = (before + 1..=held.len()).take_while(counts).last() else { return };
        self.set_commit(epoch, commit);
        self.answer_waiting(epoch, commit);
        self.replicate(now);
        self.tell_bystanders(before);
    }

    fn answer_waiting(&mut self, epoch: EpochId, commit: u32) {
        let Some(active) = self.active.as_mut() else { return };
        let later = active.waiting.iter().find(|(index, ..)| *index > commit).cloned();
        let rest = later.map(|first| active.waiting.split_off(&first)).unwrap_or_default();
        for (index, client, cmd) in std::mem::replace(&mut active.waiting, rest) {
            let record = RecordId { epoch, index };
            if let Some(body) = self.body_of(&record) {
                self.send(client, Message::Reply { cmd, answer: Answer::Committed { record, body } });
            }
        }
    }

    /// The body of an entry held here.
    pub(super) fn body_of(&self, record: &RecordId) -> Option<Vec<u8>> {
        match self.held(&record.epoch)?.log.get(record.index.checked_sub(1)? as usize)? {
            Record::Entry { body, .. } => Some(body.clone()),
            Record::Inherit { .. } | Record::Force { .. } => None,
        }
    }
}
