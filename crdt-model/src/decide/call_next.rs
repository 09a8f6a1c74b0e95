//! The next ticket for a counter (下一位), by its work profile.

use std::collections::BTreeMap;

use crate::command::{Command, Rejection};
use crate::config::Profile;
use crate::ids::CounterNo;
use crate::ticket::{Act, TicketState};
use crate::view::{CounterView, Ticket, figures};

use super::call;
use super::desk::Desk;

pub(super) fn call_next(desk: &Desk<'_>, command: &Command, counter: CounterNo) -> Result<Option<Act>, Rejection> {
    let unfinished = desk.unfinished_today();
    let view = desk.free_counter(counter, &unfinished)?;
    let profile = figures::profile_of(desk.config, counter, view).ok_or_else(|| Rejection::CounterState {
        detail: format!("counter {counter} has no work profile; open it with one"),
    })?;
    let staff = command.caller.staff.as_deref();
    let may_be_called = |t: &Ticket| t.state == TicketState::Waiting && t.released && desk.right(&t.id).is_some();
    let waiting: Vec<&Ticket> = unfinished.iter().map(|t| &**t).filter(|t| may_be_called(t)).collect();
    let longest = longest_waits(desk, &waiting);
    let next = waiting
        .iter()
        .filter_map(|t| Some((rank(desk, t, (counter, view, staff), profile, &longest)?, figures::place(t), t)))
        .min_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    next.map(|(_, _, ticket)| call::grant_of(desk, ticket.id, counter)).transpose()
}

fn longest_waits<'a>(desk: &'a Desk<'_>, waiting: &[&'a Ticket]) -> BTreeMap<&'a str, u32> {
    let mut longest = BTreeMap::new();
    for ticket in waiting {
        let wait = longest.entry(desk.config.queue_of(&ticket.service)).or_insert(0);
        *wait = desk.now.seconds_since(ticket.arrived).max(*wait);
    }
    longest
}

/// How soon this counter takes the ticket, lowest first; `None` if it does not. A ticket sent to this counter or staff
/// member comes first, one sent elsewhere is left alone.
fn rank(
    desk: &Desk<'_>,
    ticket: &Ticket,
    (number, view, staff): (CounterNo, &CounterView, Option<&str>),
    profile: &Profile,
    longest: &BTreeMap<&str, u32>,
) -> Option<i64> {
    if ticket.for_counter.is_some() || ticket.for_staff.is_some() {
        let counter_ok = ticket.for_counter.is_none_or(|c| c == number);
        let staff_ok = ticket.for_staff.is_none() || ticket.for_staff.as_deref() == staff;
        return (counter_ok && staff_ok).then_some(0);
    }
    if view.services.as_ref().is_some_and(|s| !s.contains(&ticket.service)) {
        return None;
    }
    let queue = desk.config.queue_of(&ticket.service);
    let rule = profile.queues.iter().find(|q| q.queue == queue)?;
    if longest.get(queue).copied().unwrap_or(0) < rule.after_wait_s {
        return None;
    }
    let steps = desk.now.seconds_since(ticket.arrived).checked_div(profile.aging_s).unwrap_or(0);
    Some((i64::from(rule.priority) - i64::from(steps)).max(1))
}
