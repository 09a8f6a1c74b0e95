//! Business dates around the cut-off.

use branchmesh_model::time::{UnixMs, business_date};
use jiff::civil::{DateTime, Time, date, time};
use jiff::tz::{TimeZone, offset};

fn check(local: DateTime, cut_off: Time, expected: (i16, i8, i8)) {
    for zone in [TimeZone::UTC, TimeZone::fixed(offset(8)), TimeZone::fixed(offset(-5))] {
        let instant = local.to_zoned(zone.clone()).expect("no gap in a fixed zone").timestamp().as_millisecond();
        let found = business_date(UnixMs(instant), &zone, cut_off);
        assert_eq!(found, date(expected.0, expected.1, expected.2), "{local} with cut-off {cut_off}");
    }
}

#[test]
fn the_day_changes_at_the_cut_off() {
    let midnight = Time::midnight();
    check(date(2026, 11, 21).at(0, 0, 0, 0), midnight, (2026, 11, 21));
    check(date(2026, 11, 21).at(23, 59, 59, 0), midnight, (2026, 11, 21));
    let night = time(3, 0, 0, 0);
    check(date(2026, 11, 21).at(2, 59, 59, 0), night, (2026, 11, 20));
    check(date(2026, 11, 21).at(3, 0, 0, 0), night, (2026, 11, 21));
    check(date(2027, 1, 1).at(1, 0, 0, 0), night, (2026, 12, 31));
    let afternoon = time(17, 0, 0, 0);
    check(date(2026, 11, 21).at(16, 59, 59, 0), afternoon, (2026, 11, 21));
    check(date(2026, 11, 21).at(17, 0, 0, 0), afternoon, (2026, 11, 22));
    check(date(2026, 12, 31).at(18, 0, 0, 0), afternoon, (2027, 1, 1));
    let noon = time(12, 0, 0, 0);
    check(date(2026, 11, 21).at(11, 59, 0, 0), noon, (2026, 11, 21));
    check(date(2026, 11, 21).at(12, 0, 0, 0), noon, (2026, 11, 22));
}

#[test]
fn absurd_clocks_give_some_date_and_no_panic() {
    for ms in [i64::MIN, -1, 0, i64::MAX] {
        business_date(UnixMs(ms), &TimeZone::UTC, time(3, 0, 0, 0));
    }
    assert_eq!(UnixMs(i64::MIN).seconds_since(UnixMs(i64::MAX)), 0);
    assert_eq!(UnixMs(i64::MAX).seconds_since(UnixMs(i64::MIN)), u32::MAX);
}

#[test]
fn a_wait_is_never_negative() {
    assert_eq!(UnixMs(1_000).seconds_since(UnixMs(5_000)), 0);
    assert_eq!(UnixMs(5_999).seconds_since(UnixMs(1_000)), 4);
}
