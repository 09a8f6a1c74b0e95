//! How many wait, how long, and how long one more would: the model's figures in the API's words.

use std::collections::BTreeMap;

use branchmesh_model::config::Service;
use branchmesh_model::ticket::{EstimateRange, TicketState};
use branchmesh_model::time::UnixMs;
use branchmesh_model::view::figures::{self, CounterFigures, DayFigures, QueueFigures};
use branchmesh_model::view::history::PastHours;
use branchmesh_model::view::{CounterState, Ticket};

use super::dto::{
    BusinessTypeDto, Clockwork, CounterFiguresDto, DayFiguresDto, EstimateDto, OverviewDto, QueueDto, QueueFiguresDto,
    Text, WaitColumnDto, counter_state,
};
use crate::handle::Snapshot;

/// What a waiting customer has to expect.
#[derive(Clone, Copy, Default, Debug, PartialEq)]
pub(crate) struct Outlook {
    /// People ahead.
    pub(crate) ahead: Option<u32>,
    /// The range of the wait.
    pub(crate) estimate: Option<EstimateDto>,
}

/// The columns of the supervisor's chart, in multiples of the reminder.
const MULTIPLES: [f32; 4] = [1.0, 1.5, 2.0, 3.0];

/// Figures of a snapshot at an instant.
pub(crate) struct Figures<'a> {
    snapshot: &'a Snapshot,
    now: UnixMs,
}

impl<'a> Figures<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot, now: UnixMs) -> Self {
        Self { snapshot, now }
    }

    /// What a ticket's customer has to expect; nothing unless it waits today.
    pub(crate) fn outlook(&self, ticket: &Ticket) -> Outlook {
        if ticket.state != TicketState::Waiting || ticket.date != self.snapshot.date {
            return Outlook::default();
        }
        let (day, config) = (self.snapshot.today(), &self.snapshot.config);
        let estimate = figures::estimate_of(day, config, ticket, self.now).map(EstimateDto::from);
        Outlook { ahead: Some(figures::ahead(day, config, ticket)), estimate }
    }

    /// Every service's queue, in the order of the services.
    pub(crate) fn queues(&self) -> Vec<QueueDto> {
        let config = &self.snapshot.config;
        let told: Vec<_> =
            figures::queues(self.snapshot.today(), config, self.now).into_iter().flat_map(|q| q.services).collect();
        let of = |service: &Service| {
            let told = told.iter().find(|f| f.service == service.id);
            let waiting = told.map_or(0, |f| f.waiting);
            QueueDto {
                service: service.id.clone(),
                name: (&service.name).into(),
                queue: service.queue.clone(),
                waiting,
                longest_wait_s: told.filter(|_| waiting > 0).map(|f| f.longest_wait_s),
                estimate_s: told.and_then(|f| f.estimate_s).map(EstimateDto::from),
                open_counters: self.open_counters(service),
            }
        };
        config.services.iter().map(of).collect()
    }

    fn open_counters(&self, service: &Service) -> u32 {
        let config = &self.snapshot.config;
        let open = self.snapshot.today().counters.iter().filter(|(_, c)| c.state == CounterState::Open);
        let serving = open.filter(|(number, c)| figures::serves(config, **number, c, &service.id));
        u32::try_from(serving.count()).expect("a branch has at most 255 counters")
    }

    /// The supervisor's figures.
    pub(crate) fn overview(
        &self,
        revision: String,
        (reminder_min, past): (u8, &PastHours),
        clock: &Clockwork,
    ) -> OverviewDto {
        let (day, config) = (self.snapshot.today(), &self.snapshot.config);
        let told = figures::supervisor(day, config, reminder_min, self.now);
        let waiting: u32 = told.by_category.iter().map(|(_, n)| n).sum();
        let columns = MULTIPLES.iter().zip(told.wait_columns);
        OverviewDto {
            revision,
            at: clock.text(self.now),
            business_date: self.snapshot.date.to_string(),
            waiting,
            longest_wait_s: (waiting > 0).then_some(told.longest_wait_s),
            average_wait_s: (waiting > 0).then_some(told.mean_wait_s),
            service_level_s: config.thresholds.service_level_s,
            reminder_s: told.reminder_s,
            waiting_below_reminder: waiting - told.wait_columns.iter().sum::<u32>(),
            waits_by_reminder: columns.map(|(m, n)| WaitColumnDto { multiple: *m, waiting: n }).collect(),
            by_queue: figures::queues(day, config, self.now).iter().map(|q| self.queue(q)).collect(),
            by_service: self.queues(),
            by_category: told.by_category.into_iter().collect(),
            by_business_type: self.business_types(),
            devices_visible: self.snapshot.mesh.group.len(),
            devices_enrolled: self.snapshot.roster.devices.values().filter(|d| d.revoked.is_none()).count(),
            past: past.into(),
            counters: told.counters.into_iter().map(counter).collect(),
            today: today(&told.day),
        }
    }

    /// Waiting people by service and business type, the most first.
    fn business_types(&self) -> Vec<BusinessTypeDto> {
        let waiting = self.snapshot.today().tickets.values().filter(|t| t.state == TicketState::Waiting);
        let mut counts: BTreeMap<(&str, Option<&str>), u32> = BTreeMap::new();
        for ticket in waiting {
            *counts.entry((ticket.service.as_str(), ticket.category.as_deref())).or_default() += 1;
        }
        let mut types: Vec<BusinessTypeDto> = counts
            .into_iter()
            .map(|((service, category), waiting)| BusinessTypeDto {
                service: service.to_owned(),
                category: category.map(str::to_owned),
                name: self.name_of(service, category),
                waiting,
            })
            .collect();
        types.sort_by_key(|t| std::cmp::Reverse(t.waiting));
        types
    }

    /// What people call a business type, or its service; what is no longer configured is called by its id.
    fn name_of(&self, service: &str, category: Option<&str>) -> Text {
        let known = self.snapshot.config.service(service);
        let of_type = category.map(|id| known.and_then(|s| s.categories.iter().find(|c| c.id == id)).map(|c| &c.name));
        let name = of_type.unwrap_or_else(|| known.map(|s| &s.name));
        let id = category.unwrap_or(service);
        name.map_or_else(|| Text { zh: id.to_owned(), en: id.to_owned() }, Text::from)
    }

    fn queue(&self, told: &QueueFigures) -> QueueFiguresDto {
        let queue = self.snapshot.config.queues.iter().find(|q| q.id == told.queue);
        let queue = queue.expect("the model tells figures of configured queues only");
        QueueFiguresDto {
            queue: told.queue.clone(),
            name: (&queue.name).into(),
            waiting: told.waiting,
            longest_wait_s: (told.waiting > 0).then_some(told.longest_wait_s),
            average_wait_s: (told.waiting > 0).then_some(told.mean_wait_s),
            open_counters: told.open_counters,
        }
    }
}

impl From<EstimateRange> for EstimateDto {
    fn from(range: EstimateRange) -> Self {
        Self { low: range.low_s, high: range.high_s }
    }
}

fn counter(told: CounterFigures) -> CounterFiguresDto {
    CounterFiguresDto {
        counter: told.counter,
        state: counter_state(told.state),
        reason: told.reason,
        staff: told.staff,
        ticket: told.ticket.map(|t| t.to_string()),
        number: told.number,
        ticket_state: told.ticket_state.map(TicketState::as_str),
        served: told.served,
    }
}

fn today(told: &DayFigures) -> DayFiguresDto {
    DayFiguresDto {
        issued: told.issued,
        waiting: told.waiting,
        served: told.served,
        no_show: told.no_show,
        left: told.left,
        over_service_level: told.over_service_level,
        served_pct: told.served_pct,
        no_show_pct: told.no_show_pct,
        left_pct: told.left_pct,
        over_service_level_pct: told.over_service_level_pct,
        average_wait_s: told.mean_wait_s,
        average_service_s: told.mean_service_s,
    }
}
