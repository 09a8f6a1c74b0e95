//! Commands of this node's own API: decided here, or put before the steward.

use std::borrow::Cow;

use branchmesh_model::command::{Ask, Command, Done, Guarded, Ordinary, Rejection};
use branchmesh_model::decide;
use branchmesh_model::ids::{CommandId, RecordId, RecordKey, TicketId, VoterId};
use branchmesh_model::schema::{DocId, Family, Write};
use branchmesh_model::steward::Answer;
use branchmesh_model::ticket::{Act, Entry};

use super::{Hub, Source};
use crate::replication::desk::{Refusal, encode};
use crate::replication::input::{Effects, Now, Reply, ReplyId};
use crate::storage::StoreError;

/// How long a guarded command looks for a steward before it is refused with `no-steward`, milliseconds: longer than a
/// crashed steward takes to be replaced.
const PATIENCE_MS: u64 = 8_000;
/// How long a refusal that contradicts what is seen here is asked again, milliseconds: the steward may not yet have
/// heard of a no-show or park that this node already shows.
const DISBELIEF_MS: u64 = 1_500;
/// Pause between two such tries, milliseconds.
const ASK_AGAIN_MS: u64 = 100;

/// How long an answer waits for the other records of its ticket, milliseconds: the grant may be here before the issue.
const SHOWN_WITHIN_MS: u64 = 5_000;

/// An answer that speaks of a ticket nobody can look at here yet.
pub(super) struct Unshown {
    id: CommandId,
    result: Result<Done, Rejection>,
    ticket: TicketId,
    until: u64,
    /// Whose log the answer is from, until it and the peers were asked for what is missing.
    ask: Option<VoterId>,
}

/// A guarded command on its way to the steward.
pub(super) struct Waiting {
    replies: Vec<ReplyId>,
    command: Command,
    since: u64,
    again_at: Option<u64>,
}

impl Hub {
    pub(super) fn command(
        &mut self,
        now: Now,
        reply: ReplyId,
        command: Command,
        fx: &mut Effects,
    ) -> Result<(), StoreError> {
        if let Err(rejection) = decide::permit(&self.view, &command) {
            fx.replies.push((reply, Reply::Command(Err(rejection))));
            return Ok(());
        }
        if matches!(command.ask, Ask::Guarded(_)) {
            self.guarded(now, Some(reply), command, fx);
            return Ok(());
        }
        let answer = self.ordinary(now, &command, fx)?;
        fx.replies.push((reply, Reply::Command(answer)));
        Ok(())
    }

    pub(super) fn ordinary(
        &mut self,
        now: Now,
        command: &Command,
        fx: &mut Effects,
    ) -> Result<Result<Done, Rejection>, StoreError> {
        let mut command = Cow::Borrowed(command);
        if let Ask::Ordinary(Ordinary::Revoke { device, .. }) = &command.ask {
            let newest = self.documents.authored_by(device);
            if let Ask::Ordinary(Ordinary::Revoke { last, .. }) = &mut command.to_mut().ask {
                *last = newest;
            }
        }
        match decide::ordinary(&self.view, &command, self.agreed_wall(now), &self.context) {
            Ok((writes, done)) => {
                self.write_all(now, writes, fx)?;
                Ok(Ok(done))
            }
            Err(rejection) => Ok(Err(rejection)),
        }
    }

    /// Writes facts, those of one document in one change. In queue documents no key is ever written anew, so what is
    /// decided together can be written together a little later.
    pub(super) fn write_all(&mut self, now: Now, writes: Vec<Write>, fx: &mut Effects) -> Result<(), StoreError> {
        let mut by_doc: Vec<(DocId, Vec<(String, String)>)> = Vec::new();
        for Write { doc, key, value } in writes {
            match by_doc.iter_mut().find(|(d, _)| *d == doc) {
                Some((_, facts)) => facts.push((key, value)),
                None => by_doc.push((doc, vec![(key, value)])),
            }
        }
        for (doc, facts) in by_doc {
            if doc.family() == Family::Queue {
                self.see(&doc, &facts, Source::Here)?;
                self.unwritten.entry(doc).or_default().extend(facts);
                fx.publish = true;
            } else {
                self.write(now, &doc, &facts, fx)?;
            }
        }
        Ok(())
    }

    pub(super) fn guarded(&mut self, now: Now, reply: Option<ReplyId>, command: Command, fx: &mut Effects) {
        if self.stands_still() {
            fx.replies.extend(reply.map(|reply| (reply, Reply::Command(Err(Rejection::RunsTwice)))));
            return;
        }
        let id = command.id.clone();
        if let Some(waiting) = self.waiting.get_mut(&id) {
            match reply {
                Some(reply) if waiting.command.ask == command.ask => waiting.replies.push(reply),
                Some(reply) => fx.replies.push((reply, Reply::Command(Err(Rejection::KeyReused)))),
                None => {}
            }
            return;
        }
        let body = encode(&command);
        let waiting = Waiting { replies: reply.into_iter().collect(), command, since: now.mono_ms, again_at: None };
        self.waiting.insert(id.clone(), waiting);
        self.put_before_steward(now, id, body, fx);
    }

    fn put_before_steward(&mut self, now: Now, id: CommandId, body: Vec<u8>, fx: &mut Effects) {
        let deadline = self.waiting.get(&id).map_or(now.mono_ms, |w| w.since) + PATIENCE_MS;
        let output = self.machine.request(now.mono_ms, id, body, deadline);
        self.absorb(now, output, fx);
    }

    /// Asks again where a refusal was not believed.
    pub(super) fn ask_again(&mut self, now: Now, fx: &mut Effects) {
        let due: Vec<(CommandId, Vec<u8>)> = self
            .waiting
            .iter_mut()
            .filter(|(_, w)| w.again_at.is_some_and(|at| at <= now.mono_ms))
            .map(|(id, w)| {
                w.again_at = None;
                (id.clone(), encode(&w.command))
            })
            .collect();
        for (id, body) in due {
            self.put_before_steward(now, id, body, fx);
        }
    }

    pub(super) fn answered(
        &mut self,
        now: Now,
        id: &CommandId,
        answer: Answer,
        fx: &mut Effects,
    ) -> Result<(), StoreError> {
        let author = match &answer {
            Answer::Committed { record, .. } => Some(record.epoch.creator),
            Answer::Refused { .. } => None,
        };
        let result = match answer {
            Answer::Committed { record, body } => self.committed_answer(now, id, record, &body, fx)?,
            Answer::Refused { body } => match serde_json::from_slice(&body) {
                Ok(Refusal::NobodyWaits) => Ok(Done::NobodyWaits),
                Ok(Refusal::Rejected(rejection)) => {
                    if self.disbelieved(now, id, &rejection) {
                        return Ok(());
                    }
                    Err(self.explain(id, rejection))
                }
                Err(_) => Err(Rejection::Unavailable { detail: "the steward runs another version".into() }),
            },
        };
        match result {
            Ok(Done::Ticket(ticket) | Done::Moved { to: ticket, .. }) => {
                let until = now.mono_ms + SHOWN_WITHIN_MS;
                self.unshown.push(Unshown { id: id.clone(), result, ticket, until, ask: author });
            }
            _ => self.reply(id, &result, fx),
        }
        Ok(())
    }

    /// Gives the answers whose tickets can be looked at by now, and fetches what the others lack.
    pub(super) fn answer_what_is_shown(&mut self, now: Now, fx: &mut Effects) {
        for mut unshown in std::mem::take(&mut self.unshown) {
            if self.view.ticket(&unshown.ticket).is_some() || now.mono_ms >= unshown.until {
                self.reply(&unshown.id, &unshown.result, fx);
                continue;
            }
            if let Some(author) = unshown.ask.take() {
                let output = self.machine.ask_for_records(author);
                self.absorb(now, output, fx);
                for peer in self.peers.keys().copied().collect::<Vec<_>>() {
                    self.begin_reconciling(peer, fx);
                }
            }
            self.unshown.push(unshown);
        }
    }

    pub(super) fn timed_out(&mut self, id: &CommandId, fx: &mut Effects) {
        self.count("commands_without_steward");
        self.reply(id, &Err(Rejection::NoSteward), fx);
    }

    pub(super) fn refuse_all_waiting(&mut self, why: &Rejection, fx: &mut Effects) {
        for id in self.waiting.keys().cloned().collect::<Vec<_>>() {
            self.reply(&id, &Err(why.clone()), fx);
        }
    }

    fn reply(&mut self, id: &CommandId, result: &Result<Done, Rejection>, fx: &mut Effects) {
        if let Some(waiting) = self.waiting.remove(id) {
            for reply in waiting.replies {
                fx.replies.push((reply, Reply::Command(result.clone())));
            }
        }
    }

    /// A quorum holds the record. It is shown here at once even if the steward's copy of it has not arrived.
    fn committed_answer(
        &mut self,
        now: Now,
        id: &CommandId,
        record: RecordId,
        body: &[u8],
        fx: &mut Effects,
    ) -> Result<Result<Done, Rejection>, StoreError> {
        let Ok(entry) = serde_json::from_slice::<Entry>(body) else {
            return Ok(Err(Rejection::Unavailable { detail: "the steward runs another version".into() }));
        };
        if self.waiting.get(id).is_some_and(|w| !answers(&entry, &w.command)) {
            return Ok(Err(Rejection::KeyReused));
        }
        self.show_record(now, record, &entry, fx)?;
        let done = done(record, &entry);
        let oldest = self.oldest_day_shown();
        match &done {
            // It was asked again days later, and nobody shows that day any more.
            Done::Ticket(id) | Done::Moved { to: id, .. }
                if entry.act.dates(record.key()).all(|date| date < oldest) =>
            {
                Ok(Err(Rejection::not_found("ticket", &id.to_string())))
            }
            _ => Ok(Ok(done)),
        }
    }

    /// Whether a refusal contradicts what is seen here, so that the steward is asked once more a little later.
    fn disbelieved(&mut self, now: Now, id: &CommandId, rejection: &Rejection) -> bool {
        let Some(waiting) = self.waiting.get(id) else { return false };
        if now.mono_ms > waiting.since + DISBELIEF_MS || !contradicts(&self.view, &waiting.command, rejection) {
            return false;
        }
        let waiting = self.waiting.get_mut(id).expect("was just there");
        waiting.again_at = Some(now.mono_ms + ASK_AGAIN_MS);
        true
    }

    /// Names who may call a ticket of the other side.
    fn explain(&self, id: &CommandId, rejection: Rejection) -> Rejection {
        let Rejection::NoAuthority { .. } = rejection else { return rejection };
        let ticket = self.waiting.get(id).and_then(|w| ticket_of(&w.command));
        let holders = ticket.map(|t| self.holders(&t)).unwrap_or_default();
        Rejection::NoAuthority { holders: if holders.is_empty() { self.away() } else { holders } }
    }

    /// The devices out of reach: where the log of a ticket is not here, one of them may call it.
    fn away(&self) -> Vec<String> {
        let here: std::collections::BTreeSet<_> = self.machine.group().iter().map(|v| v.device).collect();
        let roster = self.view.roster();
        let others = roster.devices.iter().filter(|(id, d)| d.revoked.is_none() && !here.contains(*id));
        others.map(|(_, d)| d.enrolment.name.clone()).collect()
    }

    fn holders(&self, ticket: &TicketId) -> Vec<String> {
        let roster = self.view.roster();
        let record = self.machine.committed_entries().map(|(record, ..)| record).find(|record| record.key() == *ticket);
        let voters = record.map(|record| self.machine.who_holds(record)).unwrap_or_default();
        voters.iter().filter_map(|v| roster.devices.get(&v.device)).map(|d| d.enrolment.name.clone()).collect()
    }
}

/// What a committed record did, in the words of the API.
fn done(record: RecordId, entry: &Entry) -> Done {
    match &entry.act {
        Act::Issue { .. } => Done::Ticket(record.key()),
        Act::Move { ticket, .. } => Done::Moved { from: *ticket, to: record.key() },
        Act::Grant { ticket, .. }
        | Act::Abandon { ticket, .. }
        | Act::Reinstate { ticket, .. }
        | Act::Requeue { ticket, .. } => Done::Ticket(*ticket),
        Act::CloseDay { .. } => Done::Changed,
    }
}

/// Whether the record is what this command asked for, and not what another command with the same key did.
fn answers(entry: &Entry, command: &Command) -> bool {
    let Ask::Guarded(guarded) = &command.ask else { return false };
    match (&entry.act, guarded) {
        (Act::Issue { issue }, Guarded::Issue { service, category, .. }) => {
            issue.service == *service && issue.category == *category
        }
        (Act::Grant { counter, .. }, Guarded::CallNext { counter: asked }) => counter == asked,
        (Act::Grant { ticket, counter, .. }, Guarded::Call { ticket: asked, counter: at, .. }) => {
            ticket == asked && counter == at
        }
        (Act::Move { ticket, issue, .. }, Guarded::Move { ticket: asked, service }) => {
            ticket == asked && issue.service == *service
        }
        (Act::Abandon { ticket, .. }, Guarded::Abandon { ticket: asked, .. })
        | (Act::Reinstate { ticket, .. }, Guarded::Reinstate { ticket: asked })
        | (Act::Requeue { ticket, .. }, Guarded::Transfer { ticket: asked, .. }) => ticket == asked,
        (Act::CloseDay { date }, Guarded::CloseDay { date: asked }) => date == asked,
        _ => false,
    }
}

fn ticket_of(command: &Command) -> Option<RecordKey> {
    match &command.ask {
        Ask::Guarded(
            Guarded::Call { ticket, .. }
            | Guarded::Move { ticket, .. }
            | Guarded::Abandon { ticket, .. }
            | Guarded::Reinstate { ticket }
            | Guarded::Transfer { ticket, .. },
        ) => Some(*ticket),
        _ => None,
    }
}

fn contradicts(view: &branchmesh_model::view::BranchView, command: &Command, rejection: &Rejection) -> bool {
    use branchmesh_model::ticket::TicketState::{NoShow, Parked, Serving, Waiting};
    match rejection {
        Rejection::CounterState { .. } => true,
        Rejection::AlreadyCalled { .. } | Rejection::TicketState { .. } | Rejection::NotFound { .. } => {
            let state = ticket_of(command).and_then(|t| view.ticket(&t)).map(|t| t.state);
            matches!(state, Some(Waiting | NoShow | Parked | Serving))
        }
        _ => false,
    }
}
