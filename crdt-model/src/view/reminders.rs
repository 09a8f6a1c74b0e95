//! What staff should see to now: calls for assistance, customers who wait too long, printers that need a hand.

use std::collections::BTreeSet;

use crate::config::DeviceSettings;
use crate::event::{EventData, EventDraft, EventType};
use crate::ids::{CounterNo, DeviceId, RecordKey, ServiceId, TicketId};
use crate::lobby::PrinterState;
use crate::ticket::{Actor, Number, TicketState};
use crate::time::UnixMs;

use super::{DayView, Ticket};

/// Something to see to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reminder {
    /// Its id, the same on every node.
    pub id: RecordKey,
    /// What it is about.
    pub about: About,
    /// When it was raised and where; an over-wait by the clock of the device that shows it.
    pub raised: Actor,
    /// Who has seen to it.
    pub acknowledged: Option<Actor>,
}

/// What a reminder is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum About {
    /// Somebody called for the lobby manager.
    Assistance {
        /// The counter that needs help.
        counter: Option<CounterNo>,
        /// What for.
        reason: Option<String>,
    },
    /// A customer waits longer than this device's reminder.
    OverWait {
        /// The ticket.
        ticket: TicketId,
        /// Its number.
        number: Number,
        /// The service it waits for.
        service: ServiceId,
        /// Waits since.
        since: UnixMs,
    },
    /// A printer needs a hand.
    Printer {
        /// The device it is at.
        device: DeviceId,
        /// How it is.
        state: PrinterState,
    },
}

impl About {
    /// The kind's name in the API.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Assistance { .. } => "assistance",
            Self::OverWait { .. } => "over_wait",
            Self::Printer { .. } => "printer",
        }
    }
}

/// A printer as its device last told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrinterView {
    /// Since when, and by whom told.
    pub by: Actor,
    /// How often the state changed today.
    pub seq: u32,
    /// The state.
    pub state: PrinterState,
}

/// Everything to see to at a device with these settings; what nobody has seen to comes first, the newest of it first.
pub fn reminders(day: &DayView, device: DeviceId, settings: &DeviceSettings, now: UnixMs) -> Vec<Reminder> {
    let printers = day.printers.iter().filter_map(|(device, printer)| printer_reminder(day, *device, printer));
    let mut all: Vec<Reminder> =
        day.assistance.values().cloned().chain(over_waits(day, device, settings, now)).chain(printers).collect();
    all.sort_by_key(|r| (r.acknowledged.is_some(), std::cmp::Reverse(r.raised.at), r.id));
    all
}

/// The waiting tickets whose wait has reached the device's reminder.
pub fn over_waits(
    day: &DayView,
    device: DeviceId,
    settings: &DeviceSettings,
    now: UnixMs,
) -> impl Iterator<Item = Reminder> {
    let limit_ms = i64::from(settings.waiting_reminder_min.max(1)) * 60_000;
    let over = move |t: &&Ticket| t.state == TicketState::Waiting && now.0.saturating_sub(t.arrived.0) >= limit_ms;
    day.tickets.values().map(|t| &**t).filter(over).map(move |t| {
        let at = UnixMs(t.arrived.0.saturating_add(limit_ms));
        let about =
            About::OverWait { ticket: t.id, number: t.number.clone(), service: t.service.clone(), since: t.arrived };
        // A ticket has one over-wait at most, so it lends its name.
        let acknowledged = day.seen_to.get(&t.id).cloned();
        Reminder { id: t.id, about, raised: Actor { device, staff: None, at }, acknowledged }
    })
}

/// The reminder of a printer that needs a hand.
pub(super) fn printer_reminder(day: &DayView, device: DeviceId, printer: &PrinterView) -> Option<Reminder> {
    if printer.state == PrinterState::Ok {
        return None;
    }
    let id = printer_reminder_id(&device, printer.seq);
    let about = About::Printer { device, state: printer.state };
    Some(Reminder { id, about, raised: printer.by.clone(), acknowledged: day.seen_to.get(&id).cloned() })
}

/// Every state that needs a hand is a reminder of its own.
fn printer_reminder_id(device: &DeviceId, seq: u32) -> RecordKey {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"branchmesh printer reminder 1");
    hasher.update(&device.0);
    hasher.update(&seq.to_be_bytes());
    let mut key = [0; 10];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..10]);
    RecordKey(key)
}

impl DayView {
    /// Whether the day has a reminder of this id, or a ticket that may have been one.
    pub fn has_reminder(&self, id: &RecordKey) -> bool {
        let of_printer = |(device, p): (&DeviceId, &PrinterView)| printer_reminder_id(device, p.seq) == *id;
        self.assistance.contains_key(id) || self.tickets.contains_key(id) || self.printers.iter().any(of_printer)
    }
}

/// Which over-waits a device has told of: time raises them, so no fact arrives with them.
#[derive(Default, Debug)]
pub struct OverWaits {
    told: Option<BTreeSet<RecordKey>>,
}

impl OverWaits {
    /// The events of over-waits that are new since the last call. The first call tells nothing: what was over before the
    /// device started is in its first picture.
    pub fn newly(
        &mut self,
        day: &DayView,
        device: DeviceId,
        settings: &DeviceSettings,
        now: UnixMs,
    ) -> Vec<EventDraft> {
        let over: Vec<Reminder> = over_waits(day, device, settings, now).collect();
        let ids = over.iter().map(|r| r.id).collect();
        let Some(told) = self.told.replace(ids) else { return vec![] };
        let new = over.into_iter().filter(|r| r.acknowledged.is_none() && !told.contains(&r.id));
        new.map(|r| event(EventType::ReminderRaised, &r, &r.raised)).collect()
    }
}

/// What an event tells of a reminder.
pub(super) fn event(kind: EventType, reminder: &Reminder, by: &Actor) -> EventDraft {
    let mut data = serde_json::json!({ "reminder": reminder.id, "kind": reminder.about.kind() });
    let fields = match &reminder.about {
        About::Assistance { counter, reason } => vec![
            ("counter", counter.map(|c| serde_json::json!(c))),
            ("reason", reason.clone().map(serde_json::Value::from)),
        ],
        About::OverWait { ticket, number, service, .. } => vec![
            ("ticket", Some(serde_json::json!(ticket))),
            ("number", Some(number.to_string().into())),
            ("service", Some(service.clone().into())),
        ],
        About::Printer { device, state } => {
            vec![("device", Some(serde_json::json!(device))), ("state", Some(state.as_str().into()))]
        }
    };
    for (name, value) in fields {
        if let Some(value) = value {
            data[name] = value;
        }
    }
    let data = EventData::Facts(data);
    EventDraft { kind, at: by.at, device: by.device, staff: by.staff.clone(), data }
}
