//! The configuration by section, and the settings of a device.

use branchmesh_model::config::{self, Config, DeviceSettings};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Settings of this device.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug)]
#[schema(as = DeviceSettings)]
pub(crate) struct DeviceSettingsDto {
    /// Remind when somebody waits longer, 1 to 120 minutes.
    #[schema(minimum = 1, maximum = 120)]
    pub(crate) waiting_reminder_min: u8,
    /// Whether reminders sound.
    pub(crate) sound: bool,
    /// `light`, `dark` or `system`.
    pub(crate) theme: String,
    /// `zh-CN` or `en`.
    pub(crate) language: String,
    /// The ticket printer: `{kind: "network"|"device", address, width_mm: 58|80, text: "gb18030"|"ascii"}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) printer: Option<config::Printer>,
}

impl From<&DeviceSettings> for DeviceSettingsDto {
    fn from(settings: &DeviceSettings) -> Self {
        Self {
            waiting_reminder_min: settings.waiting_reminder_min,
            sound: settings.sound,
            theme: settings.theme.clone(),
            language: settings.language.clone(),
            printer: settings.printer.clone(),
        }
    }
}

/// The configuration by section, cut to what the caller may change or needs to know. Staff have calls of their own.
#[derive(Serialize, ToSchema)]
#[schema(as = Config)]
pub(crate) struct ConfigDto {
    /// Section `branch`.
    #[schema(value_type = Object)]
    pub(crate) branch: config::Branch,
    /// Section `services`.
    #[schema(value_type = Vec<Object>)]
    pub(crate) services: Vec<config::Service>,
    /// Section `groups`.
    #[schema(value_type = Vec<Object>)]
    pub(crate) groups: Vec<config::Group>,
    /// Section `queues`.
    #[schema(value_type = Vec<Object>)]
    pub(crate) queues: Vec<config::Queue>,
    /// Section `counters`.
    #[schema(value_type = Vec<Object>)]
    pub(crate) counters: Vec<config::Counter>,
    /// Section `profiles`.
    #[schema(value_type = Vec<Object>)]
    pub(crate) profiles: Vec<config::Profile>,
    /// Section `zones`.
    #[schema(value_type = Vec<Object>)]
    pub(crate) zones: Vec<config::Zone>,
    /// Section `hours`.
    #[schema(value_type = Vec<Object>)]
    pub(crate) hours: Vec<config::OpenHours>,
    /// Section `screens`.
    #[schema(value_type = Vec<Object>)]
    pub(crate) screens: Vec<config::Screen>,
    /// Section `thresholds`.
    #[schema(value_type = Object)]
    pub(crate) thresholds: config::Thresholds,
    /// Section `themes`.
    #[schema(value_type = Object)]
    pub(crate) themes: config::Themes,
    /// Section `kiosk`; branch heads and admins only, since it holds the exit code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) kiosk: Option<config::Kiosk>,
    /// Section `voice`.
    #[schema(value_type = Object)]
    pub(crate) voice: config::Voice,
    /// Section `ticker`.
    #[schema(value_type = Object)]
    pub(crate) ticker: config::Ticker,
    /// Section `ranks`: stewardship rank by device.
    #[schema(value_type = Object)]
    pub(crate) ranks: std::collections::BTreeMap<branchmesh_model::ids::DeviceId, u32>,
    /// Section `webhooks`; admins only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub(crate) webhooks: Option<Vec<config::Webhook>>,
}

impl ConfigDto {
    pub(crate) fn new(config: &Config, (configures, admin): (bool, bool)) -> Self {
        let config = config.clone();
        Self {
            branch: config.branch,
            services: config.services,
            groups: config.groups,
            queues: config.queues,
            counters: config.counters,
            profiles: config.profiles,
            zones: config.zones,
            hours: config.hours,
            screens: config.screens,
            thresholds: config.thresholds,
            themes: config.themes,
            kiosk: configures.then_some(config.kiosk),
            voice: config.voice,
            ticker: config.ticker,
            ranks: config.ranks,
            webhooks: admin.then_some(config.webhooks),
        }
    }
}
