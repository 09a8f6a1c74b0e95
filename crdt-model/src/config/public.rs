//! What the screens that customers stand in front of do: the kiosk's first level and manners, the voice, the ticker.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::command::Rejection;

use super::check::{bounded, line, require, text};
use super::{Config, Text};

/// Longest running text, in characters.
const MAX_TICKER_CHARS: usize = 200;
/// Running texts at most.
const MAX_TICKER_TEXTS: usize = 20;

/// A service group: one tile of the kiosk's first level. The order of section `groups` is the order of the tiles.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What services name in their `group`.
    pub id: String,
    /// What people read.
    pub name: Text,
}

/// Section `kiosk`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Kiosk {
    /// Digits that leave the kiosk page after the gesture. Known to staff, never shown to the page: a node checks it.
    pub exit_code: String,
    /// Seconds without a touch after which the kiosk goes back to its start.
    pub idle_s: u32,
    /// Seconds the result stays.
    pub result_s: u32,
    /// Seconds before either end at which the kiosk warns and offers to stay.
    pub warn_s: u32,
    /// Whether the kiosk asks for a card or id number; the customer may always go on without.
    pub ask_identity: bool,
    /// Whether it asks for a phone number; the customer may always go on without.
    pub ask_phone: bool,
    /// Whether it tells quiet hours when many wait.
    pub peak_hints: bool,
    /// What it says outside opening hours; empty stands for its own words.
    pub closed: Text,
}

impl Default for Kiosk {
    fn default() -> Self {
        Self {
            exit_code: "2580".into(),
            idle_s: 60,
            result_s: 20,
            warn_s: 8,
            ask_identity: true,
            ask_phone: false,
            peak_hints: true,
            closed: Text::default(),
        }
    }
}

/// Section `voice`: how calls are spoken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Voice {
    /// Whether calls are spoken at all.
    pub on: bool,
    /// Loudness, 0 to 100.
    pub volume: u8,
    /// Speed in percent of a normal voice, 50 to 200.
    pub rate: u8,
    /// How often each call is spoken, 1 to 5.
    pub repeats: u8,
    /// Languages of a call, in the order they are spoken: `zh-CN`, `en`.
    pub languages: Vec<String>,
    /// Pause between two announcements, milliseconds.
    pub gap_ms: u32,
}

impl Default for Voice {
    fn default() -> Self {
        Self { on: true, volume: 80, rate: 100, repeats: 2, languages: vec!["zh-CN".into(), "en".into()], gap_ms: 800 }
    }
}

/// Section `ticker`: what runs across the composite screens.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ticker {
    /// The texts, in turn; each says something in at least one language.
    pub texts: Vec<Text>,
}

impl Config {
    pub(super) fn check_public(&self) -> Result<(), Rejection> {
        self.check_groups()?;
        self.kiosk.check()?;
        self.voice.check()?;
        let texts = &self.ticker.texts;
        let enough = texts.len() <= MAX_TICKER_TEXTS;
        require(enough, "ticker.texts", || format!("at most {MAX_TICKER_TEXTS} texts are allowed"))?;
        texts.iter().enumerate().try_for_each(|(i, t)| long_text(&format!("ticker.texts[{i}]"), t, true))
    }

    /// Services may name any group as long as none is listed; from then on only listed ones, so that none is forgotten.
    fn check_groups(&self) -> Result<(), Rejection> {
        bounded("groups", self.groups.len())?;
        let mut ids = BTreeSet::new();
        for (i, group) in self.groups.iter().enumerate() {
            let at = |field: &str| format!("groups[{i}].{field}");
            line(&at("id"), &group.id)?;
            text(&at("name"), &group.name)?;
            require(ids.insert(&group.id), &at("id"), || "the same group stands here twice".into())?;
        }
        let unlisted = self.services.iter().filter_map(|s| s.group.as_ref()).find(|g| !ids.contains(g));
        match unlisted.filter(|_| !ids.is_empty()) {
            Some(group) => Err(Rejection::invalid("services.group", format!("there is no group {group:?}"))),
            None => Ok(()),
        }
    }
}

impl Kiosk {
    fn check(&self) -> Result<(), Rejection> {
        let code = &self.exit_code;
        let code_ok = (4..=12).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit());
        require(code_ok, "kiosk.exit_code", || "4 to 12 digits are expected".into())?;
        let seconds = [("kiosk.idle_s", self.idle_s, 10), ("kiosk.result_s", self.result_s, 5)];
        for (field, value, least) in seconds {
            require((least..=600).contains(&value), field, || format!("{least} to 600 seconds are expected"))?;
        }
        let warn_ok = self.warn_s >= 3 && self.warn_s < self.idle_s.min(self.result_s);
        require(warn_ok, "kiosk.warn_s", || "at least 3 seconds, and less than idle_s and result_s".into())?;
        long_text("kiosk.closed", &self.closed, false)
    }
}

impl Voice {
    fn check(&self) -> Result<(), Rejection> {
        require(self.volume <= 100, "voice.volume", || "0 to 100 is expected".into())?;
        require((50..=200).contains(&self.rate), "voice.rate", || "50 to 200 percent are expected".into())?;
        require((1..=5).contains(&self.repeats), "voice.repeats", || "1 to 5 is expected".into())?;
        require(self.gap_ms <= 10_000, "voice.gap_ms", || "0 to 10000 milliseconds are expected".into())?;
        super::check::languages("voice.languages", &self.languages)
    }
}

fn long_text(field: &str, text: &Text, needed: bool) -> Result<(), Rejection> {
    let said = !text.zh.trim().is_empty() || !text.en.trim().is_empty();
    require(said || !needed, field, || "a text in at least one language is needed".into())?;
    let sound = |t: &String| t.chars().count() <= MAX_TICKER_CHARS && !t.chars().any(char::is_control);
    let rule = || format!("at most {MAX_TICKER_CHARS} printable characters are allowed");
    require(sound(&text.zh) && sound(&text.en), field, rule)
}
