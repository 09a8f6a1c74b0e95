//! Counters: open, close, pause, resume, and call the next customer.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use branchmesh_model::command::{Done, Guarded, Ordinary};
use branchmesh_model::ids::CounterNo;
use serde::Deserialize;
use utoipa::ToSchema;

use super::tickets::{Nothing, changed};
use super::{guarded, ordinary, reads};
use crate::http::ApiState;
use crate::http::dto::{Clockwork, CounterDto, TicketDto};
use crate::http::extract::{JsonBody, Key, Part, check_text};
use crate::http::problem::Problem;
use crate::http::who::Who;

/// A counter as a command left it.
async fn change(
    api: &ApiState,
    who: Who,
    key: Key,
    number: CounterNo,
    what: Ordinary,
) -> Result<Json<CounterDto>, Problem> {
    let reader = who.clone();
    let answer = ordinary(api, who, key, what).await?;
    let clock = Clockwork::new(&answer.snapshot, api.now());
    let all = reads::counters_of(&answer.snapshot, &reader, &clock);
    let missing = || Problem::not_found("counter", &number.to_string());
    all.into_iter().find(|c| c.number == number).map(Json).ok_or_else(missing)
}

/// How a counter opens.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {
    /// Serve only these services.
    services: Option<Vec<String>>,
    /// Another work profile than the configured one.
    profile: Option<String>,
}

/// Opens a counter.
#[utoipa::path(
    post, path = "/api/v1/counters/{n}/open", tag = "counters", operation_id = "open_counter", request_body = Open,
    params(("n" = u8, Path, description = "The counter's number")),
    responses((status = 200, body = CounterDto, description = "The counter"))
)]
pub(crate) async fn open(
    State(api): State<ApiState>,
    who: Who,
    key: Key,
    n: Part,
    JsonBody(body): JsonBody<Open>,
) -> Result<Json<CounterDto>, Problem> {
    let counter = n.counter()?;
    check_text("profile", body.profile.as_deref(), 64)?;
    if body.services.as_ref().is_some_and(|s| s.len() > 255) {
        return Err(Problem::invalid("services", "at most 255 services"));
    }
    let what = Ordinary::OpenCounter { counter, services: body.services, profile: body.profile };
    change(&api, who, key, counter, what).await
}

/// Closes a counter.
#[utoipa::path(
    post, path = "/api/v1/counters/{n}/close", tag = "counters", operation_id = "close_counter", request_body = Nothing,
    params(("n" = u8, Path, description = "The counter's number")),
    responses((status = 200, body = CounterDto, description = "The counter"))
)]
pub(crate) async fn close(
    State(api): State<ApiState>,
    who: Who,
    key: Key,
    n: Part,
    _: JsonBody<Nothing>,
) -> Result<Json<CounterDto>, Problem> {
    let counter = n.counter()?;
    change(&api, who, key, counter, Ordinary::CloseCounter { counter }).await
}

/// Why a counter pauses.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pause {
    /// Why; one of the branch's pause reasons, if it has any.
    reason: String,
}

/// Pauses a counter.
#[utoipa::path(
    post, path = "/api/v1/counters/{n}/pause", tag = "counters", operation_id = "pause_counter", request_body = Pause,
    params(("n" = u8, Path, description = "The counter's number")),
    responses((status = 200, body = CounterDto, description = "The counter"))
)]
pub(crate) async fn pause(
    State(api): State<ApiState>,
    who: Who,
    key: Key,
    n: Part,
    JsonBody(body): JsonBody<Pause>,
) -> Result<Json<CounterDto>, Problem> {
    let counter = n.counter()?;
    check_text("reason", Some(&body.reason), 200)?;
    if body.reason.trim().is_empty() {
        return Err(Problem::invalid("reason", "say why"));
    }
    change(&api, who, key, counter, Ordinary::PauseCounter { counter, reason: body.reason }).await
}

/// Ends a counter's pause.
#[utoipa::path(
    post, path = "/api/v1/counters/{n}/resume", tag = "counters", operation_id = "resume_counter", request_body = Nothing,
    params(("n" = u8, Path, description = "The counter's number")),
    responses((status = 200, body = CounterDto, description = "The counter"))
)]
pub(crate) async fn resume(
    State(api): State<ApiState>,
    who: Who,
    key: Key,
    n: Part,
    _: JsonBody<Nothing>,
) -> Result<Json<CounterDto>, Problem> {
    let counter = n.counter()?;
    change(&api, who, key, counter, Ordinary::ResumeCounter { counter }).await
}

/// Calls the next ticket by the counter's work profile.
#[utoipa::path(
    post, path = "/api/v1/counters/{n}/call-next", tag = "counters", operation_id = "call_next", request_body = Nothing,
    params(("n" = u8, Path, description = "The counter's number")),
    responses(
        (status = 200, body = TicketDto, description = "The ticket that was called"),
        (status = 204, description = "Nobody waits for this counter")
    )
)]
pub(crate) async fn call_next(
    State(api): State<ApiState>,
    who: Who,
    key: Key,
    n: Part,
    _: JsonBody<Nothing>,
) -> Result<Response, Problem> {
    let answer = guarded(&api, who, key, Guarded::CallNext { counter: n.counter()? }).await?;
    if answer.done == Done::NobodyWaits {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(changed(&api, &answer)?.into_response())
}
