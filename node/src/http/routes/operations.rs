//! Calls for whoever operates the node, outside `/api/v1`.

use std::path::PathBuf;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::extract::JsonBody;
use crate::http::problem::Problem;
use crate::http::who::{OPERATOR, Who};
use crate::http::{ApiState, MAX_STREAMS, SIGN_INS_WAITING, openapi, texts};

/// A node's own word on itself.
#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthDto {
    /// `alive` or `ready`.
    status: &'static str,
}

/// The process answers.
#[utoipa::path(
    get, path = "/health", tag = "operations", operation_id = "health",
    responses((status = 200, body = HealthDto, description = "Alive"))
)]
pub(crate) async fn health() -> Json<HealthDto> {
    Json(HealthDto { status: "alive" })
}

/// The node serves: its store is sound and its picture of the branch is loaded.
#[utoipa::path(
    get, path = "/ready", tag = "operations", operation_id = "ready",
    responses((status = 200, body = HealthDto, description = "Ready"))
)]
pub(crate) async fn ready(State(api): State<ApiState>) -> Result<Json<HealthDto>, Problem> {
    let wrong = |detail: String| Problem::new(texts::UNAVAILABLE).fact("detail", detail).retry_after(1);
    (api.options.ready)().map_err(wrong)?;
    Ok(Json(HealthDto { status: "ready" }))
}

/// Figures in the text format of Prometheus; nothing in them concerns a customer.
#[utoipa::path(
    get, path = "/metrics", tag = "operations", operation_id = "metrics",
    responses((status = 200, body = String, content_type = "text/plain", description = "Prometheus text"))
)]
pub(crate) async fn metrics(State(api): State<ApiState>) -> Response {
    let waiting = SIGN_INS_WAITING - api.sign_in_queue.available_permits();
    let streams = MAX_STREAMS - api.streams.available_permits();
    let text = api.metrics.render(&api.handle.snapshot(), waiting, streams);
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// Where a backup goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Backup {
    /// A file on this machine that does not exist yet, as an absolute path.
    file: String,
}

/// A backup was written.
#[derive(Serialize, ToSchema)]
#[schema(as = BackupWritten)]
pub(crate) struct BackupDto {
    /// The file.
    file: String,
    /// Its size.
    bytes: u64,
}

/// Writes a consistent copy of the running node's store to a file of this machine; for its operator alone.
#[utoipa::path(
    post, path = "/api/v1/operations/backup", tag = "operations", operation_id = "backup", request_body = Backup,
    responses((status = 200, body = BackupDto, description = "Written"))
)]
pub(crate) async fn backup(
    State(api): State<ApiState>,
    who: Who,
    JsonBody(body): JsonBody<Backup>,
) -> Result<Json<BackupDto>, Problem> {
    who.need_staff()?;
    if who.caller.staff.as_deref() != Some(OPERATOR) {
        return Err(Problem::new(texts::NEEDS_ROLE).fact("roles", OPERATOR).extra("roles", vec![OPERATOR]));
    }
    let path = PathBuf::from(&body.file);
    if !path.is_absolute() {
        return Err(Problem::invalid("file", "an absolute path is expected"));
    }
    let bytes = api.handle.backup(path).await.map_err(|why| Problem::invalid("file", &why))?;
    Ok(Json(BackupDto { file: body.file, bytes }))
}

/// This document.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "operations", operation_id = "openapi",
    responses((status = 200, body = Object, description = "OpenAPI 3.1"))
)]
pub(crate) async fn document() -> Response {
    static TEXT: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| openapi().to_json().expect("a document built from types is JSON"));
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str()).into_response()
}
