//! Reads of the whole branch: the branch itself, the snapshot, queues, counters, the lobby, and a customer's own status.

use axum::Json;
use axum::extract::State;
use branchmesh_model::config::DeviceSettings;
use branchmesh_model::view::{Conflict, Ticket};

use super::reminders;
use crate::handle::Snapshot;
use crate::http::dto::{
    BranchDto, Clockwork, ColleagueDto, ConflictDto, CounterDto, CountersDto, MeshDto, OverviewDto, QueuesDto,
    SnapshotDto, StaffDto, StatusDto, Text, TicketDto, printers, revision_text, shown_in_public,
};
use crate::http::extract::Part;
use crate::http::figures::Figures;
use crate::http::problem::Problem;
use crate::http::who::Who;
use crate::http::{Api, ApiState};

/// The branch: name, business date, services, queues, counters, categories, languages.
#[utoipa::path(
    get, path = "/api/v1/branch", tag = "branch", operation_id = "get_branch",
    responses((status = 200, body = BranchDto, description = "The branch"))
)]
pub(crate) async fn branch(State(api): State<ApiState>, _: Who) -> Json<BranchDto> {
    Json(BranchDto::new(&api.handle.snapshot(), &api.handle.identity, &api.past_hours()))
}

/// One consistent picture of all that this caller may see.
#[utoipa::path(
    get, path = "/api/v1/snapshot", tag = "state", operation_id = "get_snapshot",
    responses((status = 200, body = SnapshotDto, description = "The picture; `revision` continues it at /api/v1/events"))
)]
pub(crate) async fn snapshot(State(api): State<ApiState>, who: Who) -> Json<SnapshotDto> {
    let snapshot = api.handle.snapshot();
    Json(picture(&api, &snapshot, &who))
}

fn picture(api: &Api, snapshot: &Snapshot, who: &Who) -> SnapshotDto {
    let clock = Clockwork::new(snapshot, api.now());
    let figures = Figures::of(snapshot, clock.now);
    let staff = who.caller.staff.as_ref().and_then(|id| snapshot.config.staff.get(id));
    let inside = who.is_device() || who.is_staff();
    SnapshotDto {
        revision: revision_text(&api.handle.feed.boot, snapshot.revision),
        at: clock.text(clock.now),
        scope: scope(who),
        branch: BranchDto::new(snapshot, &api.handle.identity, &api.past_hours()),
        staff: staff.map(StaffDto::from),
        colleagues: if who.is_staff() {
            snapshot.config.staff.values().map(ColleagueDto::from).collect()
        } else {
            vec![]
        },
        tickets: tickets(snapshot, &figures, who, &clock),
        counters: counters_of(snapshot, who, &clock),
        queues: figures.queues(),
        conflicts: if who.is_staff() { open_conflicts(snapshot, &clock) } else { vec![] },
        reminders: if who.is_staff() { reminders::all(api, snapshot, &clock) } else { vec![] },
        printers: if inside { printers(snapshot, &clock) } else { vec![] },
        mesh: inside.then(|| MeshDto::new(snapshot, &api.handle.identity, &clock)),
        settings: inside.then(|| (&settings(api, snapshot)).into()),
    }
}

fn scope(who: &Who) -> &'static str {
    match (who.is_staff(), who.is_device()) {
        (true, _) => "staff",
        (false, true) => "device",
        (false, false) => "public",
    }
}

fn tickets(snapshot: &Snapshot, figures: &Figures<'_>, who: &Who, clock: &Clockwork) -> Vec<TicketDto> {
    let dto = |t: &Ticket| TicketDto::new(t, snapshot, figures.outlook(t), clock);
    let all = snapshot.today().tickets.values();
    if who.is_staff() {
        return all.map(|t| dto(t)).collect();
    }
    all.filter(|t| shown_in_public(t.state)).map(|t| dto(t).public()).collect()
}

fn open_conflicts(snapshot: &Snapshot, clock: &Clockwork) -> Vec<ConflictDto> {
    let open = |c: &&Conflict| c.acknowledged.is_none();
    snapshot.days.values().flat_map(|d| d.conflicts.values()).filter(open).map(|c| ConflictDto::new(c, clock)).collect()
}

/// This device's settings, or their defaults.
pub(crate) fn settings(api: &Api, snapshot: &Snapshot) -> DeviceSettings {
    snapshot.config.settings(&api.handle.identity.device)
}

/// Every configured counter, and any that only today's facts know.
pub(crate) fn counters_of(snapshot: &Snapshot, who: &Who, clock: &Clockwork) -> Vec<CounterDto> {
    let today = snapshot.today();
    let busy = |number: u8| today.tickets.values().find(|t| t.counter == Some(number) && shown_in_public(t.state));
    let counters = snapshot.config.counters.iter().map(|place| {
        let mut counter = CounterDto::new(place, today.counters.get(&place.number), clock);
        let ticket = busy(place.number);
        counter.ticket = ticket.map(|t| t.id.to_string());
        counter.ticket_number = ticket.map(|t| t.number.to_string());
        if who.is_staff() { counter } else { counter.public() }
    });
    counters.collect()
}

/// All counters with their state.
#[utoipa::path(
    get, path = "/api/v1/counters", tag = "counters", operation_id = "list_counters",
    responses((status = 200, body = CountersDto, description = "By number; staff names for signed-in callers only"))
)]
pub(crate) async fn counters(State(api): State<ApiState>, who: Who) -> Json<CountersDto> {
    let snapshot = api.handle.snapshot();
    let clock = Clockwork::new(&snapshot, api.now());
    Json(CountersDto { counters: counters_of(&snapshot, &who, &clock) })
}

/// Waiting, longest wait and estimate per service.
#[utoipa::path(
    get, path = "/api/v1/queues", tag = "queues", operation_id = "list_queues",
    responses((status = 200, body = QueuesDto, description = "In the order of the services"))
)]
pub(crate) async fn queues(State(api): State<ApiState>, _: Who) -> Json<QueuesDto> {
    let snapshot = api.handle.snapshot();
    Json(QueuesDto { queues: Figures::of(&snapshot, api.now()).queues() })
}

/// The supervisor's figures.
#[utoipa::path(
    get, path = "/api/v1/lobby/overview", tag = "queues", operation_id = "get_lobby_overview",
    responses((status = 200, body = OverviewDto, description = "The floor at a glance"))
)]
pub(crate) async fn overview(State(api): State<ApiState>, who: Who) -> Result<Json<OverviewDto>, Problem> {
    who.need_staff()?;
    let snapshot = api.handle.snapshot();
    let clock = Clockwork::new(&snapshot, api.now());
    let reminder_min = settings(&api, &snapshot).waiting_reminder_min;
    let past = api.past_hours();
    let revision = revision_text(&api.handle.feed.boot, snapshot.revision);
    Ok(Json(Figures::of(&snapshot, clock.now).overview(revision, (reminder_min, past.as_ref()), &clock)))
}

/// A customer's own ticket: state, people ahead, estimate; nothing else.
#[utoipa::path(
    get, path = "/api/v1/status/{status_token}", tag = "public", operation_id = "get_status",
    params(("status_token" = String, Path, description = "The token from the answer to issue")),
    responses((status = 200, body = StatusDto, description = "The ticket, or the one that replaced it"))
)]
pub(crate) async fn status(State(api): State<ApiState>, token: Part) -> Result<Json<StatusDto>, Problem> {
    let snapshot = api.handle.snapshot();
    // The token is not repeated in the refusal: it opens a customer's status and must not end up in a log.
    let missing = || Problem::not_found("ticket", "…");
    let ticket = by_token(&snapshot, &token.0).map(|t| newest(&snapshot, t)).ok_or_else(missing)?;
    let clock = Clockwork::new(&snapshot, api.now());
    let outlook = Figures::of(&snapshot, clock.now).outlook(ticket);
    let service = snapshot.config.services.iter().find(|s| s.id == ticket.service);
    let unnamed = || Text { zh: ticket.service.clone(), en: ticket.service.clone() };
    Ok(Json(StatusDto {
        branch: snapshot.config.branch.name.clone(),
        number: ticket.number.to_string(),
        service: ticket.service.clone(),
        service_name: service.map_or_else(unnamed, |s| (&s.name).into()),
        state: ticket.state.as_str(),
        issued_at: clock.text(ticket.issued_at),
        counter: ticket.counter.filter(|_| shown_in_public(ticket.state)),
        ahead: outlook.ahead,
        estimate_s: outlook.estimate,
    }))
}

fn by_token<'a>(snapshot: &'a Snapshot, token: &str) -> Option<&'a Ticket> {
    if token.len() != 32 {
        return None;
    }
    let digest = blake3::hash(token.as_bytes()).to_hex();
    let all = snapshot.days.values().rev().flat_map(|d| d.tickets.values());
    all.map(|t| &**t).find(|t| t.status_digest.as_deref() == Some(digest.as_str()))
}

/// The ticket that replaced this one, however often it was moved.
fn newest<'a>(snapshot: &'a Snapshot, mut ticket: &'a Ticket) -> &'a Ticket {
    // A day has a finite number of moves, but merged data must not be able to lead us in a circle.
    for _ in 0..32 {
        let next = ticket.moved_to.and_then(|id| snapshot.days.values().find_map(|d| d.tickets.get(&id)));
        let Some(next) = next else { break };
        ticket = next;
    }
    ticket
}
