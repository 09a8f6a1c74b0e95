//! `bench`: measures a mesh on this machine and prints a table, or JSON for a program.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::super::error::{Failure, Outcome, because};
use super::super::say;
use super::super::terminal::{Terminal, table};
use super::super::text::{Lang, Text};
use super::block_on;
use crate::bench::{self, Bar, Figure, Measure, Options, Report, Scenario, Unit};
use crate::settings::Settings;

pub(in super::super) fn bench(settings: &Settings, terminal: Terminal) -> Outcome {
    let args = &settings.bench;
    let folder = Folder::open(args.data.as_deref())?;
    let options = Options { folder: folder.path.clone(), quick: args.quick.unwrap_or(false), only: args.only };
    let bar = terminal.bar();
    let progress = |scenario: Option<Scenario>, part: f64| {
        bar.show(name(scenario).get(terminal.lang).to_owned());
        bar.reach(part);
    };
    let report = block_on(async { bench::run(&options, &progress).await.map_err(because(say::BENCH_FAILED)) });
    drop(bar);
    let report = report?;
    drop(folder);
    lines(&report, terminal.lang).iter().for_each(|line| terminal.result(line));
    if let Some(file) = &args.json {
        write(file, &report)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write(file: &Path, report: &Report) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(report).expect("a report is plain data");
    std::fs::write(file, text + "\n")
        .map_err(|error| Failure::new(say::BENCH_NOT_WRITTEN, &[("file", &file.display()), ("reason", &error)]))
}

/// Where the bench works; goes at the end, whatever happens.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn open(named: Option<&Path>) -> Result<Self, Failure> {
        let temporary = || std::env::temp_dir().join(format!("branchmesh-bench-{}", uuid::Uuid::new_v4().simple()));
        let path = named.map_or_else(temporary, Path::to_owned);
        let unusable = || Failure::new(say::BENCH_FOLDER, &[("data", &path.display())]);
        std::fs::create_dir_all(&path).map_err(|_| unusable())?;
        // It is removed at the end, so it must hold nothing of anybody.
        if std::fs::read_dir(&path).map_err(|_| unusable())?.next().is_some() {
            return Err(unusable());
        }
        Ok(Self { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that could not be removed harms nobody.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

fn lines(report: &Report, lang: Lang) -> Vec<String> {
    let head = [say::COL_FIGURE, say::COL_VALUE, say::COL_FLOOR, say::COL_RATIO, say::COL_BAR, say::COL_MET];
    let mut rows = vec![head.iter().map(|text| text.get(lang).to_owned()).collect::<Vec<_>>()];
    rows.extend(report.figures.iter().map(|figure| row(figure, lang)));
    let mut lines = table(&rows);
    lines.push(String::new());
    let machine = &report.environment;
    let load = |load: Option<f64>| load.map_or_else(|| "–".to_owned(), |load| format!("{load:.1}"));
    let quick = if machine.quick { say::BENCH_QUICK.get(lang) } else { "" };
    lines.push(say::BENCH_MACHINE.with(
        lang,
        &[
            ("version", &machine.version),
            ("processors", &machine.processors),
            ("before", &load(machine.load_before)),
            ("after", &load(machine.load_after)),
            ("quick", &quick),
        ],
    ));
    lines
}

fn row(figure: &Figure, lang: Lang) -> Vec<String> {
    let or_nothing = |text: Option<String>| text.unwrap_or_default();
    let bar = figure.bar.map(|bar| match bar {
        Bar::AtMost(most) => format!("≤ {}", amount(most, figure.unit)),
        Bar::AtLeast(least) => format!("≥ {}", amount(least, figure.unit)),
        Bar::TimesFloor(times) => format!("≤ {times} ×"),
    });
    let met = figure.met.map(|met| if met { say::MET_YES } else { say::MET_NO }.get(lang).to_owned());
    vec![
        label(figure.measure).get(lang).to_owned(),
        amount(figure.value, figure.unit),
        or_nothing(figure.floor.map(|floor| amount(floor, figure.unit))),
        or_nothing(figure.ratio().map(|ratio| format!("{ratio:.2} ×"))),
        or_nothing(bar),
        or_nothing(met),
    ]
}

fn amount(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Us => format!("{value:.0} µs"),
        Unit::Ms => format!("{value:.2} ms"),
        Unit::S => format!("{value:.2} s"),
        Unit::PerSecond => format!("{value:.0} /s"),
        Unit::Bytes => format!("{value:.0} B"),
        Unit::Mib => format!("{value:.1} MiB"),
        Unit::Percent => format!("{value:.2} %"),
        Unit::Count => format!("{value:.2}"),
    }
}

fn name(scenario: Option<Scenario>) -> Text {
    match scenario {
        None => say::BENCH_FLOORS,
        Some(Scenario::TwoNodes) => say::BENCH_TWO_NODES,
        Some(Scenario::ManyNodes) => say::BENCH_MANY_NODES,
        Some(Scenario::CallNext) => say::BENCH_CALL_NEXT,
        Some(Scenario::Rejoin) => say::BENCH_REJOIN,
        Some(Scenario::SmallDevice) => say::BENCH_SMALL_DEVICE,
        Some(Scenario::Morning) => say::BENCH_MORNING,
    }
}

fn label(measure: Measure) -> Text {
    match measure {
        Measure::DiskSync => say::FIG_DISK_SYNC,
        Measure::QuicEcho => say::FIG_QUIC_ECHO,
        Measure::RawApply => say::FIG_RAW_APPLY,
        Measure::VisibleP50 => say::FIG_VISIBLE_P50,
        Measure::VisibleP99 => say::FIG_VISIBLE_P99,
        Measure::Throughput => say::FIG_THROUGHPUT,
        Measure::CommandsPerChange => say::FIG_COMMANDS_PER_CHANGE,
        Measure::TenVisibleP50 => say::FIG_TEN_P50,
        Measure::TenVisibleP99 => say::FIG_TEN_P99,
        Measure::CostOfThree => say::FIG_COST_3,
        Measure::CostOfTen => say::FIG_COST_10,
        Measure::CostOfThirty => say::FIG_COST_30,
        Measure::BytesOfThirty => say::FIG_BYTES_30,
        Measure::IdleBytesOfThirty => say::FIG_IDLE_BYTES_30,
        Measure::IdleLoadOfThirty => say::FIG_IDLE_LOAD_30,
        Measure::CallNextP50 => say::FIG_CALL_NEXT_P50,
        Measure::CallNextP99 => say::FIG_CALL_NEXT_P99,
        Measure::RejoinTime => say::FIG_REJOIN,
        Measure::ReadyTime => say::FIG_READY,
        Measure::Resident => say::FIG_RESIDENT,
        Measure::TicketOnDisk => say::FIG_TICKET_ON_DISK,
        Measure::MorningTime => say::FIG_MORNING,
        Measure::MorningBytes => say::FIG_MORNING_BYTES,
    }
}
