//! What people wait for: the number after the tap, the call on the wall after the key.

use anyhow::Result;
use branchmesh_tests::browser::{Browser, Page, there};

use crate::figures::{Figure, Unit, spread};
use crate::stage::{Stage, breathe, number, progress};

/// Bars of an answer that people wait for, median and 99th percentile.
const BARS_MS: (f64, f64) = (50.0, 150.0);

/// From the finger leaving the kiosk's glass until the number is painted.
pub(crate) async fn tap_to_number(stage: &Stage<'_>) -> Result<Vec<Figure>> {
    let kiosk = stage.open("kiosk", "/kiosk", (1080, 1920), false).await?;
    let mut times = vec![];
    let bar = progress("taps at the kiosk", stage.times);
    for round in 0..stage.times {
        kiosk.tap("[data-tile='service-cash']").await?;
        kiosk.wait_for(&there("#kiosk-unsure")).await?;
        kiosk.eval("watch.begin('pointerup')").await?;
        kiosk.eval(&format!("watch.until(() => {})", there("#kiosk-number"))).await?;
        kiosk.tap("#kiosk-unsure").await?;
        times.push(number(&kiosk, "watch.ended().then(async (at) => at - await watch.began())").await?);
        kiosk.tap("#kiosk-done").await?;
        kiosk.wait_for(&there("[data-view='home']")).await?;
        breathe(round).await;
        bar.inc(1);
    }
    bar.finish_and_clear();
    kiosk.goto("about:blank").await?;
    Ok(held("tap on the kiosk to number shown", times))
}

/// From the key at the counter until the number is painted on the display of another node, and on the counter itself.
pub(crate) async fn call_to_display(stage: &Stage<'_>) -> Result<Vec<Figure>> {
    tokio::task::block_in_place(|| {
        stage.branch.open_counter("counter1", 1)?;
        (stage.branch.node("kiosk").client.list("tickets")?.len()..stage.times)
            .try_for_each(|_| stage.branch.issue("kiosk", "cash").map(drop))
    })?;
    let counter = stage.open("counter1", "/counter", (1366, 768), true).await?;
    // A browser draws its front page at full pace only, and these two are looked at by different people.
    let other = Browser::launch().await?;
    let wall = stage.open_in(&other, "display", "/display", (1920, 1080), false).await?;
    let (mut far, mut near) = (vec![], vec![]);
    let bar = progress("calls at the counter", stage.times);
    for round in 0..stage.times {
        possible(&counter, "call-next").await?;
        // Clocks of two pages drift apart a little while a run lasts.
        let skew = number(&wall, "watch.skew()").await? - number(&counter, "watch.skew()").await?;
        let last = wall.eval("document.querySelector('.newest[data-number]')?.dataset.number ?? ''").await?;
        let another = format!("(document.querySelector('.newest[data-number]')?.dataset.number ?? {last}) !== {last}");
        wall.eval(&format!("watch.until(() => {another})")).await?;
        counter.eval("watch.begin('keydown')").await?;
        counter.eval(&format!("watch.until(() => {})", there("#desk-number"))).await?;
        counter.press("F2").await?;
        let began = number(&counter, "watch.began()").await?;
        far.push(number(&wall, "watch.ended()").await? - skew - began);
        near.push(number(&counter, "watch.ended()").await? - began);
        possible(&counter, "start").await?;
        counter.press("F4").await?;
        possible(&counter, "finish").await?;
        counter.press("F9").await?;
        counter.wait_for("document.querySelector('#desk-number') === null").await?;
        breathe(round).await;
        bar.inc(1);
    }
    bar.finish_and_clear();
    counter.goto("about:blank").await?;
    let mut figures = held("call next to number on another node's display", far);
    let (p50, p99, _) = spread(near);
    figures.push(Figure::new("call next to number at the counter itself, p50", p50, Unit::Ms));
    figures.push(Figure::new("the same, p99", p99, Unit::Ms));
    Ok(figures)
}

/// Waits until an act of the counter may be pressed.
async fn possible(counter: &Page, verb: &str) -> Result<()> {
    counter.wait_for(&format!("document.querySelector('#desk-{verb}')?.disabled === false")).await
}

fn held(what: &str, times: Vec<f64>) -> Vec<Figure> {
    let (p50, p99, longest) = spread(times);
    vec![
        Figure::new(format!("{what}, p50"), p50, Unit::Ms).at_most(BARS_MS.0),
        Figure::new("the same, p99", p99, Unit::Ms).at_most(BARS_MS.1),
        Figure::new("the same, longest", longest, Unit::Ms),
    ]
}
