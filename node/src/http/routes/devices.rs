//! Devices of the branch: list, invite, revoke, and who may do that.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use branchmesh_model::command::Ordinary;
use branchmesh_model::config::StaffRole;
use branchmesh_model::ids::{CounterNo, DeviceId};
use branchmesh_model::schema::Role;
use serde::Deserialize;
use utoipa::ToSchema;

use super::ordinary;
use super::tickets::Nothing;
use crate::handle::Snapshot;
use crate::http::dto::{Clockwork, DeviceDto, DevicesDto, InvitationDto};
use crate::http::extract::{JsonBody, Key, Part, check_text};
use crate::http::problem::Problem;
use crate::http::who::Who;
use crate::http::{Api, ApiState};

/// Default life of an invitation, seconds.
const DEFAULT_TTL_S: u64 = 600;
/// Longest life of an invitation, seconds.
const MAX_TTL_S: u64 = 24 * 3600;

/// All devices of the branch, revoked ones included.
#[utoipa::path(
    get, path = "/api/v1/devices", tag = "mesh", operation_id = "list_devices",
    responses((status = 200, body = DevicesDto, description = "By id"))
)]
pub(crate) async fn list(State(api): State<ApiState>, who: Who) -> Result<Json<DevicesDto>, Problem> {
    who.need_device_or_staff()?;
    let snapshot = api.handle.snapshot();
    let clock = Clockwork::new(&snapshot, api.now());
    let devices = snapshot.roster.devices.values();
    let devices = devices.map(|d| DeviceDto::new(d, &snapshot, &api.handle.identity, &clock)).collect();
    Ok(Json(DevicesDto { devices }))
}

fn device(api: &Api, snapshot: &Snapshot, id: DeviceId) -> Result<DeviceDto, Problem> {
    let device = snapshot.roster.devices.get(&id).ok_or_else(|| Problem::not_found("device", &id.to_string()))?;
    Ok(DeviceDto::new(device, snapshot, &api.handle.identity, &Clockwork::new(snapshot, api.now())))
}

/// A new device is expected.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInvitation {
    /// Its role: `counter`, `kiosk`, `display`, `tablet`, `rating` or `hq`.
    role: String,
    /// Its name.
    name: String,
    /// The counter it stands at.
    counter: Option<CounterNo>,
    /// Seconds until it lapses, 10 to 86400; 600 without it.
    #[schema(minimum = 10, maximum = 86400)]
    ttl_s: Option<u64>,
}

/// Makes an invitation for one new device.
#[utoipa::path(
    post, path = "/api/v1/devices/invitations", tag = "mesh", operation_id = "invite_device",
    request_body = NewInvitation,
    responses((status = 201, body = InvitationDto, description = "One line of text for `branchmesh join`"))
)]
pub(crate) async fn invite(
    State(api): State<ApiState>,
    who: Who,
    JsonBody(body): JsonBody<NewInvitation>,
) -> Result<(StatusCode, Json<InvitationDto>), Problem> {
    who.need_role(&[StaffRole::Admin])?;
    let role: Role = body
        .role
        .parse()
        .map_err(|_| Problem::invalid("role", format!("one of {}", Role::ALL.map(Role::as_str).join(", "))))?;
    check_text("name", Some(&body.name), 64)?;
    if body.name.trim().is_empty() {
        return Err(Problem::invalid("name", "1 to 64 characters"));
    }
    if body.counter == Some(0) {
        return Err(Problem::invalid("counter", "a counter's number, 1 to 255"));
    }
    let ttl_s = body.ttl_s.unwrap_or(DEFAULT_TTL_S);
    if !(10..=MAX_TTL_S).contains(&ttl_s) {
        return Err(Problem::invalid("ttl_s", "10 to 86400 seconds"));
    }
    let invitation = api.handle.invite(role, body.name, body.counter, Duration::from_secs(ttl_s)).await?;
    let snapshot = api.handle.snapshot();
    let expires_at = Clockwork::new(&snapshot, api.now()).text(invitation.expires_at);
    Ok((StatusCode::CREATED, Json(InvitationDto { invitation: invitation.text, expires_at })))
}

/// A device is revoked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revoke {
    /// Number of its last envelope that counts; without it, the last one this node holds.
    last: Option<u64>,
}

/// Revokes a device: nothing it signs from now on is accepted.
#[utoipa::path(
    post, path = "/api/v1/devices/{id}/revoke", tag = "mesh", operation_id = "revoke_device", request_body = Revoke,
    params(("id" = String, Path, description = "The device's id")),
    responses((status = 200, body = DeviceDto, description = "The device"))
)]
pub(crate) async fn revoke(
    State(api): State<ApiState>,
    who: Who,
    key: Key,
    id: Part,
    JsonBody(body): JsonBody<Revoke>,
) -> Result<Json<DeviceDto>, Problem> {
    who.need_role(&[StaffRole::Admin])?;
    let id: DeviceId = id.id("device")?;
    device(&api, &api.handle.snapshot(), id)?;
    // The largest number stands for "what is held now"; only the core knows which that is.
    let what = Ordinary::Revoke { device: id, last: body.last.unwrap_or(u64::MAX) };
    let answer = ordinary(&api, who, key, what).await?;
    device(&api, &answer.snapshot, id).map(Json)
}

/// Gives a device the admin right, so that the branch does not depend on one machine.
#[utoipa::path(
    post, path = "/api/v1/devices/{id}/admin", tag = "mesh", operation_id = "grant_admin", request_body = Nothing,
    params(("id" = String, Path, description = "The device's id")),
    responses((status = 200, body = DeviceDto, description = "The device"))
)]
pub(crate) async fn grant_admin(
    State(api): State<ApiState>,
    who: Who,
    key: Key,
    id: Part,
    _: JsonBody<Nothing>,
) -> Result<Json<DeviceDto>, Problem> {
    who.need_role(&[StaffRole::Admin])?;
    let id: DeviceId = id.id("device")?;
    let answer = ordinary(&api, who, key, Ordinary::GrantAdmin { device: id }).await?;
    device(&api, &answer.snapshot, id).map(Json)
}
