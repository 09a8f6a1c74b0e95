//! What a run found, as plain data: figures with their floors and bars, and the machine they were seen on.

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use serde::Serialize;

/// A part of the bench.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, serde::Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// Two nodes: from a command at one to its effect at the other.
    TwoNodes,
    /// Three, ten and thirty nodes: the same, and what a change costs.
    ManyNodes,
    /// `call-next` over HTTP at a node that is not the steward, to the event at a third.
    CallNext,
    /// Two nodes that were apart meet.
    Rejoin,
    /// A device that holds ninety business days and many small documents.
    SmallDevice,
    /// Thirty devices are switched on.
    Morning,
}

impl Scenario {
    /// All, in the order they run.
    pub const ALL: [Scenario; 6] = [
        Scenario::TwoNodes,
        Scenario::ManyNodes,
        Scenario::CallNext,
        Scenario::Rejoin,
        Scenario::SmallDevice,
        Scenario::Morning,
    ];

    /// Its name in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::TwoNodes => "two-nodes",
            Self::ManyNodes => "many-nodes",
            Self::CallNext => "call-next",
            Self::Rejoin => "rejoin",
            Self::SmallDevice => "small-device",
            Self::Morning => "morning",
        }
    }
}

/// What was measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Writing 4 KiB and `fdatasync`, median.
    DiskSync,
    /// 300 bytes there and back over one QUIC stream on loopback, median.
    QuicEcho,
    /// Applying one change to an automerge document of a shard's size, median.
    RawApply,
    /// Command at one node to its event at the other, median.
    VisibleP50,
    /// The same, 99th percentile.
    VisibleP99,
    /// Commands a second, each durable and signed here and visible there.
    Throughput,
    /// Signed changes those commands became.
    CommandsPerChange,
    /// Ten nodes: command at one node to its event at the last, median.
    TenVisibleP50,
    /// The same, 99th percentile.
    TenVisibleP99,
    /// Processor time a change costs each further node, three nodes.
    CostOfThree,
    /// The same, ten nodes.
    CostOfTen,
    /// The same, thirty nodes.
    CostOfThirty,
    /// Bytes sent for a change and peer, thirty nodes.
    BytesOfThirty,
    /// Bytes a node sends each second when nothing happens, thirty nodes.
    IdleBytesOfThirty,
    /// Share of one processor that a node of thirty takes when nothing happens.
    IdleLoadOfThirty,
    /// `call-next` to the event at a third node, median.
    CallNextP50,
    /// The same, 99th percentile.
    CallNextP99,
    /// From the meeting of two nodes to equal documents.
    RejoinTime,
    /// From the start of a small device's process until it serves.
    ReadyTime,
    /// The most memory it ever had.
    Resident,
    /// Growth of its database for a finished ticket.
    TicketOnDisk,
    /// From the first of thirty devices switched on to one steward for all.
    MorningTime,
    /// Bytes a device sent until then.
    MorningBytes,
}

/// In what a figure is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Microseconds.
    Us,
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
    /// A second.
    PerSecond,
    /// Bytes.
    Bytes,
    /// Mebibytes.
    Mib,
    /// Percent.
    Percent,
    /// A plain number.
    Count,
}

/// What a figure has to show.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bar {
    /// At most this, in the figure's unit.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
    /// At most so many times its floor.
    TimesFloor(f64),
}

/// One line of the table.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Figure {
    /// What.
    pub measure: Measure,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: Unit,
    /// What the same would cost without branchmesh, in the same unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<f64>,
    /// What it has to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bar: Option<Bar>,
    /// Whether it shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
}

impl Figure {
    /// A figure by itself.
    pub(super) fn new(measure: Measure, value: f64, unit: Unit) -> Self {
        Self { measure, value, unit, floor: None, bar: None, met: None }
    }

    /// Beside its floor.
    pub(super) fn over(self, floor: f64) -> Self {
        Self { floor: Some(floor), ..self }
    }

    /// Held against its bar.
    pub(super) fn against(self, bar: Bar) -> Self {
        let met = match bar {
            Bar::AtMost(most) => Some(self.value <= most),
            Bar::AtLeast(least) => Some(self.value >= least),
            Bar::TimesFloor(times) => self.ratio().map(|ratio| ratio <= times),
        };
        Self { bar: Some(bar), met, ..self }
    }

    /// How many times its floor it is.
    pub fn ratio(&self) -> Option<f64> {
        self.floor.filter(|floor| *floor > 0.0).map(|floor| self.value / floor)
    }
}

/// Where and how the figures were seen.
#[derive(Clone, Debug, Serialize)]
pub struct Environment {
    /// Version of branchmesh.
    pub version: &'static str,
    /// Processors.
    pub processors: usize,
    /// Load average of the last minute at the start, where the system tells.
    pub load_before: Option<f64>,
    /// The same at the end; the bench itself is part of it.
    pub load_after: Option<f64>,
    /// A tenth of the work.
    pub quick: bool,
}

impl Environment {
    pub(super) fn now(quick: bool) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            load_before: load(),
            load_after: None,
            quick,
        }
    }
}

/// The load average of the last minute.
pub fn load() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// Memory of a process that is really there now, as Linux counts it.
///
/// # Errors
/// If the system does not tell.
pub fn resident_bytes(process: u32) -> Result<u64> {
    memory_bytes(process, "VmRSS:")
}

/// The most memory of a process that was ever really there.
///
/// # Errors
/// If the system does not tell.
pub(super) fn peak_resident_bytes(process: u32) -> Result<u64> {
    memory_bytes(process, "VmHWM:")
}

fn memory_bytes(process: u32, row: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let value = status.lines().find_map(|line| line.strip_prefix(row)).context("the system does not count memory")?;
    let kib: u64 = value.trim().trim_end_matches("kB").trim_end().parse()?;
    Ok(kib * 1024)
}

/// Everything a run found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Where.
    pub environment: Environment,
    /// What.
    pub figures: Vec<Figure>,
}

/// The value below which `part` (0 to 1) of `sorted` lies.
pub(super) fn percentile(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * part).round() as usize).copied().unwrap_or(f64::NAN)
}

/// Sorts measured times and gives median and 99th percentile.
pub fn p50_p99(mut times: Vec<f64>) -> (f64, f64) {
    times.sort_unstable_by(f64::total_cmp);
    (percentile(&times, 0.5), percentile(&times, 0.99))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_name_values_that_were_seen() {
        let times: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        assert_eq!(p50_p99(times), (50.0, 99.0));
        assert_eq!(p50_p99(vec![7.0]), (7.0, 7.0));
    }

    #[test]
    fn a_bar_is_held_against_the_figure_or_its_floor() {
        let figure = Figure::new(Measure::VisibleP50, 6.0, Unit::Ms);
        assert_eq!(figure.against(Bar::AtMost(6.0)).met, Some(true));
        assert_eq!(figure.against(Bar::AtLeast(7.0)).met, Some(false));
        assert_eq!(figure.against(Bar::TimesFloor(3.0)).met, None, "without a floor nobody can say");
        assert_eq!(figure.over(2.0).against(Bar::TimesFloor(3.0)).met, Some(true));
        assert_eq!(figure.over(1.0).against(Bar::TimesFloor(3.0)).met, Some(false));
    }

    #[test]
    fn names_on_the_command_line_and_in_json_are_the_same() {
        for scenario in Scenario::ALL {
            assert_eq!(serde_json::to_value(scenario).unwrap(), scenario.name());
            assert_eq!(scenario.to_possible_value().unwrap().get_name(), scenario.name());
        }
    }
}
