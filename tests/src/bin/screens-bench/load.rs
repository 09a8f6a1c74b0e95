//! First visits: what comes over the wire, and when the page is ready.

use anyhow::Result;
use branchmesh_tests::browser::Browser;
use branchmesh_tests::client::insist;
use serde_json::json;

use crate::figures::{Figure, Unit, spread};
use crate::stage::{Stage, number, prepare, progress};

const BYTES_KB: f64 = 150.0;
const READY_MS: f64 = 500.0;
/// Visits of each screen; the median counts.
const VISITS: usize = 5;

/// The bones are gone and the page stands.
const READY: &str = "watch.shown(() => document.querySelector('#app')?.childElementCount > 0
  && !document.querySelector('.bone, .bones')).then((at) => at - performance.timeOrigin)";

struct Screen {
    path: &'static str,
    node: &'static str,
    size: (u32, u32),
    staff: bool,
}

const SCREENS: &[Screen] = &[
    Screen { path: "/", node: "counter1", size: (1366, 768), staff: false },
    Screen { path: "/kiosk", node: "kiosk", size: (1080, 1920), staff: false },
    Screen { path: "/counter", node: "counter1", size: (1366, 768), staff: true },
    Screen { path: "/display", node: "display", size: (1920, 1080), staff: false },
    Screen { path: "/lobby", node: "tablet", size: (1280, 800), staff: true },
    Screen { path: "/rating", node: "counter2", size: (1024, 768), staff: false },
    Screen { path: "/t/", node: "kiosk", size: (390, 844), staff: false },
    Screen { path: "/mesh", node: "counter1", size: (1366, 768), staff: true },
    Screen { path: "/admin", node: "counter1", size: (1366, 768), staff: true },
];

/// Every screen as a browser sees it that has never been there.
pub(crate) async fn first_visits(stage: &Stage<'_>) -> Result<Vec<Figure>> {
    let token = tokio::task::block_in_place(|| {
        let asked = json!({ "service": "cash" });
        insist(&[&stage.branch.node("kiosk").anonymous()], "/tickets", &asked)?.expect(201)
    })?;
    let token = token["status_token"].as_str().unwrap_or_default().to_owned();
    let bar = progress("first visits", SCREENS.len() * VISITS);
    let mut figures = vec![];
    for screen in SCREENS {
        let path = if screen.path == "/t/" { format!("/t/{token}") } else { screen.path.to_owned() };
        let (mut ready, mut bytes) = (vec![], 0);
        for _ in 0..VISITS {
            let (after, loaded) = visit(stage, screen, &path).await?;
            ready.push(after);
            bytes = bytes.max(loaded);
            bar.inc(1);
        }
        figures.push(
            Figure::new(format!("first load of {}", screen.path), bytes as f64 / 1000.0, Unit::Kb).at_most(BYTES_KB),
        );
        figures.push(Figure::new(format!("{} ready", screen.path), spread(ready).0, Unit::Ms).at_most(READY_MS));
    }
    bar.finish_and_clear();
    Ok(figures)
}

/// One visit with a fresh profile, in a browser that runs already: milliseconds until ready, bytes loaded.
async fn visit(stage: &Stage<'_>, screen: &Screen, path: &str) -> Result<(f64, u64)> {
    let fresh = Browser::launch().await?;
    let page = fresh.page().await?;
    prepare(&page, &stage.url(screen.node, "/health"), screen.size, screen.staff).await?;
    page.goto(&stage.url(screen.node, path)).await?;
    let ready = number(&page, READY).await?;
    Ok((ready, page.loaded_bytes().await?))
}
