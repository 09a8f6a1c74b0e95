//! What a run found: figures with their bars, and the machine they were seen on.
#![expect(clippy::print_stdout, reason = "a command-line program talks to its user")]

use branchmesh_node::bench;
use serde::Serialize;

/// In what a figure is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    /// Milliseconds.
    Ms,
    /// Kilobytes of 1000 bytes.
    Kb,
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    /// What.
    pub(crate) what: String,
    /// How much.
    pub(crate) value: f64,
    /// Of what.
    pub(crate) unit: Unit,
    /// The most it may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at_most: Option<f64>,
    /// Whether it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) met: Option<bool>,
}

impl Figure {
    /// A figure without a bar.
    pub(crate) fn new(what: impl Into<String>, value: f64, unit: Unit) -> Self {
        Self { what: what.into(), value, unit, at_most: None, met: None }
    }

    /// Prints it as a line of the table.
    pub(crate) fn print(&self) {
        let Self { what, value, unit, at_most, met } = self;
        let unit = match unit {
            Unit::Ms => "ms",
            Unit::Kb => "KB",
        };
        let bar = at_most.map_or_else(String::new, |most| format!("≤ {most} {unit}"));
        let met = met.map_or("", |met| if met { "yes" } else { "no" });
        println!("{what:<58} {value:>7.1} {unit} {bar:>10}  {met}");
    }

    /// Held against its bar.
    pub(crate) fn at_most(self, most: f64) -> Self {
        Self { met: Some(self.value <= most), at_most: Some(most), ..self }
    }
}

/// Median, 99th percentile and the longest of measured times, in milliseconds.
pub(crate) fn spread(times: Vec<f64>) -> (f64, f64, f64) {
    let longest = times.iter().copied().fold(f64::NAN, f64::max);
    let (p50, p99) = bench::p50_p99(times);
    (p50, p99, longest)
}

/// Where and how the figures were seen.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Environment {
    /// Processors.
    processors: usize,
    /// Load average of the last minute at the start, where the system tells.
    load_before: Option<f64>,
    /// The same at the end; the bench itself is part of it.
    load_after: Option<f64>,
    /// Taps and calls that were timed.
    times: usize,
}

impl Environment {
    pub(crate) fn now(times: usize) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self { processors, load_before: bench::load(), load_after: None, times }
    }

    pub(crate) fn ended(self) -> Self {
        Self { load_after: bench::load(), ..self }
    }

    /// Prints it, with what the columns below it are.
    pub(crate) fn print(&self) {
        let Self { processors, load_before, times, .. } = self;
        let load = load_before.map_or("unknown".into(), |load| format!("{load:.1}"));
        println!("{processors} processors, load {load}, {times} times\n");
        println!("{:<58} {:>10} {:>10}  met", "figure", "value", "bar");
    }
}

/// Everything a run found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) environment: Environment,
    pub(crate) figures: Vec<Figure>,
}
