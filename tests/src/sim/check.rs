//! The invariants of the design's section 9, checked at every published picture, at every answer, and at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use branchmesh_model::command::{Ask, Command, Done, Guarded, Rejection};
use branchmesh_model::ids::{CommandId, DeviceId, RecordKey, TicketId};
use branchmesh_model::ticket::{Number, TicketState};
use branchmesh_model::time::BusinessDate;
use branchmesh_model::view::{Conflict, Ticket, conflict_id};
use branchmesh_node::handle::Snapshot;

use super::doubt::Doubt;
use super::network::Ms;

/// What the disks of all devices but one hold, when that one is lost.
#[derive(Default)]
pub struct Elsewhere {
    /// Keys of facts in documents.
    pub keys: BTreeSet<String>,
    /// Records of logs that count or still can.
    pub records: BTreeSet<RecordKey>,
}

impl Elsewhere {
    fn has_record(&self, record: &RecordKey) -> bool {
        self.records.contains(record) || self.keys.contains(&format!("r:{record}"))
    }
}

/// What was promised to somebody, and what must therefore hold.
pub struct Checker {
    /// What was violated.
    pub violations: Vec<String>,
    /// Commands refused for want of a steward.
    pub no_steward: usize,
    /// What was decided while two machines ran as one device and nobody could know.
    pub doubt: Doubt,
    /// Milliseconds from healing to equal replicas under one steward.
    pub converged_ms: Option<u64>,
    /// Who holds each number: (day, number) to ticket, over all devices.
    numbers: BTreeMap<(BusinessDate, String), TicketId>,
    /// The days of the tickets that were shown.
    dates: BTreeMap<TicketId, BusinessDate>,
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
    /// A disk was lost with numbers that nobody else ever saw.
    gaps_excused: bool,
    /// A device keeps to itself what others made, so that a ticket may not be shown where it is the only way there.
    withheld: bool,
}

impl Checker {
    /// Nothing promised yet to any of `size` devices.
    pub fn new(size: usize, withheld: bool) -> Self {
        Self {
            violations: Vec::new(),
            no_steward: 0,
            doubt: Doubt::default(),
            converged_ms: None,
            numbers: BTreeMap::new(),
            dates: BTreeMap::new(),
            tickets: BTreeMap::new(),
            calls: BTreeMap::new(),
            answers: BTreeMap::new(),
            facts: BTreeSet::new(),
            ghosts: 0,
            closed: vec![BTreeSet::new(); size],
            gaps_excused: false,
            withheld,
        }
    }

    /// One more device shows pictures.
    pub fn another_device(&mut self) {
        self.closed.push(BTreeSet::new());
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
                if known.is_some_and(|k| Arc::ptr_eq(k, ticket)) {
                    continue;
                }
                self.ticket_shown(now, member, name, *date, ticket);
            }
        }
    }

    fn ticket_shown(&mut self, now: Ms, member: usize, name: &str, date: BusinessDate, ticket: &Ticket) {
        let number = ticket.number.to_string();
        self.dates.insert(ticket.id, date);
        self.doubt.see(ticket.id, &number);
        let holder = *self.numbers.entry((date, number.clone())).or_insert(ticket.id);
        if holder != ticket.id && !self.doubt.excuses([holder, ticket.id]) {
            self.violate(now, format!("{name} shows number {number} on two tickets"));
        }
        let was_closed = self.closed[member].contains(&ticket.id);
        if ticket.state.is_closed() {
            self.closed[member].insert(ticket.id);
        } else if was_closed && !self.doubt.excuses([ticket.id]) && !self.doubt.excuses_number(&number) {
            self.violate(now, format!("{name} shows {number} as {} again", ticket.state.as_str()));
        }
        if let (Some((grant, turn)), TicketState::Called) = (ticket.grant, ticket.state) {
            self.call_shown(now, ticket, grant, turn);
        }
    }

    fn call_shown(&mut self, now: Ms, ticket: &Ticket, grant: RecordKey, turn: u32) {
        let calls = self.calls.entry((ticket.id, turn)).or_default();
        calls.insert(grant, ticket.overridden);
        self.doubt.see(grant, &ticket.number.to_string());
        let permitted = calls.len() < 2 || calls.values().any(|forced| *forced);
        if !permitted && !self.doubt.excuses(calls.keys().copied()) {
            let what = format!("{} was called twice in turn {turn} without an override", ticket.number);
            self.violate(now, what);
        }
    }

    /// A command was answered; `shown` is what the device shows by then, `in_reach` whether anybody in its reach shows a ticket.
    pub fn acknowledged(
        &mut self,
        now: Ms,
        member: usize,
        command: &Command,
        result: &Result<Done, Rejection>,
        (shown, in_reach): (Option<&Snapshot>, &dyn Fn(&TicketId) -> bool),
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
                let date = self.dates.get(id);
                let out_of_sight = date.is_some_and(|date| shown.is_some_and(|s| !s.days.contains_key(date)));
                // The network may have parted right after the answer, before its ticket came.
                if in_reach(id) && !self.withheld && !out_of_sight && !self.doubt.excuses([*id]) {
                    self.violate(now, format!("{} was answered with a ticket that is not shown", command.id.as_str()));
                }
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

    /// A number may have been given on a disk that is lost, and nobody else ever saw it.
    pub fn excuse_gaps(&mut self) {
        self.gaps_excused = true;
    }

    /// The disk of `member` is lost: what nobody else holds can be asked of nobody.
    pub fn forgive(&mut self, member: usize, elsewhere: &Elsewhere) {
        self.tickets.retain(|id, _| elsewhere.has_record(id));
        for grants in self.calls.values_mut() {
            grants.retain(|grant, _| elsewhere.has_record(grant));
        }
        self.facts.retain(|cmd| {
            let digest = cmd.digest();
            elsewhere.keys.iter().any(|key| key.ends_with(&digest))
        });
        self.closed[member].clear();
        for of_device in self.answers.values_mut() {
            of_device.remove(&member);
        }
    }

    /// What ends the keys of all acknowledged ordinary facts.
    pub fn told_facts(&self) -> BTreeSet<String> {
        self.facts.iter().map(CommandId::digest).collect()
    }

    /// After faults have stopped and things have settled: every replica is the same and holds every promise.
    pub fn settled(
        &mut self,
        now: Ms,
        pictures: &[(String, Arc<Snapshot>)],
        (today, latest): (BusinessDate, BusinessDate),
        devices: &BTreeSet<DeviceId>,
    ) {
        let Some(((first_name, first), rest)) = pictures.split_first() else { return };
        for (name, picture) in rest {
            if picture.days != first.days {
                self.violate(now, format!("{name} and {first_name} show different tables"));
            }
        }
        for (name, picture) in pictures {
            if picture.date < today || picture.date > latest {
                self.violate(now, format!("{name} believes that it is {}, and it is {today}", picture.date));
            }
            if let Some(stranger) = picture.roster.devices.keys().find(|d| !devices.contains(d)) {
                self.violate(now, format!("{name} has the stranger {stranger} on its roster"));
            }
        }
        let shown: BTreeMap<TicketId, &Ticket> =
            first.days.values().flat_map(|d| d.tickets.iter()).map(|(id, t)| (*id, &**t)).collect();
        for (id, number) in self.tickets.clone() {
            match shown.get(&id) {
                Some(ticket) if ticket.number.to_string() == number => {}
                _ if self.doubt.excuses([id]) => {}
                _ => self.violate(now, format!("ticket {number} was acknowledged and is gone")),
            }
        }
        self.main_lane_has_no_gaps(now, shown.values().copied());
        self.double_calls_are_conflicts(now, first);
        self.days_end(now, first, today);
    }

    fn main_lane_has_no_gaps<'a>(&mut self, now: Ms, tickets: impl Iterator<Item = &'a Ticket>) {
        if self.gaps_excused {
            return;
        }
        let mut lanes: BTreeMap<(BusinessDate, char), BTreeSet<u32>> = BTreeMap::new();
        for ticket in tickets.filter(|t| t.number.lane.is_empty()) {
            lanes.entry((ticket.date, ticket.number.prefix)).or_default().insert(ticket.number.count);
        }
        for ((date, prefix), counts) in lanes {
            let number = |count| Number { prefix, lane: String::new(), count }.to_string();
            let missing = (1..counts.last().copied().unwrap_or(0)).filter(|count| !counts.contains(count));
            // What filled the place of a missing number may have been told beside what stands there.
            let holders = missing.map(|count| self.numbers.get(&(date, number(count))).copied());
            let gaps = holders.filter(|holder| !holder.is_some_and(|ticket| self.doubt.excuses([ticket]))).count();
            if gaps > 0 {
                self.violate(now, format!("the main lane {prefix} of {date} has gaps: {counts:?}"));
            }
        }
    }

    /// Each double call has exactly one conflict, and there are no others; somebody must have forced one of its calls.
    fn double_calls_are_conflicts(&mut self, now: Ms, picture: &Snapshot) {
        let told: Vec<&Conflict> = picture.days.values().flat_map(|d| d.conflicts.values()).collect();
        let doubles: Vec<(TicketId, u32)> =
            self.calls.iter().filter(|(_, grants)| grants.len() > 1).map(|(call, _)| *call).collect();
        for (ticket, turn) in doubles {
            let records = told.iter().filter(|c| c.id == conflict_id(&ticket, turn)).count();
            let grants = self.calls[&(ticket, turn)].keys().copied();
            if records != 1 && !self.doubt.excuses(grants) {
                self.violate(now, format!("the double call of {ticket} in turn {turn} has {records} conflict records"));
            }
        }
        for conflict in told {
            let grants: BTreeSet<RecordKey> = conflict.calls.iter().map(|c| c.grant).collect();
            if grants.len() < 2 || grants.len() != conflict.calls.len() {
                self.violate(now, format!("the conflict about {} is none: {:?}", conflict.number, conflict.calls));
            }
            let forced = conflict.calls.iter().any(|c| c.forced);
            if !forced && !self.doubt.excuses(conflict.calls.iter().map(|c| c.grant)) {
                self.violate(now, format!("{} was called twice without an override", conflict.number));
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
