//! What happens to a called ticket at its counter: recall, start, finish, no-show, park.

use crate::command::{Command, Done, Rejection};
use crate::ids::TicketId;
use crate::schema::{DocId, Write};
use crate::ticket::{Fact, FactKind, TicketState};
use crate::time::UnixMs;
use crate::view::{BranchView, GrantState, GrantView, Ticket};

use super::json;

type Decided = Result<(Vec<Write>, Done), Rejection>;

pub(super) fn recall(view: &BranchView, command: &Command, id: &TicketId, now: UnixMs) -> Decided {
    step(view, command, id, GrantState::Called, FactKind::Recall, now)
}

pub(super) fn start(view: &BranchView, command: &Command, id: &TicketId, now: UnixMs) -> Decided {
    step(view, command, id, GrantState::Called, FactKind::Start, now)
}

pub(super) fn no_show(view: &BranchView, command: &Command, id: &TicketId, now: UnixMs) -> Decided {
    step(view, command, id, GrantState::Called, FactKind::NoShow, now)
}

pub(super) fn park(view: &BranchView, command: &Command, id: &TicketId, why: Option<&str>, now: UnixMs) -> Decided {
    let reason = super::reason("reason", why)?;
    step(view, command, id, GrantState::Serving, FactKind::Park { reason }, now)
}

pub(super) fn finish(
    view: &BranchView,
    command: &Command,
    id: &TicketId,
    outcome: Option<&str>,
    now: UnixMs,
) -> Decided {
    let outcome = super::reason("outcome", outcome)?;
    let codes = &view.config().thresholds.outcomes;
    if !codes.is_empty() && !outcome.as_ref().is_some_and(|o| codes.contains(o)) {
        return Err(Rejection::invalid("outcome", format!("one of these is needed: {}", codes.join(", "))));
    }
    step(view, command, id, GrantState::Serving, FactKind::Finish { outcome }, now)
}

fn step(view: &BranchView, command: &Command, id: &TicketId, from: GrantState, kind: FactKind, now: UnixMs) -> Decided {
    let ticket = view.ticket(id).ok_or_else(|| Rejection::not_found("ticket", &id.to_string()))?;
    let refused = || Rejection::TicketState { state: ticket.state };
    if !matches!(ticket.state, TicketState::Called | TicketState::Serving) {
        return Err(refused());
    }
    let grants = view.grants(id);
    let grant = own_grant(view, command, ticket, &grants).ok_or_else(refused)?;
    if grant.state != from {
        return Err(refused());
    }
    let fact = Fact {
        cmd: command.id.clone(),
        by: command.caller.actor(now),
        grant: grant.key,
        seq: grant.seq.saturating_add(1),
        kind,
    };
    let key = format!("f:{id}:{}", command.id.digest());
    let write = Write { doc: DocId::queue(ticket.date, id), key, value: json(&fact) };
    Ok((vec![write], Done::Ticket(*id)))
}

/// The grant meant: usually there is one. After a double call each counter goes on with its own.
fn own_grant<'a>(
    view: &BranchView,
    command: &Command,
    ticket: &Ticket,
    grants: &'a [GrantView],
) -> Option<&'a GrantView> {
    let (shown, _) = ticket.grant?;
    let open = || grants.iter().filter(|g| !g.released && g.state != GrantState::Finished);
    let caller = &command.caller;
    let counter = view.roster().active(&caller.device).and_then(|d| d.enrolment.counter);
    let tests: [&dyn Fn(&GrantView) -> bool; 4] = [
        &|g| counter == Some(g.counter),
        &|g| g.by.device == caller.device,
        &|g| caller.staff.is_some() && g.by.staff == caller.staff,
        &|g| g.key == shown,
    ];
    tests.iter().find_map(|test| open().find(|g| test(g)))
}
