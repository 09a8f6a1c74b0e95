//! What happens to the branch, carried out.

use super::super::desk::Entry;
use super::{Act, MS, S, Weather, World};

impl World {
    pub(super) fn act(&mut self, act: Act) {
        if self.healed && !matches!(act, Act::Start(_) | Act::Roll | Act::Prune) {
            return;
        }
        match act {
            Act::Start(i) => self.boot(i),
            Act::Crash(i, down) => {
                self.crash(i);
                self.plan(self.now + down, Act::Start(i));
            }
            Act::CrashSteward(down) => self.on_steward(|i| Act::Crash(i, down)),
            Act::Pause(i, time) => self.pause(i, time),
            Act::PauseSteward(time) => self.on_steward(|i| Act::Pause(i, time)),
            Act::Leave(i) => {
                let clock = self.clock(i);
                if let Some(machine) = &mut self.hosts[i].machine {
                    machine.leave(clock);
                    let back = self.now + self.dice.range(8 * S, 33 * S);
                    self.plan(back, Act::Start(i));
                }
            }
            Act::Wipe(i) => self.wipe(i),
            Act::Revoke(i) => self.revoke(i),
            Act::Split(sides) => {
                let side: Vec<u64> = (0..self.hosts.len()).map(|_| self.dice.below(sides)).collect();
                self.set_links(|a, b| side[a] == side[b]);
            }
            Act::Isolate(i) => {
                let links = self.links.clone();
                self.set_links(|a, b| a == b || (links[a][b] && a != i && b != i));
            }
            Act::Pair(i, j) => {
                let links = self.links.clone();
                let inside = |x: usize| x == i || x == j;
                self.set_links(|a, b| if inside(a) || inside(b) { inside(a) && inside(b) } else { links[a][b] });
            }
            Act::Links(links) => self.links = links,
            Act::Flap(i, period, until) => {
                let (mut time, mut cut) = (self.now, true);
                while time < until {
                    self.plan(time, Act::Cut(i, cut));
                    cut = !cut;
                    time += period / 2 + self.dice.below(period);
                }
                self.plan(until, Act::Cut(i, false));
            }
            Act::Cut(i, true) => {
                self.cut.insert(i);
            }
            Act::Cut(i, false) => {
                self.cut.remove(&i);
            }
            Act::Reconnect(i, j, later) => {
                self.close_link(i, j);
                self.close_link(j, i);
                self.plan(self.now + later, Act::Open(i, j));
            }
            Act::Open(i, j) => {
                self.open_link(i, j);
                self.open_link(j, i);
            }
            Act::TakeOver(i) => {
                let clock = self.clock(i);
                if let Some(Ok(output)) = self.hosts[i].machine.as_mut().map(|machine| machine.take_over(clock)) {
                    self.release_or_hold(i, output);
                }
            }
            Act::Roll => self.roll(),
            Act::Prune => self.prune(),
            Act::Join => self.set_links(|_, _| true),
            Act::Heal => self.heal(),
        }
    }

    fn on_steward(&mut self, act: impl Fn(usize) -> Act) {
        let stewards = self.stewards();
        if !stewards.is_empty() {
            let chosen = self.dice.one_of(&stewards);
            self.act(act(chosen));
        }
    }

    fn set_links(&mut self, up: impl Fn(usize, usize) -> bool) {
        let n = self.hosts.len();
        self.links = (0..n).map(|a| (0..n).map(|b| up(a, b)).collect()).collect();
    }

    /// The disk is lost: the device comes back as a new voter.
    fn wipe(&mut self, i: usize) {
        self.crash(i);
        let host = &mut self.hosts[i];
        host.disk.clear();
        host.unanswered.clear();
        host.voter.generation += 1;
        self.plan(self.now + S, Act::Start(i));
    }

    fn revoke(&mut self, i: usize) {
        if self.running().len() > 3 && self.revoked.len() < 2 && self.hosts[i].machine.is_some() {
            self.revoked.insert(i);
            self.crash(i);
            self.hosts[i].gone = true;
            for j in self.running() {
                let (clock, census) = (self.clock(j), self.census());
                self.hosts[j].machine.as_mut().unwrap().set_census(clock, census);
            }
        }
    }

    /// A day begins for everybody; stewards ask for a fresh epoch.
    fn roll(&mut self) {
        self.today += 1;
        for host in &mut self.hosts {
            host.desk.today = self.today;
        }
        for i in self.stewards() {
            let clock = self.clock(i);
            self.hosts[i].machine.as_mut().unwrap().roll(clock);
        }
    }

    /// Everybody prunes the days before as far as nothing known is lost.
    fn prune(&mut self) {
        for i in self.running() {
            let machine = self.hosts[i].machine.as_mut().unwrap();
            let today = self.today;
            let floor = machine.safe_floor(|body| Entry::read(body).day() >= today);
            let output = machine.prune(floor);
            self.pruned = self.pruned.max(floor);
            self.release_or_hold(i, output);
        }
    }

    fn heal(&mut self) {
        self.set_links(|_, _| true);
        self.cut.clear();
        let calm = Weather { loss: 0.0, duplicates: 0.0, slow: 0.0, stall: 0.0, ..self.weather.clone() };
        self.weather = Weather { delay: calm.delay.min(3 * MS), ..calm };
        self.healed = true;
        for i in 0..self.hosts.len() {
            self.wake(i);
            if self.hosts[i].machine.as_ref().is_some_and(|machine| machine.may_stop(u64::MAX)) {
                self.crash(i);
            }
            self.boot(i);
            for j in 0..self.hosts.len() {
                self.open_link(i, j);
                self.open_link(j, i);
            }
        }
    }
}
