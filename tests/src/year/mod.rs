//! A simulated year: business days one after the other in virtual time, on real data folders, the shipping stores, hubs and
//! maintenance. What should stay bounded is looked at every evening.
//!
//! From Monday to Thursday the devices sleep through the night, over the weekend they are off. A business day is squeezed into
//! a minute and a half: who comes and is served is real, how long they take is not.

mod branch;
mod device;
pub mod plot;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use branchmesh_model::command::{Ask, Done, Guarded, Ordinary};
use branchmesh_model::ids::{CounterNo, TicketId};
use branchmesh_model::time::{BusinessDate, UnixMs};
use branchmesh_node::bench::resident_bytes;
use jiff::ToSpan;
use jiff::civil::{Weekday, date, time};
use jiff::tz::TimeZone;

use self::branch::{Branch, FIRST, KIOSK, SECOND};
use self::device::StartTime;

/// The first Monday of the year.
const MONDAY: BusinessDate = date(2027, 1, 4);
/// Virtual time until the branch is one group in the morning.
const MORNING_MS: u64 = 12_000;
/// Virtual time in the evening: longer than the hub's longest interval between two clean-ups.
const EVENING_MS: u64 = 320_000;
/// One customer in so many tells who they are.
const IDENTIFIED: u32 = 10;
/// One customer in so many goes away without being called.
const STILL_WAITING: u32 = 100;

/// What is played.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Calendar days, from a Monday on.
    pub days: u32,
    /// Tickets of a business day.
    pub tickets: u32,
    /// Business days that are kept.
    pub keep_days: u16,
}

/// What an evening shows of the founder's device, unless it says otherwise.
#[derive(Clone, Copy, Default, Debug)]
pub struct Evening {
    /// Calendar days since the beginning.
    pub day: u32,
    /// Tickets taken in the year so far.
    pub tickets: u64,
    /// Bytes of the database file.
    pub file_bytes: u64,
    /// Bytes of envelopes, snapshots and seals in it.
    pub content_bytes: u64,
    /// Documents held.
    pub documents: u64,
    /// Of those the ones that were archived.
    pub archived: u64,
    /// Changes kept one by one.
    pub loose_changes: u64,
    /// Documents open in memory.
    pub open_documents: u64,
    /// Changes in memory that wait for one they build on.
    pub early_changes: u64,
    /// Rows of stewardship.
    pub steward_rows: u64,
    /// Their bytes.
    pub steward_bytes: u64,
    /// Rows that wait to be delivered elsewhere.
    pub outbox_rows: u64,
    /// Rows that remember other things.
    pub meta_rows: u64,
    /// Tickets in the picture that screens read.
    pub shown_tickets: u64,
    /// Resident memory of the process with all three devices.
    pub resident_bytes: u64,
    /// The last start of the device: opening and checking its store, microseconds.
    pub open_us: u64,
    /// The last start of the device: folding what is shown, microseconds.
    pub fold_us: u64,
}

/// A column of the table of evenings.
pub type Column = (&'static str, fn(&Evening) -> u64);

/// All columns.
pub const COLUMNS: [Column; 17] = [
    ("day", |e| u64::from(e.day)),
    ("tickets", |e| e.tickets),
    ("file_bytes", |e| e.file_bytes),
    ("content_bytes", |e| e.content_bytes),
    ("documents", |e| e.documents),
    ("archived", |e| e.archived),
    ("loose_changes", |e| e.loose_changes),
    ("open_documents", |e| e.open_documents),
    ("early_changes", |e| e.early_changes),
    ("steward_rows", |e| e.steward_rows),
    ("steward_bytes", |e| e.steward_bytes),
    ("outbox_rows", |e| e.outbox_rows),
    ("meta_rows", |e| e.meta_rows),
    ("shown_tickets", |e| e.shown_tickets),
    ("resident_bytes", |e| e.resident_bytes),
    ("open_us", |e| e.open_us),
    ("fold_us", |e| e.fold_us),
];

/// The evenings as comma-separated values.
pub fn table(evenings: &[Evening]) -> String {
    let mut text = COLUMNS.map(|(name, _)| name).join(",") + "\n";
    for evening in evenings {
        let _ = writeln!(text, "{}", COLUMNS.map(|(_, of)| of(evening).to_string()).join(","));
    }
    text
}

/// Plays a year in `folder`; `seen` hears of each evening as it comes.
///
/// # Errors
/// If a device fails, or refuses what must be possible.
pub fn play(folder: &Path, wanted: &Wanted, mut seen: impl FnMut(&Evening)) -> Result<Vec<Evening>> {
    let mut branch = Branch::found(folder, opening(MONDAY)?, wanted.keep_days)?;
    let (mut evenings, mut tickets, mut started) = (Vec::new(), 0, StartTime::default());
    for day in 0..wanted.days {
        let today = MONDAY.saturating_add(i64::from(day).days());
        if matches!(today.weekday(), Weekday::Saturday | Weekday::Sunday) {
            continue;
        }
        branch.set_wall(opening(today)?);
        if branch.devices[FIRST].process.is_none() {
            started = branch.start(FIRST)?;
            branch.start(SECOND)?;
            branch.start(KIOSK)?;
        }
        business_day(&mut branch, wanted.tickets).with_context(|| format!("on {today}"))?;
        tickets += u64::from(wanted.tickets);
        let evening = look(&branch, day, tickets, started)?;
        seen(&evening);
        evenings.push(evening);
        if today.weekday() == Weekday::Friday {
            branch.stop_all()?;
        }
    }
    Ok(evenings)
}

/// Half past eight.
fn opening(day: BusinessDate) -> Result<UnixMs> {
    let at = day.to_datetime(time(8, 30, 0, 0)).to_zoned(TimeZone::UTC)?;
    Ok(UnixMs(at.timestamp().as_millisecond()))
}

fn business_day(branch: &mut Branch, tickets: u32) -> Result<()> {
    branch.pass(MORNING_MS)?;
    for (device, counter) in [(FIRST, 1), (SECOND, 2)] {
        let open = Ordinary::OpenCounter { counter, services: None, profile: None };
        must(branch, device, Ask::Ordinary(open))?;
    }
    for n in 1..=tickets {
        let identified = n % IDENTIFIED == 0;
        let ticket = issue(branch, identified)?;
        if identified {
            branch.identify(ticket)?;
        }
        if n % STILL_WAITING != 0 {
            serve(branch, if n % 2 == 0 { (FIRST, 1) } else { (SECOND, 2) })?;
        }
        branch.pass(100)?;
    }
    branch.maintain()?;
    branch.idle(EVENING_MS)?;
    branch.maintain()
}

fn must(branch: &mut Branch, device: usize, ask: Ask) -> Result<Done> {
    let told = format!("{ask:?}");
    branch.command(device, ask)?.with_context(|| told)
}

fn issue(branch: &mut Branch, identified: bool) -> Result<TicketId> {
    let (service, category, language, status_digest) = ("cash".into(), None, None, None);
    let ask = Guarded::Issue { service, category, language, identified, status_digest };
    match must(branch, KIOSK, Ask::Guarded(ask))? {
        Done::Ticket(ticket) => Ok(ticket),
        other => Err(anyhow::anyhow!("{other:?} is no ticket")),
    }
}

/// The next customer is called, served and asked how it was.
fn serve(branch: &mut Branch, (device, counter): (usize, CounterNo)) -> Result<()> {
    let Done::Ticket(ticket) = must(branch, device, Ask::Guarded(Guarded::CallNext { counter }))? else {
        anyhow::bail!("somebody waits for counter {counter}")
    };
    let outcome = None;
    for then in [Ordinary::Start { ticket }, Ordinary::Finish { ticket, outcome }, Ordinary::Rate { ticket, level: 3 }]
    {
        must(branch, device, Ask::Ordinary(then))?;
    }
    Ok(())
}

fn look(branch: &Branch, day: u32, tickets: u64, started: StartTime) -> Result<Evening> {
    let (store, picture) = branch.look(FIRST)?;
    let stats = store.stats()?;
    let held = |name: &str| picture.mesh.counts.get(name).copied();
    let steward = store.steward_rows()?;
    let us = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    ensure!(picture.mesh.group.len() == branch.devices.len(), "the branch is one group in the evening");
    Ok(Evening {
        day,
        tickets,
        file_bytes: stats.file_bytes,
        content_bytes: stats.content_bytes,
        documents: stats.documents,
        archived: stats.archived,
        loose_changes: stats.envelopes,
        open_documents: held("documents_open").context("the hub says how many documents are open")?,
        early_changes: held("changes_waiting").context("the hub says how many changes wait")?,
        steward_rows: stats.steward_rows,
        steward_bytes: steward.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum(),
        outbox_rows: stats.outbox_rows,
        meta_rows: store.meta_scan("")?.len() as u64,
        shown_tickets: picture.days.values().map(|day| day.tickets.len() as u64).sum(),
        resident_bytes: resident_bytes(std::process::id())?,
        open_us: us(started.store),
        fold_us: us(started.hub),
    })
}
