//! The lobby manager walks the hall: moves people to the shorter queue, brings back who missed the call, and closes the
//! tickets of those who left.

use serde_json::{Value, json};

use super::super::cast::STAFF;
use super::actor::{Actor, rows};
use super::counts::add;
use super::draw::Draw;

/// Minutes between two looks at the hall.
const ROUND: f64 = 6.0;

/// Walks for ever.
pub(super) async fn walk(mut at: Actor, mut draw: Draw) {
    let person = STAFF.iter().find(|person| person.id == "lobby").expect("the cast has a lobby manager");
    loop {
        at.sign_in(person).await;
        while look_around(&at, &mut draw).await {}
    }
}

/// One round. False if they must sign in again.
async fn look_around(at: &Actor, draw: &mut Draw) -> bool {
    at.clock.pass(ROUND).await;
    let waiting = match at.read("/tickets?state=waiting").await {
        Ok(answer) => rows(&answer, "tickets").to_vec(),
        Err(refusal) => return !Actor::is_signed_out(&refusal),
    };
    if draw.chance(0.3) {
        move_one(at, &waiting).await;
    }
    if draw.chance(0.25) {
        abandon_one(at, &waiting).await;
    }
    if draw.chance(0.5) {
        bring_one_back(at).await;
    }
    true
}

/// Moves the newest of the longer queue if the other one is much shorter.
async fn move_one(at: &Actor, waiting: &[Value]) {
    let of = |service: &str| waiting.iter().filter(|ticket| ticket["service"] == service).collect::<Vec<_>>();
    let (cash, other) = (of("cash"), of("non_cash"));
    let (longer, target) = if cash.len() >= other.len() { (&cash, "non_cash") } else { (&other, "cash") };
    if cash.len().abs_diff(other.len()) < 3 {
        return;
    }
    let Some(id) = longer.last().and_then(|ticket| ticket["id"].as_str()) else { return };
    if at.ask(&format!("/tickets/{id}/move"), json!({ "service": target })).await.is_ok() {
        add(&at.counts.moved);
    }
}

/// The one who has waited longest has left.
async fn abandon_one(at: &Actor, waiting: &[Value]) {
    let Some(id) = waiting.first().and_then(|ticket| ticket["id"].as_str()) else { return };
    let body = json!({ "reason": "客户已离开 customer left" });
    if at.ask(&format!("/tickets/{id}/abandon"), body).await.is_ok() {
        add(&at.counts.abandoned);
    }
}

async fn bring_one_back(at: &Actor) {
    let Ok(answer) = at.read("/tickets?state=no_show").await else { return };
    let Some(id) = rows(&answer, "tickets").last().and_then(|ticket| ticket["id"].as_str()) else { return };
    let _ = at.ask(&format!("/tickets/{id}/reinstate"), json!({})).await;
}
