//! Three, ten and thirty nodes in a full mesh: how soon the last one shows a change, and what a change costs each.

use std::time::{Duration, Instant};

use anyhow::Result;
use branchmesh_model::ticket::TicketState;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use super::Run;
use super::branch::{Branch, recall_each, shows};
use super::report::{Bar, Figure, Measure, Unit, p50_p99};
use super::two_nodes::called_tickets;

/// How long the mesh is left alone to see what it costs when nothing happens.
const IDLE: Duration = Duration::from_secs(10);
/// How long nothing must happen before a mesh counts as idle.
const SETTLED: Duration = Duration::from_secs(3);
/// Commands before anything is measured.
const WARM_UP: usize = 50;

pub(super) async fn run(run: &Run<'_>) -> Result<Vec<Figure>> {
    let three = measure(run, 3, 600).await?;
    run.done(0.15);
    let ten = measure(run, 10, 600).await?;
    run.done(0.4);
    let thirty = measure(run, 30, 300).await?;
    let floor = run.floors.visible_ms();
    let cost = |measure, seen: &Seen| Figure::new(measure, seen.cost_us, Unit::Us).over(three.cost_us);
    Ok(vec![
        Figure::new(Measure::TenVisibleP50, ten.p50_ms, Unit::Ms).over(floor).against(Bar::TimesFloor(6.0)),
        Figure::new(Measure::TenVisibleP99, ten.p99_ms, Unit::Ms).over(floor),
        Figure::new(Measure::CostOfThree, three.cost_us, Unit::Us),
        cost(Measure::CostOfTen, &ten),
        cost(Measure::CostOfThirty, &thirty),
        Figure::new(Measure::BytesOfThirty, thirty.bytes, Unit::Bytes),
        Figure::new(Measure::IdleBytesOfThirty, thirty.idle_bytes, Unit::PerSecond),
        Figure::new(Measure::IdleLoadOfThirty, thirty.idle_percent, Unit::Percent),
    ])
}

struct Seen {
    p50_ms: f64,
    p99_ms: f64,
    cost_us: f64,
    bytes: f64,
    idle_bytes: f64,
    idle_percent: f64,
}

/// Processor time of this process and bytes sent by all nodes, at an instant.
struct Meter {
    at: Instant,
    cpu_us: f64,
    sent: f64,
}

impl Meter {
    async fn read(branch: &Branch) -> Result<Self> {
        // Traffic is told with the next picture, which comes every second.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let usage = getrusage(UsageWho::RUSAGE_SELF)?;
        let cpu_us = (usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64;
        let pictures = branch.handles().into_iter().map(crate::handle::NodeHandle::snapshot);
        let sent = pictures.map(|p| p.mesh.peers.iter().map(|peer| peer.bytes_out).sum::<u64>() as f64).sum();
        Ok(Self { at: Instant::now(), cpu_us, sent })
    }
}

async fn measure(run: &Run<'_>, nodes: usize, commands: usize) -> Result<Seen> {
    let mut branch = Branch::found(&run.folder.join(format!("{nodes}")), nodes)?;
    let commands = run.much(commands);
    let tickets = called_tickets(&branch, commands)?;
    branch.start_all().await?;
    branch.all_see(|picture| shows(picture, commands, TicketState::Called)).await?;
    let handles = branch.handles();
    let (one, others) = (handles[0], &handles[1..]);
    recall_each(one, others, &tickets[..WARM_UP.min(commands)]).await?;
    tokio::time::sleep(SETTLED).await;
    let before_idle = Meter::read(&branch).await?;
    tokio::time::sleep(IDLE).await;
    let begun = Meter::read(&branch).await?;
    let times = recall_each(one, others, &tickets).await?;
    let ended = Meter::read(&branch).await?;
    branch.stop_all().await;
    let idle_s = (begun.at - before_idle.at).as_secs_f64();
    let busy_s = (ended.at - begun.at).as_secs_f64();
    let (idle_cpu, idle_sent) =
        ((begun.cpu_us - before_idle.cpu_us) / idle_s, (begun.sent - before_idle.sent) / idle_s);
    let each = (commands * (nodes - 1)) as f64;
    let (p50_ms, p99_ms) = p50_p99(times);
    Ok(Seen {
        p50_ms,
        p99_ms,
        cost_us: (ended.cpu_us - begun.cpu_us - idle_cpu * busy_s) / each,
        bytes: (ended.sent - begun.sent - idle_sent * busy_s) / each,
        idle_bytes: idle_sent / nodes as f64,
        idle_percent: idle_cpu / nodes as f64 / 1e4,
    })
}
