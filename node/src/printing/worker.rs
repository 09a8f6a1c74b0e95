//! The one task that prints: takes jobs in the order they were asked for, and looks after the printer when there are none.

use std::sync::Arc;
use std::time::Duration;

use branchmesh_model::command::{Ask, Caller, Command, Ordinary};
use branchmesh_model::config::Printer;
use branchmesh_model::ids::CommandId;
use branchmesh_model::lobby::PrinterState;
use branchmesh_model::view::Ticket;
use tokio_util::sync::CancellationToken;

use super::slip::Slip;
use super::{Job, Printing, link};
use crate::handle::{NodeHandle, Snapshot};
use crate::http::dto::Clockwork;
use crate::http::status_token;

/// How often an idle printer is looked at.
const LOOK: Duration = Duration::from_secs(10);
/// First pause after a slip did not come out; doubles with every further try.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause between tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A slip that is so late is of no use: the customer has read the number on the screen.
const LATEST_MS: i64 = 30 * 60_000;

/// Prints until the node stops.
pub async fn run(printing: Arc<Printing>, handle: NodeHandle, secret: [u8; 32], stop: CancellationToken) {
    let mut worker = Worker { printing, handle, secret, told: None, failures: 0 };
    stop.run_until_cancelled(worker.work()).await;
}

struct Worker {
    printing: Arc<Printing>,
    handle: NodeHandle,
    secret: [u8; 32],
    /// The state the branch was told last, and the business date of that: every day begins untold.
    told: Option<(PrinterState, branchmesh_model::time::BusinessDate)>,
    failures: u32,
}

impl Worker {
    async fn work(&mut self) {
        loop {
            let pause = self.turn().await;
            tokio::select! {
                () = self.printing.wake.notified(), if self.failures == 0 => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Prints all that waits, or looks at the idle printer; gives the time until the next turn.
    async fn turn(&mut self) -> Duration {
        let snapshot = self.handle.snapshot();
        let settings = snapshot.config.settings(&self.handle.identity.device);
        let Some(printer) = self.printing.printer(settings.printer.as_ref()) else { return LOOK };
        let jobs = match self.waiting().await {
            Ok(jobs) => jobs,
            Err(problem) => {
                tracing::warn!(%problem, "the print queue cannot be read");
                return LOOK;
            }
        };
        if jobs.is_empty() {
            self.failures = 0;
            self.tell(link::look(&printer).await).await;
            return LOOK;
        }
        for job in jobs {
            if let Err(state) = self.print(&printer, &job).await {
                self.tell(state).await;
                self.failures = self.failures.saturating_add(1);
                return FIRST_PAUSE.saturating_mul(1 << (self.failures - 1).min(8)).min(LONGEST_PAUSE);
            }
        }
        self.failures = 0;
        Duration::ZERO
    }

    /// Jobs whose slips are not out, the oldest first; those of past days are forgotten on the way.
    async fn waiting(&self) -> Result<Vec<Job>, String> {
        let (jobs, now) = (self.printing.jobs.clone(), crate::driver::wall_clock());
        let read = tokio::task::spawn_blocking(move || {
            let mut waiting = vec![];
            for job in jobs.all()? {
                if now.0 - job.asked_at.0 > 24 * 3_600_000 {
                    jobs.remove(&job.ticket)?;
                } else if !job.done {
                    waiting.push(job);
                }
            }
            waiting.sort_by_key(|j| (j.asked_at, j.ticket));
            Ok(waiting)
        });
        read.await.unwrap_or_else(|_| Err("the print queue failed".into()))
    }

    async fn print(&mut self, printer: &Printer, job: &Job) -> Result<(), PrinterState> {
        let snapshot = self.handle.snapshot();
        let ticket = snapshot.days.values().rev().find_map(|d| d.tickets.get(&job.ticket));
        let late = crate::driver::wall_clock().0 - job.asked_at.0 > LATEST_MS;
        match ticket.filter(|t| !t.state.is_closed() && !late) {
            None => tracing::info!(ticket = %job.ticket, "a slip was not printed: nobody needs it any more"),
            Some(ticket) => {
                let slip =
                    Slip::of(ticket, &snapshot.config, printer.text, issued(&snapshot, ticket), self.page(job, ticket));
                match slip.bytes(printer) {
                    Ok(bytes) => {
                        let state = link::print(printer, &bytes).await?;
                        self.tell(state).await;
                    }
                    Err(problem) => tracing::error!(ticket = %ticket.number, %problem, "a slip cannot be written"),
                }
            }
        }
        if let Err(problem) = self.printing.finish(job.clone()).await {
            tracing::warn!(%problem, "a printed slip could not be noted; it may be printed again");
        }
        Ok(())
    }

    /// Where the customer follows the ticket; only the device that issued it can tell.
    fn page(&self, job: &Job, ticket: &Ticket) -> Option<String> {
        let token = status_token(&self.secret, &ticket.issued_for);
        let digest = blake3::hash(token.as_bytes()).to_hex();
        let ours = ticket.status_digest.as_deref() == Some(digest.as_str());
        job.site.as_ref().filter(|_| ours).map(|site| format!("{site}/t/{token}"))
    }

    /// Tells the branch how the printer is, if that is new.
    async fn tell(&mut self, state: PrinterState) {
        let now = (state, self.handle.snapshot().date);
        if self.told == Some(now) {
            return;
        }
        let id = CommandId::try_from(format!("printer/{}", uuid::Uuid::new_v4())).expect("short plain text");
        let identity = &self.handle.identity;
        let caller = Caller { device: identity.device, device_role: Some(identity.role), staff: None, roles: vec![] };
        let ask = Ask::Ordinary(Ordinary::ReportPrinter { state });
        match self.handle.command(Command { id, caller, ask }).await {
            Ok(_) => {
                tracing::info!(state = state.as_str(), "printer");
                self.told = Some(now);
            }
            Err(problem) => tracing::warn!(%problem, "how the printer is could not be told"),
        }
    }
}

/// When the ticket was issued, as people write it.
fn issued(snapshot: &Snapshot, ticket: &Ticket) -> String {
    Clockwork::new(snapshot, ticket.issued_at).for_people(ticket.issued_at)
}
