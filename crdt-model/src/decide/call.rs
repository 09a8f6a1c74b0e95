//! One chosen ticket for a counter, by right or by a person's override.

use crate::command::{Command, Rejection};
use crate::ids::{CounterNo, TicketId};
use crate::ticket::{Act, TicketState};
use crate::view::{GrantView, Ticket};

use super::book::Right;
use super::desk::{Desk, OnDesk};
use super::reason;

pub(super) fn call(
    desk: &Desk<'_>,
    command: &Command,
    id: &TicketId,
    counter: CounterNo,
    override_reason: Option<&str>,
) -> Result<Act, Rejection> {
    let why = reason("override.reason", override_reason)?;
    if override_reason.is_some() && why.is_none() {
        return Err(Rejection::invalid("override.reason", "an override needs a reason"));
    }
    let found = desk.ticket(id)?;
    if found.ticket.state.is_closed() {
        return Err(Rejection::TicketState { state: found.ticket.state });
    }
    if why.is_none() {
        may_call(&found.ticket, command, counter)?;
        return call_by_right(desk, found, counter);
    }
    desk.free_counter(counter, &desk.unfinished_today())?;
    let held = found.grants.iter().rev().find(|g| !g.released);
    if held.is_some_and(|g| g.counter == counter) {
        return Err(Rejection::AlreadyCalled { counter });
    }
    if held.is_none() && desk.right(id).is_some() {
        return grant_of(desk, *id, counter);
    }
    // The turn that somebody else holds: two grants of one turn are the double call that everybody will be shown.
    let turn = held.map_or(next_turn(&found.grants), |g| g.turn);
    Ok(Act::Grant { ticket: *id, date: found.ticket.date, turn, counter, forced: true, reason: why })
}

fn call_by_right(desk: &Desk<'_>, found: OnDesk<'_>, counter: CounterNo) -> Result<Act, Rejection> {
    unreleased(&found.grants)?;
    if desk.right(&found.ticket.id).is_none() {
        return Err(Rejection::NoAuthority { holders: vec![] });
    }
    desk.free_counter(counter, &desk.unfinished_today())?;
    grant_of(desk, found.ticket.id, counter)
}

/// The grant of a ticket that this steward may decide about.
pub(super) fn grant_of(desk: &Desk<'_>, id: TicketId, counter: CounterNo) -> Result<Act, Rejection> {
    let found = desk.own_ticket(&id)?;
    unreleased(&found.grants)?;
    let forced = desk.right(&id) == Some(Right::Forced);
    let (date, turn) = (found.ticket.date, next_turn(&found.grants));
    Ok(Act::Grant { ticket: id, date, turn, counter, forced, reason: None })
}

/// Every earlier grant must have been released by a fact or record that names it.
fn unreleased(grants: &[GrantView]) -> Result<(), Rejection> {
    grants.iter().rev().find(|g| !g.released).map_or(Ok(()), |g| Err(Rejection::AlreadyCalled { counter: g.counter }))
}

fn next_turn(grants: &[GrantView]) -> u32 {
    grants.iter().map(|g| g.turn).max().unwrap_or(0).saturating_add(1)
}

fn may_call(ticket: &Ticket, command: &Command, counter: CounterNo) -> Result<(), Rejection> {
    match ticket.state {
        TicketState::Waiting | TicketState::NoShow => Ok(()),
        TicketState::Called | TicketState::Serving => {
            Err(Rejection::AlreadyCalled { counter: ticket.counter.unwrap_or(counter) })
        }
        TicketState::Parked => {
            let pool = ticket.for_staff.is_some() && ticket.for_staff == command.caller.staff;
            if pool || ticket.for_counter == Some(counter) {
                return Ok(());
            }
            let at = ticket.for_counter.map_or_else(String::new, |c| format!(" at counter {c}"));
            Err(Rejection::NotPermitted { detail: format!("this ticket is held{at}; only who holds it may call it") })
        }
        state => Err(Rejection::TicketState { state }),
    }
}
