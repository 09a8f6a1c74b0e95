//! A no-show (空号) that came after all, the same business day.

use crate::command::Rejection;
use crate::ids::TicketId;
use crate::ticket::{Act, TicketState};

use super::desk::Desk;

pub(super) fn reinstate(desk: &Desk<'_>, id: &TicketId) -> Result<Act, Rejection> {
    let ticket = desk.own_ticket(id)?.ticket;
    match (ticket.state, ticket.grant) {
        (TicketState::NoShow, Some((_, turn))) if ticket.date == desk.today => {
            Ok(Act::Reinstate { ticket: *id, date: ticket.date, turn })
        }
        (TicketState::NoShow, _) => Err(Rejection::TicketState { state: TicketState::Expired }),
        (state, _) => Err(Rejection::TicketState { state }),
    }
}
