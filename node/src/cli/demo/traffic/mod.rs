//! Simulated customers, tellers and a lobby manager, through the public HTTP API at a chosen pace.
//!
//! Every actor draws from its own seeded source, so a seed fixes who comes when, for what, for how long, and who stays
//! away; what the real nodes make of it (which number, how long the wait) is not simulated.

mod actor;
mod counts;
mod customers;
mod day;
mod draw;
mod lobby;
mod teller;

use std::sync::Arc;

use futures_util::future::join_all;

use super::super::error::Failure;
use super::Stage;
use super::cast::{CAST, KIOSK, LOBBY, STAFF};
use actor::Actor;
use counts::Counts;
use day::Clock;
use draw::Draw;

/// Plays business days for ever at `pace` business minutes a minute; does nothing without a pace.
pub(super) async fn play(stage: &Stage, pace: Option<f64>, seed: u64) -> Result<(), Failure> {
    let Some(pace) = pace else { return std::future::pending().await };
    let clock = Clock::start(pace);
    let counts = Arc::new(Counts::default());
    let actor = |index: usize| Actor::new(stage, &CAST[index], clock, counts.clone());
    let draw = |salt: u64| Draw::new(seed, salt);
    let tellers =
        CAST.iter().filter_map(|device| Some((device.index(), device.counter?))).zip(&STAFF).map(
            |((index, counter), person)| teller::work(actor(index), person, counter, draw(100 + u64::from(counter))),
        );
    tokio::join!(
        customers::arrive(actor(KIOSK), draw(1)),
        join_all(tellers),
        lobby::walk(actor(LOBBY), draw(2)),
        counts::report(stage.terminal, clock, &counts, actor(KIOSK)),
    );
    Ok(())
}
