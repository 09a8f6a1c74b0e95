//! Instants and business dates. Clocks stamp what people read; they never decide a winner.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch on the recording device's clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct UnixMs(pub i64);

impl UnixMs {
    /// Seconds from `earlier` to here, never negative: clocks of two devices may disagree.
    pub fn seconds_since(self, earlier: UnixMs) -> u32 {
        u32::try_from(self.0.saturating_sub(earlier.0).max(0) / 1000).unwrap_or(u32::MAX)
    }

    /// RFC 3339 text with the zone's offset.
    pub fn to_rfc3339(self, zone: &TimeZone) -> String {
        let at = Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
    }
}

/// The day a ticket belongs to. It changes at the branch's cut-off, not at midnight.
pub type BusinessDate = Date;

/// The business date at `now` for a branch in `zone` whose day changes at `cut_off` (local time).
///
/// A cut-off before noon belongs to the night (03:00: until then it is still yesterday); one from noon on closes the
/// day early (17:00: from then on it is already tomorrow, as a shop's sales slips are dated).
pub fn business_date(now: UnixMs, zone: &TimeZone, cut_off: Time) -> BusinessDate {
    let local = Timestamp::from_millisecond(now.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone()).datetime();
    let (date, time) = (local.date(), local.time());
    let noon = Time::constant(12, 0, 0, 0);
    if cut_off < noon {
        if time < cut_off { date.saturating_sub(1.day()) } else { date }
    } else if time >= cut_off {
        date.saturating_add(1.day())
    } else {
        date
    }
}
