//! A ticket sent on (转接): same number, other service, counter or staff member.

use crate::command::Rejection;
use crate::ids::{CounterNo, TicketId};
use crate::ticket::{Act, Position, TicketState};

use super::desk::Desk;

/// Where a ticket is sent; what is not named stays as it is.
pub(super) struct Target<'a> {
    pub(super) service: Option<&'a str>,
    pub(super) counter: Option<CounterNo>,
    pub(super) staff: Option<&'a str>,
}

pub(super) fn transfer(
    desk: &Desk<'_>,
    id: &TicketId,
    target: &Target<'_>,
    position: Position,
) -> Result<Act, Rejection> {
    let ticket = desk.own_ticket(id)?.ticket;
    let (TicketState::Serving, Some((_, turn))) = (ticket.state, ticket.grant) else {
        return Err(Rejection::TicketState { state: ticket.state });
    };
    if let Some(service) = target.service.filter(|s| desk.config.service(s).is_none()) {
        return Err(Rejection::not_found("service", service));
    }
    if let Some(counter) = target.counter.filter(|c| desk.config.counter(*c).is_none()) {
        return Err(Rejection::not_found("counter", &counter.to_string()));
    }
    let works_here = |s: &&str| desk.config.staff.get(*s).is_some_and(|staff| !staff.disabled);
    if let Some(staff) = target.staff.filter(|s| !works_here(s)) {
        return Err(Rejection::not_found("staff member", staff));
    }
    Ok(Act::Requeue {
        ticket: *id,
        date: ticket.date,
        turn,
        service: target.service.unwrap_or(&ticket.service).to_owned(),
        counter: target.counter,
        staff: target.staff.map(str::to_owned),
        position,
    })
}
