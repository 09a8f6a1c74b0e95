//! Two nodes worked apart and meet again.

use std::time::Instant;

use anyhow::{Context as _, Result};
use branchmesh_model::event::EventType;
use branchmesh_model::ticket::TicketState;

use super::Run;
use super::branch::{Branch, shows};
use super::report::{Bar, Figure, Measure, Unit};
use super::synthesis::{Fate, Synthesis};

/// Served tickets on each side: five changes each make 9,000.
const TICKETS: usize = 1_800;

pub(super) async fn run(run: &Run<'_>) -> Result<Vec<Figure>> {
    let mut branch = Branch::found(run.folder, 2)?;
    let tickets = run.much(TICKETS);
    let today = jiff::Zoned::now().date();
    for (n, lane) in ["", "B"].into_iter().enumerate() {
        let mut side = Synthesis::open(branch.data(n))?;
        side.tickets(today, lane, u32::try_from(tickets)?, Fate::Served)?;
        side.commit()?;
        run.done(0.3 * (n + 1) as f64);
    }
    branch.start(0).await?;
    let mut feed = branch.handle(0).feed.subscribe();
    branch.start(1).await?;
    while feed.recv().await.context("the device stopped")?.draft.kind != EventType::MeshPeerUp {}
    let met = Instant::now();
    branch.all_see(|picture| shows(picture, 2 * tickets, TicketState::Served)).await?;
    let time = met.elapsed().as_secs_f64();
    branch.stop_all().await;
    // Both sides apply and store what the other has, each on a processor of its own.
    let floor = (tickets * 5) as f64 * run.floors.raw_apply_us / 1e6;
    Ok(vec![Figure::new(Measure::RejoinTime, time, Unit::S).over(floor).against(Bar::AtMost(1.0))])
}
