//! What public screens are told of the configuration.

use branchmesh_model::config::{self, Config};
use serde::Serialize;
use utoipa::ToSchema;

use super::Text;

/// A service group: one tile of the kiosk's first level.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceGroup)]
pub(crate) struct GroupDto {
    /// What services name in `group`.
    pub(crate) id: String,
    /// What people read.
    pub(crate) name: Text,
}

/// How the kiosk behaves. Its exit code is not told: `POST /device/exit` checks it.
#[derive(Serialize, ToSchema)]
#[schema(as = Kiosk)]
pub(crate) struct KioskDto {
    /// Seconds without a touch after which the kiosk goes back to its start.
    pub(crate) idle_s: u32,
    /// Seconds the result stays.
    pub(crate) result_s: u32,
    /// Seconds before either end at which the kiosk warns and offers to stay.
    pub(crate) warn_s: u32,
    /// Whether to ask for a card or id number, which the customer may skip.
    pub(crate) ask_identity: bool,
    /// Whether to ask for a phone number, which the customer may skip.
    pub(crate) ask_phone: bool,
    /// Whether to tell quiet hours when many wait.
    pub(crate) peak_hints: bool,
    /// What to say outside opening hours; empty stands for the screen's own words.
    pub(crate) closed: Text,
}

/// How calls are spoken.
#[derive(Serialize, ToSchema)]
#[schema(as = Voice)]
pub(crate) struct VoiceDto {
    /// Whether calls are spoken at all.
    pub(crate) on: bool,
    /// Loudness, 0 to 100.
    pub(crate) volume: u8,
    /// Speed in percent of a normal voice, 50 to 200.
    pub(crate) rate: u8,
    /// How often each call is spoken.
    pub(crate) repeats: u8,
    /// Languages of a call, in the order they are spoken.
    pub(crate) languages: Vec<String>,
    /// Pause between two announcements, milliseconds.
    pub(crate) gap_ms: u32,
}

/// A screen and what it shows.
#[derive(Serialize, ToSchema)]
#[schema(as = Screen)]
pub(crate) struct ScreenDto {
    /// Its address, 1 to 255.
    pub(crate) address: u8,
    /// `window` or `composite`.
    pub(crate) kind: &'static str,
    /// The zone it hangs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) zone: Option<String>,
    /// The counters it shows; empty means all.
    pub(crate) counters: Vec<u8>,
    /// Text shown when nothing is called.
    pub(crate) idle_text: Text,
}

/// A zone of the branch.
#[derive(Serialize, ToSchema)]
#[schema(as = Zone)]
pub(crate) struct ZoneDto {
    /// Its code.
    pub(crate) id: String,
    /// What people read.
    pub(crate) name: Text,
    /// The current sales theme shown there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) theme: Option<String>,
}

pub(super) fn groups(config: &Config) -> Vec<GroupDto> {
    config.groups.iter().map(|g| GroupDto { id: g.id.clone(), name: (&g.name).into() }).collect()
}

pub(super) fn ticker(config: &Config) -> Vec<Text> {
    config.ticker.texts.iter().map(Text::from).collect()
}

pub(super) fn zones(config: &Config) -> Vec<ZoneDto> {
    let zone = |z: &config::Zone| ZoneDto { id: z.id.clone(), name: (&z.name).into(), theme: z.theme.clone() };
    config.zones.iter().map(zone).collect()
}

pub(super) fn screens(config: &Config) -> Vec<ScreenDto> {
    let screen = |s: &config::Screen| ScreenDto {
        address: s.address,
        kind: match s.kind {
            config::ScreenKind::Window => "window",
            config::ScreenKind::Composite => "composite",
        },
        zone: s.zone.clone(),
        counters: s.counters.clone(),
        idle_text: (&s.idle_text).into(),
    };
    config.screens.iter().map(screen).collect()
}

impl From<&config::Kiosk> for KioskDto {
    fn from(kiosk: &config::Kiosk) -> Self {
        Self {
            idle_s: kiosk.idle_s,
            result_s: kiosk.result_s,
            warn_s: kiosk.warn_s,
            ask_identity: kiosk.ask_identity,
            ask_phone: kiosk.ask_phone,
            peak_hints: kiosk.peak_hints,
            closed: (&kiosk.closed).into(),
        }
    }
}

impl From<&config::Voice> for VoiceDto {
    fn from(voice: &config::Voice) -> Self {
        Self {
            on: voice.on,
            volume: voice.volume,
            rate: voice.rate,
            repeats: voice.repeats,
            languages: voice.languages.clone(),
            gap_ms: voice.gap_ms,
        }
    }
}
