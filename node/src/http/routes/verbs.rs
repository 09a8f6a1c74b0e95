//! The verbs of a ticket: one line each says what is asked for, one body carries it out.

use axum::Json;
use axum::extract::State;
use branchmesh_model::command::{Ask, Guarded, Ordinary};
use branchmesh_model::ids::{CounterNo, TicketId};
use branchmesh_model::ticket::Position;
use branchmesh_model::visit::Told;
use serde::Deserialize;
use utoipa::ToSchema;

use super::tickets::{Nothing, changed};
use crate::http::ApiState;
use crate::http::dto::TicketDto;
use crate::http::extract::{JsonBody, Key, Part, check_text};
use crate::http::problem::Problem;
use crate::http::who::Who;

/// What a body asks to be done with a ticket.
type Asked = Result<Ask, Problem>;

/// Carries a verb out; whoever is no staff member learns what a public screen may show.
async fn act<B>(
    api: &ApiState,
    (who, key): (Who, Key),
    id: &Part,
    body: B,
    asked: impl FnOnce(TicketId, B) -> Asked,
) -> Result<Json<TicketDto>, Problem> {
    let staff = who.is_staff();
    let what = asked(id.id("ticket")?, body)?;
    let Json(ticket) = changed(api, &super::ask(api, who, key.0, what).await?)?;
    Ok(Json(if staff { ticket } else { ticket.public() }))
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $operation:literal, $body:ident, $asked:expr;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            post, path = $path, tag = "tickets", operation_id = $operation, request_body = $body,
            params(("id" = String, Path, description = "The ticket's id")),
            responses((status = 200, body = TicketDto, description = "The ticket"))
        )]
        pub(crate) async fn $name(
            State(api): State<ApiState>,
            who: Who,
            key: Key,
            id: Part,
            JsonBody(body): JsonBody<$body>,
        ) -> Result<Json<TicketDto>, Problem> {
            act(&api, (who, key), &id, body, $asked).await
        }
    )*};
}

verbs! {
    /// Calls one chosen ticket to a counter.
    call, "/api/v1/tickets/{id}/call", "call_ticket", Call, Call::asked;
    /// Calls a called ticket again.
    recall, "/api/v1/tickets/{id}/recall", "recall_ticket", Nothing, |ticket, _| ordinary(Ordinary::Recall { ticket });
    /// The customer arrived: service begins.
    start, "/api/v1/tickets/{id}/start", "start_ticket", Nothing, |ticket, _| ordinary(Ordinary::Start { ticket });
    /// Service ends.
    finish, "/api/v1/tickets/{id}/finish", "finish_ticket", Finish, Finish::asked;
    /// Nobody came.
    no_show, "/api/v1/tickets/{id}/no-show", "no_show_ticket", Nothing, |ticket, _| ordinary(Ordinary::NoShow { ticket });
    /// Back to waiting after a no-show, the same business day.
    reinstate, "/api/v1/tickets/{id}/reinstate", "reinstate_ticket", Nothing, |ticket, _| guarded(Guarded::Reinstate { ticket });
    /// Holds a ticket at the counter, to be called again.
    park, "/api/v1/tickets/{id}/park", "park_ticket", Reason,
        |ticket, body| ordinary(Ordinary::Park { ticket, reason: body.checked()? });
    /// Transfers a ticket: same number, other service, counter or staff.
    transfer, "/api/v1/tickets/{id}/transfer", "transfer_ticket", Transfer, Transfer::asked;
    /// Moves a ticket (调整队列): answers with the new ticket, whose `parent` is the old one.
    move_to, "/api/v1/tickets/{id}/move", "move_ticket", Move, Move::asked;
    /// Gives a ticket up for good (弃号).
    abandon, "/api/v1/tickets/{id}/abandon", "abandon_ticket", Reason,
        |ticket, body| guarded(Guarded::Abandon { ticket, reason: body.checked()? });
    /// Staff identify the customer; at a counter or tablet, whose documents may hold it.
    identify, "/api/v1/tickets/{id}/identify", "identify_ticket", Identify, Identify::asked;
    /// A customer rates the service.
    rate, "/api/v1/tickets/{id}/rate", "rate_ticket", Rate, Rate::asked;
}

fn ordinary(what: Ordinary) -> Asked {
    Ok(Ask::Ordinary(what))
}

fn guarded(what: Guarded) -> Asked {
    Ok(Ask::Guarded(what))
}

/// A call of one chosen ticket.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    /// The counter that calls.
    counter: CounterNo,
    /// Call it although another part of the branch may.
    r#override: Option<Override>,
}

/// A person's decision to call anyway.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Override {
    /// Why; kept and shown.
    reason: String,
}

impl Call {
    fn asked(ticket: TicketId, body: Self) -> Asked {
        let reason = body.r#override.map(|o| o.reason);
        check_text("override.reason", reason.as_deref(), 200)?;
        if reason.as_deref().is_some_and(|r| r.trim().is_empty()) {
            return Err(Problem::invalid("override.reason", "say why"));
        }
        guarded(Guarded::Call { ticket, counter: body.counter, override_reason: reason })
    }
}

/// The end of a service.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finish {
    /// Outcome code; required where the branch asks for one.
    outcome: Option<String>,
}

impl Finish {
    fn asked(ticket: TicketId, body: Self) -> Asked {
        check_text("outcome", body.outcome.as_deref(), 64)?;
        ordinary(Ordinary::Finish { ticket, outcome: body.outcome })
    }
}

/// A reason, if somebody says one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    /// Why.
    reason: Option<String>,
}

impl Reason {
    fn checked(self) -> Result<Option<String>, Problem> {
        check_text("reason", self.reason.as_deref(), 200)?;
        Ok(self.reason)
    }
}

/// Where a ticket shall wait next; at least one of service, counter and staff.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transfer {
    /// The service; absent keeps it.
    service: Option<String>,
    /// The counter it shall wait for.
    counter: Option<CounterNo>,
    /// The staff member it shall wait for.
    staff: Option<String>,
    /// `front`, `end` or `arrival` (default).
    position: Option<String>,
}

impl Transfer {
    fn asked(ticket: TicketId, body: Self) -> Asked {
        let Self { service, counter, staff, position } = body;
        check_text("service", service.as_deref(), 64)?;
        check_text("staff", staff.as_deref(), 64)?;
        if service.is_none() && counter.is_none() && staff.is_none() {
            return Err(Problem::invalid("service", "name a service, a counter or a staff member"));
        }
        let position = match position.as_deref() {
            None | Some("arrival") => Position::Arrival,
            Some("front") => Position::Front,
            Some("end") => Position::End,
            Some(_) => return Err(Problem::invalid("position", "front, end or arrival")),
        };
        guarded(Guarded::Transfer { ticket, service, counter, staff, position })
    }
}

/// A move to another service.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Move {
    /// The service of the new ticket.
    service: String,
}

impl Move {
    fn asked(ticket: TicketId, body: Self) -> Asked {
        check_text("service", Some(&body.service), 64)?;
        guarded(Guarded::Move { ticket, service: body.service })
    }
}

/// Who the customer is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identify {
    /// Card or id number, 4 to 32 letters, digits and dashes.
    identity: Option<String>,
    /// Phone number, 5 to 20 digits, may begin with `+`.
    phone: Option<String>,
}

impl Identify {
    fn asked(ticket: TicketId, body: Self) -> Asked {
        let told = Told { identity: body.identity, phone: body.phone };
        ordinary(Ordinary::Identify { ticket, told })
    }
}

/// A rating.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rate {
    /// 1 (not satisfied) to 3 (satisfied).
    #[schema(minimum = 1, maximum = 3)]
    level: u8,
}

impl Rate {
    fn asked(ticket: TicketId, body: Self) -> Asked {
        if !(1..=3).contains(&body.level) {
            return Err(Problem::invalid("level", "1 (not satisfied) to 3 (satisfied)"));
        }
        ordinary(Ordinary::Rate { ticket, level: body.level })
    }
}
