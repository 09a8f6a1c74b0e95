//! A business day in a lobby: how many come when, and the clock that runs faster than ours.

use std::time::{Duration, Instant};

/// Minutes after midnight at which the doors open.
pub(super) const OPENS: f64 = 9.0 * 60.0;
/// Minutes after midnight at which nobody new is let in.
pub(super) const CLOSES: f64 = 17.0 * 60.0;

/// Customers an hour at these minutes after midnight, for two counters; linear in between. A morning peak from nine
/// to eleven, a dip at lunch, an afternoon peak from two to four.
const ARRIVALS: [(f64, f64); 9] = [
    (OPENS, 20.0),
    (9.5 * 60.0, 34.0),
    (11.0 * 60.0, 32.0),
    (12.0 * 60.0, 14.0),
    (13.0 * 60.0, 12.0),
    (14.0 * 60.0, 28.0),
    (16.0 * 60.0, 28.0),
    (16.5 * 60.0, 14.0),
    (CLOSES, 6.0),
];

/// The highest rate of the day, customers an hour.
pub(super) const PEAK: f64 = 34.0;

/// Customers an hour at `minute` after midnight; nobody comes while the doors are closed.
pub(super) fn arrivals_per_hour(minute: f64) -> f64 {
    let span = ARRIVALS.windows(2).find(|pair| (pair[0].0..pair[1].0).contains(&minute));
    span.map_or(0.0, |pair| {
        let ((from, low), (to, high)) = (pair[0], pair[1]);
        low + (high - low) * (minute - from) / (to - from)
    })
}

/// A clock that starts at opening time and runs `pace` times as fast as ours. The night between two days is skipped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    began: Instant,
    pace: f64,
}

impl Clock {
    /// Starts it.
    pub(super) fn start(pace: f64) -> Self {
        Self { began: Instant::now(), pace }
    }

    /// Minutes after midnight of the simulated day.
    pub(super) fn minute(&self) -> f64 {
        minute_after(self.began.elapsed().as_secs_f64() / 60.0 * self.pace)
    }

    /// Waits for so many business minutes.
    pub(super) async fn pass(&self, minutes: f64) {
        tokio::time::sleep(self.real(minutes)).await;
    }

    fn real(&self, minutes: f64) -> Duration {
        Duration::from_secs_f64(minutes.clamp(0.0, 24.0 * 60.0) * 60.0 / self.pace)
    }
}

/// A day lasts from opening until half an hour after closing, in which those inside are served.
fn minute_after(played: f64) -> f64 {
    OPENS + played % (CLOSES + 30.0 - OPENS)
}

/// `09:05`.
pub(super) fn text(minute: f64) -> String {
    let whole = minute.max(0.0) as u32;
    format!("{:02}:{:02}", whole / 60 % 24, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_has_two_peaks_and_a_dip() {
        let at = |hour: f64| arrivals_per_hour(hour * 60.0);
        assert!(at(10.0) > at(9.0) && at(10.0) > 2.0 * at(12.5), "morning peak");
        assert!(at(15.0) > 2.0 * at(12.5), "afternoon peak");
        assert_eq!(at(8.9), 0.0);
        assert_eq!(at(17.0), 0.0);
    }

    #[test]
    fn no_minute_is_busier_than_the_peak_and_the_table_is_in_order() {
        assert!((0..24 * 60).all(|minute| arrivals_per_hour(f64::from(minute)) <= PEAK));
        assert!(ARRIVALS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn after_the_day_comes_the_next_morning() {
        assert_eq!(minute_after(0.0), OPENS);
        assert_eq!(text(minute_after(479.0)), "16:59");
        assert_eq!(text(minute_after(510.0)), "09:00");
    }

    #[test]
    fn a_faster_pace_waits_less() {
        let clock = |pace| Clock::start(pace);
        assert_eq!(clock(60.0).real(60.0), Duration::from_secs(60));
        assert_eq!(clock(10.0).real(1.0), Duration::from_secs(6));
        assert_eq!(clock(1.0).real(-5.0), Duration::ZERO);
    }
}
