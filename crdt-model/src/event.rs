//! What happened, told from the difference between two views: the same words for a click here and a merge from a peer.

use serde::Serialize;
use serde_json::Value;

use crate::ids::{DeviceId, StaffId};
use crate::time::UnixMs;

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
    /// What it is about: ticket, counter, conflict or device, as small facts (`ticket`, `number`, `counter`, `service` …).
    pub data: Value,
}
