//! Runs the simulator from the command line: `simulate SEED` tells one run's story, `simulate FROM TO` checks a range.

use branchmesh_tests::sim;

#[expect(clippy::print_stdout, reason = "a command-line program talks to its user")]
fn main() {
    let seeds: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    match seeds[..] {
        [seed] => {
            let report = sim::run(seed, None, true);
            report.story.iter().chain(&report.violations).for_each(|line| println!("{line}"));
            println!("seed {seed}: {} issued, {} called, {} events", report.issued, report.called, report.events);
        }
        [from, to] => {
            let (mut failed, mut ghosts, mut converged) = (0, 0, Vec::new());
            for seed in from..to {
                let report = sim::run(seed, None, false);
                ghosts += report.ghosts;
                converged.extend(report.converged_ms);
                if !report.violations.is_empty() {
                    failed += 1;
                    println!("seed {seed}: {:?}", report.violations);
                }
            }
            converged.sort_unstable();
            let at = |per_mille: usize| converged.get(converged.len() * per_mille / 1000).copied().unwrap_or(0);
            println!("{} seeds, {failed} failed, {ghosts} ghosts", to - from);
            println!("settled after healing: p50 {} ms, p99 {} ms", at(500), at(990));
        }
        _ => println!("usage: simulate SEED | simulate FROM TO"),
    }
}
