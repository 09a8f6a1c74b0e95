//! This device: its settings, and leaving the kiosk page.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use branchmesh_model::command::Ordinary;
use branchmesh_model::config::{Printer, StaffRole};
use serde::{Deserialize, Deserializer};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use super::{ordinary, reads};
use crate::http::dto::DeviceSettingsDto;
use crate::http::extract::{JsonBody, Key};
use crate::http::problem::Problem;
use crate::http::session::too_many;
use crate::http::who::Who;
use crate::http::{ApiState, texts};

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
    /// The ticket printer, or null for none; branch heads and admins only.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Object>)]
    printer: Option<Option<Printer>>,
}

/// Tells null from what is not there.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
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
    if let Some(printer) = patch.printer {
        // It makes this machine write to other machines and devices.
        who.need_role(&[StaffRole::BranchHead, StaffRole::Admin])?;
        settings.printer = printer;
    }
    settings.language = patch.language.unwrap_or(settings.language);
    let answer = ordinary(&api, who, key, Ordinary::PutDeviceSettings { settings }).await?;
    Ok(Json((&reads::settings(&api, &answer.snapshot)).into()))
}

/// Somebody wants to leave the kiosk page.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exit {
    /// The branch's exit code.
    code: String,
}

/// Wrong exit codes are counted under this name, which no staff member can have.
const EXIT: &str = "\u{0}exit";

/// Checks the code that leaves the kiosk page; too many wrong ones must wait.
#[utoipa::path(
    post, path = "/api/v1/device/exit", tag = "configuration", operation_id = "exit_kiosk", request_body = Exit,
    responses((status = 204, description = "The code is right"))
)]
pub(crate) async fn exit(
    State(api): State<ApiState>,
    who: Who,
    JsonBody(body): JsonBody<Exit>,
) -> Result<StatusCode, Problem> {
    who.need_device_or_staff()?;
    api.sessions.try_sign_in(EXIT, who.ip, api.now()).map_err(too_many)?;
    let right = api.handle.snapshot().config.kiosk.exit_code.clone();
    if !bool::from(body.code.as_bytes().ct_eq(right.as_bytes())) {
        return Err(Problem::new(texts::WRONG_EXIT_CODE));
    }
    api.sessions.succeeded(EXIT, who.ip);
    Ok(StatusCode::NO_CONTENT)
}
