//! A full branch: frames of the screens that list everybody, while calls come in and the list is scrolled.

use std::time::{Duration, Instant};

use anyhow::Result;
use branchmesh_tests::branch::Branch;

use crate::figures::{Figure, Unit, spread};
use crate::stage::{Stage, progress};

const CROWD: usize = 999;
/// Calls while a screen is watched.
const CALLS: usize = 40;
/// From one call to the next.
const PACE: Duration = Duration::from_millis(400);
/// Customers who come at once while the crowd gathers.
const TOGETHER: usize = 16;
/// Two frames in 60 a second; nobody sees one that is missing.
const FRAME_MS: f64 = 34.0;
/// What is late by less than this feels immediate.
const LONGEST_MS: f64 = 100.0;

/// Times between frames, gathered in the page.
const FRAMES: &str = "watch.frames = [];
  requestAnimationFrame(function step(before) {
    requestAnimationFrame((now) => (watch.frames.push(now - before), step(now)));
  })";

/// Frame times of the counter and the lobby with 999 people waiting.
pub(crate) async fn frames(stage: &Stage<'_>) -> Result<Vec<Figure>> {
    tokio::task::block_in_place(|| gather(stage.branch))?;
    let mut figures = vec![];
    for (node, path, size) in [("counter1", "/counter", (1366, 768)), ("tablet", "/lobby", (1280, 800))] {
        let page = stage.open(node, path, size, true).await?;
        page.wait_for(&format!("document.body.innerText.includes('{CROWD}')")).await?;
        page.eval(FRAMES).await?;
        let bar = progress("calls before a crowd", CALLS);
        for call in 0..CALLS {
            let began = Instant::now();
            tokio::task::block_in_place(|| one_goes_one_comes(stage.branch))?;
            // Down for a while, then up again.
            let by = if call % 8 < 4 { 400.0 } else { -400.0 };
            page.scroll_at(f64::from(size.0) / 2.0, f64::from(size.1) * 0.7, by).await?;
            tokio::time::sleep(PACE.saturating_sub(began.elapsed())).await;
            bar.inc(1);
        }
        bar.finish_and_clear();
        let frames: Vec<f64> = serde_json::from_value(page.eval("watch.frames").await?)?;
        let (_, p99, longest) = spread(frames);
        let what = format!("{path} with {CROWD} waiting: frame");
        figures.push(Figure::new(format!("{what}, p99"), p99, Unit::Ms).at_most(FRAME_MS));
        figures.push(Figure::new(format!("{what}, longest"), longest, Unit::Ms).at_most(LONGEST_MS));
        page.goto("about:blank").await?;
    }
    Ok(figures)
}

/// Customers come until the crowd waits.
fn gather(branch: &Branch) -> Result<()> {
    branch.open_counter("counter2", 2)?;
    let waiting = branch.node("kiosk").client.list("tickets")?.iter().filter(|t| t["state"] == "waiting").count();
    let missing = CROWD.saturating_sub(waiting);
    let bar = progress("people coming in", missing);
    std::thread::scope(|scope| {
        let part = |worker| (worker..missing).step_by(TOGETHER);
        let workers: Vec<_> = (0..TOGETHER)
            .map(|worker| {
                let bar = bar.clone();
                scope.spawn(move || part(worker).try_for_each(|_| branch.issue("kiosk", "cash").map(|_| bar.inc(1))))
            })
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|_| anyhow::bail!("a customer panicked")))
    })?;
    bar.finish_and_clear();
    branch.wait_for_equal_tables()?;
    Ok(())
}

/// The crowd stays as large as it is.
fn one_goes_one_comes(branch: &Branch) -> Result<()> {
    if let Some(ticket) = branch.call_next("counter2", 2)? {
        branch.serve("counter2", &ticket.id)?;
    }
    branch.issue("kiosk", "cash").map(drop)
}
