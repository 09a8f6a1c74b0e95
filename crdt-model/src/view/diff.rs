//! Events from the difference between two views.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::event::{EventData, EventDraft, EventType, TicketStep};
use crate::ids::{BranchId, CounterNo};
use crate::roster::Roster;
use crate::ticket::CounterFact;
use crate::time::UnixMs;

use super::fold::Folded;
use super::{Conflict, CounterState, CounterView, DayView, HistoryItem, Ticket};

/// What is new about a ticket and its double calls.
pub(super) fn ticket(before: &DayView, folded: &Folded, events: &mut Vec<EventDraft>) {
    let Some(now) = &folded.ticket else { return };
    let old = before.tickets.get(&now.id);
    let mut seen: Vec<&HistoryItem> = old.map(|t| t.history.iter().collect()).unwrap_or_default();
    for item in &now.history {
        if let Some(at) = seen.iter().position(|s| *s == item) {
            seen.swap_remove(at);
        } else if let Some(kind) = event_of(&item.what) {
            events.push(ticket_event(kind, now, item));
        }
    }
    for conflict in &folded.conflicts {
        conflict_events(before.conflicts.get(&conflict.id), conflict, now, events);
    }
}

fn event_of(what: &str) -> Option<EventType> {
    Some(match what {
        "issued" => EventType::TicketIssued,
        "called" => EventType::TicketCalled,
        "recalled" => EventType::TicketRecalled,
        "started" => EventType::TicketStarted,
        "finished" => EventType::TicketFinished,
        "no_show" => EventType::TicketNoShow,
        "parked" => EventType::TicketParked,
        "reinstated" => EventType::TicketReinstated,
        "transferred" => EventType::TicketTransferred,
        "moved" => EventType::TicketMoved,
        "abandoned" => EventType::TicketAbandoned,
        "expired" => EventType::TicketExpired,
        "rated" => EventType::TicketRated,
        "identified" => EventType::TicketIdentified,
        // A step without effect is for the history, not for screens and voice.
        _ => return None,
    })
}

fn ticket_event(kind: EventType, t: &Ticket, item: &HistoryItem) -> EventDraft {
    let step = TicketStep {
        ticket: t.id,
        number: t.number.clone(),
        date: t.date,
        service: t.service.clone(),
        state: t.state,
        calls: t.calls,
        counter: item.counter,
        note: item.note.clone(),
        parent: t.parent,
        moved_to: t.moved_to,
        overridden: t.overridden,
        language: t.language.clone(),
    };
    let data = EventData::Ticket(Box::new(step));
    EventDraft { kind, at: item.at, device: item.device, staff: item.staff.clone(), data }
}

fn conflict_events(old: Option<&Conflict>, now: &Conflict, ticket: &Ticket, events: &mut Vec<EventDraft>) {
    let counters: BTreeSet<CounterNo> = now.calls.iter().map(|c| c.counter).collect();
    let data = EventData::Facts(json!({
        "conflict": now.id, "ticket": now.ticket, "number": now.number.to_string(), "service": ticket.service,
        "counters": counters,
    }));
    if let (None, Some(last)) = (old, now.calls.last()) {
        let by = &last.by;
        let kind = EventType::ConflictRaised;
        events.push(EventDraft { kind, at: by.at, device: by.device, staff: by.staff.clone(), data: data.clone() });
    }
    if let (None, Some(by)) = (old.and_then(|o| o.acknowledged.as_ref()), &now.acknowledged) {
        let kind = EventType::ConflictAcknowledged;
        events.push(EventDraft { kind, at: by.at, device: by.device, staff: by.staff.clone(), data });
    }
}

/// What is new about a counter; a resumed counter is opened again.
pub(super) fn counter(
    number: CounterNo,
    old: Option<&CounterView>,
    now: &CounterView,
    facts: &BTreeMap<String, CounterFact>,
    events: &mut Vec<EventDraft>,
) {
    let before = old.map(|c| c.state).unwrap_or_default();
    if before == now.state {
        return;
    }
    let kind = match now.state {
        CounterState::Open => EventType::CounterOpened,
        CounterState::Closed => EventType::CounterClosed,
        CounterState::Paused => EventType::CounterPaused,
    };
    let Some((_, last)) = facts.iter().max_by_key(|(digest, f)| (f.seq, f.by.device, *digest)) else { return };
    let data = EventData::Facts(json!({ "counter": number, "state": now.state, "reason": now.reason }));
    events.push(EventDraft { kind, at: last.by.at, device: last.by.device, staff: last.by.staff.clone(), data });
}

/// Devices that joined or were revoked.
pub(super) fn roster(old: &Roster, now: &Roster, events: &mut Vec<EventDraft>) {
    for (id, device) in &now.devices {
        let before = old.devices.get(id);
        let e = &device.enrolment;
        let data = EventData::Facts(json!({ "device": id, "name": e.name, "role": e.role }));
        if before.is_none() {
            let kind = EventType::DeviceEnrolled;
            events.push(EventDraft { kind, at: e.at, device: e.by, staff: None, data: data.clone() });
        }
        if let (None, Some(r)) = (before.and_then(|b| b.revoked.as_ref()), &device.revoked) {
            events.push(EventDraft { kind: EventType::DeviceRevoked, at: r.at, device: r.by, staff: None, data });
        }
    }
}

/// Which keys of the configuration were written. Who and when is not part of a configuration fact: the node that
/// publishes the event stamps it.
pub(super) fn config(branch: BranchId, keys: &BTreeSet<String>) -> EventDraft {
    let data = EventData::Facts(json!({ "keys": keys }));
    EventDraft { kind: EventType::ConfigChanged, at: UnixMs::default(), device: branch, staff: None, data }
}
