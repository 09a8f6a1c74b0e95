//! The invariants of the design's section 9, checked at every published picture, at every answer, and at the end.

use std::collections::{BTreeMap, BTreeSet};

use branchmesh_model::command::{Ask, Command, Done, Guarded, Rejection};
use branchmesh_model::ids::{CommandId, RecordKey, TicketId};
use branchmesh_model::time::BusinessDate;
use branchmesh_model::ticket::TicketState;
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
    /// Answers by command: the same key must not give two tickets.
    answers: BTreeMap<CommandId, Done>,
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
            self.answers.entry(command.id.clone()).or_insert_with(|| done.clone());
        }
    }

    /// After faults have stopped and things have settled: every replica is the same and holds every promise.
    pub fn settled(&mut self, now: Ms, pictures: &[(String, &Snapshot)]) {
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
}
