//! The mesh as this node sees it, and taking the queue over by a person's decision.

use axum::Json;
use axum::extract::State;
use branchmesh_model::config::StaffRole;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::ApiState;
use crate::http::dto::{Clockwork, MeshDto};
use crate::http::extract::{JsonBody, check_text};
use crate::http::problem::Problem;
use crate::http::who::Who;

fn mesh(api: &ApiState) -> Json<MeshDto> {
    let snapshot = api.handle.snapshot();
    let clock = Clockwork::new(&snapshot, api.now());
    Json(MeshDto::new(&snapshot, &api.handle.identity, &clock))
}

/// Device, role, group, epoch, steward, peers, documents, lag.
#[utoipa::path(
    get, path = "/api/v1/mesh", tag = "mesh", operation_id = "get_mesh",
    responses((status = 200, body = MeshDto, description = "The mesh"))
)]
pub(crate) async fn get(State(api): State<ApiState>, who: Who) -> Result<Json<MeshDto>, Problem> {
    who.need_device_or_staff()?;
    Ok(mesh(&api))
}

/// A person takes the queue over.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TakeOver {
    /// Why; kept and shown.
    reason: String,
}

/// Takes the queue over on this side of a split, when too few of the old group are left.
#[utoipa::path(
    post, path = "/api/v1/mesh/take-over", tag = "mesh", operation_id = "take_over", request_body = TakeOver,
    responses((status = 200, body = MeshDto, description = "The mesh"))
)]
pub(crate) async fn take_over(
    State(api): State<ApiState>,
    who: Who,
    JsonBody(body): JsonBody<TakeOver>,
) -> Result<Json<MeshDto>, Problem> {
    who.need_role(&[StaffRole::LobbyManager, StaffRole::BranchHead, StaffRole::Admin])?;
    check_text("reason", Some(&body.reason), 200)?;
    if body.reason.trim().is_empty() {
        return Err(Problem::invalid("reason", "say why"));
    }
    api.handle.take_over(who.caller, body.reason).await?;
    Ok(mesh(&api))
}
