//! Around each hub what the shipping driver does: batch, commit, publish, send, answer, go on.

use std::sync::Arc;

use branchmesh_model::command::{Ask, Command, Ordinary};
use branchmesh_model::ids::TicketId;
use branchmesh_model::schema::Family;
use branchmesh_node::replication::input::{Effects, Input, Reply, ReplyId};
use branchmesh_node::storage::StoreOp;

use super::{Asked, Event, World, told};
use crate::sim::Flaw;

/// Inputs handled before one commit.
const MAX_BATCH: usize = 64;

impl World {
    /// Gives a command at a device, as its API would.
    pub fn command(&mut self, index: usize, command: Command) {
        if self.is_up(index) {
            let reply = self.ask(Asked::Command { member: index, command: Box::new(command.clone()) });
            self.input(index, Input::Command { reply, command: Box::new(command) });
        }
    }

    /// Hands an input to a device; it waits there while a commit is under way or the process is paused.
    pub fn input(&mut self, index: usize, input: Input) {
        if let Some(process) = &mut self.members[index].process {
            process.inbox.push_back(input);
            self.work(index);
        }
    }

    /// Handles what waits, unless a commit is under way.
    pub(super) fn work(&mut self, index: usize) {
        let now = self.members[index].now(self.now, self.epoch);
        if self.members[index].paused_until > self.now {
            return;
        }
        let Some(process) = &mut self.members[index].process else { return };
        if process.committing.is_some() || process.inbox.is_empty() {
            return;
        }
        let count = process.inbox.len().min(MAX_BATCH);
        let batch: Vec<Input> = process.inbox.drain(..count).collect();
        let effects = process.hub.handle_all(now, batch);
        if let Some(fatal) = effects.iter().find_map(|fx| fx.fatal.clone()) {
            let what = format!("{} stops: {fatal}", self.name(index));
            self.violate(what);
            return;
        }
        if effects.iter().all(|fx| fx.store.is_empty()) {
            self.release(index, effects, false);
            self.work(index);
            return;
        }
        let effects =
            if self.flaw == Some(Flaw::NetworkBeforeDisk) { self.send_early(index, effects) } else { effects };
        let (soonest, latest) = self.sync_ms;
        let member = &mut self.members[index];
        let (delay, start) = (member.rng.range(soonest, latest), member.starts);
        if let Some(process) = &mut member.process {
            process.committing = Some(effects);
        }
        self.at(delay, Event::Committed { member: index, start });
    }

    fn send_early(&mut self, index: usize, mut effects: Vec<Effects>) -> Vec<Effects> {
        for fx in &mut effects {
            for out in std::mem::take(&mut fx.send) {
                self.transmit(index, out);
            }
        }
        effects
    }

    pub(super) fn committed(&mut self, index: usize) {
        let member = &mut self.members[index];
        if member.paused_until > self.now {
            let (wait, start) = (member.paused_until - self.now, member.starts);
            self.at(wait, Event::Committed { member: index, start });
            return;
        }
        let Some(process) = &mut member.process else { return };
        let Some(effects) = process.committing.take() else { return };
        self.release(index, effects, true);
        self.work(index);
    }

    /// Commits; a node whose disk fails it gives up, and nothing of what it meant to do happens.
    fn commit(&mut self, index: usize, effects: &[Effects]) -> bool {
        let mut ops: Vec<StoreOp> = effects.iter().flat_map(|fx| fx.store.iter().cloned()).collect();
        if self.flaw == Some(Flaw::OthersChangesNotStored) {
            let me = self.members[index].device;
            ops.retain(|op| !matches!(op, StoreOp::Envelope(e) if e.author != me && e.doc.family() == Family::Queue));
        }
        let Some(process) = &mut self.members[index].process else { return false };
        match process.store.commit(&ops) {
            Ok(()) => {
                process.note_on_disk(ops);
                true
            }
            Err(_) if self.flaw == Some(Flaw::FailedSyncIgnored) => true,
            Err(problem) => {
                self.give_up(index, &problem);
                false
            }
        }
    }

    pub(super) fn release(&mut self, index: usize, effects: Vec<Effects>, commit: bool) {
        if commit && !self.commit(index, &effects) {
            return;
        }
        if effects.iter().any(|fx| fx.publish) {
            self.publish(index);
        }
        for fx in effects {
            if let Some(allowed) = fx.allowed
                && let Some(process) = &mut self.members[index].process
            {
                process.allowed = allowed;
                self.gate(index);
            }
            for out in fx.send {
                self.transmit(index, out);
            }
            for (id, reply) in fx.replies {
                self.answered(id, reply);
            }
            if let Some(process) = &mut self.members[index].process {
                for input in fx.again.into_iter().rev() {
                    process.inbox.push_front(input);
                }
            }
        }
    }

    fn publish(&mut self, index: usize) {
        let at = self.members[index].now(self.now, self.epoch);
        let member = &mut self.members[index];
        let Some(process) = &mut member.process else { return };
        process.revision += 1;
        let after = Arc::new(process.hub.snapshot(at, process.revision));
        let before = std::mem::replace(&mut process.snapshot, after.clone());
        self.checker.published(self.now, index, &member.name, &before, &after);
        self.doubt_clones();
    }

    fn note_revocation(&mut self, command: &Command, done: bool) {
        if let (Ask::Ordinary(Ordinary::Revoke { device, .. }), true) = (&command.ask, done)
            && let Some(member) = self.members.iter_mut().find(|m| m.device == *device)
        {
            member.revoked = true;
        }
    }

    fn answered(&mut self, id: ReplyId, reply: Reply) {
        match (self.asked.remove(&id), reply) {
            (Some(Asked::Command { member, command }), Reply::Command(result)) => {
                self.tell(|w| format!("{} {}: {}", w.name(member), command.id.as_str(), told(&result)));
                self.note_revocation(&command, result.is_ok());
                let snapshot = self.members[member].process.as_ref().map(|p| p.snapshot.clone());
                let reach = self.network.in_reach(member);
                let pictures = reach.iter().filter_map(|i| Some(&self.members[*i].process.as_ref()?.snapshot));
                let seen =
                    |id: &TicketId| pictures.clone().any(|s| s.days.values().any(|d| d.tickets.contains_key(id)));
                self.checker.acknowledged(self.now, member, &command, &result, (snapshot.as_deref(), &seen));
            }
            (Some(Asked::TakeOver { member }), Reply::TakeOver(result)) => {
                self.tell(|w| format!("the queue is taken over at {}: {result:?}", w.name(member)));
            }
            (Some(Asked::Invitation { .. }), Reply::Invited(result)) => self.invited(result),
            (Some(Asked::Join { guest, replay }), Reply::Joined(bytes)) => self.joined(guest, replay, &bytes),
            _ => {}
        }
    }
}
