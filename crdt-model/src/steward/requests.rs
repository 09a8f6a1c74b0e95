//! Requests: asked at any node, decided by the steward, answered once they count, and answered alike when asked again.

use super::durable::{Op, Saved};
use super::epoch::Record;
use super::machine::Machine;
use super::message::{MAX_BODY_BYTES, Message};
use super::{Answer, Desk, Note, Output, Refused, Request};
use crate::ids::{CommandId, EpochId, RecordId, VoterId};

/// Most requests of this node that wait for an answer.
const MAX_CLIENTS: usize = 1_000;
/// Most requests a steward keeps waiting for a quorum.
const MAX_WAITING: usize = 1_000;
/// An unanswered request is sent again after this time.
const ASK_AGAIN_MS: u64 = 400;

/// No steward can be reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no steward can be reached")]
pub struct NoStewardHere;

/// A request of this node on its way.
pub(super) struct Client {
    body: Vec<u8>,
    next: u64,
    deadline: u64,
}

impl Machine {
    /// A request of a caller at this node, sent until it is answered or `deadline` (on the clock of `now`) has passed; one of
    /// the notes `Answered` and `TimedOut` follows. A command answered before gets its answer again.
    pub fn request(&mut self, now: u64, cmd: CommandId, body: Vec<u8>, deadline: u64) -> Output {
        if let Some(saved) = self.disk.answers.get(&cmd) {
            let answer = Answer::Committed { record: saved.record, body: saved.body.clone() };
            self.out.notes.push(Note::Answered { cmd, answer });
        } else if let Some((record, body)) = self.committed_answer(&cmd) {
            self.save_answer(cmd, record, body);
        } else if self.clients.len() >= MAX_CLIENTS || body.len() > MAX_BODY_BYTES {
            self.out.notes.push(Note::TimedOut { cmd });
        } else {
            self.clients.insert(cmd, Client { body, next: now, deadline });
            self.drive_clients(now);
        }
        self.finish()
    }

    /// A person takes over the tickets of epochs that cannot be closed; passed on to the steward.
    pub fn take_over(&mut self, _now: u64) -> Result<Output, NoStewardHere> {
        let steward = self.steward().ok_or(NoStewardHere)?;
        self.send(steward, Message::TakeOver);
        Ok(self.finish())
    }

    fn committed_answer(&self, cmd: &CommandId) -> Option<(RecordId, Vec<u8>)> {
        let record = *self.committed.get(cmd)?;
        Some((record, self.body_of(&record)?))
    }

    /// On disk before it is shown.
    fn save_answer(&mut self, cmd: CommandId, record: RecordId, body: Vec<u8>) {
        self.op(Op::Answer(cmd.clone(), Saved { record, body: body.clone() }));
        self.out.notes.push(Note::Answered { cmd, answer: Answer::Committed { record, body } });
    }

    /// Sends what is due again, and gives up what is late.
    pub(super) fn drive_clients(&mut self, now: u64) {
        let steward = self.steward();
        let mut asks = Vec::new();
        let mut late = Vec::new();
        for (cmd, client) in &mut self.clients {
            if now > client.deadline {
                late.push(cmd.clone());
            } else if now >= client.next && steward.is_some() {
                client.next = now + ASK_AGAIN_MS;
                asks.push(Message::Ask { cmd: cmd.clone(), body: client.body.clone() });
            }
        }
        for cmd in late {
            self.clients.remove(&cmd);
            self.out.notes.push(Note::TimedOut { cmd });
        }
        if let Some(steward) = steward {
            for ask in asks {
                self.send(steward, ask);
            }
        }
    }

    /// The steward decides, or answers again what it decided before.
    pub(super) fn on_ask(&mut self, now: u64, client: VoterId, cmd: &CommandId, body: &[u8], desk: &mut dyn Desk) {
        let Some(lane) = self.lane() else { return };
        let Some(active) = self.active.as_ref().filter(|active| active.waiting.len() < MAX_WAITING) else { return };
        let epoch = active.epoch.id;
        if let Some(record) = active.rights.commands.get(cmd).copied() {
            self.answer_again(epoch, record, client, cmd);
            return;
        }
        let request = Request { cmd: cmd.clone(), client, body: body.to_vec() };
        match desk.decide(&request, lane) {
            Ok(body) => {
                let Some(index) = self.push(Record::Entry { cmd: cmd.clone(), body }, desk) else { return };
                if let Some(active) = self.active.as_mut() {
                    active.waiting.insert((index, client, cmd.clone()));
                }
                self.replicate(now);
            }
            // Whoever asks does so again in a moment, and hears no by then only if the rights do not come.
            Err(Refused { lacks_rights: true, .. }) if self.awaits_rights(now) => {}
            Err(Refused { body, .. }) => {
                self.send(client, Message::Reply { cmd: cmd.clone(), answer: Answer::Refused { body } })
            }
        }
    }

    fn answer_again(&mut self, epoch: EpochId, record: RecordId, client: VoterId, cmd: &CommandId) {
        let counts = self.held(&record.epoch).is_some_and(|held| record.index <= held.commit);
        if record.epoch == epoch && !counts {
            if let Some(active) = self.active.as_mut() {
                active.waiting.insert((record.index, client, cmd.clone()));
            }
        } else if let Some(body) = self.body_of(&record) {
            self.send(client, Message::Reply { cmd: cmd.clone(), answer: Answer::Committed { record, body } });
        }
    }

    pub(super) fn on_reply(&mut self, cmd: &CommandId, answer: &Answer) {
        if self.clients.remove(cmd).is_none() {
            return;
        }
        match answer {
            Answer::Committed { record, body } => self.save_answer(cmd.clone(), *record, body.clone()),
            Answer::Refused { .. } => self.out.notes.push(Note::Answered { cmd: cmd.clone(), answer: answer.clone() }),
        }
    }

    /// Logs every open epoch but the own as taken over, as far as it is known to count here.
    pub(super) fn on_take_over(&mut self, now: u64, desk: &mut dyn Desk) {
        let Some(active) = &self.active else { return };
        let news = |len: u32, epoch: &EpochId| active.rights.forced.get(epoch).is_none_or(|known| *known < len);
        let open = self.disk.epochs.values().filter(|held| self.is_open(held) && held.epoch.id != active.epoch.id);
        let open = open.map(|held| (held.epoch.id, held.commit)).filter(|(epoch, len)| news(*len, epoch));
        for (epoch, len) in open.collect::<Vec<_>>() {
            self.push(Record::Force { epoch, len }, desk);
        }
        self.replicate(now);
    }
}
