//! Webhooks against a receiver that refuses first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use branchmesh_model::schema::Role;
use serde_json::{Value, json};

use super::Site;
use crate::http::webhooks::{Delivery, Outbox, SIGNATURE_HEADER, run, signature};

#[derive(Default)]
struct Memory(Mutex<BTreeMap<String, Delivery>>);

impl Outbox for Memory {
    fn put(&self, delivery: &Delivery) -> Result<(), String> {
        self.0.lock().expect("sound").insert(delivery.key.clone(), delivery.clone());
        Ok(())
    }
    fn remove(&self, key: &str) -> Result<(), String> {
        self.0.lock().expect("sound").remove(key);
        Ok(())
    }
    fn scan(&self, webhook: &str, limit: usize) -> Result<Vec<Delivery>, String> {
        Ok(self.0.lock().expect("sound").values().filter(|d| d.webhook == webhook).take(limit).cloned().collect())
    }
    fn len(&self) -> Result<usize, String> {
        Ok(self.0.lock().expect("sound").len())
    }
    fn retain(&self, webhooks: &[String]) -> Result<(), String> {
        self.0.lock().expect("sound").retain(|_, d| webhooks.contains(&d.webhook));
        Ok(())
    }
}

type Received = tokio::sync::mpsc::UnboundedSender<(HeaderMap, String)>;

/// Refuses the first request, then takes everything.
async fn receive(
    State((refused, out)): State<(Arc<Mutex<bool>>, Received)>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    if !std::mem::replace(&mut *refused.lock().expect("sound"), true) {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    out.send((headers, body)).expect("the test listens");
    StatusCode::NO_CONTENT
}

#[tokio::test]
async fn events_arrive_signed_in_order_and_once_after_a_failure() {
    let (out, mut received) = tokio::sync::mpsc::unbounded_channel();
    let receiver = Router::new().route("/hook", post(receive)).with_state((Arc::default(), out));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let serving = tokio::spawn(async move { axum::serve(listener, receiver).await });

    let site = Site::new(Role::Counter);
    let auth = site.bearer("manager").await;
    let hook = json!([{ "id": "crm", "url": format!("http://{address}/hook"), "secret": "a shared secret, long enough", "events": ["ticket.issued"] }]);
    let put = site.as_staff(&auth, "PUT", "/api/v1/config/webhooks", Some(hook)).await;
    assert_eq!(put.status, 200, "{put:?}");
    let outbox = Arc::new(Memory::default());
    let sending = tokio::spawn(run(site.api.clone(), outbox.clone()));
    site.issue(&auth).await;
    site.issue(&auth).await;
    for number in ["A001", "A002"] {
        let (headers, body) = received.recv().await.expect("a delivery");
        assert_eq!(headers[SIGNATURE_HEADER], signature("a shared secret, long enough", body.as_bytes()));
        let event: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!((&event["type"], &event["data"]["number"]), (&json!("ticket.issued"), &json!(number)));
    }
    while outbox.len().expect("sound") > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(received.try_recv().is_err());
    site.api.options.shutdown.cancel();
    sending.await.expect("the sender ends with the node");
    serving.abort();
}

#[test]
fn the_signature_is_hmac_sha256() {
    // RFC 4231, test case 2.
    let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(signature("Jefe", b"what do ya want for nothing?"), expected);
}
