//! Figures and estimates.

use branchmesh_model::command::Ordinary;
use branchmesh_model::config::Config;
use branchmesh_model::ids::TicketId;
use branchmesh_model::ticket::EstimateRange;
use branchmesh_model::view::{DayView, figures};

use crate::support::{Side, date, finish, manager};

fn day(side: &Side) -> DayView {
    (*side.view.days()[&date()]).clone()
}

fn serve_for(side: &mut Side, seconds: i64) -> TicketId {
    let id = side.issue("cash");
    side.call(id, 1).expect("free");
    side.ordinary(manager(), Ordinary::Start { ticket: id }).expect("called");
    side.now.0 += seconds * 1000 - 1000;
    side.ordinary(manager(), finish(id)).expect("serving");
    id
}

fn newcomer(side: &Side) -> (u32, Option<EstimateRange>) {
    figures::newcomer(&day(side), side.view.config(), "cash", side.now)
}

#[test]
fn nobody_serves_no_estimate() {
    let mut side = Side::new();
    side.issue("cash");
    assert_eq!(newcomer(&side), (1, None));
}

#[test]
fn people_ahead_times_the_mean_over_the_open_counters() {
    let mut side = Side::new();
    side.open(1);
    side.issue("cash");
    side.issue("cash");
    // Three people of 300 s at one counter: 900 s, a quarter to either side, in steps of 30 s.
    assert_eq!(newcomer(&side), (2, Some(EstimateRange { low_s: 660, high_s: 1140 })));
    side.open(2);
    assert_eq!(newcomer(&side), (2, Some(EstimateRange { low_s: 330, high_s: 570 })));
    side.open(6);
    assert_eq!(newcomer(&side).1, Some(EstimateRange { low_s: 330, high_s: 570 }), "a wealth counter serves no cash");
}

#[test]
fn those_in_service_have_used_some_of_their_time_but_never_more_than_the_mean() {
    let mut side = Side::new();
    side.open(1);
    let id = side.issue("cash");
    side.call(id, 1).expect("free");
    side.ordinary(manager(), Ordinary::Start { ticket: id }).expect("called");
    side.issue("cash");
    let before = newcomer(&side).1.expect("open");
    side.now.0 += 100_000;
    let after = newcomer(&side).1.expect("open");
    assert!(after.high_s < before.high_s);
    side.now.0 += 20_000_000;
    // Two people of 300 s minus at most 300 s.
    assert_eq!(newcomer(&side).1, Some(EstimateRange { low_s: 210, high_s: 390 }));
}

#[test]
fn a_free_counter_and_nobody_ahead_may_be_at_once() {
    let mut side = Side::new();
    side.open(1);
    assert_eq!(newcomer(&side), (0, Some(EstimateRange { low_s: 0, high_s: 390 })));
}

#[test]
fn the_mean_is_learned_after_ten_and_not_spoiled_by_forgotten_tickets() {
    let mut side = Side::new();
    side.open(1);
    let mean = |s: &Side| figures::mean_service_s(&day(s), s.view.config())["cash"];
    for _ in 0..9 {
        serve_for(&mut side, 120);
    }
    serve_for(&mut side, 3 * 3600);
    serve_for(&mut side, 2);
    assert_eq!(mean(&side), 300, "nine samples are not enough");
    serve_for(&mut side, 120);
    assert_eq!(mean(&side), 120);
    serve_for(&mut side, 3 * 3600);
    assert_eq!(mean(&side), 120);
}

#[test]
fn people_ahead_are_those_of_the_same_queue_before_it() {
    let mut side = Side::new();
    let first = side.issue("cash");
    side.issue("wealth");
    let last = side.issue("cash");
    let ahead = |id| figures::ahead(&day(&side), side.view.config(), side.ticket(&id));
    assert_eq!((ahead(first), ahead(last)), (0, 1));
    assert_eq!((side.ticket(&first).ahead_at_issue, side.ticket(&last).ahead_at_issue), (0, 1));
}

#[test]
fn waits_fall_into_columns_of_the_reminder_value() {
    let mut side = Side::new();
    // Issued so that they have waited 3.5 T, 2 T, 1.5 T, 1 T and half of T (T = 10 minutes).
    let start = side.now.0;
    for minutes in [0, 15, 20, 25, 30] {
        side.now.0 = start + minutes * 60_000;
        side.issue("cash");
    }
    side.now.0 = start + 35 * 60_000 + 1_000;
    let f = figures::supervisor(&day(&side), side.view.config(), 10, side.now);
    assert_eq!(f.wait_columns, [1, 1, 1, 1]);
    assert_eq!(f.longest_wait_s, 35 * 60);
    assert_eq!(f.by_queue, [("cash".to_owned(), 5), ("non_cash".to_owned(), 0), ("wealth".to_owned(), 0)]);
    assert_eq!(f.by_category, [(String::new(), 5)]);
    assert_eq!(f.counters.len(), 6);
}

#[test]
fn shares_of_the_day() {
    let mut side = Side::new();
    side.open(1);
    serve_for(&mut side, 60);
    let absent = side.issue("cash");
    side.call(absent, 1).expect("free");
    side.ordinary(manager(), Ordinary::NoShow { ticket: absent }).expect("called");
    let left = side.issue("cash");
    let gone = branchmesh_model::command::Guarded::Abandon { ticket: left, reason: None };
    side.guarded(manager(), gone).expect("waiting");
    side.issue("cash");
    side.now.0 += 1_000_000;
    let f = figures::day(&day(&side), side.view.config(), side.now);
    assert_eq!((f.issued, f.served, f.no_show, f.left, f.waiting), (4, 1, 1, 1, 1));
    assert_eq!((f.served_pct, f.no_show_pct, f.left_pct), (25, 25, 25));
    assert_eq!((f.over_service_level, f.over_service_level_pct), (1, 33));
    assert_eq!(f.mean_service_s, 60);
    let queue = &figures::queues(&day(&side), side.view.config(), side.now)[0];
    assert_eq!((queue.waiting, queue.longest_wait_s, queue.open_counters), (1, 1000, 1));
    assert_eq!(queue.services[0].service, "cash");
}

#[test]
fn an_empty_day_has_figures_too() {
    let (day, config) = (DayView::default(), Config::default());
    let f = figures::supervisor(&day, &config, 0, branchmesh_model::time::UnixMs(0));
    assert_eq!((f.mean_wait_s, f.day.served_pct), (0, 0));
}
