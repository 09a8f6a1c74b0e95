//! A ticket moved to another queue (调整队列): it ends, and a new one with a new number waits in its place in time.

use crate::command::Rejection;
use crate::ids::TicketId;
use crate::ticket::{Act, Issue, TicketState};
use crate::view::figures;

use super::desk::Desk;

pub(super) fn move_ticket(desk: &Desk<'_>, id: &TicketId, service: &str) -> Result<Act, Rejection> {
    let old = desk.own_ticket(id)?.ticket;
    must_be_movable(old.state)?;
    let target = desk.config.service(service).ok_or_else(|| Rejection::not_found("service", service))?;
    if desk.config.queue_of(&old.service) == target.queue {
        return Err(Rejection::invalid("service", "the ticket already waits in this queue"));
    }
    let mut issue = Issue {
        date: old.date,
        number: desk.next_number(old.date, target.prefix),
        service: target.id.clone(),
        category: None,
        language: old.language.clone(),
        parent: Some(*id),
        arrived: old.arrived,
        identified: old.identified,
        status_digest: old.status_digest.clone(),
        ahead: 0,
        estimate: None,
    };
    // Its place is that of its arrival, so only those who arrived before are ahead.
    let day = desk.day(old.date);
    let mut placed = old.into_owned();
    placed.service.clone_from(&issue.service);
    placed.order = (0, placed.arrived.0);
    issue.ahead = figures::ahead(day, desk.config, &placed);
    issue.estimate = figures::estimate_of(day, desk.config, &placed, desk.now);
    Ok(Act::Move { ticket: *id, date: issue.date, issue })
}

/// Move and abandon are for tickets that nobody serves.
pub(super) fn must_be_movable(state: TicketState) -> Result<(), Rejection> {
    match state {
        TicketState::Waiting | TicketState::Called | TicketState::NoShow | TicketState::Parked => Ok(()),
        state => Err(Rejection::TicketState { state }),
    }
}
