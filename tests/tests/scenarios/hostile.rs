//! Requests that nobody should send, and what a node says to them: a documented problem, never a 5xx, nothing changed.

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{FIVE, Network, tell};
use branchmesh_tests::client::{Client, Reply};
use reqwest::Method;
use serde_json::{Value, json};

/// A request and the statuses that are right for it.
struct Hostile {
    what: &'static str,
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    right: &'static [u16],
}

const JSON: &str = "application/json";

fn raw(what: &'static str, path: &str, kind: &str, body: Vec<u8>, right: &'static [u16]) -> Hostile {
    let headers = vec![("content-type", kind.to_owned())];
    Hostile { what, method: Method::POST, path: path.into(), headers, body, right }
}

fn post(what: &'static str, path: &str, body: &Value, right: &'static [u16]) -> Hostile {
    raw(what, path, JSON, body.to_string().into_bytes(), right)
}

fn get(what: &'static str, path: &str, right: &'static [u16]) -> Hostile {
    Hostile { method: Method::GET, ..raw(what, path, JSON, Vec::new(), right) }
}

fn put(what: &'static str, path: &str, body: &Value, right: &'static [u16]) -> Hostile {
    Hostile { method: Method::PUT, ..post(what, path, body, right) }
}

fn bodies() -> Vec<Hostile> {
    let nested = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000)).into_bytes();
    let large = format!("{{\"service\":\"{}\"}}", "x".repeat(200_000)).into_bytes();
    vec![
        raw("half a body", "/tickets", JSON, b"{\"service\":".to_vec(), &[400, 422]),
        raw("no body", "/tickets", JSON, Vec::new(), &[400, 422]),
        raw("bytes that are no text", "/tickets", JSON, vec![0xff, 0xfe, 0x00, 0x80], &[400, 422]),
        raw("deep nesting", "/tickets", JSON, nested, &[400, 413, 422]),
        raw("200,000 letters", "/tickets", JSON, large, &[413]),
        raw("text/plain", "/tickets", "text/plain", b"{\"service\":\"cash\"}".to_vec(), &[415]),
        raw("a form", "/tickets", "application/x-www-form-urlencoded", b"service=cash".to_vec(), &[415]),
        post("an array", "/tickets", &json!([]), &[422]),
        post("a bare string", "/tickets", &json!("cash"), &[422]),
    ]
}

fn tickets(known: &str) -> Vec<Hostile> {
    let unknown = "aaaaaaaaaaaaaaaa";
    let call = |id: &str| format!("/tickets/{id}/call");
    let long = "x".repeat(10_000);
    let long_key = ("idempotency-key", "k".repeat(65));
    let mut keyed = post("a key of 65 characters", "/tickets", &json!({ "service": "cash" }), &[422]);
    keyed.headers.push(long_key);
    vec![
        keyed,
        post("no service", "/tickets", &json!({}), &[422]),
        post("a number as service", "/tickets", &json!({ "service": 5 }), &[422]),
        post("an unknown service", "/tickets", &json!({ "service": "gold" }), &[404, 422]),
        post("NUL as service", "/tickets", &json!({ "service": "\u{0}" }), &[404, 422]),
        post("a service of 10,000 letters", "/tickets", &json!({ "service": long }), &[404, 422]),
        post("an unknown category", "/tickets", &json!({ "service": "cash", "category": "gold" }), &[404, 422]),
        post("a language of 10,000 letters", "/tickets", &json!({ "service": "cash", "language": long }), &[422]),
        get("no ticket id", "/tickets/not-an-id", &[404, 422]),
        get("an unknown ticket", &format!("/tickets/{unknown}"), &[404]),
        get("a way out of the tree", "/tickets/..%2f..%2fetc%2fpasswd", &[404, 422]),
        get("an unknown state", "/tickets?state=flying", &[422]),
        get("a counter that is no number", "/tickets?counter=first", &[422]),
        post("calling an unknown ticket", &call(unknown), &json!({ "counter": 1 }), &[404]),
        post("calling to counter 0", &call(known), &json!({ "counter": 0 }), &[404, 422]),
        post("calling to counter 999", &call(known), &json!({ "counter": 999 }), &[404, 422]),
        post("calling to counter -1", &call(known), &json!({ "counter": -1 }), &[404, 422]),
        post("calling to counter x", &call(known), &json!({ "counter": "x" }), &[422]),
        post("calling to no counter", &call(known), &json!({}), &[422]),
        post("calling to a closed counter", &call(known), &json!({ "counter": 3 }), &[409]),
        post("starting who waits", &format!("/tickets/{known}/start"), &json!({}), &[409]),
        post("finishing who waits", &format!("/tickets/{known}/finish"), &json!({}), &[409]),
        post("reinstating who waits", &format!("/tickets/{known}/reinstate"), &json!({}), &[409]),
        post("moving to the same queue", &format!("/tickets/{known}/move"), &json!({ "service": "cash" }), &[409, 422]),
        post("moving to nowhere", &format!("/tickets/{known}/move"), &json!({ "service": "gold" }), &[404, 422]),
        post("rating 9", &format!("/tickets/{known}/rate"), &json!({ "level": 9 }), &[409, 422]),
        post("an unknown verb", &format!("/tickets/{known}/explode"), &json!({}), &[404, 405]),
        Hostile { method: Method::DELETE, ..post("deleting all", "/tickets", &json!({}), &[404, 405]) },
    ]
}

fn the_rest() -> Vec<Hostile> {
    vec![
        post("opening counter 0", "/counters/0/open", &json!({}), &[404, 422]),
        post("opening counter 77", "/counters/77/open", &json!({}), &[404, 422]),
        post("opening counter 70000", "/counters/70000/open", &json!({}), &[404, 422]),
        post("opening counter x", "/counters/x/open", &json!({}), &[404, 422]),
        post("an unknown profile", "/counters/1/open", &json!({ "profile": "gold" }), &[404, 422]),
        post("calling at a closed counter", "/counters/3/call-next", &json!({}), &[409]),
        post("acknowledging nothing", "/conflicts/xyz/acknowledge", &json!({}), &[404, 422]),
        post("inviting a king", "/devices/invitations", &json!({ "role": "king", "name": "x" }), &[422]),
        post("revoking nobody", "/devices/zzz/revoke", &json!({}), &[404, 422]),
        post("a session for a number", "/session", &json!({ "staff_id": 1, "pin": 2 }), &[422]),
        post("a session for nobody", "/session", &json!({ "staff_id": "nobody", "pin": "000000" }), &[401]),
        put("an unknown section", "/config/weather", &json!({}), &[404, 422]),
        put("services that are text", "/config/services", &json!("many"), &[422]),
        put("services without prefix", "/config/services", &json!([{ "id": "cash" }]), &[422]),
        get("a status nobody was given", "/status/0000", &[404]),
        get("no such resource", "/nothing/here", &[404]),
    ]
}

fn send(client: &Client, hostile: &Hostile) -> Result<Reply> {
    let headers: Vec<(&str, &str)> = hostile.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let body = (hostile.method != Method::GET).then(|| hostile.body.clone());
    client.send(hostile.method.clone(), &hostile.path, &headers, body).with_context(|| hostile.what.to_owned())
}

fn check(client: &Client, hostile: &Hostile) -> Result<()> {
    let reply = send(client, hostile)?;
    ensure!(hostile.right.contains(&reply.status), "expected one of {:?}: {reply:?}", hostile.right);
    let problem = reply.any_problem()?;
    let slug = problem.kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    ensure!(slug, "the type is a slug: {problem:?}");
    Ok(())
}

#[test]
fn hostile_requests_are_answered_with_problems_and_change_nothing() -> Result<()> {
    tell(Network::Loopback, &FIVE[..2], |branch| {
        let known = branch.issue("counter1", "cash")?;
        let before = branch.wait_for_equal_tables()?;
        let node = branch.node("counter1");
        let state = || -> Result<(Value, Vec<Value>, usize)> {
            let config = node.client.get("/config")?.expect(200)?;
            Ok((config, node.client.list("counters")?, node.client.list("devices")?.len()))
        };
        let calm = state()?;
        let table: Vec<Hostile> = bodies().into_iter().chain(tickets(&known.id)).chain(the_rest()).collect();
        let wrong = table.iter().filter_map(|h| check(&node.client, h).err().map(|e| format!("{}: {e:#}", h.what)));
        let wrong: Vec<String> = wrong.collect();
        ensure!(wrong.is_empty(), "{} of {} answers are wrong:\n{}", wrong.len(), table.len(), wrong.join("\n"));
        ensure!(branch.wait_for_equal_tables()? == before, "the tickets changed");
        ensure!(state()? == calm, "configuration, counters or devices changed");
        ensure!(node.client.ready(), "it serves on");
        Ok(())
    })
}

#[test]
fn a_caller_without_rights_is_told_so() -> Result<()> {
    tell(Network::Loopback, &FIVE[..3], |branch| {
        let kiosk = branch.node("kiosk").anonymous();
        let ticket = kiosk.post("/tickets", &json!({ "service": "cash" }))?.ticket(201)?;
        let refused = [
            (format!("/tickets/{}/call", ticket.id), json!({ "counter": 1 })),
            ("/counters/1/open".into(), json!({})),
            (format!("/tickets/{}/abandon", ticket.id), json!({})),
            ("/devices/invitations".into(), json!({ "role": "kiosk", "name": "x" })),
            ("/mesh/take-over".into(), json!({ "reason": "because" })),
        ];
        for (path, body) in refused {
            let reply = kiosk.post(&path, &body)?;
            ensure!(matches!(reply.status, 401 | 403), "{path}: {reply:?}");
            reply.any_problem()?;
        }
        let bad = Client::anonymous(branch.node("kiosk").place.http);
        let forged = [("authorization", "Bearer forged"), ("content-type", JSON)];
        let reply = bad.send(Method::POST, "/counters/1/open", &forged, Some(b"{}".to_vec()))?;
        ensure!(reply.status == 401, "a forged token: {reply:?}");
        ensure!(branch.wait_for_equal_tables()?.in_state("waiting")?.len() == 1, "nothing changed");
        Ok(())
    })
}

#[test]
fn guessing_pins_is_slowed_down() -> Result<()> {
    tell(Network::Loopback, &FIVE[..1], |branch| {
        let node = branch.node("counter1");
        let guess = json!({ "staff_id": "manager", "pin": "999999" });
        let mut statuses = Vec::new();
        for _ in 0..30 {
            let reply = node.anonymous().post("/session", &guess)?;
            reply.any_problem()?;
            statuses.push(reply.status);
        }
        ensure!(statuses.iter().all(|s| matches!(s, 401 | 429)), "only refusals: {statuses:?}");
        ensure!(statuses.first() == Some(&401) && statuses.contains(&429), "first 401, then 429: {statuses:?}");
        Ok(())
    })
}
