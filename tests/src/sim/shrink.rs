//! Makes a failing plan short: leaves out steps and calms the surroundings as long as it still fails.

use super::network::Weather;
use super::plan::{Act, Clock, Plan};
use super::{Flaw, Report, run_plan};

/// A shrunken plan, and what became of it.
pub struct Shrunk {
    /// The plan.
    pub plan: Plan,
    /// Its run, with the story.
    pub report: Report,
    /// Runs it took.
    pub runs: usize,
}

/// Leaves out of a failing plan what it does not need in order to fail, trying at most so many runs.
pub fn shrink(plan: &Plan, flaw: Option<Flaw>, most_runs: usize) -> Shrunk {
    let mut shrinker = Shrinker { best: plan.clone(), flaw, runs: 0, most_runs };
    shrinker.calm();
    shrinker.leave_out(Act::is_fault);
    shrinker.leave_out(|_| true);
    shrinker.calm();
    let report = run_plan(&shrinker.best, flaw, true);
    Shrunk { plan: shrinker.best, report, runs: shrinker.runs }
}

struct Shrinker {
    best: Plan,
    flaw: Option<Flaw>,
    runs: usize,
    most_runs: usize,
}

impl Shrinker {
    /// Keeps a smaller plan if it still fails.
    fn consider(&mut self, smaller: Plan) -> bool {
        if self.runs >= self.most_runs {
            return false;
        }
        self.runs += 1;
        let fails = !run_plan(&smaller, self.flaw, false).violations.is_empty();
        if fails {
            self.best = smaller;
        }
        fails
    }

    /// Tries the surroundings without each of their own troubles.
    fn calm(&mut self) {
        let calmer: [fn(&mut Plan); 7] = [
            |p| p.setup.liar = None,
            |p| p.setup.weather = Weather { straggling: 0, ..p.setup.weather },
            |p| p.setup.weather = Weather { duplication: 0, ..p.setup.weather },
            |p| p.setup.weather = p.setup.weather.calm(),
            |p| p.setup.sync_ms = (1, 2),
            |p| p.setup.clocks.iter_mut().for_each(|c| *c = Clock::default()),
            |p| p.heal_at = p.steps.last().map_or(0, |step| step.at + 1),
        ];
        for change in calmer {
            let mut plan = self.best.clone();
            change(&mut plan);
            self.consider(plan);
        }
    }

    /// Leaves out steps of a kind: half of them at once, then a quarter, down to single ones.
    fn leave_out(&mut self, kind: fn(&Act) -> bool) {
        let mut chunk = self.best.steps.iter().filter(|step| kind(&step.act)).count().div_ceil(2).max(1);
        loop {
            let mut from = 0;
            loop {
                let chosen: Vec<usize> =
                    (0..self.best.steps.len()).filter(|i| kind(&self.best.steps[*i].act)).collect();
                let Some(part) = chosen.get(from..chosen.len().min(from + chunk)).filter(|part| !part.is_empty())
                else {
                    break;
                };
                let mut plan = self.best.clone();
                let mut index = 0;
                plan.steps.retain(|_| {
                    index += 1;
                    !part.contains(&(index - 1))
                });
                if !self.consider(plan) {
                    from += chunk;
                }
                if self.runs >= self.most_runs {
                    return;
                }
            }
            if chunk == 1 {
                return;
            }
            chunk = chunk.div_ceil(2);
        }
    }
}
