//! 8 a.m.: all devices of a large branch are switched on within ten seconds.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::Run;
use super::branch::Branch;
use super::report::{Bar, Figure, Measure, Unit};

/// Devices.
const DEVICES: usize = 30;
/// From the first to the last of them.
const WITHIN: Duration = Duration::from_secs(10);
/// Longest wait for one steward.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) async fn run(run: &Run<'_>) -> Result<Vec<Figure>> {
    let mut branch = Branch::found(run.folder, DEVICES)?;
    run.done(0.5);
    let begun = Instant::now();
    for n in 0..DEVICES {
        let due = WITHIN.mul_f64(n as f64 / (DEVICES - 1) as f64);
        tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
        branch.start(n).await?;
    }
    run.done(0.8);
    while !one_steward(&branch) {
        if begun.elapsed() > PATIENCE {
            bail!("{DEVICES} devices do not follow one steward after {PATIENCE:?}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let time = begun.elapsed().as_secs_f64();
    // Traffic is told with the next picture, which comes every second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let sent: u64 = branch.handles().iter().flat_map(|h| h.snapshot().mesh.peers.clone()).map(|p| p.bytes_out).sum();
    branch.stop_all().await;
    Ok(vec![
        Figure::new(Measure::MorningTime, time, Unit::S).against(Bar::AtMost(15.0)),
        Figure::new(Measure::MorningBytes, sent as f64 / DEVICES as f64, Unit::Bytes),
    ])
}

/// Whether every device sees all of them and follows the same steward.
fn one_steward(branch: &Branch) -> bool {
    let views: Vec<_> = branch.handles().iter().map(|h| h.snapshot().mesh.clone()).collect();
    let stewards: BTreeSet<_> = views.iter().map(|m| m.steward).collect();
    stewards.len() == 1 && !stewards.contains(&None) && views.iter().all(|m| m.group.len() == DEVICES)
}
