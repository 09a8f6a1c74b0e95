//! Measures a mesh of real nodes in this process: real redb files, real QUIC over loopback, real signatures.
//!
//! Each scenario starts the nodes it needs in a folder of its own, does what a branch does, and gives [`Figure`]s. The
//! floors (what disk, network and automerge cost by themselves) are measured in the same run, so that a figure means
//! something on any machine.

mod branch;
mod call_next;
mod floors;
mod many_nodes;
mod morning;
mod rejoin;
mod report;
mod small_device;
mod synthesis;
mod two_nodes;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

pub use floors::Floors;
pub use report::{Bar, Environment, Figure, Measure, Report, Scenario, Unit, load, p50_p99, resident_bytes};
pub use synthesis::served_ticket;

/// What is measured, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// An empty or new folder on the disk that is to be measured.
    pub folder: PathBuf,
    /// A tenth of the work: figures are rougher.
    pub quick: bool,
    /// Only this scenario (and the floors).
    pub only: Option<Scenario>,
}

/// Hears how far the run is: the scenario under way (none for the floors) and the part of the whole run that is done.
pub type Progress<'a> = &'a (dyn Fn(Option<Scenario>, f64) + Sync);

/// What a scenario needs to know.
struct Run<'a> {
    folder: &'a Path,
    quick: bool,
    floors: &'a Floors,
    step: &'a (dyn Fn(f64) + Sync),
}

impl Run<'_> {
    /// `full` of something, or a tenth of it in a quick run.
    fn much(&self, full: usize) -> usize {
        if self.quick { full.div_ceil(10) } else { full }
    }

    /// Tells that this part of the scenario, from 0 to 1, is done.
    fn done(&self, part: f64) {
        (self.step)(part);
    }
}

/// Runs the scenarios one after the other.
///
/// # Errors
/// If the folder cannot be used or a node does not do its part.
pub async fn run(options: &Options, progress: Progress<'_>) -> Result<Report> {
    let scenarios: Vec<Scenario> =
        Scenario::ALL.into_iter().filter(|s| options.only.is_none_or(|only| only == *s)).collect();
    let share = 1.0 / (scenarios.len() + 1) as f64;
    std::fs::create_dir_all(&options.folder).with_context(|| format!("{} is of no use", options.folder.display()))?;
    progress(None, 0.0);
    let environment = Environment::now(options.quick);
    let floors = Floors::measure(&options.folder, options.quick).await?;
    let mut figures = floors.figures();
    for (done, scenario) in (1..).zip(scenarios) {
        let begun = share * f64::from(done);
        progress(Some(scenario), begun);
        let folder = options.folder.join(scenario.name());
        let step = |part: f64| progress(Some(scenario), begun + share * part);
        let run = Run { folder: &folder, quick: options.quick, floors: &floors, step: &step };
        let found = match scenario {
            Scenario::TwoNodes => two_nodes::run(&run).await,
            Scenario::ManyNodes => many_nodes::run(&run).await,
            Scenario::CallNext => call_next::run(&run).await,
            Scenario::Rejoin => rejoin::run(&run).await,
            Scenario::SmallDevice => small_device::run(&run).await,
            Scenario::Morning => morning::run(&run).await,
        };
        figures.extend(found.with_context(|| format!("the scenario {} failed", scenario.name()))?);
        // What a scenario wrote is of no use to the next, and thirty databases take space.
        let _ = std::fs::remove_dir_all(&folder);
    }
    Ok(Report { environment: Environment { load_after: report::load(), ..environment }, figures })
}
