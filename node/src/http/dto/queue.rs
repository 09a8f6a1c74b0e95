//! Queues, the lobby manager's figures, and the whole picture a screen starts from.

use std::collections::BTreeMap;

use branchmesh_model::view::history::{HourMean, PastHours};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    BranchDto, ColleagueDto, ConflictDto, CounterDto, DeviceSettingsDto, EstimateDto, MeshDto, PrinterDto, ReminderDto,
    StaffDto, Text, TicketDto,
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
    pub(crate) waiting: u32,
    /// The longest wait of those that wait now, seconds; null when nobody waits.
    pub(crate) longest_wait_s: Option<u32>,
    /// How long somebody who comes now will wait; null if no counter serves it.
    pub(crate) estimate_s: Option<EstimateDto>,
    /// Open counters that serve it.
    pub(crate) open_counters: u32,
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
    pub(crate) waiting: u32,
    /// The longest wait now, seconds; null when nobody waits.
    pub(crate) longest_wait_s: Option<u32>,
    /// The average wait of those that wait now, seconds; null when nobody waits.
    pub(crate) average_wait_s: Option<u32>,
    /// What the branch promises, seconds.
    pub(crate) service_level_s: u32,
    /// This device's waiting reminder T, seconds.
    pub(crate) reminder_s: u32,
    /// People who wait less than T.
    pub(crate) waiting_below_reminder: u32,
    /// People waiting for T, 1.5 T, 2 T and 3 T or longer, each counted once in the highest.
    pub(crate) waits_by_reminder: Vec<WaitColumnDto>,
    /// By queue.
    pub(crate) by_queue: Vec<QueueFiguresDto>,
    /// By service.
    pub(crate) by_service: Vec<QueueDto>,
    /// By business type; those without one under an empty name. `by_business_type` tells services and names too.
    pub(crate) by_category: BTreeMap<String, u32>,
    /// By business type within its service, the most people first.
    pub(crate) by_business_type: Vec<BusinessTypeDto>,
    /// Devices this node hears now, itself included.
    pub(crate) devices_visible: usize,
    /// Devices of the branch.
    pub(crate) devices_enrolled: usize,
    /// What past days were like at this time of the week.
    pub(crate) past: PastHoursDto,
    /// Every counter with its ticket and what it served today.
    pub(crate) counters: Vec<CounterFiguresDto>,
    /// The day so far.
    pub(crate) today: DayFiguresDto,
}

/// The people who wait for one business type.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = BusinessTypeFigures)]
pub(crate) struct BusinessTypeDto {
    /// The service.
    pub(crate) service: String,
    /// The business type; null for people who named none.
    pub(crate) category: Option<String>,
    /// What people call it; the service's name for people who named none.
    pub(crate) name: Text,
    /// How many wait.
    pub(crate) waiting: u32,
}

/// Past days by the hour: those of this weekday if at least three are held here, otherwise all held.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = PastHours)]
pub(crate) struct PastHoursDto {
    /// Days that speak here.
    pub(crate) days: usize,
    /// Local hours in which anybody came.
    pub(crate) hours: Vec<HourDto>,
    /// Hours with waits of at most half of those of the busiest one; empty while no hour is worth avoiding.
    pub(crate) quiet_hours: Vec<u8>,
    /// Hours with waits of at least four fifths of those of the busiest one: open counters in time.
    pub(crate) busy_hours: Vec<u8>,
}

/// An hour as it was on average.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = PastHour)]
pub(crate) struct HourDto {
    /// The local hour, 0 to 23.
    pub(crate) hour: u8,
    /// Customers who came, a day.
    pub(crate) arrived: f32,
    /// Their average wait, seconds.
    pub(crate) average_wait_s: u32,
}

impl From<&PastHours> for PastHoursDto {
    fn from(past: &PastHours) -> Self {
        let hour = |h: &HourMean| HourDto { hour: h.hour, arrived: h.arrived, average_wait_s: h.mean_wait_s };
        Self {
            days: past.days,
            hours: past.hours.iter().map(hour).collect(),
            quiet_hours: past.quiet(),
            busy_hours: past.busy(),
        }
    }
}

/// People who wait at least so long, and less than the next column.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = WaitColumn)]
pub(crate) struct WaitColumnDto {
    /// Multiple of the reminder: 1, 1.5, 2 or 3.
    pub(crate) multiple: f32,
    /// People in it.
    pub(crate) waiting: u32,
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
    pub(crate) waiting: u32,
    /// The longest wait now, seconds; null when nobody waits.
    pub(crate) longest_wait_s: Option<u32>,
    /// The average wait of those that wait now, seconds; null when nobody waits.
    pub(crate) average_wait_s: Option<u32>,
    /// Open counters that serve it.
    pub(crate) open_counters: u32,
}

/// A counter as the supervisor sees it.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = CounterFigures)]
pub(crate) struct CounterFiguresDto {
    /// Its number.
    pub(crate) counter: u8,
    /// `closed`, `open` or `paused`.
    pub(crate) state: &'static str,
    /// Why it is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Who works there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) staff: Option<String>,
    /// The ticket called or served there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ticket: Option<String>,
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<String>,
    /// Its state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ticket_state: Option<&'static str>,
    /// Tickets served there today.
    pub(crate) served: u32,
}

/// The business day so far. A moved ticket and its successor count once.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = DayFigures)]
pub(crate) struct DayFiguresDto {
    /// Tickets issued.
    pub(crate) issued: u32,
    /// Tickets waiting.
    pub(crate) waiting: u32,
    /// Tickets served.
    pub(crate) served: u32,
    /// Ended without the customer after a call.
    pub(crate) no_show: u32,
    /// Ended before any call.
    pub(crate) left: u32,
    /// Called, or still waiting, later than the branch promises.
    pub(crate) over_service_level: u32,
    /// Served, percent of issued.
    pub(crate) served_pct: u8,
    /// No-show, percent of issued.
    pub(crate) no_show_pct: u8,
    /// Left, percent of issued.
    pub(crate) left_pct: u8,
    /// Over the service level, percent of those called or waiting.
    pub(crate) over_service_level_pct: u8,
    /// Average wait of those called, last call minus arrival, seconds.
    pub(crate) average_wait_s: u32,
    /// Average service time of those served, seconds.
    pub(crate) average_service_s: u32,
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
    /// Names behind the staff ids of this picture; staff only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) colleagues: Vec<ColleagueDto>,
    /// All tickets of the business day; for public callers only called and serving ones.
    pub(crate) tickets: Vec<TicketDto>,
    /// All counters.
    pub(crate) counters: Vec<CounterDto>,
    /// The queues by service.
    pub(crate) queues: Vec<QueueDto>,
    /// Double calls nobody has acknowledged; staff only.
    pub(crate) conflicts: Vec<ConflictDto>,
    /// What staff should see to at this device; staff only.
    pub(crate) reminders: Vec<ReminderDto>,
    /// Ticket printers; not for public callers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) printers: Vec<PrinterDto>,
    /// The mesh; not for public callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mesh: Option<MeshDto>,
    /// This device's settings; not for public callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) settings: Option<DeviceSettingsDto>,
}
