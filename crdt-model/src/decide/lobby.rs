//! Calls for assistance, reminders seen to, and how this device's printer is.

use crate::command::{Command, Done, Rejection};
use crate::ids::{CounterNo, RecordKey};
use crate::lobby::{AssistanceFact, PrinterFact, PrinterState};
use crate::schema::{DocId, Write};
use crate::time::{BusinessDate, UnixMs, business_date};
use crate::view::BranchView;
use crate::view::reminders::About;

use super::{Context, json};

type Decided = Result<(Vec<Write>, Done), Rejection>;

/// Somebody calls for the lobby manager. Pressing again while nobody has come is the same call.
pub(super) fn call_assistance(
    view: &BranchView,
    command: &Command,
    (counter, reason): (Option<CounterNo>, Option<&str>),
    (now, ctx): (UnixMs, &Context),
) -> Decided {
    if let Some(missing) = counter.filter(|c| view.config().counter(*c).is_none()) {
        return Err(Rejection::not_found("counter", &missing.to_string()));
    }
    let reason = super::reason("reason", reason)?;
    let date = today(view, now, ctx);
    let by = command.caller.actor(now);
    let same = About::Assistance { counter, reason: reason.clone() };
    let open = view.days().get(&date).into_iter().flat_map(|day| day.assistance.values());
    let mut open = open.filter(|r| r.acknowledged.is_none() && r.about == same && r.raised.device == by.device);
    if let Some(waiting) = open.next() {
        return Ok((vec![], Done::Reminder(waiting.id)));
    }
    let name = command.id.digest();
    let id: RecordKey = name.parse().expect("a command's digest has the form of a record's name");
    let fact = AssistanceFact { cmd: command.id.clone(), by, counter, reason };
    let write = Write { doc: DocId::queue_counters(date), key: format!("a:{name}"), value: json(&fact) };
    Ok((vec![write], Done::Reminder(id)))
}

/// Somebody has seen to a reminder; the first who says so stays.
pub(super) fn acknowledge(view: &BranchView, command: &Command, id: &RecordKey, now: UnixMs) -> Decided {
    let found = view.days().iter().rev().find(|(_, day)| day.has_reminder(id));
    let (date, day) = found.ok_or_else(|| Rejection::not_found("reminder", &id.to_string()))?;
    if day.seen_to.contains_key(id) {
        return Ok((vec![], Done::Reminder(*id)));
    }
    let value = json(&command.caller.actor(now));
    let write = Write { doc: DocId::queue_counters(*date), key: format!("n:{id}"), value };
    Ok((vec![write], Done::Reminder(*id)))
}

/// This device's printer came into another state.
pub(super) fn report_printer(
    view: &BranchView,
    command: &Command,
    state: PrinterState,
    (now, ctx): (UnixMs, &Context),
) -> Decided {
    let date = today(view, now, ctx);
    let by = command.caller.actor(now);
    let known = view.days().get(&date).and_then(|day| day.printers.get(&by.device));
    if known.is_some_and(|p| p.state == state) {
        return Ok((vec![], Done::Changed));
    }
    let seq = known.map_or(0, |p| p.seq).saturating_add(1);
    let key = format!("p:{}:{seq}", by.device);
    let value = json(&PrinterFact { by, seq, state });
    Ok((vec![Write { doc: DocId::queue_counters(date), key, value }], Done::Changed))
}

fn today(view: &BranchView, now: UnixMs, ctx: &Context) -> BusinessDate {
    business_date(now, &ctx.zone, view.config().branch.cut_off)
}
