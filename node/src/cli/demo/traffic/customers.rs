//! Customers come through the door and take a ticket at the kiosk.

use serde_json::json;

use super::actor::Actor;
use super::counts::add;
use super::day::{PEAK, arrivals_per_hour};
use super::draw::Draw;

/// What they come for, and in what language: service, business type, share in per cent. Wealth is left to real people.
const WISHES: [((&str, &str), f64); 7] = [
    (("cash", "deposit"), 38.0),
    (("cash", "large_cash"), 6.0),
    (("cash", "transfer"), 14.0),
    (("non_cash", "account_opening"), 14.0),
    (("non_cash", "loss_report"), 8.0),
    (("non_cash", "card"), 14.0),
    (("non_cash", "corporate"), 6.0),
];

/// Sends customers for ever. Candidates come at the peak's rate and each enters with the chance that makes the day's
/// profile, which keeps the draws the same however fast the day runs.
pub(super) async fn arrive(kiosk: Actor, mut draw: Draw) {
    loop {
        kiosk.clock.pass(draw.exponential(PEAK / 60.0)).await;
        let (service, category) = *draw.pick(&WISHES);
        let language = if draw.chance(0.85) { "zh-CN" } else { "en" };
        if !draw.chance(arrivals_per_hour(kiosk.clock.minute()) / PEAK) {
            continue;
        }
        let body = json!({ "service": service, "category": category, "language": language });
        if kiosk.ask("/tickets", body).await.is_ok() {
            add(&kiosk.counts.issued);
        }
    }
}
