//! What happened so far, and the one line that says it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::super::super::say;
use super::super::super::terminal::Terminal;
use super::actor::Actor;
use super::day::{self, Clock};

/// Totals since the start of the traffic.
#[derive(Default)]
pub(super) struct Counts {
    pub issued: AtomicU64,
    pub called: AtomicU64,
    pub served: AtomicU64,
    pub no_show: AtomicU64,
    pub abandoned: AtomicU64,
    pub moved: AtomicU64,
    pub retries: AtomicU64,
}

/// One more.
pub(super) fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// Keeps one line up to date, or writes one every half minute where nobody can see a line change.
pub(super) async fn report(terminal: Terminal, clock: Clock, counts: &Counts, node: Actor) {
    let progress = terminal.progress();
    let period = Duration::from_secs(if progress.is_seen() { 1 } else { 30 });
    loop {
        tokio::time::sleep(period).await;
        let line = line(terminal, clock, counts, node.waiting().await);
        if progress.is_seen() {
            progress.show(line);
        } else {
            terminal.note(&line);
        }
    }
}

fn line(terminal: Terminal, clock: Clock, counts: &Counts, waiting: Option<u64>) -> String {
    let waiting = waiting.map_or_else(|| "?".to_owned(), |n| n.to_string());
    say::TRAFFIC_LINE.with(
        terminal.lang,
        &[
            ("clock", &day::text(clock.minute())),
            ("issued", &read(&counts.issued)),
            ("called", &read(&counts.called)),
            ("served", &read(&counts.served)),
            ("no_show", &read(&counts.no_show)),
            ("abandoned", &read(&counts.abandoned)),
            ("moved", &read(&counts.moved)),
            ("waiting", &waiting),
            ("retries", &read(&counts.retries)),
        ],
    )
}
