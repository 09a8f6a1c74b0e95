//! What travels on the wire. Domain types are not wire types: compatibility lives here.

mod branch;
mod mesh;
mod queue;
mod reminders;
mod screens;
mod settings;
mod ticket;

pub(crate) use branch::*;
pub(crate) use mesh::*;
pub(crate) use queue::*;
pub(crate) use reminders::*;
pub(crate) use screens::*;
pub(crate) use settings::*;
pub(crate) use ticket::*;

use branchmesh_model::config;
use branchmesh_model::time::UnixMs;
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::handle::Snapshot;

/// Text in both languages.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub(crate) struct Text {
    /// Simplified Chinese.
    pub(crate) zh: String,
    /// English.
    pub(crate) en: String,
}

impl From<&config::Text> for Text {
    fn from(text: &config::Text) -> Self {
        Self { zh: text.zh.clone(), en: text.en.clone() }
    }
}

/// The branch's zone; an unknown or missing name means the zone of this device.
pub(crate) fn zone_of(snapshot: &Snapshot) -> TimeZone {
    let name = &snapshot.config.branch.time_zone;
    if name.is_empty() { TimeZone::system() } else { TimeZone::get(name).unwrap_or_else(|_| TimeZone::system()) }
}

/// Writes instants as RFC 3339 with the branch's offset.
#[derive(Clone)]
pub(crate) struct Clockwork {
    zone: TimeZone,
    /// This node's clock as it was when the answer was begun.
    pub(crate) now: UnixMs,
}

impl Clockwork {
    pub(crate) fn new(snapshot: &Snapshot, now: UnixMs) -> Self {
        Self { zone: zone_of(snapshot), now }
    }

    pub(crate) fn text(&self, at: UnixMs) -> String {
        at.to_rfc3339(&self.zone)
    }

    /// As people write it, on a slip.
    pub(crate) fn for_people(&self, at: UnixMs) -> String {
        let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    pub(crate) fn maybe(&self, at: Option<UnixMs>) -> Option<String> {
        at.map(|at| self.text(at))
    }
}

/// A revision as text: another process of the same node never continues it, and within one it sorts as text does.
pub(crate) fn revision_text(boot: &str, revision: u64) -> String {
    format!("{boot}-{revision:012}")
}
