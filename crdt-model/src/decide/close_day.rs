//! The end of a business day: its unfinished tickets expire, nothing is deleted.

use crate::command::Rejection;
use crate::ticket::Act;
use crate::time::{BusinessDate, UnixMs, business_date};
use crate::view::BranchView;

use super::Context;
use super::book::Book;
use super::desk::Desk;

pub(super) fn close_day(desk: &Desk<'_>, date: BusinessDate) -> Result<Act, Rejection> {
    if date >= desk.today {
        return Err(Rejection::invalid("date", "this business day has not ended"));
    }
    if desk.is_closed(date) {
        return Err(Rejection::invalid("date", "this business day is closed already"));
    }
    Ok(Act::CloseDay { date })
}

/// The oldest business day that has ended and that nobody has closed; the steward's node then asks to close it.
pub fn day_close_due(view: &BranchView, book: &Book, now: UnixMs, ctx: &Context) -> Option<BusinessDate> {
    let today = business_date(now, &ctx.zone, view.config().branch.cut_off);
    let due = |date: &BusinessDate| !view.days()[date].closed && !book.has_closed(*date);
    view.days().range(..today).map(|(date, _)| *date).find(due)
}
