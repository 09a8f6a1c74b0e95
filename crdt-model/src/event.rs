//! What happened, told from the difference between two views: the same words for a click here and a merge from a peer.

use serde::Serialize;
use serde_json::Value;

use crate::ids::{CounterNo, DeviceId, ServiceId, StaffId, TicketId};
use crate::ticket::{Number, TicketState};
use crate::time::{BusinessDate, UnixMs};

/// The types of the API contract.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "each variant is its dotted name in `as_str`, documented in the API contract")]
pub enum EventType {
    TicketIssued,
    TicketCalled,
    TicketRecalled,
    TicketStarted,
    TicketFinished,
    TicketNoShow,
    TicketReinstated,
    TicketParked,
    TicketTransferred,
    TicketMoved,
    TicketAbandoned,
    TicketExpired,
    TicketRated,
    TicketIdentified,
    CounterOpened,
    CounterClosed,
    CounterPaused,
    ConflictRaised,
    ConflictAcknowledged,
    ConfigChanged,
    MeshPeerUp,
    MeshPeerDown,
    MeshEpoch,
    DeviceEnrolled,
    DeviceRevoked,
    DevicePrinter,
    ReminderRaised,
    ReminderAcknowledged,
}

impl EventType {
    /// The dotted name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TicketIssued => "ticket.issued",
            Self::TicketCalled => "ticket.called",
            Self::TicketRecalled => "ticket.recalled",
            Self::TicketStarted => "ticket.started",
            Self::TicketFinished => "ticket.finished",
            Self::TicketNoShow => "ticket.no_show",
            Self::TicketReinstated => "ticket.reinstated",
            Self::TicketParked => "ticket.parked",
            Self::TicketTransferred => "ticket.transferred",
            Self::TicketMoved => "ticket.moved",
            Self::TicketAbandoned => "ticket.abandoned",
            Self::TicketExpired => "ticket.expired",
            Self::TicketRated => "ticket.rated",
            Self::TicketIdentified => "ticket.identified",
            Self::CounterOpened => "counter.opened",
            Self::CounterClosed => "counter.closed",
            Self::CounterPaused => "counter.paused",
            Self::ConflictRaised => "conflict.raised",
            Self::ConflictAcknowledged => "conflict.acknowledged",
            Self::ConfigChanged => "config.changed",
            Self::MeshPeerUp => "mesh.peer_up",
            Self::MeshPeerDown => "mesh.peer_down",
            Self::MeshEpoch => "mesh.epoch",
            Self::DeviceEnrolled => "device.enrolled",
            Self::DeviceRevoked => "device.revoked",
            Self::DevicePrinter => "device.printer",
            Self::ReminderRaised => "reminder.raised",
            Self::ReminderAcknowledged => "reminder.acknowledged",
        }
    }
}

impl Serialize for EventType {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

/// An event before the node stamps it with an id and a revision.
#[derive(Clone, PartialEq, Debug)]
pub struct EventDraft {
    /// What happened.
    pub kind: EventType,
    /// When, on the clock of the device where it happened.
    pub at: UnixMs,
    /// Where.
    pub device: DeviceId,
    /// Who, if a staff member did it.
    pub staff: Option<StaffId>,
    /// What it is about.
    pub data: EventData,
}

/// What an event is about: ticket, counter, conflict or device, as small facts (`ticket`, `number`, `counter`, `service` …).
#[derive(Clone, PartialEq, Debug)]
pub enum EventData {
    /// A step of a ticket. Most events are, and most are read by nobody; so they become JSON only for a reader.
    Ticket(Box<TicketStep>),
    /// Any other's.
    Facts(Value),
}

impl EventData {
    /// As JSON, the facts by their names.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Ticket(step) => serde_json::to_value(step).expect("plain fields become JSON"),
            Self::Facts(facts) => facts.clone(),
        }
    }

    /// The ticket whose step it is.
    pub fn ticket(&self) -> Option<TicketId> {
        match self {
            Self::Ticket(step) => Some(step.ticket),
            Self::Facts(_) => None,
        }
    }
}

/// What happened to a ticket, and what has become of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TicketStep {
    /// The ticket.
    pub ticket: TicketId,
    /// Its number.
    #[serde(serialize_with = "as_text")]
    pub number: Number,
    /// Its business date.
    pub date: BusinessDate,
    /// The service it waits for or was served in.
    pub service: ServiceId,
    /// Its state with everything known.
    pub state: TicketState,
    /// How often it was called, recalls included.
    pub calls: u32,
    /// The counter, for calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counter: Option<CounterNo>,
    /// Reason or outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The ticket it replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<TicketId>,
    /// The ticket that replaced it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<TicketId>,
    /// Called by a person's override.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub overridden: bool,
    /// The customer's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

fn as_text<S: serde::Serializer>(number: &Number, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(number)
}
