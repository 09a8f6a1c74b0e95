//! A small device that has been part of a branch for a while: how soon it is ready, what it needs, what a ticket leaves
//! behind. The device is the real program in a process of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use jiff::ToSpan;

use super::Run;
use super::branch::Branch;
use super::report::{Bar, Figure, Measure, Unit, peak_resident_bytes};
use super::synthesis::Past;

const MIB: f64 = (1 << 20) as f64;
/// Business days held.
const DAYS: usize = 90;
/// Tickets of a day.
const TICKETS: u32 = 600;
/// Small documents held.
const SMALL: usize = 20_000;
/// Starts measured; the median counts.
const STARTS: usize = 5;
/// How long a started device works before its memory is looked at.
const SETTLED: Duration = Duration::from_secs(5);
/// Longest wait for a device to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn run(run: &Run<'_>) -> Result<Vec<Figure>> {
    let branch = Branch::found(run.folder, 1)?;
    let data = branch.data(0);
    let (days, small) = (run.much(DAYS), run.much(SMALL));
    let mut past = Past::open(data)?;
    let before = past.stats()?;
    let today = jiff::Zoned::now().date();
    for day in (1..=days).rev() {
        past.day(today.saturating_sub(i64::try_from(day)?.days()), TICKETS)?;
        run.done(0.8 * (days - day) as f64 / days as f64);
    }
    past.note_freed_room()?;
    drop(past);
    // A device gives freed room back when it starts next.
    let mut past = Past::open(data)?;
    let after = past.stats()?;
    past.small_documents(small)?;
    drop(past);
    run.done(0.9);
    let mut starts = Vec::new();
    let mut resident = 0.0_f64;
    for start in 0..STARTS {
        let device = Device::start(data)?;
        starts.push(device.ready().await?.as_secs_f64());
        if start == 0 {
            tokio::time::sleep(SETTLED).await;
            resident = peak_resident_bytes(device.child.id())? as f64 / MIB;
        }
    }
    starts.sort_unstable_by(f64::total_cmp);
    let tickets = days as f64 * f64::from(TICKETS);
    let each = |before: u64, after: u64| (after - before) as f64 / tickets;
    Ok(vec![
        Figure::new(Measure::ReadyTime, starts[STARTS / 2], Unit::S).against(Bar::AtMost(0.4)),
        Figure::new(Measure::Resident, resident, Unit::Mib).against(Bar::AtMost(100.0 * 1e6 / MIB)),
        Figure::new(Measure::TicketOnDisk, each(before.file_bytes, after.file_bytes), Unit::Bytes)
            .over(each(before.content_bytes, after.content_bytes))
            .against(Bar::AtMost(400.0)),
    ])
}

/// This very program, running a device.
struct Device {
    child: Child,
    http: SocketAddr,
    begun: Instant,
}

impl Device {
    fn start(data: &Path) -> Result<Self> {
        let http = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let program = std::env::current_exe().context("this program's file is not known")?;
        let begun = Instant::now();
        let child = Command::new(program)
            .args(["run", "--no-mdns", "--listen", "127.0.0.1:0", "--http", &http.to_string(), "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("this program cannot be started once more")?;
        Ok(Self { child, http, begun })
    }

    /// Time from the start until it says that it serves.
    async fn ready(&self) -> Result<Duration> {
        let client = crate::http_client().no_proxy().build()?;
        let url = format!("http://{}/ready", self.http);
        while self.begun.elapsed() < PATIENCE {
            if client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(self.begun.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        bail!("the device was not ready within {PATIENCE:?}")
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // Nothing it was promised is lost by this, and it may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
