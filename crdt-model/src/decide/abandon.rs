//! A ticket given up (弃号): final, never callable.

use crate::command::Rejection;
use crate::ids::TicketId;
use crate::ticket::Act;

use super::desk::Desk;
use super::move_ticket::must_be_movable;

pub(super) fn abandon(desk: &Desk<'_>, id: &TicketId, reason: Option<&str>) -> Result<Act, Rejection> {
    let reason = super::reason("reason", reason)?;
    let ticket = desk.own_ticket(id)?.ticket;
    must_be_movable(ticket.state)?;
    Ok(Act::Abandon { ticket: *id, date: ticket.date, reason })
}
