//! Queues, the lobby manager's figures, and the whole picture a screen starts from.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    BranchDto, ConflictDto, CounterDto, DeviceSettingsDto, EstimateDto, MeshDto, StaffDto, Text, TicketDto,
};

/// The waiting people of one service.
#[derive(Serialize, ToSchema, Clone, Debug)]
#[schema(as = Queue)]
pub(crate) struct QueueDto {
    /// The service.
    pub(crate) service: String,
    /// What people read.
    pub(crate) name: Text,
    /// The queue its tickets wait in.
    pub(crate) queue: String,
    /// How many wait.
    pub(crate) waiting: usize,
    /// The longest wait of those that wait now, seconds; null when nobody waits.
    pub(crate) longest_wait_s: Option<u32>,
    /// How long somebody who comes now will wait; null if no counter serves it.
    pub(crate) estimate_s: Option<EstimateDto>,
    /// Open counters that serve it.
    pub(crate) open_counters: usize,
}

/// All services' queues.
#[derive(Serialize, ToSchema)]
#[schema(as = Queues)]
pub(crate) struct QueuesDto {
    /// In the order of the services.
    pub(crate) queues: Vec<QueueDto>,
}

/// The supervisor's figures of the current business day.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = LobbyOverview)]
pub(crate) struct OverviewDto {
    /// The snapshot they were read from.
    pub(crate) revision: String,
    /// When, on this node's clock.
    pub(crate) at: String,
    /// The business date.
    pub(crate) business_date: String,
    /// People waiting.
    pub(crate) waiting: usize,
    /// The longest wait now, seconds.
    pub(crate) longest_wait_s: Option<u32>,
    /// The average wait of those that wait now, seconds.
    pub(crate) average_wait_s: Option<u32>,
    /// Waiting longer than the branch promises.
    pub(crate) over_service_level: usize,
    /// What the branch promises, seconds.
    pub(crate) service_level_s: u32,
    /// This device's waiting reminder, seconds.
    pub(crate) reminder_s: u32,
    /// People waiting by multiples of the reminder: below one, one to two, two to three, three and more.
    pub(crate) waits_by_reminder: Vec<WaitBandDto>,
    /// By queue.
    pub(crate) by_queue: Vec<QueueFiguresDto>,
    /// People waiting by service.
    pub(crate) by_service: Vec<QueueDto>,
    /// People waiting by business type.
    pub(crate) by_category: BTreeMap<String, usize>,
    /// Counters by state.
    pub(crate) counters_open: usize,
    /// Counters paused.
    pub(crate) counters_paused: usize,
    /// Counters closed.
    pub(crate) counters_closed: usize,
    /// The day so far.
    pub(crate) today: DayFiguresDto,
}

/// People whose wait lies in a band.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = WaitBand)]
pub(crate) struct WaitBandDto {
    /// The band begins here, seconds.
    pub(crate) from_s: u32,
    /// It ends before here, seconds; null for the last.
    pub(crate) to_s: Option<u32>,
    /// People in it.
    pub(crate) waiting: usize,
}

/// One queue's figures.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = QueueFigures)]
pub(crate) struct QueueFiguresDto {
    /// The queue.
    pub(crate) queue: String,
    /// What people read.
    pub(crate) name: Text,
    /// How many wait.
    pub(crate) waiting: usize,
    /// The longest wait now, seconds.
    pub(crate) longest_wait_s: Option<u32>,
    /// The average wait of those that wait now, seconds.
    pub(crate) average_wait_s: Option<u32>,
    /// Waiting longer than the branch promises.
    pub(crate) over_service_level: usize,
}

/// The business day so far.
#[derive(Serialize, ToSchema, Debug, Default)]
#[schema(as = DayFigures)]
pub(crate) struct DayFiguresDto {
    /// Tickets issued; a moved ticket and its successor count once.
    pub(crate) issued: usize,
    /// Waiting now.
    pub(crate) waiting: usize,
    /// Called now.
    pub(crate) called: usize,
    /// At a counter now.
    pub(crate) serving: usize,
    /// On hold now.
    pub(crate) parked: usize,
    /// Called without response and not reinstated.
    pub(crate) no_show: usize,
    /// Served.
    pub(crate) served: usize,
    /// Given up before a call.
    pub(crate) left: usize,
    /// Given up after a call.
    pub(crate) abandoned_after_call: usize,
    /// Average wait of those served, last call minus issue, seconds.
    pub(crate) average_wait_s: Option<u32>,
    /// Average service time of those served, seconds.
    pub(crate) average_service_s: Option<u32>,
    /// Of those served, how many waited longer than the branch promises.
    pub(crate) served_over_service_level: usize,
    /// Ratings by level, 1 to 3.
    pub(crate) ratings: BTreeMap<u8, usize>,
}

/// Everything this caller may see, as one consistent picture.
#[derive(Serialize, ToSchema)]
#[schema(as = Snapshot)]
pub(crate) struct SnapshotDto {
    /// Names this picture; `GET /events?last_event_id=` with it continues without a gap.
    pub(crate) revision: String,
    /// When, on this node's clock.
    pub(crate) at: String,
    /// What it is cut to: `staff`, `device` or `public`.
    pub(crate) scope: &'static str,
    /// The branch.
    pub(crate) branch: BranchDto,
    /// Who is signed in.
    pub(crate) staff: Option<StaffDto>,
    /// All tickets of the business day; for public callers only called and serving ones.
    pub(crate) tickets: Vec<TicketDto>,
    /// All counters.
    pub(crate) counters: Vec<CounterDto>,
    /// The queues by service.
    pub(crate) queues: Vec<QueueDto>,
    /// Double calls nobody has acknowledged; staff only.
    pub(crate) conflicts: Vec<ConflictDto>,
    /// The mesh; not for public callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mesh: Option<MeshDto>,
    /// This device's settings; not for public callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) settings: Option<DeviceSettingsDto>,
}
