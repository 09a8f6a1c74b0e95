//! Takes a ticket at the demo's kiosk and calls it at counter 1, on two different devices.

use anyhow::{Context, Result};
use branchmesh_examples::{key, post};
use serde_json::json;

/// The demo's counter 1 and kiosk.
const COUNTER: &str = "http://127.0.0.1:8080";
const KIOSK: &str = "http://127.0.0.1:8082";

#[tokio::main]
#[allow(clippy::print_stdout, reason = "an example tells what it did")]
async fn main() -> Result<()> {
    // A program on the kiosk's own machine speaks for the kiosk; it needs no sign-in to issue a ticket.
    let ticket = post(KIOSK, "/tickets", None, &key("take"), json!({ "service": "cash" })).await?;
    println!("took {} for service cash", ticket["number"]);

    let session = post(COUNTER, "/session", None, &key("in"), json!({ "staff_id": "teller1", "pin": "1111" })).await?;
    let token = session["token"].as_str().context("a session has a token")?;
    // Opening a counter that is open already is refused, and no harm.
    let _ = post(COUNTER, "/counters/1/open", Some(token), &key("open"), json!({})).await;

    let called = post(COUNTER, "/counters/1/call-next", Some(token), &key("call"), json!({})).await?;
    println!("counter 1 calls {}", called["number"]);
    let id = called["id"].as_str().context("nobody waits for counter 1")?;
    post(COUNTER, &format!("/tickets/{id}/start"), Some(token), &key("start"), json!({})).await?;
    let served = post(COUNTER, &format!("/tickets/{id}/finish"), Some(token), &key("finish"), json!({})).await?;
    println!("{} is {}", served["number"], served["state"]);
    Ok(())
}
