//! Tickets: issue, read, and every verb of the state table.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use branchmesh_model::command::{Done, Guarded};
use branchmesh_model::ids::{CommandId, CounterNo, TicketId};
use branchmesh_model::schema::Family;
use branchmesh_model::ticket::TicketState;
use branchmesh_model::time::BusinessDate;
use branchmesh_model::view::Ticket;
use branchmesh_model::visit::Told;
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use utoipa::ToSchema;

use super::{guarded, printing};
use crate::handle::{Answer, Snapshot};
use crate::http::dto::{Clockwork, HistoryDto, TicketDto, TicketsDto, VisitDto, revision_text};
use crate::http::extract::{Filters, JsonBody, Key, Part, check_text};
use crate::http::figures::Figures;
use crate::http::problem::Problem;
use crate::http::texts;
use crate::http::who::{Who, is_loopback_site};
use crate::http::{Api, ApiState};
use crate::replication::hub::HandOver;

/// Moves of a ticket that are followed back to whoever was identified.
const MAX_MOVES: usize = 16;

/// A new ticket.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTicket {
    /// The service.
    service: String,
    /// The business type within it.
    category: Option<String>,
    /// Card or id number, 4 to 32 letters, digits and dashes; handed to a staff device, never kept here.
    identity: Option<String>,
    /// Phone number, 5 to 20 digits, may begin with `+`.
    phone: Option<String>,
    /// The customer's language, a BCP 47 tag.
    language: Option<String>,
    /// Whether to print a slip where this device has a printer; true without it.
    print: Option<bool>,
}

impl NewTicket {
    fn told(&self) -> Told {
        Told { identity: self.identity.clone(), phone: self.phone.clone() }
    }

    fn check(&self) -> Result<(), Problem> {
        check_text("service", Some(&self.service), 64)?;
        check_text("category", self.category.as_deref(), 64)?;
        self.told().check()?;
        if let Some(language) = &self.language {
            let ok = (2..=35).contains(&language.len())
                && language.split('-').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphanumeric()));
            if !ok {
                return Err(Problem::invalid("language", "a BCP 47 tag such as zh-CN or en"));
            }
        }
        Ok(())
    }
}

/// Issues a ticket.
#[utoipa::path(
    post, path = "/api/v1/tickets", tag = "tickets", operation_id = "issue_ticket", request_body = NewTicket,
    responses((status = 201, body = TicketDto, description = "The ticket, with its `status_token`, `status_path` and `status_url`"))
)]
pub(crate) async fn issue(
    State(api): State<ApiState>,
    who: Who,
    key: Key,
    headers: HeaderMap,
    JsonBody(body): JsonBody<NewTicket>,
) -> Result<Response, Problem> {
    body.check()?;
    who.need_device_or_staff()?;
    let token = status_token(&api.options.secret, &key.0);
    let digest = blake3::hash(token.as_bytes()).to_hex().to_string();
    let told = body.told();
    let identified = !told.is_empty();
    let role = api.handle.identity.role;
    if identified && !Family::Visit.may_write(role, false, "") {
        return Err(Problem::invalid("identity", format!("a {role} device takes no customer's data")));
    }
    let (cmd, caller) = (key.0.clone(), who.caller.clone());
    let what = Guarded::Issue {
        service: body.service,
        category: body.category,
        language: body.language,
        identified,
        status_digest: Some(digest.clone()),
    };
    let answer = guarded(&api, who, key, what).await?;
    let id = changed_ticket(&answer.done).ok_or_else(gone)?;
    if identified {
        keep(&api, HandOver { ticket: id, cmd, caller, told, seed: rand::random() }).await;
    }
    let mut dto = answered(&api, &answer, id)?;
    if body.print.unwrap_or(true) {
        dto.printing = printing::want_slip(&api, &headers, &answer.snapshot, id, false).await;
    }
    // The same key asked at another node before: that node's token is the customer's, ours would open nothing.
    let ours = find(&answer.snapshot, id)?.status_digest.as_deref() == Some(digest.as_str());
    if ours {
        let path = format!("/t/{token}");
        dto.status_url = site_of(&api, &answer.snapshot, &headers).map(|site| format!("{site}{path}"));
        dto.status_path = Some(path);
        dto.status_token = Some(token);
    }
    let location = HeaderValue::from_str(&format!("/api/v1/tickets/{id}")).expect("a ticket id is plain ASCII");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(dto)).into_response())
}

/// The ticket stands even if what the customer told cannot be kept: staff will ask again.
async fn keep(api: &Api, what: HandOver) {
    let ticket = what.ticket;
    if let Err(rejection) = api.handle.hand_over(what).await {
        tracing::warn!(%ticket, "what the customer told could not be kept: {rejection}");
    }
}

/// 160 bits that only this device can derive from the key: the same key gives the same token, and knowing the key alone
/// gives nothing.
pub(crate) fn status_token(secret: &[u8; 32], key: &CommandId) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(b"branchmesh status token 1\0");
    mac.update(key.as_str().as_bytes());
    BASE32_NOPAD.encode(&mac.finalize().into_bytes()[..20]).to_ascii_lowercase()
}

/// Where customers' phones reach the pages: as configured, else where this caller reached them, unless that leads every
/// machine to itself and there is a better address.
pub(super) fn site_of(api: &Api, snapshot: &Snapshot, headers: &HeaderMap) -> Option<String> {
    let configured = snapshot.config.branch.public_url.trim_end_matches('/');
    if !configured.is_empty() {
        return Some(configured.to_owned());
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(|host| format!("http://{host}"));
    match &api.options.reachable {
        Some(reachable) if host.as_deref().is_none_or(is_loopback_site) => Some(reachable.clone()),
        _ => host,
    }
}

/// Tickets of the current business day by state, service and counter.
#[utoipa::path(
    get, path = "/api/v1/tickets", tag = "tickets", operation_id = "list_tickets",
    params(
        ("state" = Option<String>, Query, description = "One or more states, separated by commas"),
        ("service" = Option<String>, Query, description = "A service"),
        ("counter" = Option<u8>, Query, description = "Counter of the last call"),
        ("date" = Option<String>, Query, description = "Another business date that is held in full")
    ),
    responses((status = 200, body = TicketsDto, description = "The tickets"))
)]
pub(crate) async fn list(State(api): State<ApiState>, who: Who, filters: Filters) -> Result<Json<TicketsDto>, Problem> {
    who.need_staff()?;
    let filters = filters.only(&["state", "service", "counter", "date"])?;
    let states = filters.text("state").map(states).transpose()?;
    let counter: Option<CounterNo> = filters.parsed("counter", "a counter's number, 1 to 255")?;
    let date: Option<BusinessDate> = filters.parsed("date", "a date such as 2026-11-21")?;
    let service = filters.text("service");
    let snapshot = api.handle.snapshot();
    if let Some(service) = service
        && !snapshot.config.services.iter().any(|s| s.id == service)
    {
        return Err(Problem::invalid("service", "there is no such service"));
    }
    let date = date.unwrap_or(snapshot.date);
    let day = snapshot.days.get(&date).ok_or_else(|| Problem::invalid("date", "this day is not held in full here"))?;
    let wanted = |t: &&Ticket| {
        states.as_ref().is_none_or(|s| s.contains(&t.state))
            && service.is_none_or(|s| t.service == s)
            && counter.is_none_or(|c| t.counter == Some(c))
    };
    let mut tickets: Vec<&Ticket> = day.tickets.values().map(|t| &**t).filter(wanted).collect();
    tickets.sort_by_key(|t| {
        let waiting = t.state == TicketState::Waiting;
        (!waiting, if waiting { t.order } else { (0, t.issued_at.0) }, t.id)
    });
    let clock = Clockwork::new(&snapshot, api.now());
    let figures = Figures::of(&snapshot, clock.now);
    let tickets = tickets.into_iter().map(|t| TicketDto::new(t, &snapshot, figures.outlook(t), &clock)).collect();
    Ok(Json(TicketsDto { revision: revision_text(&api.handle.feed.boot, snapshot.revision), tickets }))
}

fn states(text: &str) -> Result<Vec<TicketState>, Problem> {
    use TicketState::{Abandoned, Called, Expired, Moved, NoShow, Parked, Served, Serving, Waiting};
    let all = [Waiting, Called, Serving, NoShow, Parked, Served, Moved, Abandoned, Expired];
    let one = |name: &str| all.into_iter().find(|s| s.as_str() == name);
    let names = all.map(TicketState::as_str).join(", ");
    text.split(',').map(|n| one(n).ok_or_else(|| Problem::invalid("state", format!("one of {names}")))).collect()
}

/// One ticket with its history.
#[utoipa::path(
    get, path = "/api/v1/tickets/{id}", tag = "tickets", operation_id = "get_ticket",
    params(("id" = String, Path, description = "The ticket's id")),
    responses((status = 200, body = TicketDto, description = "The ticket; history and staff for signed-in callers only"))
)]
pub(crate) async fn get(State(api): State<ApiState>, who: Who, id: Part) -> Result<Json<TicketDto>, Problem> {
    who.need_device_or_staff()?;
    let snapshot = api.handle.snapshot();
    let id = id.id("ticket")?;
    let mut dto = ticket_dto(&api, &snapshot, id)?;
    if !who.is_staff() {
        return Ok(Json(dto.public()));
    }
    let clock = Clockwork::new(&snapshot, api.now());
    let ticket = find(&snapshot, id)?;
    dto.history = Some(ticket.history.iter().map(|h| HistoryDto::new(h, &clock)).collect());
    if ticket.identified {
        dto.visit = api.handle.visit(with_parents(&snapshot, ticket)).await?.as_ref().map(VisitDto::new);
    }
    Ok(Json(dto))
}

/// A ticket and those it replaced, newest first.
fn with_parents(snapshot: &Snapshot, ticket: &Ticket) -> Vec<TicketId> {
    let parent = |id: &TicketId| find(snapshot, *id).ok().and_then(|t| t.parent);
    std::iter::successors(Some(ticket.id), parent).take(MAX_MOVES).collect()
}

pub(super) fn find(snapshot: &Snapshot, id: TicketId) -> Result<&Ticket, Problem> {
    let found = snapshot.days.values().rev().find_map(|d| d.tickets.get(&id));
    found.map(|t| &**t).ok_or_else(|| Problem::not_found("ticket", &id.to_string()))
}

pub(super) fn ticket_dto(api: &Api, snapshot: &Snapshot, id: TicketId) -> Result<TicketDto, Problem> {
    let ticket = find(snapshot, id)?;
    let clock = Clockwork::new(snapshot, api.now());
    Ok(TicketDto::new(ticket, snapshot, Figures::of(snapshot, clock.now).outlook(ticket), &clock))
}

fn changed_ticket(done: &Done) -> Option<TicketId> {
    match done {
        Done::Ticket(id) | Done::Moved { to: id, .. } => Some(*id),
        Done::NobodyWaits | Done::Counter(_) | Done::Conflict(_) | Done::Reminder(_) | Done::Changed => None,
    }
}

/// The core answered with something that is no ticket: the key belongs to another kind of command.
fn gone() -> Problem {
    Problem::from(branchmesh_model::command::Rejection::KeyReused)
}

/// The ticket a command changed; after a move the new one.
pub(super) fn changed(api: &Api, answer: &Answer) -> Result<Json<TicketDto>, Problem> {
    let id = changed_ticket(&answer.done).ok_or_else(gone)?;
    answered(api, answer, id).map(Json)
}

/// The ticket of an answer. Right after the network parted it may not be here, although what was asked for is done.
fn answered(api: &Api, answer: &Answer, id: TicketId) -> Result<TicketDto, Problem> {
    let not_here = || Problem::new(texts::NOT_HERE_YET).fact("ticket", id.to_string()).retry_after(2);
    ticket_dto(api, &answer.snapshot, id).map_err(|_| not_here())
}

/// A body without fields.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_token_is_the_devices_and_the_keys_alone() {
        let key = |text: &str| CommandId::try_from(text.to_owned()).expect("a good key");
        let token = status_token(&[1; 32], &key("a"));
        assert_eq!(token.len(), 32);
        assert!(token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        assert_eq!(token, status_token(&[1; 32], &key("a")));
        assert_ne!(token, status_token(&[1; 32], &key("b")));
        assert_ne!(token, status_token(&[2; 32], &key("a")));
    }
}
