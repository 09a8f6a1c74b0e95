//! `GET /events`: what happened, as server-sent events, cut to what the caller may see.
//!
//! A reader that names the last event it saw continues after it; if too much has passed, or the node was restarted
//! meanwhile, it gets one `resync` and reads the snapshot again. A reader that is too slow gets the same, never memory.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use branchmesh_model::event::EventType;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast, mpsc};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

use super::dto::{Clockwork, revision_text};
use super::extract::Filters;
use super::problem::Problem;
use super::who::Who;
use super::{Api, ApiState, texts};
use crate::handle::{Event, Feed};

/// A comment is sent this often, so that a dead connection is noticed on both sides.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Events that may wait for a slow reader before it must resync.
const WAITING_EVENTS: usize = 64;

/// An event as screens and webhooks get it.
#[derive(Serialize, ToSchema, Clone, Debug)]
#[schema(as = Event)]
pub(crate) struct EventDto {
    /// Its id: `{revision}.{index}`.
    pub(crate) id: String,
    /// Revision of the snapshot that first shows it.
    pub(crate) revision: String,
    /// The branch.
    pub(crate) branch: String,
    /// Dotted type, such as `ticket.called`.
    pub(crate) r#type: &'static str,
    /// When, on the clock of the device where it happened.
    pub(crate) at: String,
    /// Where.
    pub(crate) device: String,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) staff: Option<String>,
    /// What it is about: `ticket`, `number`, `counter`, `service` and so on, by type.
    #[schema(value_type = Object)]
    pub(crate) data: Value,
}

impl EventDto {
    pub(crate) fn new(api: &Api, event: &Event) -> Self {
        let snapshot = api.handle.snapshot();
        let clock = Clockwork::new(&snapshot, event.draft.at);
        let revision = revision_text(&api.handle.feed.boot, event.revision);
        Self {
            id: format!("{revision}.{}", event.index),
            revision,
            branch: api.handle.identity.branch.to_string(),
            r#type: event.draft.kind.as_str(),
            at: clock.text(event.draft.at),
            device: event.draft.device.to_string(),
            staff: event.draft.staff.clone(),
            data: event.draft.data.to_json(),
        }
    }
}

/// How much of the events a reader sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scope {
    /// Everything.
    Staff,
    /// The call feed, queue changes and the mesh, for the device's own screens.
    Device,
    /// The call feed and queue changes.
    Public,
}

impl Scope {
    pub(crate) fn of(who: &Who) -> Self {
        match (who.is_staff(), who.is_device()) {
            (true, _) => Self::Staff,
            (false, true) => Self::Device,
            (false, false) => Self::Public,
        }
    }

    /// The event as this reader may see it, if at all.
    pub(crate) fn cut(self, kind: EventType, mut event: EventDto) -> Option<EventDto> {
        use EventType as E;
        if self == Self::Staff {
            return Some(event);
        }
        let fields: &[&str] = match kind {
            E::TicketCalled
            | E::TicketRecalled
            | E::TicketStarted
            | E::TicketFinished
            | E::TicketNoShow
            | E::TicketParked => &["ticket", "number", "counter", "service", "calls"],
            // That a queue changed is public; whose ticket it was is not.
            E::TicketIssued
            | E::TicketReinstated
            | E::TicketTransferred
            | E::TicketMoved
            | E::TicketAbandoned
            | E::TicketExpired => &["service"],
            E::CounterOpened | E::CounterClosed | E::CounterPaused => &["counter"],
            E::ConfigChanged => &[],
            E::MeshPeerUp | E::MeshPeerDown | E::MeshEpoch if self == Self::Device => {
                &["device", "peer", "epoch", "steward"]
            }
            // The kiosk says so when it cannot print.
            E::DevicePrinter if self == Self::Device => &["device", "state"],
            _ => return None,
        };
        event.staff = None;
        let kept: Map<String, Value> =
            fields.iter().filter_map(|f| Some(((*f).to_owned(), event.data.get(*f)?.clone()))).collect();
        event.data = Value::Object(kept);
        Some(event)
    }
}

/// Where a reader wants to go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum From {
    Now,
    After(u64, u32),
    Elsewhere,
}

/// Reads `{boot}-{revision}.{index}` (an event) or `{boot}-{revision}` (a snapshot: all its events were seen).
fn from(feed: &Feed, last: Option<&str>) -> From {
    let Some(last) = last else { return From::Now };
    let place = last.strip_prefix(feed.boot.as_str()).and_then(|rest| rest.strip_prefix('-'));
    let parsed = place.and_then(|place| match place.split_once('.') {
        Some((revision, index)) => Some((revision.parse().ok()?, index.parse().ok()?)),
        None => Some((place.parse().ok()?, u32::MAX)),
    });
    parsed.map_or(From::Elsewhere, |(revision, index)| From::After(revision, index))
}

/// Server-sent events from now on, or after `Last-Event-ID`.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "state", operation_id = "stream_events",
    params(
        ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event seen, or a snapshot's revision"),
        ("last_event_id" = Option<String>, Query, description = "The same, for a first connection; the header wins")
    ),
    responses((status = 200, body = EventDto, content_type = "text/event-stream",
        description = "Events by type; `resync` when the gap is too large: read the snapshot again"))
)]
pub(crate) async fn stream(
    State(api): State<ApiState>,
    who: Who,
    headers: HeaderMap,
    filters: Filters,
) -> Result<Response, Problem> {
    let filters = filters.only(&["last_event_id"])?;
    let header = headers.get("last-event-id").and_then(|v| v.to_str().ok()).filter(|v| !v.is_empty());
    let place = from(&api.handle.feed, header.or_else(|| filters.text("last_event_id")));
    let busy = || Problem::new(texts::BUSY).retry_after(5);
    let permit = Arc::clone(&api.streams).try_acquire_owned().map_err(|_| busy())?;
    // Subscribed before the answer begins, so that whatever happens after a caller sees the stream open is in it.
    let begun = begin(&api.handle.feed, place);
    let (out, events) = mpsc::channel(WAITING_EVENTS);
    let reader = Reader { scope: Scope::of(&who), token: who.session.map(|(token, _, _)| token), api, out };
    tokio::spawn(reader.run(begun, permit));
    let events = ReceiverStream::new(events).map(Ok::<_, Infallible>);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response())
}

/// How a stream starts: what the reader missed, or nothing if that is too much, and the live events from there on.
struct Begun {
    missed: Option<Vec<Arc<Event>>>,
    live: broadcast::Receiver<Arc<Event>>,
}

fn begin(feed: &Feed, place: From) -> Begun {
    let resumed = match place {
        From::Now => Some((vec![], feed.subscribe())),
        From::After(revision, index) => feed.resume(revision, index),
        From::Elsewhere => None,
    };
    match resumed {
        Some((missed, live)) => Begun { missed: Some(missed), live },
        None => Begun { missed: None, live: feed.subscribe() },
    }
}

struct Reader {
    api: ApiState,
    scope: Scope,
    token: Option<String>,
    out: mpsc::Sender<sse::Event>,
}

impl Reader {
    /// Feeds one stream until the reader goes, its session ends, or the node stops.
    async fn run(self, begun: Begun, _permit: OwnedSemaphorePermit) {
        // Sent at once, so that the reader knows the stream stands, and with the time to wait before coming back.
        let hello = sse::Event::default().comment("branchmesh").retry(Duration::from_secs(1));
        if self.out.send(hello).await.is_err() {
            return;
        }
        if self.catch_up(begun.missed).await.is_none() {
            return;
        }
        let mut live = begun.live;
        let mut look = tokio::time::interval(HEARTBEAT);
        loop {
            tokio::select! {
                received = live.recv() => {
                    let kept_up = match received {
                        Ok(event) => self.send(&event).await,
                        Err(RecvError::Lagged(_)) => self.resync().await,
                        Err(RecvError::Closed) => None,
                    };
                    if kept_up.is_none() {
                        return;
                    }
                }
                _ = look.tick() => if !self.may_go_on() { return },
                () = self.out.closed() => return,
                () = self.api.options.shutdown.cancelled() => return,
            }
        }
    }

    async fn catch_up(&self, missed: Option<Vec<Arc<Event>>>) -> Option<()> {
        let Some(missed) = missed else { return self.resync().await };
        for event in missed {
            self.send(&event).await?;
        }
        Some(())
    }

    /// Whether the session the stream was opened with still stands, with the rights it had.
    fn may_go_on(&self) -> bool {
        self.token.as_ref().is_none_or(|token| self.api.session_stands(token))
    }

    async fn send(&self, event: &Event) -> Option<()> {
        if !self.may_go_on() {
            return None;
        }
        let Some(dto) = self.scope.cut(event.draft.kind, EventDto::new(&self.api, event)) else { return Some(()) };
        let data = serde_json::to_string(&dto).expect("an event is plain data");
        self.out.send(sse::Event::default().id(dto.id).event(dto.r#type).data(data)).await.ok()
    }

    async fn resync(&self) -> Option<()> {
        let revision = revision_text(&self.api.handle.feed.boot, self.api.handle.snapshot().revision);
        let data = serde_json::json!({ "revision": revision }).to_string();
        self.out.send(sse::Event::default().id(revision).event("resync").data(data)).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_names_an_event_or_a_snapshot_of_this_process() {
        let feed = Feed::new("b-7".into());
        assert_eq!(from(&feed, None), From::Now);
        assert_eq!(from(&feed, Some("b-7-000000000012.3")), From::After(12, 3));
        assert_eq!(from(&feed, Some("b-7-12")), From::After(12, u32::MAX));
        for elsewhere in ["b-8-12.3", "b-7", "b-7-x.1", "b-7-1.x", "", "b-7-99999999999999999999.1"] {
            assert_eq!(from(&feed, Some(elsewhere)), From::Elsewhere, "{elsewhere}");
        }
    }
}
