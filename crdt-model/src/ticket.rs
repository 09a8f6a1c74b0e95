//! A ticket as people see it, and the records and facts it is folded from.

use serde::{Deserialize, Serialize};

use crate::ids::{CommandId, CounterNo, DeviceId, RecordKey, ServiceId, StaffId, TicketId};
use crate::time::{BusinessDate, UnixMs};

/// The states of the table in the API contract.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketState {
    /// Waits to be called.
    Waiting,
    /// Called to a counter.
    Called,
    /// At the counter.
    Serving,
    /// Called without response (空号); may be reinstated the same day.
    NoShow,
    /// Held by a counter, to be called again.
    Parked,
    /// Finished.
    Served,
    /// Replaced by a ticket with a new number (调整队列).
    Moved,
    /// Given up (弃号): final, never callable.
    Abandoned,
    /// Unfinished when its business day ended.
    Expired,
}

impl TicketState {
    /// Closed tickets never come back.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Served | Self::Moved | Self::Abandoned | Self::Expired)
    }

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Called => "called",
            Self::Serving => "serving",
            Self::NoShow => "no_show",
            Self::Parked => "parked",
            Self::Served => "served",
            Self::Moved => "moved",
            Self::Abandoned => "abandoned",
            Self::Expired => "expired",
        }
    }
}

/// Who did something, where and when. `at` is the device's clock and only for reading.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Actor {
    /// The device.
    pub device: DeviceId,
    /// The staff member, if one was signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<StaffId>,
    /// The device's clock.
    pub at: UnixMs,
}

/// Where a transferred ticket joins its new queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// Before all that wait there now.
    Front,
    /// After all that wait there now.
    End,
    /// By the time it was issued.
    #[default]
    Arrival,
}

/// A ticket number: prefix of the service, lane (empty for the main lane) and a count from 1.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Number {
    /// The service's letter, `A` to `Z`.
    pub prefix: char,
    /// The lane's letters; empty for the main lane.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lane: String,
    /// Consecutive from 1 within (business date, prefix, lane).
    pub count: u32,
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}{:03}", self.prefix, self.lane, self.count)
    }
}

/// What a new ticket is born with; part of the log record that issues it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Issue {
    /// The business date, by the steward's clock and the branch's cut-off.
    pub date: BusinessDate,
    /// Its number.
    pub number: Number,
    /// The service asked for.
    pub service: ServiceId,
    /// The business type within the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The customer's language, a BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The ticket this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TicketId>,
    /// Waits in its queue as if issued at this instant (a moved ticket keeps its parent's).
    pub arrived: UnixMs,
    /// Whether a customer was identified; who it is stands in the visit document only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub identified: bool,
    /// BLAKE3 of the customer's status token; the token itself is known to the customer alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_digest: Option<String>,
    /// People ahead when it was issued.
    pub ahead: u32,
    /// The first estimate, kept to be scored against the truth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<EstimateRange>,
}

/// A range of seconds a customer may have to wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EstimateRange {
    /// Lower end, seconds.
    pub low_s: u32,
    /// Upper end, seconds.
    pub high_s: u32,
}

/// A record of the stewardship log that concerns tickets: what a quorum decided. Copied into the queue document as is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The command that asked for it.
    pub cmd: CommandId,
    /// Who asked.
    pub by: Actor,
    /// What was decided.
    #[serde(flatten)]
    pub act: Act,
}

/// What a quorum can decide about tickets.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// A new ticket.
    Issue {
        /// The ticket.
        issue: Issue,
    },
    /// The right to serve a ticket, given to one counter.
    Grant {
        /// The ticket.
        ticket: TicketId,
        /// Its business date, so that the record finds its document.
        date: BusinessDate,
        /// Counts the grants that follow one another; two grants with the same turn are a double call.
        turn: u32,
        /// The counter.
        counter: CounterNo,
        /// Given by a person's override or take-over, without the right of the ticket's own epoch.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        forced: bool,
        /// The reason given for an override.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The old ticket is closed and a new one issued: all of it or nothing.
    Move {
        /// The ticket that ends.
        ticket: TicketId,
        /// Its business date.
        date: BusinessDate,
        /// The ticket that replaces it; named by this record.
        issue: Issue,
    },
    /// Given up for good.
    Abandon {
        /// The ticket.
        ticket: TicketId,
        /// Its business date.
        date: BusinessDate,
        /// Why, if somebody said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Back to waiting after a no-show.
    Reinstate {
        /// The ticket.
        ticket: TicketId,
        /// Its business date.
        date: BusinessDate,
        /// The turn that ended without response.
        turn: u32,
    },
    /// Transferred: same number, other service, counter or staff.
    Requeue {
        /// The ticket.
        ticket: TicketId,
        /// Its business date.
        date: BusinessDate,
        /// The turn that ends by it.
        turn: u32,
        /// The service it now waits for.
        service: ServiceId,
        /// The counter it waits for, if one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        counter: Option<CounterNo>,
        /// The staff member it waits for, if one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        staff: Option<StaffId>,
        /// Where it joins.
        position: Position,
    },
    /// The business day ended: every unfinished ticket of it expires.
    CloseDay {
        /// The day.
        date: BusinessDate,
    },
}

impl Act {
    /// The business date of the ticket it is about.
    pub fn date(&self) -> BusinessDate {
        match self {
            Self::Issue { issue } => issue.date,
            Self::Grant { date, .. }
            | Self::Move { date, .. }
            | Self::Abandon { date, .. }
            | Self::Reinstate { date, .. }
            | Self::Requeue { date, .. }
            | Self::CloseDay { date } => *date,
        }
    }

    /// The tickets it is about, each with its business date; `record` names the log record it stands in, and so the
    /// ticket it issues.
    pub fn tickets(&self, record: RecordKey) -> Vec<(TicketId, BusinessDate)> {
        match self {
            Self::Issue { issue } => vec![(record, issue.date)],
            Self::Move { ticket, date, issue } => vec![(*ticket, *date), (record, issue.date)],
            Self::Grant { ticket, date, .. }
            | Self::Abandon { ticket, date, .. }
            | Self::Reinstate { ticket, date, .. }
            | Self::Requeue { ticket, date, .. } => vec![(*ticket, *date)],
            Self::CloseDay { .. } => vec![],
        }
    }

    /// The business dates whose documents it goes into.
    pub fn dates(&self, record: RecordKey) -> impl Iterator<Item = BusinessDate> {
        let closed = if let Self::CloseDay { date } = self { Some(*date) } else { None };
        self.tickets(record).into_iter().map(|(_, date)| date).chain(closed)
    }
}

/// Something that happened to a called ticket and decides for nobody else: written by the device where it happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fact {
    /// The command that asked for it.
    pub cmd: CommandId,
    /// Who did it.
    pub by: Actor,
    /// The grant it belongs to: a release names its grant, never a turn count.
    pub grant: RecordKey,
    /// One more than the facts its writer knew of this grant: an order that follows cause and effect.
    pub seq: u32,
    /// What happened.
    #[serde(flatten)]
    pub kind: FactKind,
}

/// What can happen to a called ticket.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum FactKind {
    /// Called again.
    Recall,
    /// The customer arrived and service began.
    Start,
    /// Service ended.
    Finish {
        /// Outcome code, where the branch asks for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<String>,
    },
    /// Nobody came.
    NoShow,
    /// Held.
    Park {
        /// Why, if somebody said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// A customer's rating of a served ticket. One counts per ticket: that of the lowest command digest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RatingFact {
    /// The command that asked for it.
    pub cmd: CommandId,
    /// Where it was given.
    pub by: Actor,
    /// 1 (not satisfied) to 3 (satisfied).
    pub level: u8,
}

/// Staff identified the customer; who it is stands in the visit document only. Its key is `i:{ticket}:{command}`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IdentifiedFact {
    /// The command that asked for it.
    pub cmd: CommandId,
    /// Who did it.
    pub by: Actor,
}

/// Something that happened to a counter; its key is `c:{counter}:{command}`. Facts count in the order (seq, device,
/// command digest), so the counter's state is the same on every node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CounterFact {
    /// The command that asked for it.
    pub cmd: CommandId,
    /// Who did it.
    pub by: Actor,
    /// One more than the highest its writer knew of this counter and day.
    pub seq: u32,
    /// What happened.
    #[serde(flatten)]
    pub kind: CounterFactKind,
}

/// What can happen to a counter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum CounterFactKind {
    /// Begins to call, or goes on calling with other services.
    Open {
        /// Only these services.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        services: Option<Vec<ServiceId>>,
        /// This profile instead of the configured one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        profile: Option<String>,
    },
    /// Ends its day or shift.
    Close,
    /// Calls nobody for a while.
    Pause {
        /// Why.
        reason: String,
    },
    /// The pause ended.
    Resume,
}
