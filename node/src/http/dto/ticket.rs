//! Tickets, their history, and double calls.

use branchmesh_model::ids::TicketId;
use branchmesh_model::ticket::{Actor, TicketState};
use branchmesh_model::view::{Conflict, HistoryItem, Ticket};
use branchmesh_model::visit::{Visit, masked};
use serde::Serialize;
use utoipa::ToSchema;

use super::Clockwork;
use crate::handle::Snapshot;
use crate::http::figures::Outlook;

/// A range of seconds a customer may have to wait.
#[derive(Serialize, ToSchema, Clone, Copy, Debug, PartialEq)]
pub(crate) struct EstimateDto {
    /// Lower end, seconds.
    pub(crate) low: u32,
    /// Upper end, seconds.
    pub(crate) high: u32,
}

/// A ticket.
#[derive(Serialize, ToSchema, Clone, Debug)]
#[schema(as = Ticket)]
pub(crate) struct TicketDto {
    /// Its id, opaque.
    #[schema(value_type = String)]
    pub(crate) id: TicketId,
    /// The printed number.
    #[schema(example = "A001")]
    pub(crate) number: String,
    /// The service it waits for or was served in.
    pub(crate) service: String,
    /// Business type within the service; null without one.
    pub(crate) category: Option<String>,
    /// `waiting`, `called`, `serving`, `no_show`, `parked`, `served`, `moved`, `abandoned` or `expired`.
    #[schema(example = "waiting")]
    pub(crate) state: &'static str,
    /// The epoch of stewardship in force at this node.
    pub(crate) epoch: String,
    /// Its business date.
    pub(crate) business_date: String,
    /// When it was issued.
    pub(crate) issued_at: String,
    /// Last call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) called_at: Option<String>,
    /// Last start of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) started_at: Option<String>,
    /// When it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) finished_at: Option<String>,
    /// Counter of the last call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) counter: Option<u8>,
    /// Staff member of the last call or service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) staff: Option<String>,
    /// How often it was called, recalls included.
    pub(crate) calls: u32,
    /// The ticket it replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) parent: Option<TicketId>,
    /// The ticket that replaced it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) moved_to: Option<TicketId>,
    /// People ahead, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ahead: Option<u32>,
    /// How long it will wait, while it waits; absent if no counter serves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) estimate_s: Option<EstimateDto>,
    /// The counter it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) for_counter: Option<u8>,
    /// The staff member it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) for_staff: Option<String>,
    /// The customer's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<String>,
    /// Outcome code of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<String>,
    /// Reason of a park or abandonment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Rating, 1 to 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rating: Option<u8>,
    /// Whether a customer was identified.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) identified: bool,
    /// Waits, and another side of a split may call it: this one needs an override.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) foreign: bool,
    /// Called by a person's override.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) overridden: bool,
    /// The double call it is part of, until somebody acknowledges it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) conflict: Option<String>,
    /// The customer's key to `GET /status/{status_token}`; only in the answer to issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status_token: Option<String>,
    /// Path of the customer's own page; with `status_token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/t/0123456789abcdefghijklmnopqrstuv")]
    pub(crate) status_path: Option<String>,
    /// Whole address of that page: on the branch's `public_url`, or else on the address this request used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status_url: Option<String>,
    /// Whether a slip is being printed; only in the answer to issue and print, absent where this device has no printer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) printing: Option<bool>,
    /// All that happened, oldest first; only in the answer about one ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) history: Option<Vec<HistoryDto>>,
    /// Who the customer is, as far as this device may hold it; only in the answer about one ticket, for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) visit: Option<VisitDto>,
}

impl TicketDto {
    /// The whole ticket, without token and history.
    pub(crate) fn new(ticket: &Ticket, snapshot: &Snapshot, outlook: Outlook, clock: &Clockwork) -> Self {
        Self {
            id: ticket.id,
            number: ticket.number.to_string(),
            service: ticket.service.clone(),
            category: ticket.category.clone(),
            state: ticket.state.as_str(),
            epoch: snapshot.mesh.epoch.clone().unwrap_or_default(),
            business_date: ticket.date.to_string(),
            issued_at: clock.text(ticket.issued_at),
            called_at: clock.maybe(ticket.called_at),
            started_at: clock.maybe(ticket.started_at),
            finished_at: clock.maybe(ticket.finished_at),
            counter: ticket.counter,
            staff: ticket.staff.clone(),
            calls: ticket.calls,
            parent: ticket.parent,
            moved_to: ticket.moved_to,
            ahead: outlook.ahead,
            estimate_s: outlook.estimate,
            for_counter: ticket.for_counter,
            for_staff: ticket.for_staff.clone(),
            language: ticket.language.clone(),
            outcome: ticket.outcome.clone(),
            reason: ticket.reason.clone(),
            rating: ticket.rating,
            identified: ticket.identified,
            foreign: snapshot.mesh.foreign.contains(&ticket.id),
            overridden: ticket.overridden,
            conflict: ticket.conflict.map(|c| c.to_string()),
            status_token: None,
            status_path: None,
            status_url: None,
            printing: None,
            history: None,
            visit: None,
        }
    }

    /// What a public screen may show: nothing about staff, reasons or the customer.
    pub(crate) fn public(mut self) -> Self {
        self.staff = None;
        self.for_staff = None;
        self.language = None;
        self.category = None;
        self.outcome = None;
        self.reason = None;
        self.rating = None;
        self.identified = false;
        self.conflict = None;
        self.overridden = false;
        self.foreign = false;
        self.history = None;
        self.visit = None;
        self
    }
}

/// The customer behind a ticket. Numbers show their last characters only: enough to compare with a card in the hand.
#[derive(Serialize, ToSchema, Clone, Debug)]
#[schema(as = Visit)]
pub(crate) struct VisitDto {
    /// Card or id number, masked.
    #[schema(example = "••••••••••••7890")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) identity_masked: Option<String>,
    /// Phone number, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phone_masked: Option<String>,
    /// The staff member who identified the customer; none if the customer did at the kiosk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) staff: Option<String>,
}

impl VisitDto {
    pub(crate) fn new(visit: &Visit) -> Self {
        Self {
            identity_masked: visit.told.identity.as_deref().map(masked),
            phone_masked: visit.told.phone.as_deref().map(masked),
            staff: visit.staff.clone(),
        }
    }
}

/// Whether a public screen shows tickets in this state.
pub(crate) fn shown_in_public(state: TicketState) -> bool {
    matches!(state, TicketState::Called | TicketState::Serving)
}

/// One line of a ticket's history.
#[derive(Serialize, ToSchema, Clone, Debug)]
#[schema(as = HistoryItem)]
pub(crate) struct HistoryDto {
    /// `issued`, `called`, `recalled`, `started`, `finished`, `no_show`, `parked`, `reinstated`, `transferred`, `moved`,
    /// `abandoned`, `expired`, `rated` or `identified`.
    pub(crate) what: String,
    /// Whether it had an effect; what merged data could not allow is shown without one.
    pub(crate) effective: bool,
    /// When, on the clock of the device where it happened.
    pub(crate) at: String,
    /// Where.
    pub(crate) device: String,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) staff: Option<String>,
    /// The counter, for calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) counter: Option<u8>,
    /// Reason or outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

impl HistoryDto {
    pub(crate) fn new(item: &HistoryItem, clock: &Clockwork) -> Self {
        Self {
            what: item.what.trim_start_matches('!').to_owned(),
            effective: !item.what.starts_with('!'),
            at: clock.text(item.at),
            device: item.device.to_string(),
            staff: item.staff.clone(),
            counter: item.counter,
            note: item.note.clone(),
        }
    }
}

/// Tickets by filter.
#[derive(Serialize, ToSchema)]
#[schema(as = Tickets)]
pub(crate) struct TicketsDto {
    /// The snapshot they were read from.
    pub(crate) revision: String,
    /// The tickets: those that wait in the order of their queue first, then the rest by issue.
    pub(crate) tickets: Vec<TicketDto>,
}

/// A double call: two counters called the same turn of a ticket.
#[derive(Serialize, ToSchema)]
#[schema(as = Conflict)]
pub(crate) struct ConflictDto {
    /// Its id, the same on every node.
    pub(crate) id: String,
    /// The ticket.
    #[schema(value_type = String)]
    pub(crate) ticket: TicketId,
    /// Its number.
    pub(crate) number: String,
    /// The calls, in the order of their records.
    pub(crate) calls: Vec<ConflictCallDto>,
    /// Who has seen to it; absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) acknowledged: Option<ActorDto>,
}

/// One of the calls of a double call.
#[derive(Serialize, ToSchema)]
#[schema(as = ConflictCall)]
pub(crate) struct ConflictCallDto {
    /// The counter.
    pub(crate) counter: u8,
    /// When, on the clock of the device that called.
    pub(crate) at: String,
    /// The device that called.
    pub(crate) device: String,
    /// Who called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) staff: Option<String>,
    /// Whether by override.
    pub(crate) overridden: bool,
    /// The reason given for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// Who did something, where and when.
#[derive(Serialize, ToSchema, Clone, Debug)]
#[schema(as = Actor)]
pub(crate) struct ActorDto {
    /// The device.
    pub(crate) device: String,
    /// The staff member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) staff: Option<String>,
    /// When, on that device's clock.
    pub(crate) at: String,
}

impl ActorDto {
    pub(crate) fn new(by: &Actor, clock: &Clockwork) -> Self {
        Self { device: by.device.to_string(), staff: by.staff.clone(), at: clock.text(by.at) }
    }
}

impl ConflictDto {
    pub(crate) fn new(conflict: &Conflict, clock: &Clockwork) -> Self {
        let calls = conflict.calls.iter().map(|call| ConflictCallDto {
            counter: call.counter,
            at: clock.text(call.by.at),
            device: call.by.device.to_string(),
            staff: call.by.staff.clone(),
            overridden: call.forced,
            reason: call.reason.clone(),
        });
        let acknowledged = conflict.acknowledged.as_ref().map(|by| ActorDto::new(by, clock));
        Self {
            id: conflict.id.to_string(),
            ticket: conflict.ticket,
            number: conflict.number.to_string(),
            calls: calls.collect(),
            acknowledged,
        }
    }
}

/// All double calls of the days held in full.
#[derive(Serialize, ToSchema)]
#[schema(as = Conflicts)]
pub(crate) struct ConflictsDto {
    /// Unacknowledged ones first.
    pub(crate) conflicts: Vec<ConflictDto>,
}

/// A customer's own ticket: what `GET /status/{status_token}` shows and nothing else.
#[derive(Serialize, ToSchema)]
#[schema(as = Status)]
pub(crate) struct StatusDto {
    /// The branch's name.
    pub(crate) branch: String,
    /// The ticket's number; of the ticket that replaced it, if it was moved.
    pub(crate) number: String,
    /// The service's id.
    pub(crate) service: String,
    /// What people call the service.
    pub(crate) service_name: super::Text,
    /// The ticket's state.
    pub(crate) state: &'static str,
    /// When it was issued.
    pub(crate) issued_at: String,
    /// The counter to go to, once called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) counter: Option<u8>,
    /// People ahead, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ahead: Option<u32>,
    /// How long it will wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) estimate_s: Option<EstimateDto>,
}
