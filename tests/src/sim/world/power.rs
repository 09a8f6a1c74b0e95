//! Switching devices on and off, pausing and healing them.

use branchmesh_node::replication::input::Input;
use branchmesh_node::storage::testing::Crash;
use branchmesh_node::storage::{StoreError, StoreOp};

use super::wire::IDLE_TIMEOUT;
use super::{Event, TICK, World};
use crate::sim::Flaw;
use crate::sim::member::{Birth, Process};
use crate::sim::network::{Ms, Network};

/// How long a supervisor waits before it starts a node that stopped by itself.
const RESTART_AFTER: Ms = 2_000;

impl World {
    /// Starts a device, if it belongs to the branch and is off.
    pub fn start(&mut self, index: usize) {
        if self.is_up(index) || !self.members[index].enrolled {
            return;
        }
        let birth = Birth {
            branch: self.branch,
            epoch: self.epoch,
            known: self
                .enrolled()
                .map(|i| self.members[i].device)
                .filter(|d| *d != self.members[index].device)
                .collect(),
            steward: self.steward_settings(),
            trust_flaws: Flaw::trust(self.flaw),
        };
        match self.members[index].start(self.now, birth) {
            Ok(effects) => {
                self.tell(|w| format!("{} starts", w.name(index)));
                let start = self.members[index].starts;
                let jitter = self.rng.below(TICK);
                self.at(jitter, Event::Tick { member: index, start });
                self.release(index, vec![effects], true);
                self.connect_all(index);
            }
            Err(StoreError::Damaged(reason)) => {
                self.tell(|w| format!("{} finds its disk damaged: {reason}", w.name(index)));
                self.set_aside(index);
                self.start(index);
            }
            Err(problem) => {
                self.tell(|w| format!("{} cannot start: {problem}", w.name(index)));
                self.at(RESTART_AFTER, Event::Start { member: index });
            }
        }
    }

    /// Pulls the plug: what was not synced is lost, or partly torn.
    pub fn crash(&mut self, index: usize) {
        let Some(process) = self.members[index].process.take() else { return };
        self.tell(|w| format!("{} crashes", w.name(index)));
        let member = &mut self.members[index];
        let disk = member.disk.clone();
        if let Some(effects) = &process.committing
            && member.rng.chance(500)
        {
            // The plug is pulled in the midst of the commit.
            disk.power_off_after(member.rng.below(12));
            let ops: Vec<StoreOp> = effects.iter().flat_map(|fx| fx.store.iter().cloned()).collect();
            let _ = process.store.commit(&ops);
        }
        drop(process);
        let crash = if member.rng.chance(500) { Crash::Unsynced } else { Crash::Torn(member.rng.draw()) };
        disk.crash(crash);
        // The others notice at once if the machine still answers for the dead process, else by silence.
        let delay = if member.rng.chance(700) { 0 } else { IDLE_TIMEOUT };
        self.gone(index, delay);
    }

    /// A process ends by itself because its disk failed it; what it did not commit never happened.
    pub(super) fn give_up(&mut self, index: usize, why: &StoreError) {
        self.tell(|w| format!("{} stops: {why}", w.name(index)));
        self.members[index].process = None;
        self.gone(index, 0);
        self.at(RESTART_AFTER, Event::Start { member: index });
    }

    /// Says goodbye at a device; it stops when the others have let it go.
    pub fn leave(&mut self, index: usize) {
        if !self.is_up(index) {
            return;
        }
        self.tell(|w| format!("{} says goodbye", w.name(index)));
        self.input(index, Input::Leave);
        let start = self.members[index].starts;
        self.at(TICK, Event::Leaving { member: index, start });
    }

    pub(super) fn leaving(&mut self, index: usize, start: u64) {
        if !self.is_process(index, start) {
            return;
        }
        let now = self.members[index].now(self.now, self.epoch);
        let may_stop = |p: &Process| p.committing.is_none() && p.inbox.is_empty() && p.hub.may_stop(now);
        if !self.members[index].process.as_ref().is_some_and(may_stop) {
            self.at(TICK, Event::Leaving { member: index, start });
            return;
        }
        self.tell(|w| format!("{} stops", w.name(index)));
        self.members[index].process = None;
        self.gone(index, 0);
    }

    /// A process is no more: nobody there waits for answers, and its sessions end.
    fn gone(&mut self, index: usize, notice_after: Ms) {
        self.asked.retain(|_, asked| asked.at() != Some(index));
        for other in 0..self.members.len() {
            if self.network.disconnect(index, other) {
                self.at(notice_after, Event::HangUp { at: other, gone: index });
            }
        }
    }

    /// Stops a device from handling anything for a while.
    pub(super) fn pause(&mut self, index: usize, for_ms: Ms) {
        self.tell(|w| format!("{} is paused for {for_ms} ms", w.name(index)));
        self.members[index].paused_until = self.now + for_ms;
        self.at(for_ms, Event::Resume { member: index });
        if for_ms > IDLE_TIMEOUT {
            self.at(IDLE_TIMEOUT, Event::Stalled { member: index });
        }
    }

    /// A process stood still for so long that its sessions ended.
    pub(super) fn stalled(&mut self, index: usize) {
        if self.members[index].paused_until <= self.now {
            return;
        }
        for other in 0..self.members.len() {
            if self.network.disconnect(index, other) {
                self.hang_up(other, index);
                self.hang_up(index, other);
            }
        }
    }

    pub(super) fn resume(&mut self, index: usize) {
        self.work(index);
        self.connect_all(index);
    }

    pub(super) fn tick(&mut self, index: usize, start: u64) {
        if self.is_process(index, start) {
            // In every other tick there was a quiet moment before.
            let quiet_first = (self.now / TICK).is_multiple_of(2);
            let mut wakes = [Input::Tick, Input::Quiet];
            if quiet_first {
                wakes.reverse();
            }
            for wake in wakes {
                let process = self.members[index].process.as_ref();
                if matches!(wake, Input::Tick) || process.is_some_and(|process| process.hub.has_chores()) {
                    self.input(index, wake);
                }
            }
            self.keep_company(index, TICK);
            self.at(TICK, Event::Tick { member: index, start });
        }
    }

    /// Ends all faults: links mend, weather calms, disks have room, everybody runs. Clocks stay as wrong as they are.
    pub fn heal(&mut self) {
        self.tell(|_| "everything heals".into());
        self.unplug_clones();
        self.weather = self.weather.calm();
        self.sync_ms = (1, 2);
        self.rewire(Network::heal);
        for index in 0..self.members.len() {
            self.members[index].disk.set_capacity(None);
            self.members[index].disk.fail_syncs(0);
            self.members[index].paused_until = self.members[index].paused_until.min(self.now);
            self.at(0, Event::Resume { member: index });
            self.start(index);
        }
    }
}
