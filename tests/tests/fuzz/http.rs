//! HTTP bodies, sent to a real node over a real socket.

use branchmesh_tests::branch::{FIVE, Network, tell};
use reqwest::Method;
use serde_json::json;

use super::hold;

/// Every request with a body that a page may send.
fn requests(ticket: &str) -> Vec<(Method, String, serde_json::Value)> {
    let post = |path: &str, body| (Method::POST, path.to_owned(), body);
    let on = |verb: &str, body| (Method::POST, format!("/tickets/{ticket}/{verb}"), body);
    vec![
        post("/tickets", json!({ "service": "cash", "category": null, "language": "en" })),
        post("/counters/1/open", json!({ "services": ["cash"], "profile": null })),
        post("/counters/1/pause", json!({ "reason": "lunch" })),
        post("/counters/1/call-next", json!({})),
        on("call", json!({ "counter": 1, "override": { "reason": "the customer stands here" } })),
        on("transfer", json!({ "service": "wealth", "counter": 2, "staff": "manager", "position": "front" })),
        on("move", json!({ "service": "wealth" })),
        on("park", json!({ "reason": "papers" })),
        on("rate", json!({ "level": 3 })),
        on("finish", json!({ "outcome": "done" })),
        post("/devices/invitations", json!({ "role": "counter", "name": "Window 9", "counter": 9, "ttl_s": 60 })),
        post("/session", json!({ "staff_id": "manager", "pin": "1234" })),
        post("/mesh/take-over", json!({ "reason": "too few are left" })),
        (Method::PUT, "/config/hours".into(), json!({ "monday": [["09:00", "17:00"]] })),
        (
            Method::PUT,
            "/config/services".into(),
            json!([{ "id": "cash", "prefix": "A", "name": { "zh": "现金", "en": "Cash" } }]),
        ),
        (Method::PUT, "/staff/teller9".into(), json!({ "name": "Nine", "roles": ["teller"], "pin": "9999" })),
    ]
}

#[test]
fn bodies() -> anyhow::Result<()> {
    tell(Network::Loopback, &FIVE[..1], |branch| {
        let ticket = branch.issue("counter1", "cash")?;
        let node = branch.node("counter1");
        let requests = requests(&ticket.id);
        // A body carries its request with it in the first byte, so that each target is met.
        let numbered = |(i, (_, _, body)): (usize, &(Method, String, serde_json::Value))| {
            [&[i as u8][..], body.to_string().as_bytes()].concat()
        };
        hold(requests.iter().enumerate().map(numbered).collect(), 600, |bytes| {
            let Some((first, body)) = bytes.split_first() else { return };
            let (method, path, _) = &requests[usize::from(*first) % requests.len()];
            let headers = [("content-type", "application/json")];
            let reply = node.client.send(method.clone(), path, &headers, Some(body.to_vec()));
            let reply = reply.expect("an answer");
            // 503 is an answer: no steward, or stopping.
            assert!(reply.status < 500 || reply.status == 503, "{method} {path}: {reply:?}");
            if reply.status >= 400 {
                reply.any_problem().expect("errors are problems in words");
            }
        });
        anyhow::ensure!(node.client.ready(), "it serves on");
        Ok(())
    })
}
