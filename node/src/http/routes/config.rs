//! The configuration by section, and the settings of this device.

use axum::Json;
use axum::extract::State;
use branchmesh_model::command::Ordinary;
use branchmesh_model::config::StaffRole;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{ordinary, reads};
use crate::http::ApiState;
use crate::http::dto::{ConfigDto, DeviceSettingsDto};
use crate::http::extract::{JsonBody, Key, Part};
use crate::http::problem::Problem;
use crate::http::who::Who;

/// Sections that can be replaced.
pub(crate) const SECTIONS: [&str; 12] = [
    "branch",
    "services",
    "queues",
    "counters",
    "profiles",
    "zones",
    "hours",
    "screens",
    "thresholds",
    "themes",
    "ranks",
    "webhooks",
];

/// The whole configuration.
#[utoipa::path(
    get, path = "/api/v1/config", tag = "configuration", operation_id = "get_config",
    responses((status = 200, body = ConfigDto, description = "All sections; webhooks for admins only"))
)]
pub(crate) async fn get(State(api): State<ApiState>, who: Who) -> Result<Json<ConfigDto>, Problem> {
    who.need_staff()?;
    let admin = who.caller.roles.contains(&StaffRole::Admin);
    Ok(Json(ConfigDto::new(&api.handle.snapshot().config, admin)))
}

/// Replaces a section; it is checked whole and refused whole.
#[utoipa::path(
    put, path = "/api/v1/config/{section}", tag = "configuration", operation_id = "put_config",
    request_body(content = Object, description = "The section's new content: an object or a list, as GET shows it"),
    params(("section" = String, Path, description = "services, queues, counters, profiles, zones, hours, screens, thresholds, themes, branch, ranks or webhooks")),
    responses((status = 200, body = Object, description = "The section as it is now"))
)]
pub(crate) async fn put(
    State(api): State<ApiState>,
    who: Who,
    key: Key,
    section: Part,
    JsonBody(value): JsonBody<Value>,
) -> Result<Json<Value>, Problem> {
    who.need_role(&[StaffRole::BranchHead, StaffRole::Admin])?;
    let name = section.0.as_str();
    if !SECTIONS.contains(&name) {
        return Err(Problem::not_found("section", name));
    }
    if name == "webhooks" {
        who.need_role(&[StaffRole::Admin])?;
    }
    let what = Ordinary::PutConfig { section: name.to_owned(), value };
    let answer = ordinary(&api, who, key, what).await?;
    answer.snapshot.config.section(name).map(Json).ok_or_else(|| Problem::not_found("section", name))
}

/// This device's settings.
#[utoipa::path(
    get, path = "/api/v1/device/settings", tag = "configuration", operation_id = "get_device_settings",
    responses((status = 200, body = DeviceSettingsDto, description = "The settings"))
)]
pub(crate) async fn get_settings(State(api): State<ApiState>, who: Who) -> Result<Json<DeviceSettingsDto>, Problem> {
    who.need_device_or_staff()?;
    Ok(Json((&reads::settings(&api, &api.handle.snapshot())).into()))
}

/// Settings to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsPatch {
    /// Remind when somebody waits longer, 1 to 120 minutes.
    #[schema(minimum = 1, maximum = 120)]
    waiting_reminder_min: Option<u8>,
    /// Whether reminders sound.
    sound: Option<bool>,
    /// `light`, `dark` or `system`.
    theme: Option<String>,
    /// `zh-CN` or `en`.
    language: Option<String>,
}

/// Changes this device's settings.
#[utoipa::path(
    patch, path = "/api/v1/device/settings", tag = "configuration", operation_id = "patch_device_settings",
    request_body = SettingsPatch,
    responses((status = 200, body = DeviceSettingsDto, description = "The settings"))
)]
pub(crate) async fn patch_settings(
    State(api): State<ApiState>,
    who: Who,
    key: Key,
    JsonBody(patch): JsonBody<SettingsPatch>,
) -> Result<Json<DeviceSettingsDto>, Problem> {
    let mut settings = reads::settings(&api, &api.handle.snapshot());
    settings.waiting_reminder_min = patch.waiting_reminder_min.unwrap_or(settings.waiting_reminder_min);
    settings.sound = patch.sound.unwrap_or(settings.sound);
    settings.theme = patch.theme.unwrap_or(settings.theme);
    settings.language = patch.language.unwrap_or(settings.language);
    let answer = ordinary(&api, who, key, Ordinary::PutDeviceSettings { settings }).await?;
    Ok(Json((&reads::settings(&api, &answer.snapshot)).into()))
}
