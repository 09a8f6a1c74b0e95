//! Whatever comes in, the answer is never this node's fault.

use axum::body::Body;
use axum::http::Request;
use branchmesh_model::schema::Role;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Peer, Site};

#[tokio::test]
async fn bodies_of_the_wrong_type_size_or_form_are_refused() {
    let site = Site::new(Role::Kiosk);
    let post = |kind: Option<&str>, body: Vec<u8>| {
        let mut request = Request::post("/api/v1/tickets").header("host", "localhost");
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        request.body(Body::from(body)).expect("a sound request")
    };
    let good = br#"{"service":"cash"}"#.to_vec();
    let table = [
        (post(Some("text/plain"), good.clone()), (415, "unsupported-media-type")),
        (post(None, good.clone()), (415, "unsupported-media-type")),
        (post(Some("application/json"), vec![b' '; 64 * 1024 + 1]), (413, "too-large")),
        (post(Some("application/json"), b"{".to_vec()), (422, "validation")),
        (post(Some("application/json"), b"{\"service\":\"cash\"} x".to_vec()), (422, "validation")),
        (post(Some("application/json"), vec![0xff, 0xfe]), (422, "validation")),
        (post(Some("application/json"), vec![b'['; 60_000]), (422, "validation")),
        (post(Some("application/json; charset=utf-8"), good), (201, "")),
    ];
    for (request, expected) in table {
        assert_eq!(site.raw(Peer::Own, request).await.slug(), expected);
    }
}

#[tokio::test]
async fn paths_that_are_no_text_are_refused() {
    let site = Site::new(Role::Kiosk);
    for path in
        ["/api/v1/tickets/%ff%fe", "/api/v1/status/%00", "/api/v1/tickets?state=%ff", "/%2e%2e/%2e%2e/etc/passwd"]
    {
        let reply = site.get(Peer::Own, path).await;
        assert!((400..500).contains(&reply.status), "{path}: {reply:?}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,80}".prop_map(Value::from),
    ];
    let names = prop_oneof![
        Just("service"),
        Just("staff"),
        Just("counter"),
        Just("reason"),
        Just("override"),
        Just("level"),
        Just("position"),
        Just("id"),
        Just("name"),
        Just("roles"),
        Just("pin"),
        Just("outcome"),
        Just("services"),
        Just("profile"),
        Just("role"),
        Just("ttl_s"),
        Just("default"),
        Just("x"),
    ];
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Every call that takes a body, with a ticket that exists.
fn calls(ticket: &str) -> Vec<(&'static str, String)> {
    let verbs =
        ["call", "recall", "start", "finish", "no-show", "reinstate", "park", "transfer", "move", "abandon", "rate"];
    let mut calls: Vec<_> = verbs.iter().map(|v| ("POST", format!("/api/v1/tickets/{ticket}/{v}"))).collect();
    for verb in ["open", "close", "pause", "resume", "call-next"] {
        calls.push(("POST", format!("/api/v1/counters/1/{verb}")));
    }
    for section in branchmesh_model::config::SECTIONS {
        calls.push(("PUT", format!("/api/v1/config/{section}")));
    }
    for path in [
        "tickets",
        "staff",
        "mesh/take-over",
        "devices/invitations",
        "devices/x/revoke",
        "conflicts/x/acknowledge",
        "session/pairing",
        "device/exit",
        "config/import",
    ] {
        calls.push(("POST", format!("/api/v1/{path}")));
    }
    calls.push(("PATCH", "/api/v1/staff/teller".into()));
    calls.push(("PATCH", "/api/v1/device/settings".into()));
    calls
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_json_is_the_nodes_fault(bodies in prop::collection::vec(any_json(), 40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let site = Site::new(Role::Counter);
            let auth = format!("Bearer {}", super::OPERATOR_TOKEN);
            let ticket = site.issue(&auth).await;
            let calls = calls(ticket["id"].as_str().expect("an id"));
            for ((method, path), body) in calls.iter().zip(bodies.iter().cycle()) {
                let reply = site.as_staff(&auth, method, path, Some(body.clone())).await;
                prop_assert!(reply.status < 500, "{method} {path} {body}: {reply:?}");
                if reply.status >= 400 {
                    prop_assert_eq!(&reply.headers["content-type"], "application/problem+json");
                    prop_assert!(reply.body["detail"].as_str().is_some_and(|d| !d.is_empty()));
                }
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_hostile_login_cannot_occupy_the_node() {
    let site = Site::new(Role::Counter);
    let tries = (0..40).map(|n| {
        let body = json!({ "staff_id": format!("guess{n}"), "pin": "000000" });
        site.send(Peer::Remote, "POST", "/api/v1/session", &[], Some(body))
    });
    let replies = futures_util::future::join_all(tries).await;
    assert!(replies.iter().all(|r| r.slug() == (401, "wrong-credentials") || r.slug() == (503, "busy")));
    assert!(replies.iter().any(|r| r.status == 503));
    assert_eq!(site.get(Peer::Remote, "/health").await.status, 200);
}
