//! Slips of tickets.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use branchmesh_model::ids::TicketId;

use super::reads;
use super::tickets::{Nothing, find, site_of, ticket_dto};
use crate::handle::Snapshot;
use crate::http::dto::TicketDto;
use crate::http::extract::{JsonBody, Part};
use crate::http::problem::Problem;
use crate::http::who::{Who, is_loopback_site};
use crate::http::{Api, ApiState, texts};
use crate::printing::Job;

/// Puts a ticket's slip into this device's print queue. `None` without a printer, `Some(false)` if it could not be kept:
/// the ticket stands either way.
pub(super) async fn want_slip(
    api: &Api,
    headers: &HeaderMap,
    snapshot: &Snapshot,
    ticket: TicketId,
    again: bool,
) -> Option<bool> {
    let settings = reads::settings(api, snapshot);
    api.options.printing.printer(settings.printer.as_ref())?;
    // A phone that scans the slip is another machine: this one's loopback address leads it nowhere.
    let site = site_of(api, snapshot, headers).filter(|site| !is_loopback_site(site));
    let job = Job { ticket, site, asked_at: api.now(), done: false };
    let kept = api.options.printing.want(job, again).await;
    if let Err(problem) = &kept {
        tracing::warn!(%ticket, %problem, "a slip could not be put into the print queue");
    }
    Some(kept.is_ok())
}

/// Prints a ticket's slip again, at this device.
#[utoipa::path(
    post, path = "/api/v1/tickets/{id}/print", tag = "tickets", operation_id = "print_ticket", request_body = Nothing,
    params(("id" = String, Path, description = "The ticket's id")),
    responses((status = 202, body = TicketDto, description = "The slip is in the print queue"))
)]
pub(crate) async fn print(
    State(api): State<ApiState>,
    who: Who,
    id: Part,
    headers: HeaderMap,
    _: JsonBody<Nothing>,
) -> Result<(StatusCode, Json<TicketDto>), Problem> {
    who.need_staff()?;
    let snapshot = api.handle.snapshot();
    let id: TicketId = id.id("ticket")?;
    find(&snapshot, id)?;
    let kept = want_slip(&api, &headers, &snapshot, id, true).await;
    let kept = kept.ok_or_else(|| Problem::new(texts::NO_PRINTER))?;
    let mut dto = ticket_dto(&api, &snapshot, id)?;
    dto.printing = Some(kept);
    Ok((StatusCode::ACCEPTED, Json(dto)))
}
