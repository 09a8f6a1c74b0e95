//! The invariants of the design's section 9, checked at every published picture, at every answer, and at the end.

use std::collections::{BTreeMap, BTreeSet};

use branchmesh_model::command::{Ask, Command, Done, Guarded, Rejection};
use branchmesh_model::ids::{CommandId, RecordKey, TicketId};
use branchmesh_model::ticket::TicketState;
use branchmesh_model::time::BusinessDate;
use branchmesh_model::view::Ticket;
use branchmesh_node::handle::Snapshot;

use super::network::Ms;

/// What was promised to somebody, and what must therefore hold.
pub struct Checker {
    /// What was violated.
    pub violations: Vec<String>,
    /// Commands refused for want of a steward.
    pub no_steward: usize,
    /// Milliseconds from healing to equal replicas under one steward.
    pub converged_ms: Option<u64>,
    /// Who holds each number: (day, number) to ticket, over all devices.
    numbers: BTreeMap<(BusinessDate, String), TicketId>,
    /// Tickets acknowledged to a customer, with the number told.
    tickets: BTreeMap<TicketId, String>,
    /// Calls acknowledged to a counter: (ticket, turn) to grant, and whether a person forced it.
    calls: BTreeMap<(TicketId, u32), BTreeMap<RecordKey, bool>>,
    /// Answers by command and device: the same key must not give two tickets.
    answers: BTreeMap<CommandId, BTreeMap<usize, Done>>,
    /// Ordinary facts acknowledged.
    facts: BTreeSet<CommandId>,
    /// Commands that did two things at two devices: only after a split, and one of the two is then given up.
    pub ghosts: usize,
    /// Closed tickets, per device: they must stay so.
    closed: Vec<BTreeSet<TicketId>>,
}

impl Checker {
    /// Nothing promised yet to any of `size` devices.
    pub fn new(size: usize) -> Self {
        Self {
            violations: Vec::new(),
            no_steward: 0,
            converged_ms: None,
            numbers: BTreeMap::new(),
            tickets: BTreeMap::new(),
            calls: BTreeMap::new(),
            answers: BTreeMap::new(),
            facts: BTreeSet::new(),
            ghosts: 0,
            closed: vec![BTreeSet::new(); size],
        }
    }

    /// Tickets acknowledged.
    pub fn issued(&self) -> usize {
        self.tickets.len()
    }

    /// Calls acknowledged.
    pub fn called(&self) -> usize {
        self.calls.values().map(BTreeMap::len).sum()
    }

    /// Notes a violation.
    pub fn violate(&mut self, now: Ms, what: String) {
        self.violations.push(format!("{:.1} s: {what}", now as f64 / 1000.0));
    }

    /// A device shows a new picture.
    pub fn published(&mut self, now: Ms, member: usize, name: &str, before: &Snapshot, after: &Snapshot) {
        for (date, day) in &after.days {
            let old = before.days.get(date);
            for (id, ticket) in &day.tickets {
                let known = old.and_then(|d| d.tickets.get(id));
                if known.is_some_and(|k| std::sync::Arc::ptr_eq(k, ticket)) {
                    continue;
                }
                self.ticket_shown(now, member, name, *date, ticket);
            }
        }
    }

    fn ticket_shown(&mut self, now: Ms, member: usize, name: &str, date: BusinessDate, ticket: &Ticket) {
        let number = ticket.number.to_string();
        let holder = *self.numbers.entry((date, number.clone())).or_insert(ticket.id);
        if holder != ticket.id {
            self.violate(now, format!("{name} shows number {number} on two tickets"));
        }
        let was_closed = self.closed[member].contains(&ticket.id);
        if ticket.state.is_closed() {
            self.closed[member].insert(ticket.id);
        } else if was_closed {
            self.violate(now, format!("{name} shows {number} as {} again", ticket.state.as_str()));
        }
        if let (Some((grant, turn)), TicketState::Called) = (ticket.grant, ticket.state) {
            self.call_shown(now, ticket, grant, turn);
        }
    }

    fn call_shown(&mut self, now: Ms, ticket: &Ticket, grant: RecordKey, turn: u32) {
        let calls = self.calls.entry((ticket.id, turn)).or_default();
        calls.insert(grant, ticket.overridden);
        if calls.len() > 1 && !calls.values().any(|forced| *forced) {
            let what = format!("{} was called twice in turn {turn} without an override", ticket.number);
            self.violate(now, what);
        }
    }

    /// A command was answered; `shown` is what the device shows by then.
    pub fn acknowledged(
        &mut self,
        now: Ms,
        member: usize,
        command: &Command,
        result: &Result<Done, Rejection>,
        shown: Option<&Snapshot>,
    ) {
        let done = match result {
            Err(Rejection::NoSteward) => {
                self.no_steward += 1;
                return;
            }
            Err(_) => return,
            Ok(done) => done,
        };
        if let Done::Ticket(id) | Done::Moved { to: id, .. } = done {
            let ticket = shown.and_then(|s| s.days.values().find_map(|d| d.tickets.get(id)));
            let Some(ticket) = ticket else {
                self.violate(now, format!("{} was answered with a ticket that is not shown", command.id.as_str()));
                return;
            };
            if matches!(command.ask, Ask::Guarded(Guarded::Issue { .. } | Guarded::Move { .. })) {
                self.tickets.insert(*id, ticket.number.to_string());
            }
        }
        if matches!(command.ask, Ask::Guarded(_)) && *done != Done::NobodyWaits {
            self.answered_alike(now, member, &command.id, done);
        }
        if matches!(command.ask, Ask::Ordinary(_)) && matches!(done, Done::Ticket(_)) {
            self.facts.insert(command.id.clone());
        }
    }

    /// A device always gives a command the same answer.
    fn answered_alike(&mut self, now: Ms, member: usize, id: &CommandId, done: &Done) {
        let answers = self.answers.entry(id.clone()).or_default();
        if answers.values().any(|other| other != done) {
            self.ghosts += 1;
        }
        let first = answers.entry(member).or_insert_with(|| done.clone()).clone();
        if first != *done {
            self.violate(now, format!("{} was answered {first:?} and then {done:?} at one device", id.as_str()));
        }
    }

    /// What ends the keys of all acknowledged ordinary facts.
    pub fn told_facts(&self) -> BTreeSet<String> {
        self.facts.iter().map(CommandId::digest).collect()
    }

    /// After faults have stopped and things have settled: every replica is the same and holds every promise.
    pub fn settled(&mut self, now: Ms, pictures: &[(String, &Snapshot)], today: BusinessDate) {
        let Some(((first_name, first), rest)) = pictures.split_first() else { return };
        for (name, picture) in rest {
            if picture.days != first.days {
                self.violate(now, format!("{name} and {first_name} show different tables"));
            }
        }
        let shown: BTreeMap<TicketId, &Ticket> =
            first.days.values().flat_map(|d| d.tickets.iter()).map(|(id, t)| (*id, &**t)).collect();
        for (id, number) in self.tickets.clone() {
            match shown.get(&id) {
                Some(ticket) if ticket.number.to_string() == number => {}
                _ => self.violate(now, format!("ticket {number} was acknowledged and is gone")),
            }
        }
        self.main_lane_has_no_gaps(now, shown.values().copied());
        self.double_calls_are_conflicts(now, first);
        self.days_end(now, first, today);
    }

    fn main_lane_has_no_gaps<'a>(&mut self, now: Ms, tickets: impl Iterator<Item = &'a Ticket>) {
        let mut lanes: BTreeMap<(BusinessDate, char), Vec<u32>> = BTreeMap::new();
        for ticket in tickets.filter(|t| t.number.lane.is_empty()) {
            lanes.entry((ticket.date, ticket.number.prefix)).or_default().push(ticket.number.count);
        }
        for ((date, prefix), mut counts) in lanes {
            counts.sort_unstable();
            if !counts.iter().copied().eq(1..=counts.len() as u32) {
                self.violate(now, format!("the main lane {prefix} of {date} has gaps: {counts:?}"));
            }
        }
    }

    fn double_calls_are_conflicts(&mut self, now: Ms, picture: &Snapshot) {
        let doubles: BTreeSet<(TicketId, u32)> =
            self.calls.iter().filter(|(_, grants)| grants.len() > 1).map(|(call, _)| *call).collect();
        let conflicts = picture.days.values().flat_map(|d| d.conflicts.values());
        let told: Vec<TicketId> = conflicts.map(|c| c.ticket).collect();
        for (ticket, turn) in &doubles {
            if !told.contains(ticket) {
                self.violate(now, format!("the double call of {ticket} in turn {turn} has no conflict record"));
            }
        }
    }

    /// A business day that is over is closed, and nobody waits in it any more.
    fn days_end(&mut self, now: Ms, picture: &Snapshot, today: BusinessDate) {
        for (date, day) in picture.days.iter().filter(|(_, d)| !d.tickets.is_empty()) {
            if !day.closed && *date < today {
                self.violate(now, format!("{date} is over and was not closed"));
            }
            if let Some(open) = day.tickets.values().find(|t| day.closed && !t.state.is_closed()) {
                self.violate(now, format!("{} is {} after its day", open.number, open.state.as_str()));
            }
        }
    }
}
