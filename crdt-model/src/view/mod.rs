//! What people see, folded from facts.
//!
//! [`BranchView::apply`] takes facts in any order and any number of times; [`BranchView::refresh`] folds again what they
//! touched and tells the difference as events. Equal sets of facts give equal views on every node.

mod branch;
mod counters;
mod diff;
mod facts;
pub mod figures;
mod fold;
pub mod history;
mod lobby;
pub mod reminders;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{CommandId, CounterNo, DeviceId, RecordKey, ServiceId, StaffId, TicketId};
use crate::ticket::{EstimateRange, Number, TicketState};
use crate::time::{BusinessDate, UnixMs};

pub use branch::{BranchView, Prior};
pub(crate) use facts::trace;
pub use fold::{GrantState, GrantView, conflict_id};

/// A ticket as it is now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// The printed number.
    pub number: Number,
    /// Its business date.
    pub date: BusinessDate,
    /// The service it waits for or was served in.
    pub service: ServiceId,
    /// Business type.
    pub category: Option<String>,
    /// The customer's language.
    pub language: Option<String>,
    /// Its state.
    pub state: TicketState,
    /// Issued, on the steward's clock.
    pub issued_at: UnixMs,
    /// Device that asked for it.
    pub issued_by: DeviceId,
    /// The command that asked for it. Two tickets of one command: an answer was lost and a split followed.
    pub issued_for: CommandId,
    /// Waits since this instant; a moved ticket keeps its parent's.
    pub arrived: UnixMs,
    /// Last call.
    pub called_at: Option<UnixMs>,
    /// Last start of service.
    pub started_at: Option<UnixMs>,
    /// Closed.
    pub finished_at: Option<UnixMs>,
    /// Counter of the last call.
    pub counter: Option<CounterNo>,
    /// Staff member of the last call or service.
    pub staff: Option<StaffId>,
    /// Device of the last call.
    pub called_by: Option<DeviceId>,
    /// How often it was called, recalls included.
    pub calls: u32,
    /// The ticket it replaced.
    pub parent: Option<TicketId>,
    /// The ticket that replaced it.
    pub moved_to: Option<TicketId>,
    /// The counter it waits for, if transferred to one or parked there.
    pub for_counter: Option<CounterNo>,
    /// The staff member it waits for.
    pub for_staff: Option<StaffId>,
    /// Place in its queue, lowest first: (class, instant, id).
    pub order: (i64, i64),
    /// People ahead when issued.
    pub ahead_at_issue: u32,
    /// The first estimate.
    pub estimate_at_issue: Option<EstimateRange>,
    /// Outcome code of the service.
    pub outcome: Option<String>,
    /// Reason of park or abandonment.
    pub reason: Option<String>,
    /// Rating 1 to 3.
    pub rating: Option<u8>,
    /// Whether a customer was identified.
    pub identified: bool,
    /// BLAKE3 of the status token.
    pub status_digest: Option<String>,
    /// Called by a person's override.
    pub overridden: bool,
    /// The conflict it is part of and nobody has acknowledged yet.
    pub conflict: Option<RecordKey>,
    /// The grant now in force or last in force, and the turn it has.
    pub grant: Option<(RecordKey, u32)>,
    /// Whether the last grant has been released (no-show, park, transfer) so that another may follow.
    pub released: bool,
    /// All that happened, in the order the fold found.
    pub history: Vec<HistoryItem>,
}

/// One line of a ticket's history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HistoryItem {
    /// What: `issued`, `called`, `recalled`, `started`, `finished`, `no_show`, `parked`, `reinstated`, `transferred`,
    /// `moved`, `abandoned`, `expired`, `rated`; with `!` in front if it had no effect.
    pub what: Cow<'static, str>,
    /// When, on the clock of the device where it happened.
    pub at: UnixMs,
    /// Where.
    pub device: DeviceId,
    /// Who.
    pub staff: Option<StaffId>,
    /// The counter, for calls.
    pub counter: Option<CounterNo>,
    /// Reason or outcome.
    pub note: Option<String>,
}

/// A counter as it is now. Counters begin each business day closed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CounterView {
    /// Its state.
    pub state: CounterState,
    /// Why it is paused.
    pub reason: Option<String>,
    /// Serves only these services, if it was opened so.
    pub services: Option<Vec<ServiceId>>,
    /// Works by this profile instead of the configured one.
    pub profile: Option<String>,
    /// Who opened it.
    pub staff: Option<StaffId>,
    /// Device that opened it.
    pub device: Option<DeviceId>,
    /// Last change.
    pub since: Option<UnixMs>,
    /// Facts known of it, for the order of the next.
    pub seq: u32,
}

/// States of a counter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CounterState {
    /// Serves nobody.
    #[default]
    Closed,
    /// Calls.
    Open,
    /// Calls nobody for a while.
    Paused,
}

/// A double call: two counters called the same turn of a ticket, which takes an override. The same record on every node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Conflict {
    /// Named by ticket and turn.
    pub id: RecordKey,
    /// The ticket.
    pub ticket: TicketId,
    /// Its number, for people.
    pub number: Number,
    /// The calls, in the order of their records.
    pub calls: Vec<ConflictCall>,
    /// Who has seen to it.
    pub acknowledged: Option<crate::ticket::Actor>,
}

/// One of the calls of a conflict.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ConflictCall {
    /// The grant.
    pub grant: RecordKey,
    /// The counter.
    pub counter: CounterNo,
    /// Who called.
    pub by: crate::ticket::Actor,
    /// Whether by override.
    pub forced: bool,
    /// The reason given.
    pub reason: Option<String>,
}

/// One business day's tickets and counters.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct DayView {
    /// Tickets by id. Every published picture holds a copy, which costs nothing here but what changes between two of them.
    pub tickets: imbl::OrdMap<TicketId, Arc<Ticket>>,
    /// Counters that did anything that day.
    pub counters: BTreeMap<CounterNo, CounterView>,
    /// Double calls.
    pub conflicts: BTreeMap<RecordKey, Conflict>,
    /// Whether the day was closed: its unfinished tickets have expired.
    pub closed: bool,
    /// Calls for assistance.
    pub assistance: BTreeMap<RecordKey, reminders::Reminder>,
    /// Who has seen to which reminder.
    pub seen_to: BTreeMap<RecordKey, crate::ticket::Actor>,
    /// Printers of the devices that have one.
    pub printers: BTreeMap<DeviceId, reminders::PrinterView>,
}
