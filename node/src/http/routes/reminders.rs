//! Calling the lobby manager, and what staff should see to.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use branchmesh_model::command::{Done, Ordinary};
use branchmesh_model::ids::{CounterNo, RecordKey};
use branchmesh_model::view::reminders::{Reminder, reminders};
use serde::Deserialize;
use utoipa::ToSchema;

use super::tickets::Nothing;
use super::{ordinary, reads};
use crate::handle::{Answer, Snapshot};
use crate::http::dto::{Clockwork, ReminderDto, RemindersDto};
use crate::http::extract::{JsonBody, Key, Part, check_text};
use crate::http::problem::Problem;
use crate::http::who::Who;
use crate::http::{Api, ApiState};

/// Somebody needs the lobby manager.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assistance {
    /// The counter that needs help; without it the one this device stands at, if any.
    counter: Option<CounterNo>,
    /// What for.
    reason: Option<String>,
}

/// Calls for the lobby manager; pressing again while nobody has come is the same call.
#[utoipa::path(
    post, path = "/api/v1/assistance", tag = "reminders", operation_id = "call_assistance", request_body = Assistance,
    responses((status = 201, body = ReminderDto, description = "The reminder that staff see"))
)]
pub(crate) async fn assistance(
    State(api): State<ApiState>,
    who: Who,
    key: Key,
    JsonBody(body): JsonBody<Assistance>,
) -> Result<(StatusCode, Json<ReminderDto>), Problem> {
    check_text("reason", body.reason.as_deref(), 200)?;
    let counter = body.counter.or(api.handle.identity.counter);
    let what = Ordinary::CallAssistance { counter, reason: body.reason };
    let answer = ordinary(&api, who, key, what).await?;
    Ok((StatusCode::CREATED, changed(&api, &answer)?))
}

/// Calls for assistance, customers who wait longer than this device's reminder, and printers that need a hand.
#[utoipa::path(
    get, path = "/api/v1/reminders", tag = "reminders", operation_id = "list_reminders",
    responses((status = 200, body = RemindersDto, description = "What nobody has seen to first"))
)]
pub(crate) async fn list(State(api): State<ApiState>, who: Who) -> Result<Json<RemindersDto>, Problem> {
    who.need_staff()?;
    let snapshot = api.handle.snapshot();
    let clock = Clockwork::new(&snapshot, api.now());
    Ok(Json(RemindersDto { reminders: all(&api, &snapshot, &clock) }))
}

/// What there is to see to at this device.
pub(crate) fn all(api: &Api, snapshot: &Snapshot, clock: &Clockwork) -> Vec<ReminderDto> {
    present(api, snapshot, clock).iter().map(|r| ReminderDto::new(r, snapshot, clock)).collect()
}

fn present(api: &Api, snapshot: &Snapshot, clock: &Clockwork) -> Vec<Reminder> {
    let settings = reads::settings(api, snapshot);
    reminders(snapshot.today(), api.handle.identity.device, &settings, clock.now)
}

/// Somebody has seen to a reminder; the first who says so stays.
#[utoipa::path(
    post, path = "/api/v1/reminders/{id}/acknowledge", tag = "reminders", operation_id = "acknowledge_reminder",
    request_body = Nothing, params(("id" = String, Path, description = "The reminder's id")),
    responses(
        (status = 200, body = ReminderDto, description = "The reminder"),
        (status = 204, description = "It was noted; the customer has been called, or the printer works, meanwhile")
    )
)]
pub(crate) async fn acknowledge(
    State(api): State<ApiState>,
    who: Who,
    key: Key,
    id: Part,
    _: JsonBody<Nothing>,
) -> Result<Result<Json<ReminderDto>, StatusCode>, Problem> {
    let reminder: RecordKey = id.id("reminder")?;
    let answer = ordinary(&api, who, key, Ordinary::AcknowledgeReminder { reminder }).await?;
    Ok(changed(&api, &answer).map_err(|_| StatusCode::NO_CONTENT))
}

fn changed(api: &Api, answer: &Answer) -> Result<Json<ReminderDto>, Problem> {
    let Done::Reminder(id) = answer.done else {
        return Err(Problem::from(branchmesh_model::command::Rejection::KeyReused));
    };
    let clock = Clockwork::new(&answer.snapshot, api.now());
    let found = present(api, &answer.snapshot, &clock).into_iter().find(|r| r.id == id);
    let found = found.ok_or_else(|| Problem::not_found("reminder", &id.to_string()))?;
    Ok(Json(ReminderDto::new(&found, &answer.snapshot, &clock)))
}
