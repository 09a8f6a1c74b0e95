//! The API from outside: requests in, answers out, over a core with the real rules.

mod config;
mod core;
mod hostile;
mod reminders;
mod sessions;
mod stream;
mod tickets;
mod webhooks;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use branchmesh_model::schema::Role;
use branchmesh_model::time::UnixMs;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use self::core::{Core, NOW, PIN};
use super::details::holds_english;
use super::{Api, ApiState, ClientAddr, Options, router};

const OPERATOR_TOKEN: &str = "operator-token-for-tests";

/// A site under test with a clock that only the test moves.
struct Site {
    api: ApiState,
    router: Router,
    clock: Arc<AtomicI64>,
}

/// An answer.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Value,
    text: String,
}

impl Reply {
    fn slug(&self) -> (u16, &str) {
        (self.status, self.body["type"].as_str().unwrap_or_default())
    }
}

/// Where a request comes from.
#[derive(Clone, Copy)]
enum Peer {
    Own,
    Remote,
}

impl Peer {
    fn address(self) -> SocketAddr {
        match self {
            Peer::Own => "127.0.0.1:5000".parse().expect("address"),
            Peer::Remote => "192.0.2.9:5000".parse().expect("address"),
        }
    }
}

impl Site {
    fn new(role: Role) -> Self {
        Self::with(role, false)
    }

    fn with(role: Role, answers_early: bool) -> Self {
        let clock = Arc::new(AtomicI64::new(NOW.0));
        let mut options = Options::new([9; 32], CancellationToken::new());
        let reading = clock.clone();
        options.clock = Arc::new(move || UnixMs(reading.load(Ordering::Relaxed)));
        options.operator_token = Some(OPERATOR_TOKEN.into());
        let api = Api::new(Core::start(role, answers_early), options);
        Self { router: router(api.clone()), api, clock }
    }

    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    async fn raw(&self, peer: Peer, request: Request<Body>) -> Reply {
        let mut request = request;
        request.extensions_mut().insert(ConnectInfo(ClientAddr(peer.address())));
        let response = self.router.clone().oneshot(request).await.expect("a router never fails");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 4 << 20).await.expect("a bounded body");
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Reply { status: parts.status.as_u16(), headers: parts.headers, body, text }
    }

    async fn send(&self, peer: Peer, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Reply {
        let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:8080");
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, HeaderValue::from_bytes(value.as_bytes()).expect("a header's bytes"));
        }
        let body = body.map_or_else(Body::empty, |b| Body::from(b.to_string()));
        self.raw(peer, request.body(body).expect("a sound request")).await
    }

    async fn get(&self, peer: Peer, path: &str) -> Reply {
        self.send(peer, "GET", path, &[], None).await
    }

    /// Signs in and gives the value of the `Authorization` header.
    async fn bearer(&self, staff: &str) -> String {
        let body = json!({ "staff_id": staff, "pin": PIN });
        let reply = self.send(Peer::Remote, "POST", "/api/v1/session", &[], Some(body)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        format!("Bearer {}", reply.body["token"].as_str().expect("a token"))
    }

    async fn as_staff(&self, auth: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.send(Peer::Remote, method, path, &[("authorization", auth)], body).await
    }

    /// Issues a ticket from the device itself.
    async fn issue(&self, auth: &str) -> Value {
        let reply = self.as_staff(auth, "POST", "/api/v1/tickets", Some(json!({ "service": "cash" }))).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.body
    }
}

#[tokio::test]
async fn operations_answer_without_a_sign_in() {
    let site = Site::new(Role::Kiosk);
    assert_eq!(site.get(Peer::Remote, "/health").await.status, 200);
    assert_eq!(site.get(Peer::Remote, "/ready").await.status, 200);
    let metrics = site.get(Peer::Remote, "/metrics").await;
    assert!(metrics.text.contains("branchmesh_http_request_duration_seconds_count{method=\"GET\",route=\"/health\""));
    for line in metrics.text.lines().filter(|l| !l.starts_with('#')) {
        assert!(line.rsplit_once(' ').is_some_and(|(_, v)| v.parse::<f64>().is_ok()), "{line}");
    }
}

#[tokio::test]
async fn a_node_that_is_not_ready_says_why() {
    let mut options = Options::new([9; 32], CancellationToken::new());
    options.ready = Arc::new(|| Err("the store is being opened".into()));
    let site = Site::new(Role::Kiosk);
    let router = router(Api::new(site.api.handle.clone(), options));
    let site = Site { router, ..site };
    let reply = site.get(Peer::Own, "/ready").await;
    assert_eq!(reply.slug(), (503, "unavailable"));
    assert!(reply.body["detail"].as_str().expect("text").contains("being opened"));
}

#[tokio::test]
async fn every_answer_carries_the_safety_headers_and_pages_their_tags() {
    let site = Site::new(Role::Kiosk);
    for path in ["/", "/api/v1/branch", "/api/v1/nothing", "/nothing"] {
        let reply = site.get(Peer::Remote, path).await;
        let csp = reply.headers["content-security-policy"].to_str().expect("text");
        assert!(csp.contains("frame-ancestors 'none'") && !csp.contains("unsafe"), "{path}");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff", "{path}");
    }
    assert_eq!(site.get(Peer::Own, "/api/v1/branch").await.headers["cache-control"], "no-store");
    let page = site.get(Peer::Own, "/").await;
    assert_eq!(page.status, 200);
    let tag = page.headers["etag"].to_str().expect("text").to_owned();
    let again = site.send(Peer::Own, "GET", "/", &[("if-none-match", &tag)], None).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
}

#[tokio::test]
async fn problems_are_said_in_the_callers_language() {
    let site = Site::new(Role::Kiosk);
    let zh = site.send(Peer::Own, "GET", "/api/v1/nothing", &[("accept-language", "zh-CN,zh;q=0.9")], None).await;
    assert_eq!(zh.slug(), (404, "not-found"));
    assert_eq!(zh.body["title"], "未找到");
    assert_eq!(zh.headers["content-type"], "application/problem+json");
    assert_eq!(zh.headers["x-content-type-options"], "nosniff");
    assert_eq!(site.get(Peer::Own, "/api/v1/nothing").await.body["title"], "Not found");
}

#[tokio::test]
async fn a_chinese_refusal_holds_no_english_sentence() {
    let site = Site::new(Role::Counter);
    let manager = site.bearer("manager").await;
    let teller = site.bearer("teller").await;
    let ticket = site.issue(&manager).await["id"].as_str().expect("an id").to_owned();
    let refusals = [
        (&manager, "POST", "/api/v1/tickets".to_owned(), json!({})),
        (&manager, "POST", "/api/v1/tickets".to_owned(), json!({ "service": 1 })),
        (&manager, "POST", "/api/v1/tickets".to_owned(), json!({ "service": "cash", "colour": "red" })),
        (&manager, "POST", "/api/v1/tickets".to_owned(), json!({ "service": "cash", "phone": "x" })),
        (&manager, "POST", "/api/v1/tickets".to_owned(), json!({ "service": "nothing" })),
        (&manager, "POST", format!("/api/v1/tickets/{ticket}/transfer"), json!({})),
        (&manager, "POST", format!("/api/v1/tickets/{ticket}/move"), json!({ "service": "cash" })),
        (&manager, "POST", format!("/api/v1/tickets/{ticket}/call"), json!({ "counter": 1 })),
        (&manager, "POST", format!("/api/v1/tickets/{ticket}/print"), json!({})),
        (&teller, "POST", format!("/api/v1/tickets/{ticket}/abandon"), json!({})),
        (&manager, "POST", "/api/v1/counters/1/pause".to_owned(), json!({ "reason": "x" })),
        (&manager, "POST", "/api/v1/counters/1/call-next".to_owned(), json!({})),
        (&manager, "PUT", "/api/v1/config/voice".to_owned(), json!({ "volume": 101 })),
        (&manager, "PUT", "/api/v1/config/services".to_owned(), json!([])),
        (&teller, "PUT", "/api/v1/config/services".to_owned(), json!([])),
        (&manager, "PATCH", "/api/v1/device/settings".to_owned(), json!({ "waiting_reminder_min": 0 })),
        (&manager, "POST", "/api/v1/staff".to_owned(), json!({ "id": "A b", "name": "x", "roles": [], "pin": "2468" })),
        (&manager, "POST", "/api/v1/mesh/take-over".to_owned(), json!({ "reason": " " })),
        (&manager, "POST", "/api/v1/reminders/aaaaaaaaaaaaaaaa/acknowledge".to_owned(), json!({})),
    ];
    for (auth, method, path, body) in refusals {
        let headers = [("authorization", auth.as_str()), ("accept-language", "zh-CN")];
        let reply = site.send(Peer::Remote, method, &path, &headers, Some(body.clone())).await;
        let detail = reply.body["detail"].as_str().unwrap_or_default();
        assert!(reply.status >= 400 && !detail.is_empty(), "{method} {path} {body}: {reply:?}");
        assert!(!holds_english(detail) && !detail.contains("请检查后重试"), "{method} {path} {body}: {detail}");
    }
}

/// What each kind of caller gets for each read.
#[tokio::test]
async fn reads_are_scoped_by_caller() {
    let site = Site::new(Role::Display);
    let teller = site.bearer("teller").await;
    let manager = site.bearer("manager").await;
    let table = [
        // path, remote, device, teller, admin
        ("/api/v1/branch", 200, 200, 200, 200),
        ("/api/v1/snapshot", 200, 200, 200, 200),
        ("/api/v1/queues", 200, 200, 200, 200),
        ("/api/v1/counters", 200, 200, 200, 200),
        ("/api/v1/tickets", 401, 401, 200, 200),
        ("/api/v1/lobby/overview", 401, 401, 200, 200),
        ("/api/v1/conflicts", 401, 401, 200, 200),
        ("/api/v1/reminders", 401, 401, 200, 200),
        ("/api/v1/mesh", 401, 200, 200, 200),
        ("/api/v1/devices", 401, 200, 200, 200),
        ("/api/v1/config", 401, 401, 200, 200),
        ("/api/v1/config/export", 401, 401, 403, 200),
        ("/api/v1/device/settings", 401, 200, 200, 200),
        ("/api/v1/staff", 401, 401, 403, 200),
    ];
    for (path, remote, device, as_teller, as_manager) in table {
        assert_eq!(site.get(Peer::Remote, path).await.status, remote, "remote {path}");
        assert_eq!(site.get(Peer::Own, path).await.status, device, "device {path}");
        assert_eq!(site.as_staff(&teller, "GET", path, None).await.status, as_teller, "teller {path}");
        assert_eq!(site.as_staff(&manager, "GET", path, None).await.status, as_manager, "admin {path}");
    }
}

#[tokio::test]
async fn the_document_describes_every_route_of_the_contract_and_nothing_else_answers() {
    let site = Site::new(Role::Kiosk);
    let document = site.get(Peer::Remote, "/api/openapi.json").await.body;
    let paths = document["paths"].as_object().expect("paths");
    let contract = [
        "session",
        "branch",
        "snapshot",
        "events",
        "tickets",
        "tickets/{id}",
        "tickets/{id}/call",
        "tickets/{id}/recall",
        "tickets/{id}/start",
        "tickets/{id}/finish",
        "tickets/{id}/no-show",
        "tickets/{id}/reinstate",
        "tickets/{id}/park",
        "tickets/{id}/transfer",
        "tickets/{id}/move",
        "tickets/{id}/abandon",
        "tickets/{id}/rate",
        "tickets/{id}/print",
        "counters",
        "counters/{n}/open",
        "counters/{n}/close",
        "counters/{n}/pause",
        "counters/{n}/resume",
        "counters/{n}/call-next",
        "queues",
        "lobby/overview",
        "status/{status_token}",
        "config",
        "qr",
        "config/{section}",
        "config/export",
        "config/import",
        "staff",
        "staff/{id}",
        "device/settings",
        "device/exit",
        "conflicts",
        "conflicts/{id}/acknowledge",
        "assistance",
        "reminders",
        "reminders/{id}/acknowledge",
        "mesh",
        "mesh/take-over",
        "devices",
        "devices/invitations",
        "devices/{id}/revoke",
        "devices/{id}/admin",
    ];
    for path in contract {
        assert!(paths.contains_key(&format!("/api/v1/{path}")), "{path} is not described");
    }
    for (path, item) in paths {
        let real = path.replace(['{', '}'], "");
        for method in ["get", "post", "put", "patch", "delete"] {
            if path.ends_with("/events") && method == "get" {
                continue;
            }
            let reply = site.send(Peer::Own, &method.to_uppercase(), &real, &[], None).await;
            let described = item.get(method).is_some();
            assert_eq!(described, reply.status != 405, "{method} {path}: {reply:?}");
            if let Some(operation) = item.get(method) {
                assert!(operation["operationId"].is_string(), "{method} {path}");
                assert!(operation["responses"]["default"].is_object(), "{method} {path}");
            }
        }
    }
    refs_resolve(&document, &document);
}

fn refs_resolve(value: &Value, document: &Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(to)) = map.get("$ref") {
                let found = document.pointer(to.trim_start_matches('#'));
                assert!(found.is_some(), "{to} leads nowhere");
            }
            map.values().for_each(|v| refs_resolve(v, document));
        }
        Value::Array(list) => list.iter().for_each(|v| refs_resolve(v, document)),
        _ => {}
    }
}

#[tokio::test]
async fn wrong_addresses_and_methods_are_problems() {
    let site = Site::new(Role::Kiosk);
    assert_eq!(site.get(Peer::Own, "/api/v2/x").await.slug(), (404, "not-found"));
    let wrong = site.send(Peer::Own, "DELETE", "/api/v1/branch", &[], None).await;
    assert_eq!(wrong.slug(), (405, "method-not-allowed"));
    assert!(wrong.headers.contains_key("allow"));
    assert_eq!(StatusCode::NOT_FOUND, site.get(Peer::Own, "/api/v1/tickets/nonsense").await.status);
}

#[tokio::test]
async fn a_real_connection_from_this_machine_speaks_for_the_device_until_the_node_stops() {
    let site = Site::new(Role::Kiosk);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}/api/v1", listener.local_addr().expect("an address"));
    let stop = site.api.options.shutdown.clone();
    let serving = tokio::spawn(super::serve(listener, site.router.clone(), stop.clone()));
    let client = crate::http_client().no_proxy().build().expect("a plain client");
    let issued = client.post(format!("{base}/tickets")).json(&json!({ "service": "cash" })).send().await;
    assert_eq!(issued.expect("an answer").status().as_u16(), 201);
    let stream = client.get(format!("{base}/events")).send().await.expect("an answer");
    stop.cancel();
    serving.await.expect("no panic").expect("a clean end");
    assert_eq!(stream.text().await.expect("the stream ended well").matches("event:").count(), 0);
}
