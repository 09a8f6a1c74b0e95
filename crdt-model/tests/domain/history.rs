//! Past days by the hour.

use branchmesh_model::command::Guarded;
use branchmesh_model::time::BusinessDate;
use branchmesh_model::view::history::{DayTally, HourTally, PastHours, local_hour, tally};
use jiff::tz::TimeZone;

use crate::support::{Side, date, manager};

#[test]
fn a_day_is_tallied_by_the_hour_in_which_customers_came() {
    let mut side = Side::new();
    side.open(1);
    let (first, second) = (side.issue("cash"), side.issue("cash"));
    let moved = Guarded::Move { ticket: second, service: "wealth".into() };
    side.guarded(manager(), moved).expect("the lobby may").expect("a new ticket");
    side.now.0 += 600_000;
    side.call(first, 1).expect("free");
    let zone = TimeZone::UTC;
    let tally = tally(&side.view.days()[&date()], &zone);
    let hour = local_hour(side.ticket(&first).arrived, &zone);
    let of_hour = tally[usize::from(hour)];
    assert_eq!((of_hour.arrived, of_hour.called), (2, 1), "a moved ticket and its successor are one customer");
    let waited = u64::from(side.ticket(&first).called_at.expect("called").seconds_since(side.ticket(&first).arrived));
    assert_eq!(of_hour.waited_s, waited);
    assert_eq!(tally.iter().map(|h| h.arrived).sum::<u32>(), 2);
}

/// A day with one customer an hour from nine on, who waited so long.
fn day(waits_s: &[u64]) -> DayTally {
    let mut hours = DayTally::default();
    for (hour, wait) in (9..).zip(waits_s) {
        hours[hour] = HourTally { arrived: 1, called: 1, waited_s: *wait };
    }
    hours
}

fn november(day: i8) -> BusinessDate {
    BusinessDate::constant(2026, 11, day)
}

#[test]
fn days_of_the_same_weekday_speak_once_there_are_enough_of_them() {
    let saturday = november(28);
    let past = [
        (november(7), day(&[600])),
        (november(14), day(&[600])),
        (november(20), day(&[60, 60])),
        (november(28), day(&[9000])),
        (november(13), DayTally::default()),
    ];
    let few = PastHours::of(&past, saturday);
    assert_eq!((few.days, few.hours.len()), (3, 2), "today and days without anybody say nothing");
    let mut past = past.to_vec();
    past.push((november(21), day(&[300])));
    let enough = PastHours::of(&past, saturday);
    assert_eq!((enough.days, enough.hours.len()), (3, 1), "Saturdays only");
    assert_eq!((enough.hours[0].hour, enough.hours[0].mean_wait_s), (9, 500));
}

#[test]
fn quiet_and_busy_hours_are_told_only_where_waits_are_worth_avoiding() {
    let of = |waits: &[u64]| {
        let past = PastHours::of(&[(november(20), day(waits))], november(21));
        (past.quiet(), past.busy())
    };
    assert_eq!(of(&[100, 900, 450, 720, 451]), (vec![9, 11], vec![10, 12]));
    assert_eq!(of(&[100, 299, 20]), (vec![], vec![]));
    assert_eq!(of(&[]), (vec![], vec![]));
}
