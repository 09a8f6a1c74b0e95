//! Runs the simulator from the command line.
//!
//!     simulate SEED | simulate --seed SEED      tells one run's story, and the shortest one that fails too
//!     simulate FROM TO                          checks a range on all cores
//!
//! `--without KIND` leaves out faults of a kind, such as `Restore` or `wrong-clocks`; may be given several times.
//! `--storm` plays quick restarts and cuts instead of every fault, `--clones` every fault and in each run a cloned disk, `--jobs N`
//! uses so many threads. `--flaw NAME`, such as `NetworkBeforeDisk`, breaks the code on purpose: some seed must fail.

#![expect(clippy::print_stdout, reason = "a command-line program talks to its user")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use branchmesh_tests::sim::{self, Flaw, Kind, Plan, Report, draw, shrink};

/// Runs spent on making a failing plan shorter.
const SHRINKING_RUNS: usize = 600;

struct Wanted {
    kind: Kind,
    flaw: Option<Flaw>,
    without: Vec<String>,
    jobs: usize,
    seeds: Vec<u64>,
}

impl Wanted {
    fn plan(&self, seed: u64) -> Plan {
        let mut plan = draw::draw(seed, self.kind);
        self.without.iter().for_each(|kind| plan.leave_out(kind));
        plan
    }
}

fn main() -> ExitCode {
    match wanted(std::env::args().skip(1)) {
        Some(wanted) if wanted.seeds.len() == 1 => tell(&wanted.plan(wanted.seeds[0]), wanted.flaw),
        Some(wanted) if wanted.seeds.len() == 2 => check(&wanted),
        _ => {
            println!(
                "usage: simulate [--storm | --clones] [--without KIND] [--flaw NAME] [--jobs N] [--seed] SEED | FROM TO"
            );
            ExitCode::from(2)
        }
    }
}

fn wanted(mut args: impl Iterator<Item = String>) -> Option<Wanted> {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut wanted = Wanted { kind: Kind::Any, flaw: None, without: Vec::new(), jobs, seeds: Vec::new() };
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--storm" => wanted.kind = Kind::Storm,
            "--clones" => wanted.kind = Kind::Clones,
            "--seed" => {}
            "--flaw" => {
                let name = args.next()?;
                wanted.flaw = Some(Flaw::ALL.into_iter().find(|flaw| format!("{flaw:?}") == name)?);
            }
            "--without" => wanted.without.push(args.next()?),
            "--jobs" => wanted.jobs = args.next()?.parse().ok()?,
            seed => wanted.seeds.push(seed.parse().ok()?),
        }
    }
    Some(wanted)
}

/// One run's story; of a failing one also the shortest that was found.
fn tell(plan: &Plan, flaw: Option<Flaw>) -> ExitCode {
    let report = sim::run_plan(plan, flaw, true);
    print_story(&report);
    println!("seed {}: {} issued, {} called, {} events", plan.seed, report.issued, report.called, report.events);
    if report.violations.is_empty() {
        return ExitCode::SUCCESS;
    }
    let shrunk = shrink::shrink(plan, flaw, SHRINKING_RUNS);
    let (left, all) = (shrunk.plan.steps.len(), plan.steps.len());
    println!("\nthe shortest of {} runs that fail too: {left} steps of {all}", shrunk.runs);
    println!("{:?}", shrunk.plan.setup);
    print_story(&shrunk.report);
    ExitCode::FAILURE
}

fn print_story(report: &Report) {
    report.story.iter().for_each(|line| println!("{line}"));
    report.violations.iter().for_each(|line| println!("VIOLATED {line}"));
}

fn check(wanted: &Wanted) -> ExitCode {
    let (from, to) = (wanted.seeds[0], wanted.seeds[1]);
    let (mut failed, mut ghosts, mut cloned, mut noticed, mut excused) = (0, 0, 0, 0, 0);
    let mut converged = Vec::new();
    for_each_report(wanted, from, to, |report| {
        ghosts += report.ghosts;
        cloned += report.cloned;
        excused += usize::from(report.excused > 0);
        noticed += usize::from(report.shut_out > 0);
        converged.extend(report.converged_ms);
        if !report.violations.is_empty() {
            failed += 1;
            println!("seed {}: {:?}", report.seed, report.violations);
        }
        if report.seed % 1_000 == 999 {
            println!("seed {} done, {failed} failed so far", report.seed);
        }
    });
    converged.sort_unstable();
    let at = |per_mille: usize| converged.get(converged.len() * per_mille / 1000).copied().unwrap_or(0);
    println!(
        "{} seeds, {failed} failed, {ghosts} ghosts, {cloned} cloned disks, {noticed} noticed, {excused} excused",
        to - from
    );
    println!("settled after healing: p50 {} ms, p99 {} ms", at(500), at(990));
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn for_each_report(wanted: &Wanted, from: u64, to: u64, mut each: impl FnMut(Report)) {
    let next = AtomicU64::new(from);
    std::thread::scope(|scope| {
        let (done, reports) = mpsc::channel();
        for _ in 0..wanted.jobs.max(1) {
            let (done, next) = (done.clone(), &next);
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= to || done.send(sim::run_plan(&wanted.plan(seed), wanted.flaw, false)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        reports.iter().for_each(&mut each);
    });
}
