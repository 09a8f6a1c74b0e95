//! What past days were like by the hour: the quiet hours a kiosk may tell, and the busy ones a lobby manager prepares for.

use std::ops::AddAssign;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::time::{BusinessDate, UnixMs};

use super::DayView;

/// Past days of the same weekday that are enough to speak for it; with fewer, all past days speak.
const ENOUGH_DAYS: usize = 3;
/// A busiest hour with shorter waits needs no hints, seconds.
const WORTH_A_HINT_S: u32 = 300;

/// One hour of one day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct HourTally {
    /// Customers who came.
    pub arrived: u32,
    /// Of them, those who were called.
    pub called: u32,
    /// Their waits together, seconds.
    pub waited_s: u64,
}

impl AddAssign for HourTally {
    fn add_assign(&mut self, other: Self) {
        self.arrived += other.arrived;
        self.called += other.called;
        self.waited_s += other.waited_s;
    }
}

/// A day by local hours.
pub type DayTally = [HourTally; 24];

/// Tallies a day by the local hour in which each customer came; a moved ticket and its successor are one customer.
pub fn tally(day: &DayView, zone: &TimeZone) -> DayTally {
    let mut hours = DayTally::default();
    for ticket in day.tickets.values().filter(|t| t.moved_to.is_none()) {
        let hour = &mut hours[usize::from(local_hour(ticket.arrived, zone))];
        hour.arrived += 1;
        if let Some(called) = ticket.called_at {
            hour.called += 1;
            hour.waited_s += u64::from(called.seconds_since(ticket.arrived));
        }
    }
    hours
}

/// The hour of the day at an instant, 0 to 23.
pub fn local_hour(at: UnixMs, zone: &TimeZone) -> u8 {
    let at = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    u8::try_from(at.to_zoned(zone.clone()).hour()).expect("an hour of the day is 0 to 23")
}

/// An hour as it was on average.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HourMean {
    /// The local hour, 0 to 23.
    pub hour: u8,
    /// Customers who came, a day.
    pub arrived: f32,
    /// Their mean wait, seconds.
    pub mean_wait_s: u32,
}

/// Past days by the hour.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PastHours {
    /// Days that speak here.
    pub days: usize,
    /// The hours in which anybody came.
    pub hours: Vec<HourMean>,
}

impl PastHours {
    /// What the days before `today` say about it: those of its weekday if there are enough of them, otherwise all.
    pub fn of(past: &[(BusinessDate, DayTally)], today: BusinessDate) -> Self {
        let before = || past.iter().filter(move |(date, tally)| *date < today && tally.iter().any(|h| h.arrived > 0));
        let alike: Vec<&DayTally> = before().filter(|(d, _)| d.weekday() == today.weekday()).map(|(_, t)| t).collect();
        let days = if alike.len() >= ENOUGH_DAYS { alike } else { before().map(|(_, t)| t).collect() };
        let hours = (0..24_u8).filter_map(|hour| mean(hour, &days)).collect();
        Self { days: days.len(), hours }
    }

    /// Hours with waits of at most half of those of the busiest hour; none while no hour is worth avoiding.
    pub fn quiet(&self) -> Vec<u8> {
        self.by_busiest(|wait, busiest| wait <= busiest / 2)
    }

    /// Hours with waits of at least four fifths of those of the busiest hour.
    pub fn busy(&self) -> Vec<u8> {
        self.by_busiest(|wait, busiest| wait >= busiest / 5 * 4)
    }

    fn by_busiest(&self, wanted: impl Fn(u32, u32) -> bool) -> Vec<u8> {
        let busiest = self.hours.iter().map(|h| h.mean_wait_s).max().unwrap_or(0);
        let hours = self.hours.iter().filter(|h| busiest >= WORTH_A_HINT_S && wanted(h.mean_wait_s, busiest));
        hours.map(|h| h.hour).collect()
    }
}

fn mean(hour: u8, days: &[&DayTally]) -> Option<HourMean> {
    let of_day = |day: &&DayTally| day[usize::from(hour)];
    let arrived: u32 = days.iter().map(of_day).map(|h| h.arrived).sum();
    let called: u64 = days.iter().map(of_day).map(|h| u64::from(h.called)).sum();
    let waited: u64 = days.iter().map(of_day).map(|h| h.waited_s).sum();
    let mean_wait_s = u32::try_from(waited.checked_div(called).unwrap_or(0)).unwrap_or(u32::MAX);
    (arrived > 0).then(|| HourMean { hour, arrived: arrived as f32 / days.len() as f32, mean_wait_s })
}
