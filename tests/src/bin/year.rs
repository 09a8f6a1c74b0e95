//! Plays a simulated year and tells what a device's disk and memory came to, evening by evening.
//!
//!     year [--days 365] [--tickets 600] [--keep-days 90] [--data FOLDER] [--csv FILE] [--svg FILE]
//!
//! `--data` says on which disk the devices live; a new folder is made in it and removed at the end.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program talks to its user")]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use branchmesh_tests::year::{self, Evening, Wanted, plot};

struct Asked {
    year: Wanted,
    data: PathBuf,
    csv: Option<PathBuf>,
    svg: Option<PathBuf>,
}

fn main() -> ExitCode {
    match asked(std::env::args().skip(1)).and_then(|asked| play(&asked)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("year: {problem:#}");
            ExitCode::FAILURE
        }
    }
}

fn asked(mut args: impl Iterator<Item = String>) -> Result<Asked> {
    let year = Wanted { days: 365, tickets: 600, keep_days: 90 };
    let mut asked = Asked { year, data: std::env::temp_dir(), csv: None, svg: None };
    while let Some(name) = args.next() {
        let value = args.next().with_context(|| format!("{name} wants a value"))?;
        let number = || value.parse::<u32>().with_context(|| format!("{name} wants a number, not {value}"));
        match name.as_str() {
            "--days" => asked.year.days = number()?,
            "--tickets" => asked.year.tickets = number()?,
            "--keep-days" => asked.year.keep_days = u16::try_from(number()?).context("--keep-days")?,
            "--data" => asked.data = value.into(),
            "--csv" => asked.csv = Some(value.into()),
            "--svg" => asked.svg = Some(value.into()),
            _ => bail!("{name} is unknown; see the first lines of tests/src/bin/year.rs"),
        }
    }
    Ok(asked)
}

fn play(asked: &Asked) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("branchmesh-year-").tempdir_in(&asked.data)?;
    let begun = std::time::Instant::now();
    let evenings = year::play(folder.path(), &asked.year, |evening| {
        eprint!("\r{:>3} of {} days, {:>6.0} s ", evening.day + 1, asked.year.days, begun.elapsed().as_secs_f64());
    })?;
    eprintln!();
    for (file, text) in [(&asked.csv, year::table(&evenings)), (&asked.svg, plot::svg(&evenings))] {
        if let Some(file) = file {
            std::fs::write(file, text).with_context(|| file.display().to_string())?;
        }
    }
    tell(&evenings, &asked.year);
    Ok(())
}

fn tell(evenings: &[Evening], wanted: &Wanted) {
    let quarters = (1..=4).filter_map(|quarter| evenings.get((evenings.len() * quarter / 4).checked_sub(1)?));
    let quarters: Vec<&Evening> = quarters.collect();
    for (name, of) in year::COLUMNS {
        let values: Vec<String> = quarters.iter().map(|evening| format!("{:>12}", of(evening))).collect();
        println!("{name:<16} {}", values.join(" "));
    }
    if let Some(last) = evenings.last() {
        let kept = u64::from(wanted.tickets) * (evenings.len() as u64).min(u64::from(wanted.keep_days));
        let each = |bytes: u64| bytes as f64 / kept as f64;
        println!("bytes a kept ticket: file {:.0}, content {:.0}", each(last.file_bytes), each(last.content_bytes));
    }
}
