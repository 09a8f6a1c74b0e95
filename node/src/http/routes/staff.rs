//! Staff: list, add, change. PINs come in, are hashed off the serving threads, and never go out.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use branchmesh_model::command::Ordinary;
use branchmesh_model::config::{Staff, StaffRole};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ordinary;
use crate::handle::Snapshot;
use crate::http::dto::{StaffDto, StaffListDto};
use crate::http::extract::{JsonBody, Key, Part};
use crate::http::problem::Problem;
use crate::http::who::{OPERATOR, Who};
use crate::http::{Api, ApiState, pin, texts};

const ADMIN: &[StaffRole] = &[StaffRole::Admin];

/// All staff, disabled ones included.
#[utoipa::path(
    get, path = "/api/v1/staff", tag = "configuration", operation_id = "list_staff",
    responses((status = 200, body = StaffListDto, description = "By id, never with PINs"))
)]
pub(crate) async fn list(State(api): State<ApiState>, who: Who) -> Result<Json<StaffListDto>, Problem> {
    who.need_role(ADMIN)?;
    let snapshot = api.handle.snapshot();
    Ok(Json(StaffListDto { staff: snapshot.config.staff.values().map(StaffDto::from).collect() }))
}

/// A new staff member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewStaff {
    /// Sign-in name: 1 to 32 characters a-z, 0-9 and `_`.
    id: String,
    /// What people read.
    name: String,
    /// `teller`, `lobby_manager`, `wealth_manager`, `branch_head`, `admin`; at least one.
    #[schema(value_type = Vec<String>)]
    roles: Vec<StaffRole>,
    /// PIN of 4 to 12 digits or password of 8 to 64 characters.
    pin: String,
}

/// Adds a staff member.
#[utoipa::path(
    post, path = "/api/v1/staff", tag = "configuration", operation_id = "add_staff", request_body = NewStaff,
    responses((status = 201, body = StaffDto, description = "The staff member"))
)]
pub(crate) async fn add(
    State(api): State<ApiState>,
    who: Who,
    key: Key,
    JsonBody(new): JsonBody<NewStaff>,
) -> Result<Response, Problem> {
    who.need_role(ADMIN)?;
    check_id(&new.id)?;
    let roles = sorted(new.roles);
    check_pin(&new.pin)?;
    let snapshot = api.handle.snapshot();
    if let Some(present) = snapshot.config.staff.get(&new.id) {
        // The same request again, after its answer was lost, is no conflict.
        let same = present.name == new.name && present.roles == roles && !present.disabled;
        if same && verify(&api, new.pin, present.pin_hash.clone()).await {
            return Ok(created(present));
        }
        return Err(Problem::new(texts::CONFLICT).fact("what", "staff member").fact("id", new.id).extra("field", "id"));
    }
    let pin_hash = hash(&api, new.pin).await;
    let staff = Staff { id: new.id.clone(), name: new.name, roles, pin_hash, disabled: false };
    let answer = ordinary(&api, who, key, Ordinary::PutStaff { staff }).await?;
    Ok(created(find(&answer.snapshot, &new.id)?))
}

fn created(staff: &Staff) -> Response {
    let location = HeaderValue::from_str(&format!("/api/v1/staff/{}", staff.id));
    let location = location.expect("a staff id that exists is plain ASCII");
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(StaffDto::from(staff))).into_response()
}

/// What to change of a staff member; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StaffPatch {
    /// What people read.
    name: Option<String>,
    /// Roles, at least one.
    #[schema(value_type = Option<Vec<String>>)]
    roles: Option<Vec<StaffRole>>,
    /// A new PIN; ends the sessions opened with the old one.
    pin: Option<String>,
    /// Disabled staff cannot sign in, and their sessions end at once.
    disabled: Option<bool>,
}

/// Changes a staff member.
#[utoipa::path(
    patch, path = "/api/v1/staff/{id}", tag = "configuration", operation_id = "change_staff", request_body = StaffPatch,
    params(("id" = String, Path, description = "Sign-in name")),
    responses((status = 200, body = StaffDto, description = "The staff member"))
)]
pub(crate) async fn change(
    State(api): State<ApiState>,
    who: Who,
    key: Key,
    id: Part,
    JsonBody(patch): JsonBody<StaffPatch>,
) -> Result<Json<StaffDto>, Problem> {
    who.need_role(ADMIN)?;
    let snapshot = api.handle.snapshot();
    let mut staff = find(&snapshot, &id.0)?.clone();
    staff.name = patch.name.unwrap_or(staff.name);
    staff.roles = patch.roles.map_or(staff.roles, sorted);
    staff.disabled = patch.disabled.unwrap_or(staff.disabled);
    if let Some(pin) = patch.pin {
        check_pin(&pin)?;
        staff.pin_hash = hash(&api, pin).await;
    }
    let answer = ordinary(&api, who, key, Ordinary::PutStaff { staff }).await?;
    Ok(Json(find(&answer.snapshot, &id.0)?.into()))
}

fn find<'a>(snapshot: &'a Snapshot, id: &str) -> Result<&'a Staff, Problem> {
    snapshot.config.staff.get(id).ok_or_else(|| Problem::not_found("staff member", id))
}

/// The model checks ids; this one it cannot know to be taken.
pub(super) fn check_id(id: &str) -> Result<(), Problem> {
    if id == OPERATOR { Err(Problem::invalid("id", "this name stands for the operator of a machine")) } else { Ok(()) }
}

pub(super) fn sorted(mut roles: Vec<StaffRole>) -> Vec<StaffRole> {
    roles.sort_unstable();
    roles.dedup();
    roles
}

fn check_pin(new: &str) -> Result<(), Problem> {
    pin::weakness(new).map_or(Ok(()), |why| Err(Problem::invalid("pin", why)))
}

pub(super) async fn hash(api: &Api, new: String) -> String {
    let turn = Arc::clone(&api.sign_ins).acquire_owned().await.expect("this semaphore is never closed");
    let hashing = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        pin::hash(&new)
    });
    hashing.await.expect("hashing a PIN of bounded length does not panic")
}

async fn verify(api: &Api, given: String, stored: String) -> bool {
    let turn = Arc::clone(&api.sign_ins).acquire_owned().await.expect("this semaphore is never closed");
    let checking = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        pin::verify(&given, Some(&stored))
    });
    checking.await.unwrap_or(false)
}
