//! Measures the screens in a real browser before real nodes: how long a person at the kiosk, at the counter or in front of
//! a display waits, how much a first visit loads, and whether a full branch stays smooth.
//!
//!     screens-bench [--times N] [--only PART] [--json FILE]

mod crowd;
mod figures;
mod journeys;
mod load;
mod stage;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use branchmesh_tests::branch::{Branch, FIVE, Network};
use branchmesh_tests::browser::in_browser;
use clap::{Parser, ValueEnum};

use figures::{Environment, Figure, Report};
use stage::Stage;

/// What is measured, in this order: later parts use what earlier ones left in the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Part {
    /// First visits: bytes and time until ready.
    Load,
    /// From a tap on the kiosk to the number.
    Tap,
    /// From a key at the counter to the number on another node's display.
    Call,
    /// Frames with 999 people waiting.
    Crowd,
}

#[derive(Parser, Debug)]
#[command(about = "Measures the screens in a real browser")]
struct Wanted {
    /// Taps and calls that are timed.
    #[arg(long, default_value_t = 200)]
    times: usize,
    /// Only this part.
    #[arg(long)]
    only: Option<Part>,
    /// Also writes the figures to this file.
    #[arg(long)]
    json: Option<PathBuf>,
}

fn main() -> Result<()> {
    let wanted = Wanted::parse();
    let before = Environment::now(wanted.times);
    let branch = Branch::start(Network::Loopback, &FIVE)?;
    before.print();
    let figures = measure(&branch, &wanted).inspect_err(|_| branch.print_logs())?;
    let report = Report { environment: before.ended(), figures };
    if let Some(file) = &wanted.json {
        let text = serde_json::to_string_pretty(&report)?;
        std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

fn measure(branch: &Branch, wanted: &Wanted) -> Result<Vec<Figure>> {
    let mut found = vec![];
    in_browser(async |browser| {
        let stage = Stage { branch, browser, times: wanted.times };
        for &part in Part::value_variants().iter().filter(|part| wanted.only.is_none_or(|only| only == **part)) {
            let figures = match part {
                Part::Load => load::first_visits(&stage).await?,
                Part::Tap => journeys::tap_to_number(&stage).await?,
                Part::Call => journeys::call_to_display(&stage).await?,
                Part::Crowd => crowd::frames(&stage).await?,
            };
            figures.iter().for_each(Figure::print);
            found.extend(figures);
        }
        Ok(())
    })?;
    Ok(found)
}
