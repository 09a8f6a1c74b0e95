//! Figures people read: waits, estimates, shares. Always computed from a day's view, never stored.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::{Config, Profile};
use crate::ids::{CounterNo, ServiceId, StaffId, TicketId};
use crate::ticket::{EstimateRange, TicketState};
use crate::time::UnixMs;

use super::{CounterState, CounterView, DayView, Ticket};

/// Finished services needed before the branch's own duration replaces the configured one.
const ENOUGH_SAMPLES: usize = 10;
/// Shorter services are mistakes of the hand, seconds.
const SHORTEST_S: u32 = 5;
/// Longer ones were forgotten, seconds.
const LONGEST_S: u32 = 2 * 3600;
/// Estimates are shown in steps of this many seconds.
const STEP_S: u32 = 30;

/// Figures of one service.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ServiceFigures {
    /// The service.
    pub service: ServiceId,
    /// Tickets waiting.
    pub waiting: u32,
    /// Longest wait of those waiting, seconds.
    pub longest_wait_s: u32,
    /// Mean wait of those waiting, seconds.
    pub mean_wait_s: u32,
    /// Mean service time used for estimates, seconds.
    pub mean_service_s: u32,
    /// What a newcomer may expect; none if no open counter serves it.
    pub estimate_s: Option<EstimateRange>,
}

/// Figures of one queue.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct QueueFigures {
    /// The queue.
    pub queue: String,
    /// Tickets waiting.
    pub waiting: u32,
    /// Longest wait of those waiting, seconds.
    pub longest_wait_s: u32,
    /// Mean wait of those waiting, seconds.
    pub mean_wait_s: u32,
    /// Open counters that serve it.
    pub open_counters: u32,
    /// Its services.
    pub services: Vec<ServiceFigures>,
}

/// Shares of a day, percent of issued tickets (moved ones count as their successor).
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct DayFigures {
    /// Tickets issued.
    pub issued: u32,
    /// Tickets waiting.
    pub waiting: u32,
    /// Tickets served.
    pub served: u32,
    /// Tickets that ended without the customer after a call.
    pub no_show: u32,
    /// Tickets that ended before any call.
    pub left: u32,
    /// Called later than the service level promises.
    pub over_service_level: u32,
    /// Served, percent.
    pub served_pct: u8,
    /// No-show, percent.
    pub no_show_pct: u8,
    /// Left, percent.
    pub left_pct: u8,
    /// Over the service level, percent of those called or waiting.
    pub over_service_level_pct: u8,
    /// Mean wait of those called (last call − issue), seconds.
    pub mean_wait_s: u32,
    /// Mean service time of those served, seconds.
    pub mean_service_s: u32,
}

/// A counter as the supervisor sees it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CounterFigures {
    /// Its number.
    pub counter: CounterNo,
    /// Its state.
    pub state: CounterState,
    /// Why it is paused.
    pub reason: Option<String>,
    /// Who works there.
    pub staff: Option<StaffId>,
    /// The ticket called or served there.
    pub ticket: Option<TicketId>,
    /// Its number.
    pub number: Option<String>,
    /// Its state.
    pub ticket_state: Option<TicketState>,
    /// Tickets served there today.
    pub served: u32,
}

/// The lobby at a glance.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SupervisorFigures {
    /// Waiting by queue.
    pub by_queue: Vec<(String, u32)>,
    /// Waiting by business type; those without one under an empty name.
    pub by_category: Vec<(String, u32)>,
    /// Waits by multiples of the reminder value T: those from T, 1.5 T, 2 T and 3 T on (each counted once).
    pub wait_columns: [u32; 4],
    /// The reminder value, seconds.
    pub reminder_s: u32,
    /// Mean wait of those waiting, seconds.
    pub mean_wait_s: u32,
    /// Longest wait of those waiting, seconds.
    pub longest_wait_s: u32,
    /// The counters.
    pub counters: Vec<CounterFigures>,
    /// Shares of the day.
    pub day: DayFigures,
}

fn mean(values: impl Iterator<Item = u32>) -> u32 {
    let (sum, n) = values.fold((0_u64, 0_u64), |(s, n), v| (s + u64::from(v), n + 1));
    u32::try_from(sum.checked_div(n).unwrap_or(0)).unwrap_or(u32::MAX)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn pct(part: u32, whole: u32) -> u8 {
    let share = (u64::from(part) * 100 + u64::from(whole) / 2).checked_div(u64::from(whole)).unwrap_or(0);
    u8::try_from(share).unwrap_or(100)
}

fn waiting(day: &DayView) -> impl Iterator<Item = &Ticket> {
    day.tickets.values().map(|t| &**t).filter(|t| t.state == TicketState::Waiting)
}

/// Where a ticket stands among all of its queue, lowest first.
pub fn place(ticket: &Ticket) -> ((i64, i64), TicketId) {
    (ticket.order, ticket.id)
}

/// The profile a counter works by now.
pub fn profile_of<'a>(config: &'a Config, number: CounterNo, counter: &CounterView) -> Option<&'a Profile> {
    let configured = config.counter(number)?.profile.as_str();
    config.profile(counter.profile.as_deref().unwrap_or(configured))
}

/// Whether a counter, as it was opened, serves a service.
pub fn serves(config: &Config, number: CounterNo, counter: &CounterView, service: &str) -> bool {
    let queue = config.queue_of(service);
    let in_profile = profile_of(config, number, counter).is_some_and(|p| p.queues.iter().any(|q| q.queue == queue));
    in_profile && counter.services.as_ref().is_none_or(|s| s.iter().any(|s| s == service))
}

fn open_for(day: &DayView, config: &Config, service: &str) -> Vec<CounterNo> {
    let open = day.counters.iter().filter(|(_, c)| c.state == CounterState::Open);
    open.filter(|(n, c)| serves(config, **n, c, service)).map(|(n, _)| *n).collect()
}

/// Mean service time by service, seconds: learned once there are enough finished services today, else as configured.
/// Neither forgotten tickets nor slips of the hand count, and of the rest the middle four fifths.
pub fn mean_service_s(day: &DayView, config: &Config) -> BTreeMap<ServiceId, u32> {
    let mut samples: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for ticket in day.tickets.values().filter(|t| t.state == TicketState::Served) {
        if let Some(took) = service_time_s(ticket).filter(|s| (SHORTEST_S..=LONGEST_S).contains(s)) {
            samples.entry(&ticket.service).or_default().push(took);
        }
    }
    let learned = |service: &str| {
        let mut took = samples.get(service).filter(|s| s.len() >= ENOUGH_SAMPLES)?.clone();
        took.sort_unstable();
        let cut = took.len() / 10;
        Some(mean(took[cut..took.len() - cut].iter().copied()))
    };
    config.services.iter().map(|s| (s.id.clone(), learned(&s.id).unwrap_or(s.mean_service_s))).collect()
}

fn service_time_s(ticket: &Ticket) -> Option<u32> {
    Some(ticket.finished_at?.seconds_since(ticket.started_at?))
}

/// People ahead of `ticket` in its queue.
pub fn ahead(day: &DayView, config: &Config, ticket: &Ticket) -> u32 {
    let queue = config.queue_of(&ticket.service);
    let before = |t: &&Ticket| config.queue_of(&t.service) == queue && place(t) < place(ticket);
    count(waiting(day).filter(before).count())
}

/// What a newcomer to `service` may expect: people ahead and a range; no range if no open counter serves it.
pub fn newcomer(day: &DayView, config: &Config, service: &str, now: UnixMs) -> (u32, Option<EstimateRange>) {
    let queue = config.queue_of(service);
    let before: Vec<&Ticket> = waiting(day).filter(|t| config.queue_of(&t.service) == queue).collect();
    (count(before.len()), estimate(day, config, service, &before, now))
}

/// What the customer of a waiting `ticket` may expect.
pub fn estimate_of(day: &DayView, config: &Config, ticket: &Ticket, now: UnixMs) -> Option<EstimateRange> {
    let queue = config.queue_of(&ticket.service);
    let before: Vec<&Ticket> =
        waiting(day).filter(|t| config.queue_of(&t.service) == queue && place(t) < place(ticket)).collect();
    estimate(day, config, &ticket.service, &before, now)
}

/// (people ahead + 1) × mean service time ÷ open eligible counters, minus what those in service have already used. Those
/// in service used at most the mean: a forgotten ticket must not promise that the counter is about to be free.
fn estimate(day: &DayView, config: &Config, service: &str, before: &[&Ticket], now: UnixMs) -> Option<EstimateRange> {
    let counters = open_for(day, config, service);
    let means = mean_service_s(day, config);
    let mean_of = |service: &str| u64::from(means.get(service).copied().unwrap_or(300));
    let used: u64 = day
        .tickets
        .values()
        .filter(|t| t.state == TicketState::Serving && t.counter.is_some_and(|c| counters.contains(&c)))
        .filter_map(|t| Some(u64::from(now.seconds_since(t.started_at?)).min(mean_of(&t.service))))
        .sum();
    let busy = day.tickets.values().filter(|t| matches!(t.state, TicketState::Serving | TicketState::Called));
    let busy = busy.filter(|t| t.counter.is_some_and(|c| counters.contains(&c))).count();
    let work: u64 = before.iter().map(|t| mean_of(&t.service)).sum::<u64>() + mean_of(service);
    let middle = work.saturating_sub(used).checked_div(counters.len() as u64)?;
    // Nobody ahead and a counter free: the next call may come at once.
    let free = before.is_empty() && busy < counters.len();
    let low = if free { 0 } else { middle * 3 / 4 };
    let high = middle + middle / 4;
    let step = |s: u64| u32::try_from(s).unwrap_or(u32::MAX - STEP_S);
    Some(EstimateRange { low_s: step(low) / STEP_S * STEP_S, high_s: step(high).div_ceil(STEP_S).max(1) * STEP_S })
}

/// Figures of every configured queue.
pub fn queues(day: &DayView, config: &Config, now: UnixMs) -> Vec<QueueFigures> {
    let means = mean_service_s(day, config);
    config.queues.iter().map(|q| queue(day, config, &q.id, &means, now)).collect()
}

fn queue(day: &DayView, config: &Config, id: &str, means: &BTreeMap<ServiceId, u32>, now: UnixMs) -> QueueFigures {
    let services: Vec<_> = config.services.iter().filter(|s| s.queue == id).collect();
    let waits: Vec<u32> =
        waiting(day).filter(|t| config.queue_of(&t.service) == id).map(|t| now.seconds_since(t.arrived)).collect();
    let open = day.counters.iter().filter(|(_, c)| c.state == CounterState::Open);
    let open = open.filter(|(n, c)| services.iter().any(|s| serves(config, **n, c, &s.id))).count();
    QueueFigures {
        queue: id.into(),
        waiting: count(waits.len()),
        longest_wait_s: waits.iter().copied().max().unwrap_or(0),
        mean_wait_s: mean(waits.iter().copied()),
        open_counters: count(open),
        services: services.iter().map(|s| service(day, config, &s.id, means, now)).collect(),
    }
}

fn service(day: &DayView, config: &Config, id: &str, means: &BTreeMap<ServiceId, u32>, now: UnixMs) -> ServiceFigures {
    let waits: Vec<u32> = waiting(day).filter(|t| t.service == id).map(|t| now.seconds_since(t.arrived)).collect();
    ServiceFigures {
        service: id.into(),
        waiting: count(waits.len()),
        longest_wait_s: waits.iter().copied().max().unwrap_or(0),
        mean_wait_s: mean(waits.iter().copied()),
        mean_service_s: means.get(id).copied().unwrap_or(0),
        estimate_s: newcomer(day, config, id, now).1,
    }
}

/// Shares of a day. A wait is last call − issue, or until now for those who still wait.
pub fn day(day: &DayView, config: &Config, now: UnixMs) -> DayFigures {
    let tickets = || day.tickets.values().filter(|t| t.state != TicketState::Moved);
    let number = |test: &dyn Fn(&Ticket) -> bool| count(tickets().filter(|t| test(t)).count());
    let ended = |t: &Ticket| matches!(t.state, TicketState::NoShow | TicketState::Abandoned | TicketState::Expired);
    let wait = |t: &Ticket| match (t.called_at, t.state) {
        (Some(at), _) => Some(at.seconds_since(t.arrived)),
        (None, TicketState::Waiting) => Some(now.seconds_since(t.arrived)),
        _ => None,
    };
    let waits: Vec<u32> = tickets().filter_map(|t| wait(t)).collect();
    let over = count(waits.iter().filter(|w| **w > config.thresholds.service_level_s).count());
    let issued = number(&|_| true);
    let served = number(&|t| t.state == TicketState::Served);
    let no_show = number(&|t| ended(t) && t.called_at.is_some());
    let left = number(&|t| ended(t) && t.called_at.is_none());
    let took = tickets().filter(|t| t.state == TicketState::Served).filter_map(|t| service_time_s(t));
    DayFigures {
        issued,
        waiting: number(&|t| t.state == TicketState::Waiting),
        served,
        no_show,
        left,
        over_service_level: over,
        served_pct: pct(served, issued),
        no_show_pct: pct(no_show, issued),
        left_pct: pct(left, issued),
        over_service_level_pct: pct(over, count(waits.len())),
        mean_wait_s: mean(tickets().filter_map(|t| Some(t.called_at?.seconds_since(t.arrived)))),
        mean_service_s: mean(took.filter(|s| (SHORTEST_S..=LONGEST_S).contains(s))),
    }
}

/// The supervisor's figures, with waits in multiples of `reminder_min` minutes.
pub fn supervisor(view: &DayView, config: &Config, reminder_min: u8, now: UnixMs) -> SupervisorFigures {
    let waits: Vec<u32> = waiting(view).map(|t| now.seconds_since(t.arrived)).collect();
    let reminder_s = u32::from(reminder_min.max(1)) * 60;
    let mut columns = [0; 4];
    for wait in &waits {
        // In halves of the reminder value: 2 is T, 3 is 1.5 T, 4 is 2 T, 6 is 3 T.
        let column = match wait.saturating_mul(2) / reminder_s {
            0 | 1 => continue,
            2 => 0,
            3 => 1,
            4 | 5 => 2,
            _ => 3,
        };
        columns[column] += 1;
    }
    let mut by_category = BTreeMap::new();
    for ticket in waiting(view) {
        *by_category.entry(ticket.category.clone().unwrap_or_default()).or_insert(0) += 1;
    }
    let in_queue = |id: &str| count(waiting(view).filter(|t| config.queue_of(&t.service) == id).count());
    SupervisorFigures {
        by_queue: config.queues.iter().map(|q| (q.id.clone(), in_queue(&q.id))).collect(),
        by_category: by_category.into_iter().collect(),
        wait_columns: columns,
        reminder_s,
        mean_wait_s: mean(waits.iter().copied()),
        longest_wait_s: waits.iter().copied().max().unwrap_or(0),
        counters: config.counters.iter().map(|c| counter(view, c.number)).collect(),
        day: day(view, config, now),
    }
}

fn counter(day: &DayView, number: CounterNo) -> CounterFigures {
    let closed = CounterView::default();
    let view = day.counters.get(&number).unwrap_or(&closed);
    let here = |t: &&Ticket| t.counter == Some(number);
    let tickets = || day.tickets.values().map(|t| &**t).filter(here);
    let now = tickets().find(|t| matches!(t.state, TicketState::Called | TicketState::Serving));
    CounterFigures {
        counter: number,
        state: view.state,
        reason: view.reason.clone(),
        staff: view.staff.clone(),
        ticket: now.map(|t| t.id),
        number: now.map(|t| t.number.to_string()),
        ticket_state: now.map(|t| t.state),
        served: count(tickets().filter(|t| t.state == TicketState::Served).count()),
    }
}
