//! Double calls and their acknowledgement.

use axum::Json;
use axum::extract::State;
use branchmesh_model::command::Ordinary;
use branchmesh_model::ids::RecordKey;
use branchmesh_model::view::Conflict;

use super::ordinary;
use super::tickets::Nothing;
use crate::handle::Snapshot;
use crate::http::ApiState;
use crate::http::dto::{Clockwork, ConflictDto, ConflictsDto};
use crate::http::extract::{JsonBody, Key, Part};
use crate::http::problem::Problem;
use crate::http::who::Who;

/// Double calls of the days held in full, unacknowledged ones first.
#[utoipa::path(
    get, path = "/api/v1/conflicts", tag = "conflicts", operation_id = "list_conflicts",
    responses((status = 200, body = ConflictsDto, description = "The double calls"))
)]
pub(crate) async fn list(State(api): State<ApiState>, who: Who) -> Result<Json<ConflictsDto>, Problem> {
    who.need_staff()?;
    let snapshot = api.handle.snapshot();
    let clock = Clockwork::new(&snapshot, api.now());
    let mut all: Vec<&Conflict> = snapshot.days.values().rev().flat_map(|d| d.conflicts.values()).collect();
    all.sort_by_key(|c| c.acknowledged.is_some());
    Ok(Json(ConflictsDto { conflicts: all.into_iter().map(|c| ConflictDto::new(c, &clock)).collect() }))
}

fn find(snapshot: &Snapshot, id: RecordKey) -> Result<&Conflict, Problem> {
    let found = snapshot.days.values().rev().find_map(|d| d.conflicts.get(&id));
    found.ok_or_else(|| Problem::not_found("conflict", &id.to_string()))
}

/// Somebody has seen to a double call.
#[utoipa::path(
    post, path = "/api/v1/conflicts/{id}/acknowledge", tag = "conflicts", operation_id = "acknowledge_conflict",
    request_body = Nothing, params(("id" = String, Path, description = "The conflict's id")),
    responses((status = 200, body = ConflictDto, description = "The conflict"))
)]
pub(crate) async fn acknowledge(
    State(api): State<ApiState>,
    who: Who,
    key: Key,
    id: Part,
    _: JsonBody<Nothing>,
) -> Result<Json<ConflictDto>, Problem> {
    let conflict: RecordKey = id.id("conflict")?;
    let answer = ordinary(&api, who, key, Ordinary::AcknowledgeConflict { conflict }).await?;
    let clock = Clockwork::new(&answer.snapshot, api.now());
    Ok(Json(ConflictDto::new(find(&answer.snapshot, conflict)?, &clock)))
}
