//! Printing slips: a durable queue of tickets, one worker, and how the printer is.
//!
//! A ticket exists before its slip: issuing puts a [`Job`] on disk and answers; the worker prints it as soon as the
//! printer can, again and again with growing pauses, until the slip is out or nobody needs it any more. What the
//! printer says of itself is told to the whole branch as facts, so that staff see it wherever they stand.

mod link;
mod slip;
mod status;
#[cfg(test)]
mod tests;
mod worker;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use branchmesh_model::config::{PRINTER_PORT, Printer, PrinterKind, PrinterText};
use branchmesh_model::ids::TicketId;
use branchmesh_model::time::UnixMs;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::storage::{Store, StoreOp};

pub use worker::run;

/// Names of the rows that hold jobs.
const ROWS: &str = "print/";

/// A slip that is wanted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The ticket.
    pub ticket: TicketId,
    /// Where customers' phones reach the pages, for the QR code; none where a phone would not get there.
    pub site: Option<String>,
    /// When it was asked for.
    pub asked_at: UnixMs,
    /// Whether the slip is out. Such jobs stay for the day, so that a repeated request prints nothing again.
    pub done: bool,
}

/// Where jobs wait, durably. Calls may block.
pub trait Jobs: Send + Sync + 'static {
    /// Keeps a job; one for the same ticket is replaced.
    ///
    /// # Errors
    /// What went wrong, for the log.
    fn put(&self, job: &Job) -> Result<(), String>;
    /// Forgets the job of a ticket.
    ///
    /// # Errors
    /// What went wrong, for the log.
    fn remove(&self, ticket: &TicketId) -> Result<(), String>;
    /// The job of a ticket, done or not.
    ///
    /// # Errors
    /// What went wrong, for the log.
    fn get(&self, ticket: &TicketId) -> Result<Option<Job>, String>;
    /// All jobs, in no order that matters.
    ///
    /// # Errors
    /// What went wrong, for the log.
    fn all(&self) -> Result<Vec<Job>, String>;
}

/// Jobs as rows of the node's own store.
pub struct StoredJobs(pub Arc<Store>);

impl StoredJobs {
    fn change(&self, ticket: &TicketId, value: Option<Vec<u8>>) -> Result<(), String> {
        self.0.commit(&[StoreOp::Meta { key: row(ticket), value }]).map_err(|e| e.to_string())
    }
}

fn row(ticket: &TicketId) -> String {
    format!("{ROWS}{ticket}")
}

impl Jobs for StoredJobs {
    fn put(&self, job: &Job) -> Result<(), String> {
        self.change(&job.ticket, Some(serde_json::to_vec(job).expect("a job is plain data")))
    }

    fn remove(&self, ticket: &TicketId) -> Result<(), String> {
        self.change(ticket, None)
    }

    fn get(&self, ticket: &TicketId) -> Result<Option<Job>, String> {
        let row = self.0.meta(&row(ticket)).map_err(|e| e.to_string())?;
        Ok(row.and_then(|row| serde_json::from_slice(&row).ok()))
    }

    fn all(&self) -> Result<Vec<Job>, String> {
        let rows = self.0.meta_scan(ROWS).map_err(|e| e.to_string())?;
        Ok(rows.iter().filter_map(|(_, row)| serde_json::from_slice(row).ok()).collect())
    }
}

/// Jobs in memory, for nodes without a store.
#[derive(Default)]
pub struct JobsInMemory(Mutex<Vec<Job>>);

impl Jobs for JobsInMemory {
    fn put(&self, job: &Job) -> Result<(), String> {
        self.remove(&job.ticket)?;
        self.0.lock().expect("no holder of this lock panics").push(job.clone());
        Ok(())
    }

    fn remove(&self, ticket: &TicketId) -> Result<(), String> {
        self.0.lock().expect("no holder of this lock panics").retain(|j| j.ticket != *ticket);
        Ok(())
    }

    fn get(&self, ticket: &TicketId) -> Result<Option<Job>, String> {
        Ok(self.0.lock().expect("no holder of this lock panics").iter().find(|j| j.ticket == *ticket).cloned())
    }

    fn all(&self) -> Result<Vec<Job>, String> {
        Ok(self.0.lock().expect("no holder of this lock panics").clone())
    }
}

/// The printer that whoever started the node named; it wins over the device's settings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GivenPrinter(Printer);

impl std::str::FromStr for GivenPrinter {
    type Err = String;

    /// An IP address with or without a port, or a path.
    fn from_str(text: &str) -> Result<Self, String> {
        let kind = if text.starts_with('/') { PrinterKind::Device } else { PrinterKind::Network };
        let printer = Printer { kind, address: text.into(), width_mm: 80, text: PrinterText::default() };
        if kind == PrinterKind::Network && printer.socket().is_none() {
            return Err(format!(
                "an IP address (port {PRINTER_PORT} if none is given) or a device file such as /dev/usb/lp0"
            ));
        }
        Ok(Self(printer))
    }
}

/// What the API and the worker share.
pub struct Printing {
    jobs: Arc<dyn Jobs>,
    given: Option<GivenPrinter>,
    wake: Notify,
    /// Held while a job is looked at and then changed.
    changing: Mutex<()>,
}

impl Printing {
    /// Over a queue, with the printer that whoever started the node named.
    pub fn new(jobs: Arc<dyn Jobs>, given: Option<GivenPrinter>) -> Self {
        Self { jobs, given, wake: Notify::new(), changing: Mutex::default() }
    }

    /// The printer in force, if there is one.
    pub(crate) fn printer(&self, settings: Option<&Printer>) -> Option<Printer> {
        match (&self.given, settings) {
            // The flag says where; the settings may still say how wide the paper is and what it can write.
            (Some(GivenPrinter(given)), Some(settings)) => {
                Some(Printer { kind: given.kind, address: given.address.clone(), ..settings.clone() })
            }
            (Some(GivenPrinter(given)), None) => Some(given.clone()),
            (None, settings) => settings.cloned(),
        }
    }

    /// Wants a slip. `again` prints it even if it is out already; otherwise a second request prints nothing.
    ///
    /// # Errors
    /// What went wrong, for the log.
    pub(crate) async fn want(self: &Arc<Self>, mut job: Job, again: bool) -> Result<(), String> {
        let change = move |jobs: &dyn Jobs| {
            match jobs.get(&job.ticket)? {
                Some(_) if !again => return Ok(()),
                // Told apart from the one before by its time, even within a millisecond.
                Some(before) => job.asked_at = job.asked_at.max(UnixMs(before.asked_at.0 + 1)),
                None => {}
            }
            jobs.put(&job)
        };
        self.change(change).await?;
        self.wake.notify_one();
        Ok(())
    }

    /// Notes that a slip is out; one that was asked for again meanwhile is still wanted.
    ///
    /// # Errors
    /// What went wrong, for the log.
    async fn finish(self: &Arc<Self>, job: Job) -> Result<(), String> {
        let change = move |jobs: &dyn Jobs| {
            let same = jobs.get(&job.ticket)?.is_some_and(|now| now.asked_at == job.asked_at);
            if same { jobs.put(&Job { done: true, ..job }) } else { Ok(()) }
        };
        self.change(change).await
    }

    async fn change(
        self: &Arc<Self>,
        change: impl FnOnce(&dyn Jobs) -> Result<(), String> + Send + 'static,
    ) -> Result<(), String> {
        let printing = self.clone();
        let changed = tokio::task::spawn_blocking(move || {
            let _alone = printing.changing.lock().expect("no holder of this lock panics");
            change(&*printing.jobs)
        });
        changed.await.unwrap_or_else(|_| Err("the print queue failed".into()))
    }
}

/// A printer's file, as whoever may name it did.
fn device_file(printer: &Printer) -> PathBuf {
    PathBuf::from(&printer.address)
}
