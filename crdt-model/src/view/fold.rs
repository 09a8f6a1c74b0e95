//! One ticket from its set of facts. The order of the fold comes from the facts alone (turn, record key, sequence), never
//! from a clock or from the order of arrival, so equal sets give equal tickets on every node.
//!
//! Closing is decided by what is in the set, not by the state a step was met in: a `finish` of a known grant, an
//! abandonment, a move and the end of the day each close for good, and the strongest of them names the state. Because a
//! set only grows, a closed ticket can change how it was closed but can never open again.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::anomaly::AnomalyKind;
use crate::ids::{CounterNo, RecordKey, TicketId};
use crate::ticket::{Act, Actor, Entry, Fact, FactKind, Issue, Position, TicketState};

use super::facts::TicketFacts;
use super::{Conflict, ConflictCall, HistoryItem, Ticket};

/// How far one grant got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GrantState {
    /// Called, nobody came yet.
    Called,
    /// At the counter.
    Serving,
    /// Nobody came.
    NoShow,
    /// Held.
    Parked,
    /// Served.
    Finished,
}

/// One grant of a ticket and how far it got.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GrantView {
    /// The record that gave it.
    pub key: RecordKey,
    /// Its turn.
    pub turn: u32,
    /// The counter.
    pub counter: CounterNo,
    /// Who called.
    pub by: Actor,
    /// Given by an override or a take-over.
    pub forced: bool,
    /// The reason given for an override.
    pub reason: Option<String>,
    /// How far it got.
    pub state: GrantState,
    /// Whether another grant may follow as far as this one is concerned.
    pub released: bool,
    /// The highest sequence number among its facts.
    pub seq: u32,
}

/// What a fold found.
pub(crate) struct Folded {
    /// The ticket, unless the record that issued it has not arrived.
    pub(crate) ticket: Option<Ticket>,
    /// Its grants by (turn, record key).
    pub(crate) grants: Vec<GrantView>,
    /// Its double calls.
    pub(crate) conflicts: Vec<Conflict>,
    /// Keys of facts that had no effect or had to be settled.
    pub(crate) anomalies: Vec<(String, AnomalyKind)>,
}

/// The name of the double call of `ticket` in `turn`: the same everywhere, however many calls it is made of.
pub fn conflict_id(ticket: &TicketId, turn: u32) -> RecordKey {
    let mut h = blake3::Hasher::new();
    h.update(b"branchmesh conflict 1");
    h.update(&ticket.0);
    h.update(&turn.to_be_bytes());
    let mut key = [0; 10];
    key.copy_from_slice(&h.finalize().as_bytes()[..10]);
    RecordKey(key)
}

/// Folds `facts` and, beside them, log records that are not materialised yet.
pub(crate) fn fold(
    id: TicketId,
    facts: &TicketFacts,
    pending: Option<&BTreeMap<RecordKey, Box<Entry>>>,
    day_closed: Option<&Actor>,
    acknowledged: &BTreeMap<RecordKey, Actor>,
) -> Folded {
    let known = pending.into_iter().flatten().chain(&facts.records);
    let records: BTreeMap<&RecordKey, &Entry> = known.map(|(key, entry)| (key, &**entry)).collect();
    let turns = Turns::of(id, &records);
    let mut fold = Fold { id, facts, ticket: birth(id, &records), grants: turns.grants, anomalies: vec![] };
    fold.orphans();
    for (turn, ends) in turns.ends {
        fold.turn(turn, &ends);
    }
    fold.close(&records, day_closed);
    fold.rate();
    fold.identify();
    let conflicts = fold.conflicts(acknowledged);
    Folded { ticket: fold.ticket, grants: fold.grants, conflicts, anomalies: fold.anomalies }
}

/// The records of a ticket by the turn they belong to.
struct Turns<'a> {
    grants: Vec<GrantView>,
    ends: BTreeMap<u32, Vec<(&'a RecordKey, &'a Entry)>>,
}

impl<'a> Turns<'a> {
    fn of(id: TicketId, records: &BTreeMap<&'a RecordKey, &'a Entry>) -> Self {
        let mut turns = Turns { grants: vec![], ends: BTreeMap::new() };
        for (key, entry) in records {
            match &entry.act {
                Act::Grant { ticket, turn, counter, forced, reason, .. } if *ticket == id => {
                    turns.ends.entry(*turn).or_default();
                    turns.grants.push(GrantView {
                        key: **key,
                        turn: *turn,
                        counter: *counter,
                        by: entry.by.clone(),
                        forced: *forced,
                        reason: reason.clone(),
                        state: GrantState::Called,
                        released: false,
                        seq: 0,
                    });
                }
                Act::Reinstate { ticket, turn, .. } | Act::Requeue { ticket, turn, .. } if *ticket == id => {
                    turns.ends.entry(*turn).or_default().push((key, entry));
                }
                _ => {}
            }
        }
        turns.grants.sort_by_key(|g| (g.turn, g.key));
        turns
    }
}

fn birth(id: TicketId, records: &BTreeMap<&RecordKey, &Entry>) -> Option<Ticket> {
    let entry = records.get(&id)?;
    match &entry.act {
        Act::Issue { issue } | Act::Move { issue, .. } => Some(born(id, issue, entry)),
        _ => None,
    }
}

fn born(id: TicketId, issue: &Issue, entry: &Entry) -> Ticket {
    let by = &entry.by;
    Ticket {
        id,
        number: issue.number.clone(),
        date: issue.date,
        service: issue.service.clone(),
        category: issue.category.clone(),
        language: issue.language.clone(),
        state: TicketState::Waiting,
        issued_at: by.at,
        issued_by: by.device,
        issued_for: entry.cmd.clone(),
        arrived: issue.arrived,
        called_at: None,
        started_at: None,
        finished_at: None,
        counter: None,
        staff: None,
        called_by: None,
        calls: 0,
        parent: issue.parent,
        moved_to: None,
        for_counter: None,
        for_staff: None,
        order: (0, issue.arrived.0),
        ahead_at_issue: issue.ahead,
        estimate_at_issue: issue.estimate,
        outcome: None,
        reason: None,
        rating: None,
        identified: issue.identified,
        status_digest: issue.status_digest.clone(),
        overridden: false,
        conflict: None,
        grant: None,
        released: true,
        history: vec![item("issued", by)],
    }
}

/// What had no effect is marked.
fn named(what: &'static str, counts: bool) -> Cow<'static, str> {
    if counts { what.into() } else { format!("!{what}").into() }
}

fn item(what: impl Into<Cow<'static, str>>, by: &Actor) -> HistoryItem {
    HistoryItem { what: what.into(), at: by.at, device: by.device, staff: by.staff.clone(), counter: None, note: None }
}

struct Fold<'a> {
    id: TicketId,
    facts: &'a TicketFacts,
    ticket: Option<Ticket>,
    grants: Vec<GrantView>,
    anomalies: Vec<(String, AnomalyKind)>,
}

impl<'a> Fold<'a> {
    fn orphans(&mut self) {
        let known: BTreeSet<RecordKey> = self.grants.iter().map(|g| g.key).collect();
        for (digest, fact) in &self.facts.facts {
            if !known.contains(&fact.grant) {
                self.anomalies.push((self.fact_key(digest), AnomalyKind::Dangling));
            }
        }
        if self.ticket.is_none() {
            for key in self.facts.records.keys() {
                self.anomalies.push((format!("r:{key}"), AnomalyKind::Dangling));
            }
        }
    }

    fn fact_key(&self, digest: &str) -> String {
        format!("f:{}:{digest}", self.id)
    }

    /// One turn: its calls, what happened to them, and the records that ended it.
    fn turn(&mut self, turn: u32, ends: &[(&RecordKey, &Entry)]) {
        let here: Vec<usize> = (0..self.grants.len()).filter(|i| self.grants[*i].turn == turn).collect();
        for i in &here {
            self.call(*i);
        }
        for (digest, fact) in self.facts_of_turn(&here) {
            self.step(digest, fact);
        }
        let requeue = ends.iter().find(|(_, e)| matches!(e.act, Act::Requeue { .. }));
        let reinstate = ends.iter().find(|(_, e)| matches!(e.act, Act::Reinstate { .. }));
        let sole = here.len() == 1;
        for i in &here {
            let grant = &mut self.grants[*i];
            // A reinstatement was decided by a steward that saw the no-show, even if that fact is still on its way here.
            let no_show_on_its_way = reinstate.is_some() && sole && grant.state == GrantState::Called;
            if no_show_on_its_way {
                grant.state = GrantState::NoShow;
            }
            grant.released = requeue.is_some() || matches!(grant.state, GrantState::NoShow | GrantState::Parked);
        }
        self.settle(&here);
        for (key, entry) in ends {
            let counts = requeue.is_some_and(|r| r.0 == *key)
                || (requeue.is_none() && reinstate.is_some_and(|r| r.0 == *key) && self.may_wait(&here));
            self.end(key, entry, counts);
        }
    }

    fn facts_of_turn(&self, here: &[usize]) -> Vec<(&'a str, &'a Fact)> {
        let is_here = |fact: &Fact| here.iter().any(|i| self.grants[*i].key == fact.grant);
        let all: &'a TicketFacts = self.facts;
        let mut facts: Vec<(&str, &Fact)> =
            all.facts.iter().filter(|(_, f)| is_here(f)).map(|(d, f)| (d.as_str(), &**f)).collect();
        facts.sort_by_key(|(digest, fact)| (fact.seq, fact.by.device, *digest));
        facts
    }

    fn call(&mut self, i: usize) {
        let grant = &self.grants[i];
        let Some(ticket) = &mut self.ticket else { return };
        ticket.calls += 1;
        ticket.overridden |= grant.forced;
        ticket.history.push(HistoryItem {
            counter: Some(grant.counter),
            note: grant.reason.clone(),
            ..item("called", &grant.by)
        });
    }

    /// One fact of a grant, through the state table.
    fn step(&mut self, digest: &str, fact: &Fact) {
        let Some(grant) = self.grants.iter_mut().find(|g| g.key == fact.grant) else { return };
        grant.seq = grant.seq.max(fact.seq);
        let (what, note, next) = next_state(grant.state, &fact.kind);
        let is_odd =
            next.is_none() || (matches!(fact.kind, FactKind::Finish { .. }) && grant.state != GrantState::Serving);
        let counter = grant.counter;
        if let Some(next) = next {
            grant.state = next;
        }
        if is_odd {
            self.anomalies.push((self.fact_key(digest), AnomalyKind::OutOfOrder));
        }
        let Some(ticket) = &mut self.ticket else { return };
        ticket.history.push(HistoryItem {
            counter: Some(counter),
            note: note.clone(),
            ..item(named(what, next.is_some()), &fact.by)
        });
        if next.is_none() {
            return;
        }
        match &fact.kind {
            FactKind::Recall => ticket.calls += 1,
            FactKind::Start => ticket.started_at = Some(fact.by.at),
            FactKind::Finish { .. } if ticket.finished_at.is_none() => {
                ticket.finished_at = Some(fact.by.at);
                ticket.outcome = note;
            }
            FactKind::Park { .. } => ticket.reason = note,
            FactKind::Finish { .. } | FactKind::NoShow => {}
        }
    }

    /// The ticket's state after this turn's facts: of several grants in one turn the one that got furthest shows.
    fn settle(&mut self, here: &[usize]) {
        let rank = |s: GrantState| match s {
            GrantState::Finished => 0,
            GrantState::Serving => 1,
            GrantState::Called => 2,
            GrantState::Parked => 3,
            GrantState::NoShow => 4,
        };
        let Some(grant) = here.iter().map(|i| &self.grants[*i]).min_by_key(|g| (rank(g.state), g.key)) else { return };
        let Some(ticket) = &mut self.ticket else { return };
        ticket.state = match grant.state {
            GrantState::Called => TicketState::Called,
            GrantState::Serving => TicketState::Serving,
            GrantState::NoShow => TicketState::NoShow,
            GrantState::Parked => TicketState::Parked,
            GrantState::Finished => TicketState::Served,
        };
        let parked = grant.state == GrantState::Parked;
        ticket.counter = Some(grant.counter);
        ticket.staff = grant.by.staff.clone();
        ticket.called_by = Some(grant.by.device);
        ticket.called_at = Some(grant.by.at);
        ticket.for_counter = parked.then_some(grant.counter);
        ticket.for_staff = grant.by.staff.clone().filter(|_| parked);
        ticket.grant = Some((grant.key, grant.turn));
        if !matches!(grant.state, GrantState::Serving | GrantState::Finished | GrantState::Parked) {
            ticket.started_at = None;
        }
    }

    fn may_wait(&self, here: &[usize]) -> bool {
        here.iter().all(|i| self.grants[*i].released)
    }

    /// A record that ends a turn and sends the ticket back to waiting.
    fn end(&mut self, key: &RecordKey, entry: &Entry, counts: bool) {
        if !counts {
            self.anomalies.push((format!("r:{key}"), AnomalyKind::OutOfOrder));
        }
        let Some(ticket) = &mut self.ticket else { return };
        let what = if matches!(entry.act, Act::Reinstate { .. }) { "reinstated" } else { "transferred" };
        ticket.history.push(item(named(what, counts), &entry.by));
        if !counts {
            return;
        }
        ticket.state = TicketState::Waiting;
        ticket.started_at = None;
        if let Act::Requeue { service, counter, staff, position, .. } = &entry.act {
            ticket.service.clone_from(service);
            ticket.for_counter = *counter;
            ticket.for_staff.clone_from(staff);
            ticket.order = match position {
                Position::Front => (-1, -entry.by.at.0),
                Position::End => (0, entry.by.at.0),
                Position::Arrival => (0, ticket.arrived.0),
            };
        }
    }

    /// Moved beats abandoned beats served beats expired; what lost stays in the history.
    fn close(&mut self, records: &BTreeMap<&RecordKey, &Entry>, day_closed: Option<&Actor>) {
        let id = self.id;
        let released = self.grants.iter().all(|g| g.released);
        let finished = self.grants.iter().any(|g| g.state == GrantState::Finished);
        let Some(ticket) = &mut self.ticket else { return };
        ticket.released = released;
        let moves = records.iter().filter(|(_, e)| matches!(&e.act, Act::Move { ticket, .. } if *ticket == id));
        let gone = records.iter().filter(|(_, e)| matches!(&e.act, Act::Abandon { ticket, .. } if *ticket == id));
        let mut closed = false;
        for (key, entry) in moves.chain(gone) {
            let moved = matches!(entry.act, Act::Move { .. });
            let what = if moved { "moved" } else { "abandoned" };
            let note = if let Act::Abandon { reason, .. } = &entry.act { reason.clone() } else { None };
            ticket.history.push(HistoryItem { note: note.clone(), ..item(named(what, !closed), &entry.by) });
            if closed || finished {
                self.anomalies.push((format!("r:{key}"), AnomalyKind::ClosedTwice));
            }
            if closed {
                continue;
            }
            closed = true;
            ticket.finished_at = Some(entry.by.at);
            if moved {
                ticket.state = TicketState::Moved;
                ticket.moved_to = Some(**key);
            } else {
                ticket.state = TicketState::Abandoned;
                ticket.reason = note;
            }
        }
        if closed {
            for lost in ticket.history.iter_mut().filter(|h| h.what == "finished") {
                lost.what = named("finished", false);
            }
        } else if finished {
            ticket.state = TicketState::Served;
        } else if let Some(by) = day_closed {
            ticket.state = TicketState::Expired;
            ticket.finished_at = Some(by.at);
            ticket.history.push(item("expired", by));
        }
    }

    fn rate(&mut self) {
        let Some(ticket) = &mut self.ticket else { return };
        for (i, rating) in self.facts.ratings.values().enumerate() {
            let note = Some(rating.level.to_string());
            ticket.history.push(HistoryItem { note, ..item(named("rated", i == 0), &rating.by) });
        }
        ticket.rating = self.facts.ratings.values().next().map(|r| r.level);
    }

    fn identify(&mut self) {
        let Some(ticket) = &mut self.ticket else { return };
        for fact in self.facts.identified.values() {
            ticket.identified = true;
            ticket.history.push(item("identified", &fact.by));
        }
    }

    fn conflicts(&mut self, acknowledged: &BTreeMap<RecordKey, Actor>) -> Vec<Conflict> {
        let Some(ticket) = &mut self.ticket else { return vec![] };
        let mut conflicts = vec![];
        for calls in self.grants.chunk_by(|a, b| a.turn == b.turn).filter(|c| c.len() > 1) {
            let id = conflict_id(&self.id, calls[0].turn);
            let acknowledged = acknowledged.get(&id).cloned();
            if acknowledged.is_none() && ticket.conflict.is_none() {
                ticket.conflict = Some(id);
            }
            conflicts.push(Conflict {
                id,
                ticket: self.id,
                number: ticket.number.clone(),
                calls: calls.iter().map(conflict_call).collect(),
                acknowledged,
            });
        }
        conflicts
    }
}

fn conflict_call(g: &GrantView) -> ConflictCall {
    ConflictCall { grant: g.key, counter: g.counter, by: g.by.clone(), forced: g.forced, reason: g.reason.clone() }
}

/// The state table for what happens to a called ticket; `None` means the step has no effect. A finish always closes: if
/// it depended on the state, a late no-show from elsewhere could open a closed ticket again.
fn next_state(from: GrantState, kind: &FactKind) -> (&'static str, Option<String>, Option<GrantState>) {
    use GrantState::{Called, Finished, NoShow, Parked, Serving};
    match kind {
        FactKind::Recall => ("recalled", None, (from == Called).then_some(Called)),
        FactKind::Start => ("started", None, (from == Called).then_some(Serving)),
        FactKind::NoShow => ("no_show", None, (from == Called).then_some(NoShow)),
        FactKind::Park { reason } => ("parked", reason.clone(), (from == Serving).then_some(Parked)),
        FactKind::Finish { outcome } => ("finished", outcome.clone(), (from != Finished).then_some(Finished)),
    }
}
