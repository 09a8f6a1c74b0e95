//! The steward's log, folded to what its next decision needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::command::Done;
use crate::ids::{CommandId, RecordId, RecordKey, TicketId};
use crate::ticket::{Act, Entry, Number};
use crate::time::BusinessDate;
use crate::view::{self, BranchView};

/// By what right the steward may decide about a ticket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Right {
    /// A person took the queue over: grants are marked.
    Forced,
    /// Issued in this epoch or one it inherited.
    Own,
}

/// A ticket the log speaks of.
#[derive(Clone, Debug)]
pub(super) struct BookTicket {
    pub(super) date: BusinessDate,
    /// None if the log only has an override's grant of it.
    pub(super) right: Option<Right>,
    pub(super) records: BTreeMap<RecordKey, Box<Entry>>,
}

/// Tickets of the steward's own and inherited epochs, their records, and the numbers given. Fold the inherited epochs
/// and every appended record at once, committed or not: the next decision builds on it.
#[derive(Clone, Default, Debug)]
pub struct Book {
    tickets: BTreeMap<TicketId, BookTicket>,
    numbers: BTreeMap<(BusinessDate, char, String), u32>,
    closed: BTreeSet<BusinessDate>,
    commands: BTreeMap<CommandId, Done>,
    /// Tickets with records that the view perhaps does not show.
    unshown: BTreeMap<BusinessDate, BTreeSet<TicketId>>,
    /// What the view had taken back when that was last known.
    taken_back: u64,
}

impl Book {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a record of the steward's own epoch or one it inherited; `forced` if a person took that epoch over instead.
    /// Taking it twice does no harm, and an inherited right is never lowered to a forced one.
    pub fn fold(&mut self, record: RecordId, entry: &Entry, forced: bool) {
        let key = record.key();
        let right = if forced { Right::Forced } else { Right::Own };
        self.count_number(entry, !forced);
        if let Act::CloseDay { date } = entry.act {
            self.closed.insert(date);
        }
        for (ticket, date) in entry.act.tickets(key) {
            let known = self.tickets.entry(ticket).or_insert_with(|| BookTicket {
                date,
                right: None,
                records: BTreeMap::new(),
            });
            known.records.insert(key, Box::new(entry.clone()));
            self.unshown.entry(known.date).or_default().insert(ticket);
            if ticket == key {
                known.right = known.right.max(Some(right));
            }
        }
        if let Some(trace) = view::trace(key, entry) {
            self.commands.entry(trace.cmd).or_insert(trace.done);
        }
    }

    /// Takes a record this device wrote as steward of an epoch it has not inherited: only its number counts, so that its
    /// own lane never gives one twice. Numbers of the main lane go on from what was inherited: a record that came to nothing
    /// was never shown, and its number is given again, so that there are no gaps.
    pub fn fold_own(&mut self, entry: &Entry) {
        self.count_number(entry, false);
    }

    /// Counts a number of a side lane in any case, one of the main lane if the record is `held`.
    fn count_number(&mut self, entry: &Entry, held: bool) {
        if let Act::Issue { issue } | Act::Move { issue, .. } = &entry.act
            && (held || !issue.number.lane.is_empty())
        {
            let Number { prefix, lane, count } = &issue.number;
            let highest = self.numbers.entry((issue.date, *prefix, lane.clone())).or_default();
            *highest = (*highest).max(*count);
        }
    }

    /// What a command has already done according to the log, committed or not.
    pub fn find_command(&self, cmd: &CommandId) -> Option<&Done> {
        self.commands.get(cmd)
    }

    /// Whether this steward may decide about a ticket, by right or by take-over.
    pub fn has_right(&self, ticket: &TicketId) -> bool {
        self.tickets.get(ticket).is_some_and(|t| t.right.is_some())
    }

    /// Passes by the tickets of a day of which `view` shows every record by now: to look for the next ticket then takes time by how
    /// many wait, not by how many came that day. The view must have been refreshed.
    pub(super) fn compare(&mut self, view: &BranchView, date: BusinessDate) {
        if view.taken_back() != self.taken_back {
            self.taken_back = view.taken_back();
            self.unshown.clear();
            for (id, ticket) in &self.tickets {
                self.unshown.entry(ticket.date).or_default().insert(*id);
            }
        }
        let Some(unshown) = self.unshown.get_mut(&date) else { return };
        let tickets = &self.tickets;
        unshown.retain(|id| tickets.get(id).is_some_and(|t| !view.shows(id, t.date, &t.records)));
    }

    /// Tickets of a day with records that the view did not show when it was last compared, in order of their ids.
    pub(super) fn unshown(&self, date: BusinessDate) -> impl Iterator<Item = (&TicketId, &BookTicket)> {
        self.unshown.get(&date).into_iter().flatten().filter_map(|id| Some((id, self.tickets.get(id)?)))
    }

    /// Whether the view showed every record of a ticket of that day when it was last compared.
    pub(super) fn is_shown(&self, date: BusinessDate, id: &TicketId) -> bool {
        !self.unshown.get(&date).is_some_and(|unshown| unshown.contains(id))
    }

    /// Forgets the business days before `oldest`, as their logs are pruned.
    pub fn drop_before(&mut self, oldest: BusinessDate) {
        self.tickets.retain(|_, t| t.date >= oldest);
        self.numbers.retain(|(d, _, _), _| *d >= oldest);
        self.closed.retain(|d| *d >= oldest);
        self.unshown.retain(|d, _| *d >= oldest);
        let tickets = &self.tickets;
        self.commands.retain(|_, done| match done {
            Done::Ticket(t) | Done::Moved { to: t, .. } => tickets.contains_key(t),
            _ => false,
        });
    }

    pub(super) fn ticket(&self, id: &TicketId) -> Option<&BookTicket> {
        self.tickets.get(id)
    }

    pub(super) fn highest(&self, date: BusinessDate, prefix: char, lane: &str) -> u32 {
        self.numbers.get(&(date, prefix, lane.to_owned())).copied().unwrap_or(0)
    }

    pub(super) fn has_closed(&self, date: BusinessDate) -> bool {
        self.closed.contains(&date)
    }
}
