//! The branch's configuration: sections that are checked whole and refused whole, and one entry per staff member and
//! device, all in the `config` document. A section that was never written has the default of a usable branch.

mod check;
mod defaults;
mod difference;
mod file;
mod printer;
mod public;
mod read;

use std::collections::BTreeMap;

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use crate::ids::{CounterNo, DeviceId, ServiceId, StaffId};

pub use check::{MAX_TEXT_CHARS, check_settings, check_staff, is_name};
pub use difference::{Difference, differences};
pub use printer::{PRINTER_PORT, Printer, PrinterKind, PrinterText};
pub use public::{Group, Kiosk, Ticker, Voice};
pub use read::{Founder, SECTIONS, config_from_value, device_key, founding, section_key, staff_key};

/// Text in both languages of the product.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Simplified Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// Section `branch`: what the branch is called and how its day runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// Its name.
    pub name: String,
    /// IANA time zone, such as `Asia/Shanghai`; empty means the zone of each device.
    #[serde(default)]
    pub time_zone: String,
    /// Local time at which the business day changes.
    #[serde(default)]
    pub cut_off: Time,
    /// Languages offered to customers, BCP 47 tags, first is the default.
    #[serde(default = "default_languages")]
    pub languages: Vec<String>,
    /// Where customers' phones reach the branch's pages, such as `http://branch.example`; empty means the address the
    /// caller used.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub public_url: String,
}

fn default_languages() -> Vec<String> {
    vec!["zh-CN".into(), "en".into()]
}

/// A service a customer can ask for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// Letter of its ticket numbers, `A` to `Z`, unique.
    pub prefix: char,
    /// What people read.
    pub name: Text,
    /// Id of its [`Group`] on the kiosk's first level; none puts it there itself.
    #[serde(default)]
    pub group: Option<String>,
    /// Business types within the service.
    #[serde(default)]
    pub categories: Vec<Category>,
    /// The queue its tickets wait in.
    pub queue: String,
    /// Mean service time in seconds until the branch has learned its own.
    #[serde(default = "default_mean_service_s")]
    pub mean_service_s: u32,
    /// Whether the kiosk offers it.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn default_mean_service_s() -> u32 {
    300
}

fn yes() -> bool {
    true
}

/// A business type, such as account opening.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Its id.
    pub id: String,
    /// What people read.
    pub name: Text,
}

/// A queue of one or more services.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Its id.
    pub id: String,
    /// What people read.
    pub name: Text,
}

/// A counter (service point).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counter {
    /// Its number, 1 to 255; also the address of its pad and window screen.
    pub number: CounterNo,
    /// What people read; empty means "Counter N".
    #[serde(default)]
    pub name: Text,
    /// The zone it stands in.
    #[serde(default)]
    pub zone: Option<String>,
    /// The work profile it opens with.
    pub profile: String,
}

/// Which queues a counter serves, in what order, under what conditions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its id.
    pub id: String,
    /// What people read.
    pub name: Text,
    /// The queues.
    pub queues: Vec<ProfileQueue>,
    /// Seconds of waiting that raise a ticket by one priority step; 0 switches aging off.
    #[serde(default)]
    pub aging_s: u32,
}

/// One queue of a work profile.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileQueue {
    /// The queue.
    pub queue: String,
    /// 1 is served first.
    pub priority: u8,
    /// Taken only once its longest wait is at least this many seconds.
    #[serde(default)]
    pub after_wait_s: u32,
}

/// A zone of the branch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Its code.
    pub id: String,
    /// What people read.
    pub name: Text,
    /// Other names it goes by.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The current sales theme shown there.
    #[serde(default)]
    pub theme: Option<String>,
}

/// Opening hours of one weekday.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenHours {
    /// ISO weekday, 1 Monday to 7 Sunday.
    pub weekday: i8,
    /// Opens.
    pub opens: Time,
    /// Closes; half-open.
    pub closes: Time,
}

/// A screen and what it shows. Addresses are unique, or two windows would show the same text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Screen {
    /// Its address, 1 to 255.
    pub address: u8,
    /// `window` or `composite`.
    pub kind: ScreenKind,
    /// The zone it hangs in.
    #[serde(default)]
    pub zone: Option<String>,
    /// The counters it shows; empty means all.
    #[serde(default)]
    pub counters: Vec<CounterNo>,
    /// Text shown when nothing is called.
    #[serde(default)]
    pub idle_text: Text,
}

/// The two kinds of screens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScreenKind {
    /// One counter's window screen (窗口屏).
    Window,
    /// All counters of a waiting area (综合屏).
    Composite,
}

/// Section `thresholds`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Wait in seconds the branch promises; longer is over the service level.
    pub service_level_s: u32,
    /// Pause reasons a teller may choose from; empty allows any text.
    pub pause_reasons: Vec<String>,
    /// Outcome codes; if not empty, finish must name one of them.
    pub outcomes: Vec<String>,
    /// Seconds after which signing in lapses.
    pub session_s: u32,
    /// Business days whose queue documents are kept in full on every device, with the customers' data of that time; the
    /// newest count.
    pub keep_days: u16,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { service_level_s: 900, pause_reasons: vec![], outcomes: vec![], session_s: 12 * 3600, keep_days: 90 }
    }
}

/// Section `themes`: the two themes a device may choose from, freely named.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Themes {
    /// Theme of devices that chose none: `light`, `dark` or `system`.
    pub default: String,
}

/// Where events are sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Its id.
    pub id: String,
    /// `http` or `https` address.
    pub url: String,
    /// Key of the HMAC-SHA256 signature.
    pub secret: String,
    /// Event types wanted; empty means all.
    #[serde(default)]
    pub events: Vec<String>,
}

/// Roles of staff.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaffRole {
    /// Serves at a counter.
    Teller,
    /// Runs the lobby.
    LobbyManager,
    /// Follows up customers.
    WealthManager,
    /// Heads the branch.
    BranchHead,
    /// Administers devices, staff and configuration.
    Admin,
}

impl StaffRole {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Teller => "teller",
            Self::LobbyManager => "lobby_manager",
            Self::WealthManager => "wealth_manager",
            Self::BranchHead => "branch_head",
            Self::Admin => "admin",
        }
    }
}

/// A staff member. The PIN is kept as an argon2id hash only.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Staff {
    /// Sign-in name.
    pub id: StaffId,
    /// What people read.
    pub name: String,
    /// What they may do.
    pub roles: Vec<StaffRole>,
    /// argon2id in PHC string format.
    pub pin_hash: String,
    /// Disabled staff cannot sign in; they are never removed, since history names them.
    #[serde(default)]
    pub disabled: bool,
}

/// Settings of one device (B11).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeviceSettings {
    /// Remind when somebody waits longer, 1 to 120 minutes.
    pub waiting_reminder_min: u8,
    /// Whether reminders sound.
    pub sound: bool,
    /// `light`, `dark` or `system`.
    pub theme: String,
    /// `zh-CN` or `en`.
    pub language: String,
    /// The ticket printer at the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub printer: Option<Printer>,
}

impl Default for DeviceSettings {
    fn default() -> Self {
        Self { waiting_reminder_min: 15, sound: true, theme: "system".into(), language: "zh-CN".into(), printer: None }
    }
}

/// The whole configuration as read from the `config` document, defaults filled in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Config {
    /// Section `branch`.
    pub branch: Branch,
    /// Section `services`.
    pub services: Vec<Service>,
    /// Section `groups`: the kiosk's first level, in order.
    pub groups: Vec<Group>,
    /// Section `queues`.
    pub queues: Vec<Queue>,
    /// Section `counters`.
    pub counters: Vec<Counter>,
    /// Section `profiles`.
    pub profiles: Vec<Profile>,
    /// Section `zones`.
    pub zones: Vec<Zone>,
    /// Section `hours`; empty means always open.
    pub hours: Vec<OpenHours>,
    /// Section `screens`.
    pub screens: Vec<Screen>,
    /// Section `thresholds`.
    pub thresholds: Thresholds,
    /// Section `themes`.
    pub themes: Themes,
    /// Section `kiosk`.
    pub kiosk: Kiosk,
    /// Section `voice`.
    pub voice: Voice,
    /// Section `ticker`.
    pub ticker: Ticker,
    /// Section `ranks`: stewardship rank by device, lower first; the rest have their role's default.
    pub ranks: BTreeMap<DeviceId, u32>,
    /// Section `webhooks`.
    pub webhooks: Vec<Webhook>,
    /// Staff by id (keys `staff/{id}`).
    pub staff: BTreeMap<StaffId, Staff>,
    /// Settings by device (keys `device/{id}`).
    pub devices: BTreeMap<DeviceId, DeviceSettings>,
}

impl Config {
    /// A service by id.
    pub fn service(&self, id: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.id == id)
    }

    /// A counter by number.
    pub fn counter(&self, number: CounterNo) -> Option<&Counter> {
        self.counters.iter().find(|c| c.number == number)
    }

    /// A work profile by id.
    pub fn profile(&self, id: &str) -> Option<&Profile> {
        self.profiles.iter().find(|p| p.id == id)
    }

    /// The queue a service's tickets wait in; a service that is no longer configured waits in a queue of its own name.
    pub fn queue_of<'a>(&'a self, service: &'a str) -> &'a str {
        self.service(service).map_or(service, |s| s.queue.as_str())
    }

    /// A device's settings, or the default ones.
    pub fn settings(&self, device: &DeviceId) -> DeviceSettings {
        self.devices.get(device).cloned().unwrap_or_default()
    }
}
