//! A teller presses "next" at a counter whose node is not the steward; a display elsewhere hears of it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use branchmesh_model::command::Ordinary;
use branchmesh_model::event::EventType;
use branchmesh_model::ids::TicketId;
use branchmesh_model::schema::Role;
use branchmesh_model::ticket::TicketState;
use futures_util::future::try_join_all;
use serde_json::Value;

use super::Run;
use super::branch::{Branch, heard, issue, shows, tell};
use super::report::{Bar, Figure, Measure, Unit, p50_p99};
use crate::node::{CONTROL_FILE, Control};

/// Three counters, a kiosk and one more counter.
const DEVICES: usize = 5;
/// Calls before anything is measured.
const WARM_UP: usize = 20;
/// Longest wait for an event.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn run(run: &Run<'_>) -> Result<Vec<Figure>> {
    let mut branch = Branch::found(run.folder, DEVICES)?;
    branch.start_all().await?;
    let calls = WARM_UP + run.much(600);
    let steward = branch.handle(0).snapshot().mesh.steward.context("there is a steward")?;
    let at_counter = |n: &usize| branch.handle(*n).identity.role == Role::Counter;
    let elsewhere: Vec<usize> = (0..DEVICES).filter(|n| branch.handle(*n).identity.device != steward).collect();
    let asking = *elsewhere.iter().find(|n| at_counter(n)).context("a counter is no steward")?;
    let third = *elsewhere.iter().find(|n| **n != asking).context("there is a third device")?;
    let counters = [1, 2, 3];
    for counter in counters {
        tell(branch.handle(asking), Ordinary::OpenCounter { counter, services: None, profile: None }).await?;
    }
    let kiosk = branch.handle(0);
    for _ in 0..calls.div_ceil(64) {
        try_join_all((0..64).map(|_| issue(kiosk))).await?;
    }
    branch.all_see(|picture| shows(picture, calls, TicketState::Waiting)).await?;
    run.done(0.3);
    let mut teller = Teller::at(&branch, asking)?;
    let mut screen = Screen::at(&branch, third).await?;
    let at_steward = (0..DEVICES).find(|n| !elsewhere.contains(n)).context("the steward is one of them")?;
    let mut steward_hears = branch.handle(at_steward).feed.subscribe();
    let mut times = Vec::with_capacity(calls);
    for call in 0..calls {
        let counter = counters[call % counters.len()];
        let begun = Instant::now();
        let (ticket, shown) = tokio::try_join!(teller.call_next(counter), screen.next_call())?;
        if shown.1 != ticket.to_string() {
            bail!("the screen shows {}, called was {ticket}", shown.1);
        }
        times.push((shown.0 - begun).as_secs_f64() * 1e3);
        let at_counter = branch.handle(asking);
        tell(at_counter, Ordinary::Start { ticket }).await?;
        tell(at_counter, Ordinary::Finish { ticket, outcome: None }).await?;
        heard(&mut steward_hears, EventType::TicketFinished, ticket).await?;
    }
    branch.stop_all().await;
    let (p50, p99) = p50_p99(times.split_off(WARM_UP));
    let floor = run.floors.granted_ms();
    Ok(vec![
        Figure::new(Measure::CallNextP50, p50, Unit::Ms).over(floor).against(Bar::AtMost(4.0)),
        Figure::new(Measure::CallNextP99, p99, Unit::Ms).over(floor).against(Bar::AtMost(15.0)),
    ])
}

/// Who asks over HTTP.
struct Teller {
    client: reqwest::Client,
    base: String,
    token: String,
}

impl Teller {
    fn at(branch: &Branch, n: usize) -> Result<Self> {
        let control: Control = serde_json::from_slice(&std::fs::read(branch.data(n).join(CONTROL_FILE))?)?;
        let client = crate::http_client().no_proxy().build()?;
        Ok(Self { client, base: format!("http://{}/api/v1", branch.http(n)), token: control.token })
    }

    async fn call_next(&mut self, counter: u8) -> Result<TicketId> {
        let url = format!("{}/counters/{counter}/call-next", self.base);
        let request = self.client.post(url).bearer_auth(&self.token).json(&serde_json::json!({}));
        let answer = request.header("Idempotency-Key", uuid::Uuid::now_v7().to_string()).send().await?;
        let status = answer.status();
        let body: Value = answer.json().await.with_context(|| format!("the answer is {status} without a body"))?;
        let id = body["ticket"]["id"].as_str().or(body["id"].as_str());
        let id = id.with_context(|| format!("the answer is {status}: {body}"))?;
        id.parse().with_context(|| format!("{id} is no ticket"))
    }
}

/// Who reads the event stream over HTTP.
struct Screen {
    stream: reqwest::Response,
    unread: String,
}

impl Screen {
    async fn at(branch: &Branch, n: usize) -> Result<Self> {
        let client = crate::http_client().no_proxy().build()?;
        let stream = client.get(format!("http://{}/api/v1/events", branch.http(n))).send().await?.error_for_status()?;
        Ok(Self { stream, unread: String::new() })
    }

    /// When the next call came, and the ticket's id.
    async fn next_call(&mut self) -> Result<(Instant, String)> {
        loop {
            while let Some((message, rest)) = self.unread.split_once("\n\n") {
                let called = message.contains("ticket.called").then(|| ticket_in(message)).flatten();
                self.unread = rest.to_owned();
                if let Some(ticket) = called {
                    return Ok((Instant::now(), ticket));
                }
            }
            let more = tokio::time::timeout(PATIENCE, self.stream.chunk()).await.context("no event came")??;
            let more = more.context("the event stream ended")?;
            self.unread.push_str(&String::from_utf8_lossy(&more));
        }
    }
}

fn ticket_in(message: &str) -> Option<String> {
    let data = message.lines().find_map(|line| line.strip_prefix("data:"))?;
    let event: Value = serde_json::from_str(data.trim()).ok()?;
    event["data"]["ticket"].as_str().map(str::to_owned)
}
