//! A teller at a counter: calls, waits for the customer, serves, and sometimes needs a break.

use serde_json::{Value, json};

use super::super::super::api::Refusal;
use super::super::cast::Person;
use super::actor::{Actor, rows};
use super::counts::add;
use super::draw::Draw;

/// Share of called customers who do not come.
const NO_SHOW: f64 = 0.06;
/// Share of served customers who are parked for a while, to fill in a form for example.
const PARK: f64 = 0.04;
/// Share of served customers who turn out to need another service.
const TRANSFER: f64 = 0.04;
/// Share of customers who rate.
const RATE: f64 = 0.4;
/// Chance of a break after a customer.
const BREAK: f64 = 0.03;
/// Median minutes of a service of cash, and of anything else.
const MEDIAN: (f64, f64) = (2.4, 3.6);
/// Spread of the logarithm of service times.
const SIGMA: f64 = 0.55;

/// Minutes a customer needs to walk to the counter.
const WALK: f64 = 0.4;

/// Works for ever.
pub(super) async fn work(mut at: Actor, person: &Person, counter: u8, mut draw: Draw) {
    loop {
        at.sign_in(person).await;
        // Open already, or still busy with a customer of before: either way calling next goes on from there.
        let _ = at.ask(&format!("/counters/{counter}/open"), json!({})).await;
        tidy_desk(&at, counter).await;
        while serve_next(&at, counter, &mut draw).await {}
    }
}

/// Ends what an earlier demo in this folder left at the counter.
async fn tidy_desk(at: &Actor, counter: u8) {
    for (state, verb) in [("serving", "finish"), ("called", "no-show")] {
        let Ok(answer) = at.read(&format!("/tickets?state={state}&counter={counter}")).await else { continue };
        for id in rows(&answer, "tickets").iter().filter_map(|ticket| ticket["id"].as_str()) {
            let _ = at.ask(&format!("/tickets/{id}/{verb}"), json!({})).await;
        }
    }
}

/// One customer, or a minute without one. False if the teller must sign in again.
async fn serve_next(at: &Actor, counter: u8, draw: &mut Draw) -> bool {
    match at.ask(&format!("/counters/{counter}/call-next"), json!({})).await {
        Ok(ticket) if ticket["id"].is_string() => {
            add(&at.counts.called);
            attend(at, counter, &ticket, draw).await;
            take_a_break(at, counter, draw).await;
            true
        }
        Ok(_) => {
            at.clock.pass(0.5).await;
            true
        }
        Err(Refusal::Problem { status: 401, .. }) => false,
        Err(_) => {
            // A ticket whose end was refused during a split, perhaps, or a restarted device.
            at.clock.pass(1.0).await;
            tidy_desk(at, counter).await;
            true
        }
    }
}

async fn attend(at: &Actor, counter: u8, ticket: &Value, draw: &mut Draw) {
    let id = ticket["id"].as_str().unwrap_or_default();
    let median = if ticket["service"] == "cash" { MEDIAN.0 } else { MEDIAN.1 };
    let (comes, minutes, fate) = (!draw.chance(NO_SHOW), draw.log_normal(median, SIGMA), draw.unit());
    let verb = async |verb: &str, body: Value| at.ask(&format!("/tickets/{id}/{verb}"), body).await;
    at.clock.pass(WALK).await;
    if !comes {
        let _ = verb("recall", json!({})).await;
        at.clock.pass(1.0).await;
        if verb("no-show", json!({})).await.is_ok() {
            add(&at.counts.no_show);
        }
        return;
    }
    let _ = verb("start", json!({})).await;
    at.clock.pass(minutes).await;
    if fate < PARK {
        let _ = verb("park", json!({ "reason": "填写单据 filling in a form" })).await;
        at.clock.pass(2.0).await;
        let _ = verb("call", json!({ "counter": counter })).await;
        let _ = verb("start", json!({})).await;
        at.clock.pass(minutes / 2.0).await;
    } else if fate < PARK + TRANSFER {
        let other = if ticket["service"] == "cash" { "non_cash" } else { "cash" };
        let _ = verb("transfer", json!({ "service": other })).await;
        return;
    }
    if verb("finish", json!({})).await.is_ok() {
        add(&at.counts.served);
        rate(at, id, draw).await;
    }
}

async fn rate(at: &Actor, id: &str, draw: &mut Draw) {
    if draw.chance(RATE) {
        let level = *draw.pick(&[(3, 80.0), (2, 15.0), (1, 5.0)]);
        let _ = at.ask(&format!("/tickets/{id}/rate"), json!({ "level": level })).await;
    }
}

async fn take_a_break(at: &Actor, counter: u8, draw: &mut Draw) {
    if draw.chance(BREAK) {
        let _ = at.ask(&format!("/counters/{counter}/pause"), json!({ "reason": "短暂离开 short break" })).await;
        at.clock.pass(4.0).await;
        let _ = at.ask(&format!("/counters/{counter}/resume"), json!({})).await;
    }
}
