//! Two nodes: a command at one is decided, signed and durable there, travels, is checked and durable at the other, and
//! its event comes out.

use std::time::{Duration, Instant};

use anyhow::Result;
use branchmesh_model::command::Ordinary;
use branchmesh_model::ids::TicketId;
use branchmesh_model::ticket::TicketState;
use futures_util::future::try_join_all;

use super::Run;
use super::branch::{Branch, recall_each, sees, shows, tell};
use super::report::{Bar, Figure, Measure, Unit, p50_p99};
use super::synthesis::{Fate, Synthesis};
use crate::handle::{NodeHandle, Snapshot};

/// Commands under way at once.
const TELLERS: usize = 256;
/// Commands for each ticket of the throughput: three recalls, start, finish.
const COMMANDS: usize = 5;
/// A picture's counts are a second old at most.
const COUNTED_WITHIN: Duration = Duration::from_millis(1_200);
/// Commands before anything is measured.
const WARM_UP: usize = 100;

pub(super) async fn run(run: &Run<'_>) -> Result<Vec<Figure>> {
    let mut branch = Branch::found(run.folder, 2)?;
    let tickets = called_tickets(&branch, run.much(3_000))?;
    branch.start_all().await?;
    branch.all_see(|picture| shows(picture, tickets.len(), TicketState::Called)).await?;
    run.done(0.3);
    let (one, other) = (branch.handle(0), branch.handle(1));
    recall_each(one, &[other], &tickets[..WARM_UP.min(tickets.len())]).await?;
    let (p50, p99) = p50_p99(recall_each(one, &[other], &tickets[..run.much(2_000)]).await?);
    run.done(0.6);
    tokio::time::sleep(COUNTED_WITHIN).await;
    let before = received(&other.snapshot());
    let throughput = throughput(one, other, &tickets).await?;
    tokio::time::sleep(COUNTED_WITHIN).await;
    let changes = received(&other.snapshot()) - before;
    branch.stop_all().await;
    let floor = run.floors.visible_ms();
    Ok(vec![
        Figure::new(Measure::VisibleP50, p50, Unit::Ms).over(floor).against(Bar::TimesFloor(3.0)),
        Figure::new(Measure::VisibleP99, p99, Unit::Ms).over(floor).against(Bar::TimesFloor(10.0)),
        Figure::new(Measure::Throughput, throughput, Unit::PerSecond)
            .over(1e6 / run.floors.raw_apply_us)
            .against(Bar::AtLeast(15_000.0)),
        Figure::new(Measure::CommandsPerChange, (tickets.len() * COMMANDS) as f64 / changes as f64, Unit::Count),
    ])
}

/// Tickets of today that were called, in the store of the first device.
pub(super) fn called_tickets(branch: &Branch, count: usize) -> Result<Vec<TicketId>> {
    let mut synthesis = Synthesis::open(branch.data(0))?;
    let today = jiff::Zoned::now().date();
    let tickets = synthesis.tickets(today, "", u32::try_from(count)?, Fate::Called)?;
    synthesis.commit()?;
    Ok(tickets)
}

/// Commands a second from the first command to the moment the other device shows the effect of them all.
async fn throughput(one: &NodeHandle, other: &NodeHandle, tickets: &[TicketId]) -> Result<f64> {
    let begun = Instant::now();
    let tellers = tickets.chunks(tickets.len().div_ceil(TELLERS)).map(|mine| {
        let (one, mine) = (one.clone(), mine.to_vec());
        tokio::spawn(async move {
            for ticket in mine {
                for what in life(ticket) {
                    tell(&one, what).await?;
                }
            }
            anyhow::Ok(())
        })
    });
    for ended in try_join_all(tellers.collect::<Vec<_>>()).await? {
        ended?;
    }
    sees(other, |picture| shows(picture, tickets.len(), TicketState::Served)).await?;
    Ok((tickets.len() * COMMANDS) as f64 / begun.elapsed().as_secs_f64())
}

fn life(ticket: TicketId) -> [Ordinary; COMMANDS] {
    let recall = || Ordinary::Recall { ticket };
    [recall(), recall(), recall(), Ordinary::Start { ticket }, Ordinary::Finish { ticket, outcome: None }]
}

fn received(picture: &Snapshot) -> u64 {
    let count = |name: &str| picture.mesh.counts.get(name).copied().unwrap_or(0);
    count("changes_received_live") + count("changes_received_repair")
}
