//! Who the customer behind a ticket is: into the visit document, which only staff devices hold.

use crate::command::{Command, Done, Rejection};
use crate::ids::{CommandId, TicketId};
use crate::schema::{DocId, Write};
use crate::ticket::{Actor, IdentifiedFact};
use crate::time::UnixMs;
use crate::view::BranchView;
use crate::visit::{Identification, Told};

pub(super) fn identify(
    view: &BranchView,
    command: &Command,
    id: &TicketId,
    told: &Told,
    now: UnixMs,
) -> Result<(Vec<Write>, Done), Rejection> {
    let ticket = view.ticket(id).ok_or_else(|| Rejection::not_found("ticket", &id.to_string()))?;
    told.check()?;
    if told.is_empty() {
        return Err(Rejection::invalid("identity", "a card or id number, or a phone number, is needed"));
    }
    if ticket.state.is_closed() {
        return Err(Rejection::TicketState { state: ticket.state });
    }
    let by = command.caller.actor(now);
    let before = ticket.history.iter().filter(|h| h.what == "identified").count();
    let seq = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
    let fact = IdentifiedFact { cmd: command.id.clone(), by: by.clone() };
    let key = format!("i:{id}:{}", command.id.digest());
    let known = Write { doc: DocId::queue(ticket.date, id), key, value: super::json(&fact) };
    let who = written(id, &Identification { cmd: command.id.clone(), by, seq, told: told.clone() });
    Ok((vec![who, known], Done::Ticket(*id)))
}

/// What a customer told when taking the ticket. `cmd` is the command that issued it.
pub fn taken_with(ticket: &TicketId, cmd: &CommandId, by: Actor, told: Told) -> Write {
    written(ticket, &Identification { cmd: cmd.clone(), by, seq: 0, told })
}

fn written(ticket: &TicketId, identification: &Identification) -> Write {
    Write { doc: DocId::visit(ticket), key: identification.key(), value: identification.value() }
}
