//! The configuration by section.

use axum::Json;
use axum::extract::State;
use branchmesh_model::command::Ordinary;
use branchmesh_model::config::{SECTIONS, StaffRole};
use serde_json::Value;

use super::ordinary;
use crate::http::ApiState;
use crate::http::dto::ConfigDto;
use crate::http::extract::{JsonBody, Key, Part};
use crate::http::problem::Problem;
use crate::http::who::Who;

/// The whole configuration.
#[utoipa::path(
    get, path = "/api/v1/config", tag = "configuration", operation_id = "get_config",
    responses((status = 200, body = ConfigDto, description = "All sections; `kiosk` for branch heads and admins, `webhooks` for admins only"))
)]
pub(crate) async fn get(State(api): State<ApiState>, who: Who) -> Result<Json<ConfigDto>, Problem> {
    who.need_staff()?;
    let has = |role| who.caller.roles.contains(&role);
    let admin = has(StaffRole::Admin);
    Ok(Json(ConfigDto::new(&api.handle.snapshot().config, (admin || has(StaffRole::BranchHead), admin))))
}

/// Replaces a section; it is checked whole and refused whole.
#[utoipa::path(
    put, path = "/api/v1/config/{section}", tag = "configuration", operation_id = "put_config",
    request_body(content = Object, description = "The section's new content: an object or a list, as GET shows it"),
    params(("section" = String, Path, description = "branch, services, groups, queues, counters, profiles, zones, hours, screens, thresholds, themes, kiosk, voice, ticker, ranks or webhooks")),
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
    let what = Ordinary::PutConfig { section: name.to_owned(), value };
    let answer = ordinary(&api, who, key, what).await?;
    answer.snapshot.config.section(name).map(Json).ok_or_else(|| Problem::not_found("section", name))
}
