//! The processes and disks of the hosts.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::super::super::{Durable, Machine, Output, Row};
use super::super::desk::ToyDesk;
use super::{Event, MS, S, World};

impl World {
    pub(super) fn boot(&mut self, i: usize) {
        if self.hosts[i].machine.is_some() || self.hosts[i].gone {
            return;
        }
        let offset = self.dice.range(S * 1_000, S * 9_000);
        let rate = 1.0 + self.weather.drift * (self.dice.below(2_001) as f64 / 1_000.0 - 1.0);
        let (seed, jitter) = (self.dice.next(), self.dice.below(100 * MS));
        let (census, settings, genesis, now) = (self.census(), self.settings.clone(), self.genesis, self.now);
        let host = &mut self.hosts[i];
        (host.offset, host.rate, host.started) = (offset, rate, now);
        (host.paused_until, host.syncing) = (0, 0);
        host.held.clear();
        host.process += 1;
        host.incarnation += 1;
        host.desk = ToyDesk::new(host.voter, self.today, std::mem::take(&mut host.desk.released));
        let durable = Durable::from_rows(host.disk.clone().into_iter()).unwrap();
        let clock = offset / MS;
        let (machine, output) =
            Machine::new(host.voter, genesis, durable, settings, census, clock, host.incarnation, seed, &mut host.desk);
        host.machine = Some(machine);
        let process = host.process;
        self.release_or_hold(i, output);
        for j in 0..self.hosts.len() {
            self.open_link(i, j);
            self.open_link(j, i);
        }
        for (cmd, ask) in self.hosts[i].unanswered.clone() {
            self.ask(i, cmd, ask);
        }
        self.at(self.now + jitter, Event::Tick { host: i, process });
    }

    pub(super) fn open_link(&mut self, i: usize, j: usize) {
        let (clock, peer) = (self.clock(i), self.hosts[j].voter);
        if let Some(machine) = &mut self.hosts[i].machine {
            machine.link_opened(clock, peer);
        }
    }

    pub(super) fn close_link(&mut self, i: usize, j: usize) {
        let (clock, peer) = (self.clock(i), self.hosts[j].voter);
        if let Some(machine) = &mut self.hosts[i].machine {
            machine.link_closed(clock, peer);
        }
    }

    pub(super) fn crash(&mut self, i: usize) {
        let host = &mut self.hosts[i];
        host.machine = None;
        host.process += 1;
        host.held.clear();
    }

    /// A device sleeps: what comes meanwhile waits until it wakes.
    pub(super) fn pause(&mut self, i: usize, time: u64) {
        let host = &mut self.hosts[i];
        host.paused_until = host.paused_until.max(self.now + time);
        self.at(self.now + time, Event::Wake { host: i });
    }

    /// Everything that came meanwhile happens now.
    pub(super) fn wake(&mut self, i: usize) {
        let host = &mut self.hosts[i];
        host.paused_until = host.paused_until.min(self.now);
        for seq in std::mem::take(&mut host.slept_through) {
            self.queue.push(Reverse((self.now, seq)));
        }
    }

    /// The driver's promise: nothing of an output happens before its operations, and all before them, are on disk.
    pub(super) fn release_or_hold(&mut self, i: usize, output: Output) {
        if output.ops.is_empty() && self.hosts[i].held.is_empty() {
            self.release(i, output);
            return;
        }
        self.hosts[i].held.push_back(output);
        self.sync(i);
    }

    fn sync(&mut self, i: usize) {
        let host = &mut self.hosts[i];
        if host.syncing > 0 || host.held.is_empty() {
            return;
        }
        host.syncing = host.held.len();
        let process = host.process;
        let mut delay = self.dice.range(self.weather.sync.0, self.weather.sync.1);
        if self.dice.chance(self.weather.stall) {
            delay += self.dice.range(100 * MS, 4 * S);
        }
        self.at(self.now + delay, Event::Synced { host: i, process });
    }

    pub(super) fn synced(&mut self, i: usize) {
        let count = std::mem::take(&mut self.hosts[i].syncing);
        let outputs: Vec<Output> = self.hosts[i].held.drain(..count).collect();
        for row in outputs.iter().flat_map(|output| &output.ops).flat_map(|op| op.rows()) {
            write(&mut self.hosts[i].disk, row);
        }
        for output in outputs {
            self.release(i, output);
        }
        self.sync(i);
    }

    fn release(&mut self, i: usize, output: Output) {
        for (hop, packet) in output.send {
            self.transmit(i, hop, packet);
        }
        for note in output.notes {
            self.note(i, note);
        }
    }
}

fn write(disk: &mut BTreeMap<Vec<u8>, Vec<u8>>, (key, value): Row) {
    match value {
        Some(value) => disk.insert(key, value),
        None => disk.remove(&key),
    };
}
