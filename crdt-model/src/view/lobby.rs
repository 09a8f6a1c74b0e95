//! The lobby's part of a day from its facts, and what is new in it.

use crate::event::{EventData, EventDraft, EventType};
use crate::ids::{DeviceId, RecordKey};
use crate::lobby::{AssistanceFact, PrinterState};
use crate::ticket::Actor;

use super::DayView;
use super::facts::DayFacts;
use super::reminders::{About, PrinterView, Reminder, event, printer_reminder};

/// Folds what belongs to no ticket and no counter; the events are the difference.
pub(super) fn fold(view: &mut DayView, facts: &DayFacts, events: &mut Vec<EventDraft>) {
    let seen_before = std::mem::replace(&mut view.seen_to, facts.seen_to.clone());
    fold_assistance(view, facts, events);
    fold_printers(view, facts, events);
    for (id, by) in facts.seen_to.iter().filter(|(id, _)| !seen_before.contains_key(id)) {
        events.extend(find(view, id).map(|reminder| event(EventType::ReminderAcknowledged, &reminder, by)));
    }
}

fn fold_assistance(view: &mut DayView, facts: &DayFacts, events: &mut Vec<EventDraft>) {
    for (id, AssistanceFact { by, counter, reason, .. }) in &facts.assistance {
        let about = About::Assistance { counter: *counter, reason: reason.clone() };
        let acknowledged = facts.seen_to.get(id).cloned();
        let reminder = Reminder { id: *id, about, raised: by.clone(), acknowledged };
        if !view.assistance.contains_key(id) {
            events.push(event(EventType::ReminderRaised, &reminder, by));
        }
        view.assistance.insert(*id, reminder);
    }
}

fn fold_printers(view: &mut DayView, facts: &DayFacts, events: &mut Vec<EventDraft>) {
    for (device, states) in &facts.printers {
        let Some((seq, last)) = states.last_key_value() else { continue };
        let now = PrinterView { by: last.by.clone(), seq: *seq, state: last.state };
        let before = view.printers.insert(*device, now.clone());
        if before.as_ref() == Some(&now) || (before.is_none() && now.state == PrinterState::Ok) {
            continue;
        }
        events.push(printer_event(device, &now));
        let reminder = printer_reminder(view, *device, &now);
        events.extend(reminder.map(|reminder| event(EventType::ReminderRaised, &reminder, &now.by)));
    }
}

fn printer_event(device: &DeviceId, now: &PrinterView) -> EventDraft {
    let Actor { device: at_device, staff, at } = now.by.clone();
    let data = EventData::Facts(serde_json::json!({ "device": device, "state": now.state }));
    EventDraft { kind: EventType::DevicePrinter, at, device: at_device, staff, data }
}

/// The reminder of this name, as far as its facts are here.
fn find(view: &DayView, id: &RecordKey) -> Option<Reminder> {
    if let Some(reminder) = view.assistance.get(id) {
        return Some(reminder.clone());
    }
    if let Some(t) = view.tickets.get(id) {
        let about =
            About::OverWait { ticket: t.id, number: t.number.clone(), service: t.service.clone(), since: t.arrived };
        let raised = Actor { device: t.issued_by, staff: None, at: t.arrived };
        return Some(Reminder { id: *id, about, raised, acknowledged: view.seen_to.get(id).cloned() });
    }
    let mut printers = view.printers.iter().filter_map(|(device, printer)| printer_reminder(view, *device, printer));
    printers.find(|r| r.id == *id)
}
