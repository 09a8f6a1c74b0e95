//! Calling for assistance and seeing to reminders, over HTTP.

use branchmesh_model::schema::Role;
use serde_json::{Value, json};

use super::{Peer, Site};

async fn call(site: &Site, body: Value, key: &str) -> super::Reply {
    site.send(Peer::Own, "POST", "/api/v1/assistance", &[("idempotency-key", key)], Some(body)).await
}

#[tokio::test]
async fn a_call_for_assistance_reaches_staff_and_is_seen_to() {
    let site = Site::new(Role::Counter);
    let teller = site.bearer("teller").await;
    assert_eq!(call(&site, json!({}), "a").await.slug(), (401, "not-signed-in"), "a counter calls for a person");
    let called = site.as_staff(&teller, "POST", "/api/v1/assistance", Some(json!({ "counter": 1, "reason": "大额" })));
    let called = called.await;
    assert_eq!((called.status, &called.body["kind"]), (201, &json!("assistance")), "{called:?}");
    assert_eq!((&called.body["counter"], &called.body["reason"]), (&json!(1), &json!("大额")));
    assert_eq!((&called.body["staff"], &called.body["device_name"]), (&json!("teller"), &json!("Window 1")));

    let lobby = site.bearer("lobby").await;
    let path = format!("/api/v1/reminders/{}/acknowledge", called.body["id"].as_str().expect("an id"));
    let seen = site.as_staff(&lobby, "POST", &path, Some(json!({}))).await;
    assert_eq!((seen.status, &seen.body["acknowledged"]["staff"]), (200, &json!("lobby")), "{seen:?}");
    let again = site.as_staff(&teller, "POST", &path, Some(json!({}))).await;
    assert_eq!(again.body["acknowledged"]["staff"], "lobby", "the first who said so");
    let snapshot = site.as_staff(&teller, "GET", "/api/v1/snapshot", None).await.body;
    assert_eq!(snapshot["reminders"][0]["id"], called.body["id"]);
    let public = site.get(Peer::Remote, "/api/v1/snapshot").await.body;
    assert_eq!(public["reminders"], json!([]));
    let nothing = site.as_staff(&teller, "POST", "/api/v1/reminders/aaaaaaaaaaaaaaaa/acknowledge", Some(json!({})));
    assert_eq!(nothing.await.slug(), (404, "not-found"));
}

#[tokio::test]
async fn a_kiosk_calls_without_a_sign_in_and_the_same_key_is_the_same_call() {
    let site = Site::new(Role::Kiosk);
    let first = call(&site, json!({ "reason": "help" }), "one").await;
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(call(&site, json!({ "reason": "help" }), "one").await.body["id"], first.body["id"]);
    assert_eq!(call(&site, json!({ "counter": 200 }), "two").await.slug(), (404, "not-found"));
    assert_eq!(call(&site, json!({ "reason": "x".repeat(201) }), "three").await.slug(), (422, "validation"));
}

#[tokio::test]
async fn a_customer_who_waits_longer_than_this_devices_setting_is_a_reminder() {
    let site = Site::new(Role::Tablet);
    let lobby = site.bearer("lobby").await;
    let ticket = site.issue(&lobby).await;
    let settings = json!({ "waiting_reminder_min": 10 });
    assert_eq!(site.as_staff(&lobby, "PATCH", "/api/v1/device/settings", Some(settings)).await.status, 200);
    let list = async || site.as_staff(&lobby, "GET", "/api/v1/reminders", None).await.body["reminders"].clone();
    site.pass(599);
    assert_eq!(list().await, json!([]));
    site.pass(1);
    let over = list().await;
    assert_eq!((&over[0]["kind"], &over[0]["number"]), (&json!("over_wait"), &ticket["number"]));
    assert_eq!((&over[0]["wait_s"], &over[0]["ticket"]), (&json!(600), &ticket["id"]));
    let path = format!("/api/v1/reminders/{}/acknowledge", over[0]["id"].as_str().expect("an id"));
    assert_eq!(site.as_staff(&lobby, "POST", &path, Some(json!({}))).await.status, 200);
    assert_eq!(list().await[0]["acknowledged"]["staff"], "lobby");
}
