//! The event stream: resume, resync, and what each reader may see.

use axum::body::{Body, BodyDataStream};
use axum::extract::ConnectInfo;
use axum::http::Request;
use branchmesh_model::schema::Role;
use serde_json::Value;
use tokio_stream::StreamExt;
use tower::ServiceExt;

use super::{Peer, Site};
use crate::http::ClientAddr;

struct Stream {
    body: BodyDataStream,
    read: String,
}

#[derive(Debug)]
struct Said {
    id: String,
    event: String,
    data: Value,
}

impl Stream {
    async fn open(site: &Site, peer: Peer, query: &str, auth: Option<&str>) -> Self {
        let mut request = Request::get(format!("/api/v1/events{query}")).header("host", "127.0.0.1:8080");
        if let Some(auth) = auth {
            request = request.header("authorization", auth);
        }
        let mut request = request.body(Body::empty()).expect("a sound request");
        request.extensions_mut().insert(ConnectInfo(ClientAddr(peer.address())));
        let response = site.router.clone().oneshot(request).await.expect("a router never fails");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(!response.headers().contains_key("content-encoding"));
        Self { body: response.into_body().into_data_stream(), read: String::new() }
    }

    /// The next event; comments are passed over. `None` when the stream ended.
    async fn next(&mut self) -> Option<Said> {
        loop {
            while let Some((block, rest)) = self.read.split_once("\n\n") {
                let field = |name: &str| {
                    block.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default().to_owned()
                };
                let said = Said {
                    id: field("id"),
                    event: field("event"),
                    data: serde_json::from_str(&field("data")).unwrap_or_default(),
                };
                self.read = rest.to_owned();
                if !said.event.is_empty() {
                    return Some(said);
                }
            }
            let chunk = self.body.next().await?.expect("a sound chunk");
            self.read.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }
}

#[tokio::test]
async fn a_snapshots_revision_continues_without_a_gap() {
    let site = Site::new(Role::Kiosk);
    let auth = site.bearer("teller").await;
    let before = site.as_staff(&auth, "GET", "/api/v1/snapshot", None).await.body;
    let ticket = site.issue(&auth).await;
    let query = format!("?last_event_id={}", before["revision"].as_str().expect("text"));
    let mut stream = Stream::open(&site, Peer::Remote, &query, Some(&auth)).await;
    let issued = stream.next().await.expect("an event");
    assert_eq!((issued.event.as_str(), &issued.data["data"]["ticket"]), ("ticket.issued", &ticket["id"]));
    assert_eq!((&issued.data["id"], &issued.data["staff"]), (&Value::from(issued.id.clone()), &"teller".into()));
    site.issue(&auth).await;
    assert_eq!(stream.next().await.expect("an event").data["data"]["number"], "A002");

    let mut resumed = Stream::open(&site, Peer::Remote, &format!("?last_event_id={}", issued.id), Some(&auth)).await;
    assert_eq!(resumed.next().await.expect("an event").data["data"]["number"], "A002");
}

#[tokio::test]
async fn an_id_of_another_process_asks_for_a_resync() {
    let site = Site::new(Role::Kiosk);
    let mut stream = Stream::open(&site, Peer::Own, "?last_event_id=earlier-7.0", None).await;
    let said = stream.next().await.expect("an event");
    assert_eq!(said.event, "resync");
    assert_eq!(said.data["revision"], site.get(Peer::Own, "/api/v1/snapshot").await.body["revision"]);
}

#[tokio::test]
async fn public_readers_get_calls_without_names_and_queue_changes_without_tickets() {
    let site = Site::new(Role::Counter);
    let auth = site.bearer("teller").await;
    let mut stream = Stream::open(&site, Peer::Remote, "", None).await;
    site.issue(&auth).await;
    site.as_staff(&auth, "POST", "/api/v1/counters/1/open", None).await;
    site.as_staff(&auth, "POST", "/api/v1/counters/1/call-next", None).await;
    let issued = stream.next().await.expect("an event");
    assert_eq!(issued.data["data"], serde_json::json!({ "service": "cash" }));
    assert_eq!(stream.next().await.expect("an event").event, "counter.opened");
    let called = stream.next().await.expect("an event");
    assert_eq!((called.event.as_str(), &called.data["data"]["number"]), ("ticket.called", &"A001".into()));
    assert!(called.data.get("staff").is_none());
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_with_the_node() {
    let site = Site::new(Role::Counter);
    let teller = site.bearer("teller").await;
    let mut stream = Stream::open(&site, Peer::Remote, "", Some(&teller)).await;
    site.as_staff(&teller, "DELETE", "/api/v1/session", None).await;
    let lobby = site.bearer("lobby").await;
    site.issue(&lobby).await;
    assert!(stream.next().await.is_none());
    let mut stream = Stream::open(&site, Peer::Own, "", None).await;
    site.api.options.shutdown.cancel();
    assert!(stream.next().await.is_none());
}
