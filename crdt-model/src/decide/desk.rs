//! What a steward decides on: the view, and over it the records of its log that the view does not show yet.

use std::borrow::Cow;

use jiff::ToSpan;

use crate::command::Rejection;
use crate::config::Config;
use crate::ids::{CounterNo, TicketId};
use crate::ticket::{Number, TicketState};
use crate::time::{BusinessDate, UnixMs, business_date};
use crate::view::{BranchView, CounterState, CounterView, DayView, GrantView, Ticket};

use super::Context;
use super::book::{Book, Right};

pub(super) struct Desk<'a> {
    pub(super) view: &'a BranchView,
    pub(super) config: &'a Config,
    pub(super) now: UnixMs,
    pub(super) today: BusinessDate,
    book: &'a Book,
    lane: &'a str,
    empty: DayView,
}

/// A ticket with its grants, log included.
pub(super) struct OnDesk<'a> {
    pub(super) ticket: Cow<'a, Ticket>,
    pub(super) grants: Cow<'a, [GrantView]>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(view: &'a BranchView, book: &'a mut Book, lane: &'a str, now: UnixMs, ctx: &Context) -> Self {
        let config: &Config = view.config();
        let today = business_date(now, &ctx.zone, config.branch.cut_off);
        book.compare(view, today);
        Self { view, config, now, today, book, lane, empty: DayView::default() }
    }

    /// The day as it is shown.
    pub(super) fn day(&self, date: BusinessDate) -> &DayView {
        self.view.days().get(&date).map_or(&self.empty, |d| d)
    }

    pub(super) fn is_closed(&self, date: BusinessDate) -> bool {
        self.day(date).closed || self.book.has_closed(date)
    }

    /// The next number of a service's letter in this steward's lane.
    pub(super) fn next_number(&self, date: BusinessDate, prefix: char) -> Number {
        let shown = self.day(date).tickets.values().map(|t| &t.number);
        let shown = shown.filter(|n| n.prefix == prefix && n.lane == self.lane).map(|n| n.count).max().unwrap_or(0);
        let highest = self.book.highest(date, prefix, self.lane).max(shown);
        Number { prefix, lane: self.lane.to_owned(), count: highest.saturating_add(1) }
    }

    /// Whether all that is known of the day's tickets is in the view, and not only what the log says of them.
    fn is_in_sight(&self, date: BusinessDate) -> bool {
        date >= self.today.saturating_sub(1.days()) || self.view.days().contains_key(&date)
    }

    /// A ticket with the log's records that the view does not show yet.
    pub(super) fn ticket(&self, id: &TicketId) -> Result<OnDesk<'a>, Rejection> {
        let missing = || Rejection::not_found("ticket", &id.to_string());
        match self.book.ticket(id).filter(|known| self.is_in_sight(known.date)) {
            Some(known) if !self.view.shows(id, known.date, &known.records) => {
                let folded = self.view.fold_with(*id, known.date, &known.records);
                Ok(OnDesk { ticket: Cow::Owned(folded.ticket.ok_or_else(missing)?), grants: Cow::Owned(folded.grants) })
            }
            _ => {
                let ticket = self.view.ticket(id).ok_or_else(missing)?;
                Ok(OnDesk { ticket: Cow::Borrowed(ticket), grants: self.view.grants(id) })
            }
        }
    }

    pub(super) fn right(&self, id: &TicketId) -> Option<Right> {
        self.book.ticket(id).and_then(|t| t.right)
    }

    /// A ticket this steward may decide about.
    pub(super) fn own_ticket(&self, id: &TicketId) -> Result<OnDesk<'a>, Rejection> {
        let found = self.ticket(id)?;
        match self.right(id) {
            Some(_) => Ok(found),
            None => Err(Rejection::NoAuthority { holders: vec![] }),
        }
    }

    /// Unfinished tickets of today that the log knows, with its records; closed ones stay closed and are skipped.
    pub(super) fn unfinished_today(&self) -> Vec<Cow<'a, Ticket>> {
        let (book, view, today) = (self.book, self.view, self.today);
        let is_known = |t: &Ticket| book.ticket(&t.id).is_some_and(|known| known.date == today);
        let shown = view.unfinished(today).filter(|t| book.is_shown(today, &t.id) && is_known(t));
        let in_log = book.unshown(today).filter(|(id, _)| !view.ticket(id).is_some_and(|t| t.state.is_closed()));
        let folded = in_log.filter_map(|(id, known)| view.fold_with(*id, known.date, &known.records).ticket);
        shown.map(|t| Cow::Borrowed(&**t)).chain(folded.map(Cow::Owned)).collect()
    }

    /// A counter that may call now: configured, open and without a ticket among the `unfinished` ones.
    pub(super) fn free_counter(
        &self,
        number: CounterNo,
        unfinished: &[Cow<'_, Ticket>],
    ) -> Result<&CounterView, Rejection> {
        let counter = open_counter(self.config, self.day(self.today), number)?;
        let busy =
            |t: &Ticket| t.counter == Some(number) && matches!(t.state, TicketState::Called | TicketState::Serving);
        let shown = self.view.unfinished(self.today).find(|t| busy(t)).map(|t| t.id);
        // What the view shows may already be over in the log, and what the log granted may not be shown yet.
        let shown = shown.and_then(|id| self.ticket(&id).ok()).map(|t| t.ticket).filter(|t| busy(t));
        match shown.as_deref().or_else(|| unfinished.iter().map(|t| &**t).find(|t| busy(t))) {
            None => Ok(counter),
            Some(t) => Err(Rejection::CounterState {
                detail: format!(
                    "counter {number} has ticket {}; finish it, hold it or mark it as no-show first",
                    t.number
                ),
            }),
        }
    }
}

/// A configured counter that is open.
fn open_counter<'a>(config: &Config, day: &'a DayView, number: CounterNo) -> Result<&'a CounterView, Rejection> {
    if config.counter(number).is_none() {
        return Err(Rejection::not_found("counter", &number.to_string()));
    }
    let closed = || Rejection::CounterState { detail: format!("counter {number} is closed; open it first") };
    let counter = day.counters.get(&number).ok_or_else(closed)?;
    match counter.state {
        CounterState::Open => Ok(counter),
        CounterState::Closed => Err(closed()),
        CounterState::Paused => {
            Err(Rejection::CounterState { detail: format!("counter {number} is paused; resume it first") })
        }
    }
}
