//! How many wait, how long, and how long one more would: read from a snapshot for the API.

use std::collections::BTreeMap;

use branchmesh_model::config::{self, Config};
use branchmesh_model::ticket::TicketState;
use branchmesh_model::time::UnixMs;
use branchmesh_model::view::{CounterState, CounterView, DayView, Ticket};

use super::dto::{Clockwork, DayFiguresDto, EstimateDto, OverviewDto, QueueDto, QueueFiguresDto, WaitBandDto};
use crate::handle::Snapshot;

/// What a waiting customer has to expect.
#[derive(Clone, Copy, Default, Debug, PartialEq)]
pub(crate) struct Outlook {
    /// People ahead.
    pub(crate) ahead: Option<u32>,
    /// The range of the wait.
    pub(crate) estimate: Option<EstimateDto>,
}

/// The queues of a snapshot, sorted once for many questions.
pub(crate) struct Figures<'a> {
    snapshot: &'a Snapshot,
    now: UnixMs,
    waiting: BTreeMap<&'a str, Vec<&'a Ticket>>,
}

impl<'a> Figures<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot, now: UnixMs) -> Self {
        let mut waiting: BTreeMap<&str, Vec<&Ticket>> = BTreeMap::new();
        for ticket in snapshot.today().tickets.values().filter(|t| t.state == TicketState::Waiting) {
            waiting.entry(queue_of(&snapshot.config, &ticket.service)).or_default().push(ticket);
        }
        for queue in waiting.values_mut() {
            queue.sort_by_key(|t| (t.order, t.id));
        }
        Self { snapshot, now, waiting }
    }

    /// What a ticket's customer has to expect; nothing unless it waits.
    pub(crate) fn outlook(&self, ticket: &Ticket) -> Outlook {
        if ticket.state != TicketState::Waiting || ticket.date != self.snapshot.date {
            return Outlook::default();
        }
        let queue = self.queue(queue_of(&self.snapshot.config, &ticket.service));
        let ahead = queue.partition_point(|t| (t.order, t.id) < (ticket.order, ticket.id));
        let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
        Outlook { ahead: Some(ahead), estimate: self.estimate(&ticket.service, ahead) }
    }

    /// The waiting tickets of the queue, next one first.
    pub(crate) fn queue(&self, queue: &str) -> &[&'a Ticket] {
        self.waiting.get(queue).map_or(&[], Vec::as_slice)
    }

    /// Every service's queue.
    pub(crate) fn queues(&self) -> Vec<QueueDto> {
        self.snapshot.config.services.iter().map(|s| self.service(s)).collect()
    }

    fn service(&self, service: &config::Service) -> QueueDto {
        let queue = self.queue(&service.queue);
        let own: Vec<_> = queue.iter().filter(|t| t.service == service.id).map(|t| self.wait(t)).collect();
        let ahead = u32::try_from(queue.len()).unwrap_or(u32::MAX);
        QueueDto {
            service: service.id.clone(),
            name: (&service.name).into(),
            queue: service.queue.clone(),
            waiting: own.len(),
            longest_wait_s: own.iter().copied().max(),
            estimate_s: self.estimate(&service.id, ahead),
            open_counters: self.open_counters(service),
        }
    }

    fn wait(&self, ticket: &Ticket) -> u32 {
        self.now.seconds_since(ticket.issued_at)
    }

    fn open_counters(&self, service: &config::Service) -> usize {
        let today = self.snapshot.today();
        let serves = |number| today.counters.get(number).is_some_and(|c| self.serves(*number, c, service));
        self.snapshot.config.counters.iter().filter(|c| serves(&c.number)).count()
    }

    fn serves(&self, number: u8, counter: &CounterView, service: &config::Service) -> bool {
        let config = &self.snapshot.config;
        let configured = config.counters.iter().find(|c| c.number == number).map(|c| &c.profile);
        let profile = counter.profile.as_ref().or(configured);
        let profile = profile.and_then(|id| config.profiles.iter().find(|p| p.id == *id));
        counter.state == CounterState::Open
            && counter.services.as_ref().is_none_or(|only| only.contains(&service.id))
            && profile.is_some_and(|p| p.queues.iter().any(|q| q.queue == service.queue))
    }

    /// (people ahead + 1) × mean service time ÷ open eligible counters, as a range of a quarter to either side.
    fn estimate(&self, service: &str, ahead: u32) -> Option<EstimateDto> {
        let service = self.snapshot.config.services.iter().find(|s| s.id == service)?;
        let counters = u64::try_from(self.open_counters(service)).ok().filter(|n| *n > 0)?;
        let mean_s = u64::from(ahead) * u64::from(service.mean_service_s) / counters;
        let cut = |s: u64| u32::try_from(s).unwrap_or(u32::MAX);
        Some(EstimateDto { low: cut(mean_s * 3 / 4), high: cut((mean_s + u64::from(service.mean_service_s)) * 5 / 4) })
    }

    /// The supervisor's figures.
    pub(crate) fn overview(&self, revision: String, reminder_s: u32, clock: &Clockwork) -> OverviewDto {
        let config = &self.snapshot.config;
        let promise = config.thresholds.service_level_s;
        let waits: Vec<u32> = self.waiting.values().flatten().map(|t| self.wait(t)).collect();
        let today = self.snapshot.today();
        let in_state = |state| {
            let of = |c: &config::Counter| today.counters.get(&c.number).map_or(CounterState::Closed, |v| v.state);
            config.counters.iter().filter(|c| of(c) == state).count()
        };
        let mut by_category = BTreeMap::new();
        for category in self.waiting.values().flatten().filter_map(|t| t.category.clone()) {
            *by_category.entry(category).or_insert(0) += 1;
        }
        OverviewDto {
            revision,
            at: clock.text(self.now),
            business_date: self.snapshot.date.to_string(),
            waiting: waits.len(),
            longest_wait_s: waits.iter().copied().max(),
            average_wait_s: mean(&waits),
            over_service_level: waits.iter().filter(|w| **w > promise).count(),
            service_level_s: promise,
            reminder_s,
            waits_by_reminder: bands(&waits, reminder_s),
            by_queue: config.queues.iter().map(|q| self.queue_figures(q, promise)).collect(),
            by_service: self.queues(),
            by_category,
            counters_open: in_state(CounterState::Open),
            counters_paused: in_state(CounterState::Paused),
            counters_closed: in_state(CounterState::Closed),
            today: day(today, promise),
        }
    }

    fn queue_figures(&self, queue: &config::Queue, promise: u32) -> QueueFiguresDto {
        let waits: Vec<u32> = self.queue(&queue.id).iter().map(|t| self.wait(t)).collect();
        QueueFiguresDto {
            queue: queue.id.clone(),
            name: (&queue.name).into(),
            waiting: waits.len(),
            longest_wait_s: waits.iter().copied().max(),
            average_wait_s: mean(&waits),
            over_service_level: waits.iter().filter(|w| **w > promise).count(),
        }
    }
}

fn queue_of<'a>(config: &'a Config, service: &'a str) -> &'a str {
    config.services.iter().find(|s| s.id == service).map_or(service, |s| s.queue.as_str())
}

fn mean(values: &[u32]) -> Option<u32> {
    let sum: u64 = values.iter().map(|v| u64::from(*v)).sum();
    let count = u64::try_from(values.len()).ok().filter(|n| *n > 0)?;
    u32::try_from(sum / count).ok()
}

fn bands(waits: &[u32], reminder_s: u32) -> Vec<WaitBandDto> {
    let band = |k: u32| {
        let from_s = k * reminder_s;
        let to_s = (k < 3).then(|| from_s + reminder_s);
        let waiting = waits.iter().filter(|w| **w >= from_s && to_s.is_none_or(|to| **w < to)).count();
        WaitBandDto { from_s, to_s, waiting }
    };
    (0..4).map(band).collect()
}

fn day(day: &DayView, promise: u32) -> DayFiguresDto {
    let mut figures = DayFiguresDto::default();
    let (mut waits, mut services) = (vec![], vec![]);
    for ticket in day.tickets.values() {
        figures.issued += usize::from(ticket.parent.is_none());
        if let Some(level) = ticket.rating {
            *figures.ratings.entry(level).or_insert(0) += 1;
        }
        match ticket.state {
            TicketState::Waiting => figures.waiting += 1,
            TicketState::Called => figures.called += 1,
            TicketState::Serving => figures.serving += 1,
            TicketState::Parked => figures.parked += 1,
            TicketState::NoShow => figures.no_show += 1,
            TicketState::Abandoned if ticket.calls == 0 => figures.left += 1,
            TicketState::Abandoned => figures.abandoned_after_call += 1,
            TicketState::Served => {
                figures.served += 1;
                waits.extend(ticket.called_at.map(|at| at.seconds_since(ticket.issued_at)));
                services.extend(ticket.finished_at.zip(ticket.started_at).map(|(end, start)| end.seconds_since(start)));
            }
            TicketState::Moved | TicketState::Expired => {}
        }
    }
    figures.average_wait_s = mean(&waits);
    figures.average_service_s = mean(&services);
    figures.served_over_service_level = waits.iter().filter(|w| **w > promise).count();
    figures
}
