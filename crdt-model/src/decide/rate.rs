//! A customer's rating of a served ticket.

use crate::command::{Command, Done, Rejection};
use crate::ids::TicketId;
use crate::schema::{DocId, Write};
use crate::ticket::{RatingFact, TicketState};
use crate::time::UnixMs;
use crate::view::BranchView;

pub(super) fn rate(
    view: &BranchView,
    command: &Command,
    id: &TicketId,
    level: u8,
    now: UnixMs,
) -> Result<(Vec<Write>, Done), Rejection> {
    let ticket = view.ticket(id).ok_or_else(|| Rejection::not_found("ticket", &id.to_string()))?;
    if !(1..=3).contains(&level) {
        return Err(Rejection::invalid("level", "1 (not satisfied) to 3 (satisfied) is expected"));
    }
    if ticket.state != TicketState::Served {
        return Err(Rejection::TicketState { state: ticket.state });
    }
    if ticket.rating.is_some() {
        return Err(Rejection::invalid("level", "this ticket has been rated"));
    }
    let rating = RatingFact { cmd: command.id.clone(), by: command.caller.actor(now), level };
    let key = format!("t:{id}:{}", command.id.digest());
    Ok((vec![Write { doc: DocId::queue(ticket.date, id), key, value: super::json(&rating) }], Done::Ticket(*id)))
}
