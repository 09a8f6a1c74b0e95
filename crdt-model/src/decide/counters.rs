//! Counters open, close, pause and resume.

use crate::command::{Command, Done, Rejection};
use crate::ids::{CounterNo, ServiceId};
use crate::schema::{DocId, Write};
use crate::ticket::{CounterFact, CounterFactKind, TicketState};
use crate::time::{BusinessDate, UnixMs, business_date};
use crate::view::{BranchView, CounterState, CounterView};

use super::{Context, json};

type Decided = Result<(Vec<Write>, Done), Rejection>;
type When<'a> = (UnixMs, &'a Context);

pub(super) fn open(
    view: &BranchView,
    command: &Command,
    number: CounterNo,
    (services, profile): (Option<&[ServiceId]>, Option<&str>),
    when: When<'_>,
) -> Decided {
    let config = view.config();
    if let Some(missing) = services.into_iter().flatten().find(|s| config.service(s).is_none()) {
        return Err(Rejection::not_found("service", missing));
    }
    if services.is_some_and(|s| s.is_empty() || s.len() > config.services.len()) {
        return Err(Rejection::invalid("services", "name each service once, or leave the field out"));
    }
    if let Some(missing) = profile.filter(|p| config.profile(p).is_none()) {
        return Err(Rejection::not_found("work profile", missing));
    }
    let (date, counter) = present(view, number, when)?;
    if counter.state == CounterState::Paused {
        return Err(state(format!("counter {number} is paused; resume it")));
    }
    let kind = CounterFactKind::Open { services: services.map(<[_]>::to_vec), profile: profile.map(str::to_owned) };
    Ok(write(command, number, (date, &counter), kind, when.0))
}

pub(super) fn close(view: &BranchView, command: &Command, number: CounterNo, when: When<'_>) -> Decided {
    let (date, counter) = present(view, number, when)?;
    if counter.state == CounterState::Closed {
        return Err(state(format!("counter {number} is closed already")));
    }
    let busy = |state| matches!(state, TicketState::Called | TicketState::Serving);
    let tickets = view.days().get(&date).into_iter().flat_map(|d| d.tickets.values());
    if let Some(ticket) = tickets.into_iter().find(|t| t.counter == Some(number) && busy(t.state)) {
        return Err(state(format!("counter {number} has ticket {}; finish it first", ticket.number)));
    }
    Ok(write(command, number, (date, &counter), CounterFactKind::Close, when.0))
}

pub(super) fn pause(view: &BranchView, command: &Command, number: CounterNo, why: &str, when: When<'_>) -> Decided {
    let reason =
        super::reason("reason", Some(why))?.ok_or_else(|| Rejection::invalid("reason", "a reason is needed"))?;
    let known = &view.config().thresholds.pause_reasons;
    if !known.is_empty() && !known.contains(&reason) {
        return Err(Rejection::invalid("reason", format!("one of these is needed: {}", known.join(", "))));
    }
    let (date, counter) = present(view, number, when)?;
    if counter.state != CounterState::Open {
        return Err(state(format!("counter {number} is not open")));
    }
    Ok(write(command, number, (date, &counter), CounterFactKind::Pause { reason }, when.0))
}

pub(super) fn resume(view: &BranchView, command: &Command, number: CounterNo, when: When<'_>) -> Decided {
    let (date, counter) = present(view, number, when)?;
    if counter.state != CounterState::Paused {
        return Err(state(format!("counter {number} is not paused")));
    }
    Ok(write(command, number, (date, &counter), CounterFactKind::Resume, when.0))
}

fn state(detail: String) -> Rejection {
    Rejection::CounterState { detail }
}

fn present(
    view: &BranchView,
    number: CounterNo,
    (now, ctx): When<'_>,
) -> Result<(BusinessDate, CounterView), Rejection> {
    let config = view.config();
    if config.counter(number).is_none() {
        return Err(Rejection::not_found("counter", &number.to_string()));
    }
    let date = business_date(now, &ctx.zone, config.branch.cut_off);
    let counter = view.days().get(&date).and_then(|d| d.counters.get(&number)).cloned().unwrap_or_default();
    Ok((date, counter))
}

fn write(
    command: &Command,
    number: CounterNo,
    (date, counter): (BusinessDate, &CounterView),
    kind: CounterFactKind,
    now: UnixMs,
) -> (Vec<Write>, Done) {
    let by = command.caller.actor(now);
    let fact = CounterFact { cmd: command.id.clone(), by, seq: counter.seq.saturating_add(1), kind };
    let key = format!("c:{number}:{}", command.id.digest());
    (vec![Write { doc: DocId::queue_counters(date), key, value: json(&fact) }], Done::Counter(number))
}
