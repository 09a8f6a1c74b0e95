//! What people and programs can ask for, and how they are refused.

use serde::{Deserialize, Serialize};

use crate::config::StaffRole;
use crate::ids::{CommandId, CounterNo, DeviceId, RecordKey, ServiceId, StaffId, TicketId};
use crate::schema::Role;
use crate::ticket::{Actor, Position, TicketState};
use crate::time::UnixMs;
use crate::visit::Told;

/// Who asks, checked by the node before the command is built.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Caller {
    /// The device the command was given at.
    pub device: DeviceId,
    /// That device's role, if the caller speaks for the device (a loopback caller); none for a remote browser.
    pub device_role: Option<Role>,
    /// The signed-in staff member.
    pub staff: Option<StaffId>,
    /// Their roles.
    pub roles: Vec<StaffRole>,
}

impl Caller {
    /// The caller as the one who acts at `at`.
    pub fn actor(&self, at: UnixMs) -> Actor {
        Actor { device: self.device, staff: self.staff.clone(), at }
    }
}

/// A command with its idempotency key and its caller.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Command {
    /// The caller's key: the same key gives the same answer.
    pub id: CommandId,
    /// Who asks.
    pub caller: Caller,
    /// What for.
    pub ask: Ask,
}

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Ask {
    /// Decides who may call a ticket: goes through the stewardship log.
    Guarded(Guarded),
    /// Everything else: decided and written by the node that is asked.
    Ordinary(Ordinary),
}

/// Commands that decide who may call a ticket.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Guarded {
    /// A new ticket.
    Issue {
        /// The service.
        service: ServiceId,
        /// The business type within it.
        category: Option<String>,
        /// The customer's language.
        language: Option<String>,
        /// Whether a customer was identified.
        identified: bool,
        /// BLAKE3 of the status token the asking node drew.
        status_digest: Option<String>,
    },
    /// The next ticket for a counter, by its work profile.
    CallNext {
        /// The counter.
        counter: CounterNo,
    },
    /// One chosen ticket for a counter.
    Call {
        /// The ticket.
        ticket: TicketId,
        /// The counter.
        counter: CounterNo,
        /// Call it anyway, for this reason, although another side may.
        override_reason: Option<String>,
    },
    /// Replace by a ticket of another service.
    Move {
        /// The ticket.
        ticket: TicketId,
        /// The service of the new one.
        service: ServiceId,
    },
    /// Give up for good.
    Abandon {
        /// The ticket.
        ticket: TicketId,
        /// Why.
        reason: Option<String>,
    },
    /// Back to waiting after a no-show.
    Reinstate {
        /// The ticket.
        ticket: TicketId,
    },
    /// Same number, other service, counter or staff.
    Transfer {
        /// The ticket.
        ticket: TicketId,
        /// The service; none keeps it.
        service: Option<ServiceId>,
        /// The counter it shall wait for.
        counter: Option<CounterNo>,
        /// The staff member it shall wait for.
        staff: Option<StaffId>,
        /// Where it joins.
        position: Position,
    },
    /// The business day ended (asked by the steward's own node).
    CloseDay {
        /// The day.
        date: crate::time::BusinessDate,
    },
}

/// Commands that decide for nobody else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Ordinary {
    /// Call the called ticket again.
    Recall {
        /// The ticket.
        ticket: TicketId,
    },
    /// Service begins.
    Start {
        /// The ticket.
        ticket: TicketId,
    },
    /// Service ends.
    Finish {
        /// The ticket.
        ticket: TicketId,
        /// Outcome code.
        outcome: Option<String>,
    },
    /// Nobody came.
    NoShow {
        /// The ticket.
        ticket: TicketId,
    },
    /// Hold.
    Park {
        /// The ticket.
        ticket: TicketId,
        /// Why.
        reason: Option<String>,
    },
    /// Rate a served ticket, 1 to 3.
    Rate {
        /// The ticket.
        ticket: TicketId,
        /// 1 (not satisfied) to 3 (satisfied).
        level: u8,
    },
    /// Staff identify the customer.
    Identify {
        /// The ticket.
        ticket: TicketId,
        /// What the customer told.
        told: Told,
    },
    /// Open a counter, with the services given or those of its profile.
    OpenCounter {
        /// The counter.
        counter: CounterNo,
        /// Serve only these.
        services: Option<Vec<ServiceId>>,
        /// Another work profile than the configured one.
        profile: Option<String>,
    },
    /// Close a counter.
    CloseCounter {
        /// The counter.
        counter: CounterNo,
    },
    /// Pause a counter.
    PauseCounter {
        /// The counter.
        counter: CounterNo,
        /// Why.
        reason: String,
    },
    /// End the pause.
    ResumeCounter {
        /// The counter.
        counter: CounterNo,
    },
    /// Somebody has seen to a double call.
    AcknowledgeConflict {
        /// The conflict.
        conflict: RecordKey,
    },
    /// Call for the lobby manager.
    CallAssistance {
        /// The counter that needs help.
        counter: Option<CounterNo>,
        /// What for.
        reason: Option<String>,
    },
    /// Somebody has seen to a reminder.
    AcknowledgeReminder {
        /// The reminder.
        reminder: RecordKey,
    },
    /// This device's printer came into another state (asked by the node itself).
    ReportPrinter {
        /// The state.
        state: crate::lobby::PrinterState,
    },
    /// Replace a section of the configuration, JSON text.
    PutConfig {
        /// The section.
        section: String,
        /// Its new content.
        value: serde_json::Value,
    },
    /// Replace several sections and staff members at once.
    ImportConfig {
        /// The sections by name.
        sections: serde_json::Map<String, serde_json::Value>,
        /// The staff members (the PINs already hashed).
        staff: Vec<crate::config::Staff>,
    },
    /// Create or replace a staff member (the PIN already hashed).
    PutStaff {
        /// The staff member.
        staff: crate::config::Staff,
    },
    /// Replace this device's settings.
    PutDeviceSettings {
        /// The settings.
        settings: crate::config::DeviceSettings,
    },
    /// Accept a device into the branch (admin devices only).
    Enrol {
        /// The statement; its lane is filled in when it is decided.
        device: DeviceId,
        /// Its role.
        role: Role,
        /// Its name.
        name: String,
        /// The counter it stands at.
        counter: Option<CounterNo>,
    },
    /// Revoke a device (admin devices only).
    Revoke {
        /// The device.
        device: DeviceId,
        /// The number of its last envelope that counts.
        last: u64,
    },
    /// Give a device the admin right (admin devices only).
    GrantAdmin {
        /// The device.
        device: DeviceId,
    },
}

impl Ask {
    /// What is asked for in one word, as the API's path says it; both ways of calling are `call`.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Guarded(guarded) => guarded.verb(),
            Self::Ordinary(ordinary) => ordinary.verb(),
        }
    }

    /// Whether a command that did `done` as `verb` may have been this one: if not, its key was used for another.
    pub fn fits(&self, verb: &str, done: &Done) -> bool {
        let same_ticket = match (self.ticket(), done) {
            (Some(asked), Done::Ticket(did) | Done::Moved { from: did, .. }) => asked == *did,
            _ => true,
        };
        let same_counter = match (self.counter(), done) {
            (Some(asked), Done::Counter(did)) => asked == *did,
            _ => true,
        };
        self.verb() == verb && same_ticket && same_counter
    }

    fn ticket(&self) -> Option<TicketId> {
        match self {
            Self::Guarded(
                Guarded::Call { ticket, .. }
                | Guarded::Move { ticket, .. }
                | Guarded::Abandon { ticket, .. }
                | Guarded::Reinstate { ticket }
                | Guarded::Transfer { ticket, .. },
            )
            | Self::Ordinary(
                Ordinary::Recall { ticket }
                | Ordinary::Start { ticket }
                | Ordinary::Finish { ticket, .. }
                | Ordinary::NoShow { ticket }
                | Ordinary::Park { ticket, .. }
                | Ordinary::Rate { ticket, .. }
                | Ordinary::Identify { ticket, .. },
            ) => Some(*ticket),
            _ => None,
        }
    }

    fn counter(&self) -> Option<CounterNo> {
        match self {
            Self::Ordinary(
                Ordinary::OpenCounter { counter, .. }
                | Ordinary::CloseCounter { counter }
                | Ordinary::PauseCounter { counter, .. }
                | Ordinary::ResumeCounter { counter },
            ) => Some(*counter),
            _ => None,
        }
    }
}

impl Guarded {
    fn verb(&self) -> &'static str {
        match self {
            Self::Issue { .. } => "issue",
            Self::CallNext { .. } | Self::Call { .. } => "call",
            Self::Move { .. } => "move",
            Self::Abandon { .. } => "abandon",
            Self::Reinstate { .. } => "reinstate",
            Self::Transfer { .. } => "transfer",
            Self::CloseDay { .. } => "close_day",
        }
    }
}

impl Ordinary {
    fn verb(&self) -> &'static str {
        match self {
            Self::Recall { .. } => "recall",
            Self::Start { .. } => "start",
            Self::Finish { .. } => "finish",
            Self::NoShow { .. } => "no_show",
            Self::Park { .. } => "park",
            Self::Rate { .. } => "rate",
            Self::Identify { .. } => "identify",
            Self::OpenCounter { .. } => "open",
            Self::CloseCounter { .. } => "close",
            Self::PauseCounter { .. } => "pause",
            Self::ResumeCounter { .. } => "resume",
            Self::AcknowledgeConflict { .. } => "acknowledge",
            Self::CallAssistance { .. } => "assistance",
            Self::AcknowledgeReminder { .. } => "acknowledge_reminder",
            Self::ReportPrinter { .. } => "report_printer",
            Self::PutConfig { .. } => "put_config",
            Self::ImportConfig { .. } => "import_config",
            Self::PutStaff { .. } => "put_staff",
            Self::PutDeviceSettings { .. } => "put_device_settings",
            Self::Enrol { .. } => "enrol",
            Self::Revoke { .. } => "revoke",
            Self::GrantAdmin { .. } => "grant_admin",
        }
    }
}

/// What a command changed; the node answers with the resource as it is afterwards.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Done {
    /// A ticket was issued or changed.
    Ticket(TicketId),
    /// A ticket was moved: the old one, and the new one that replaces it.
    Moved {
        /// The ticket that ended.
        from: TicketId,
        /// The ticket that replaces it.
        to: TicketId,
    },
    /// Nobody waits for this counter.
    NobodyWaits,
    /// A counter changed.
    Counter(CounterNo),
    /// A conflict was acknowledged.
    Conflict(RecordKey),
    /// A reminder was raised or acknowledged.
    Reminder(RecordKey),
    /// Something else changed; read it again.
    Changed,
}

/// Why a command was refused. Nothing was changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error, Serialize, Deserialize)]
pub enum Rejection {
    /// A field is wrong.
    #[error("{field}: {detail}")]
    Invalid {
        /// The field's name in the API.
        field: String,
        /// What is wrong and what would be right.
        detail: String,
    },
    /// The ticket, counter, service, staff member or device does not exist.
    #[error("there is no {what} {id:?}")]
    NotFound {
        /// Kind of thing.
        what: String,
        /// The id given, cut to a readable length.
        id: String,
    },
    /// The caller may not do this.
    #[error("{detail}")]
    NotPermitted {
        /// Who may.
        detail: String,
    },
    /// Nobody is signed in.
    #[error("sign in first")]
    NotSignedIn,
    /// The ticket's state does not allow it.
    #[error("the ticket is {}", state.as_str())]
    TicketState {
        /// The state it is in.
        state: TicketState,
    },
    /// Somebody else just called it.
    #[error("counter {counter} has called this ticket")]
    AlreadyCalled {
        /// The counter.
        counter: CounterNo,
    },
    /// The counter is closed or paused, or has a ticket that must be finished first.
    #[error("{detail}")]
    CounterState {
        /// What its state is and what to do.
        detail: String,
    },
    /// The ticket belongs to the other side of a split.
    #[error("another part of the branch may call this ticket")]
    NoAuthority {
        /// Names of the devices that may call it, as far as known.
        holders: Vec<String>,
    },
    /// No steward could be reached in time; the same key may be tried again.
    #[error("no steward can be reached")]
    NoSteward,
    /// Two machines use this device's identity, and nobody can tell which of them should decide.
    #[error("another machine uses this device's identity")]
    RunsTwice,
    /// The key was used for another command.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// The node is stopping or cannot write.
    #[error("{detail}")]
    Unavailable {
        /// Why.
        detail: String,
    },
}

impl Rejection {
    /// A wrong field.
    pub fn invalid(field: &str, detail: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), detail: detail.into() }
    }

    /// A missing thing; the id is cut so that hostile text stays short.
    pub fn not_found(what: &str, id: &str) -> Self {
        Self::NotFound { what: what.into(), id: id.chars().take(64).collect() }
    }
}
