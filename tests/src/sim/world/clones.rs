//! A cloned disk: two machines come up as one device, and the others find out.
//!
//! The simulator plays the connections; who is let in is decided by the shipping code ([`branchmesh_node::mesh::boots`]).

use std::collections::BTreeSet;
use std::time::Duration;

use branchmesh_node::mesh::boots::SHUT_FOR;
use branchmesh_node::replication::input::Input;
use branchmesh_node::storage::testing::CrashingDisk;

use super::{Event, World};
use crate::sim::member::Member;
use crate::sim::network::Ms;
use crate::sim::{Flaw, Rng};

/// Longest pause between two dials of a device.
const LONGEST_PAUSE: Ms = 3_000;

/// Two machines with one identity that reach others for so long in all must know of each other.
const FIRST_MOMENTS: Ms = 6_000;

/// Machines that run as a device of which there is another one.
#[derive(Default)]
pub(super) struct Clones {
    /// How many came up.
    pub(super) started: usize,
    /// How often the others shut their device out.
    pub(super) shut_out: usize,
    /// How long both machines ran and reached somebody who could notice.
    in_company: Ms,
    /// When the last one was unplugged.
    unplugged: Option<Ms>,
    /// Who was told of it by whom already, so that the story tells it once.
    told: BTreeSet<(usize, usize)>,
    /// Dials that will be tried again.
    redials: BTreeSet<(usize, usize)>,
}

impl World {
    /// Clones a device's disk and starts a second machine with it, beside the first.
    pub(super) fn clone_disk(&mut self, index: usize, for_ms: Ms) {
        self.start(index);
        if !self.is_up(index) || self.members[index].revoked {
            return;
        }
        let clone = self.members.len();
        let copy = self.copy_of(index, clone);
        self.members.push(copy);
        self.network.plug_in_beside(index);
        self.checker.another_device();
        self.tell(|w| format!("the disk of {} is cloned", w.name(index)));
        self.clones.started += 1;
        self.start(clone);
        self.at(for_ms, Event::Unplug { clone });
    }

    fn copy_of(&self, index: usize, clone: usize) -> Member {
        let original = &self.members[index];
        Member {
            name: format!("the clone of {}", original.name),
            role: original.role,
            secret: original.secret,
            device: original.device,
            clone_of: Some(index),
            enrolled: true,
            revoked: false,
            disk: CrashingDisk::with_image(original.disk.image()),
            generation: original.generation,
            suspect: false,
            perhaps_stranger: false,
            knows_alone: false,
            backup: None,
            process: None,
            starts: 0,
            clock: original.clock,
            backwards: original.backwards.clone(),
            paused_until: 0,
            rng: Rng::branch(self.seed, 1_000 + clone as u64),
        }
    }

    /// As long as one of two copies does not know of the other, what they decide may be at odds.
    pub(super) fn doubt_clones(&mut self) {
        let knows = |i: usize| self.members[i].process.as_ref().is_none_or(|p| p.snapshot.mesh.runs_twice);
        let running = |i: &usize| self.is_up(*i);
        let pairs = (self.setup.size + 1..self.members.len()).filter(running);
        let unaware = pairs.filter_map(|i| Some((i, self.members[i].clone_of?))).any(|(i, of)| !knows(i) || !knows(of));
        self.checker.doubt.set(unaware && self.clones.in_company < FIRST_MOMENTS);
    }

    /// A moment passed for a clone: did anybody reach it who could notice?
    pub(super) fn keep_company(&mut self, clone: usize, for_ms: Ms) {
        let awake = |i: usize| self.is_up(i) && self.members[i].paused_until <= self.now;
        let Some(original) = self.members[clone].clone_of else { return };
        if self.members[original].revoked {
            // Nobody talks to either of them, so nobody can tell them.
            return;
        }
        let others = (0..=self.setup.size).filter(|i| *i != original);
        if awake(original) && awake(clone) && others.filter(|i| awake(*i)).any(|i| self.network.reaches(i, clone)) {
            self.clones.in_company += for_ms;
        }
    }

    /// Takes a clone away, with all that only its disk holds.
    pub(super) fn unplug(&mut self, clone: usize) {
        if !self.members[clone].enrolled {
            return;
        }
        self.crash(clone);
        self.tell(|w| format!("{} is taken away", w.name(clone)));
        self.members[clone].enrolled = false;
        self.clones.unplugged = Some(self.now);
        self.doubt_clones();
        self.forget(clone, false);
    }

    pub(super) fn unplug_clones(&mut self) {
        for clone in self.setup.size + 1..self.members.len() {
            self.unplug(clone);
        }
    }

    /// When the device that stayed alone is let in again at the latest.
    pub fn let_in_again(&self) -> Ms {
        // Its own first knock after the other's last still counts as a turn; and clocks go up to a tenth too slow.
        let longest = LONGEST_PAUSE + SHUT_FOR.as_millis() as Ms * 10 / 9 + LONGEST_PAUSE;
        self.clones.unplugged.map_or(0, |at| at + longest)
    }

    /// Whether `at` lets a machine in that says hello. If two machines run as its device, neither is, and both are told.
    pub(super) fn let_in(&mut self, at: usize, who: usize) -> bool {
        let mono_ms = self.members[at].now(self.now, self.epoch).mono_ms;
        let (device, boot) = (self.members[who].device, self.members[who].process.as_ref().map(|p| p.boot));
        let (Some(process), Some(boot)) = (&mut self.members[at].process, boot) else { return false };
        let now = process.began + Duration::from_millis(mono_ms);
        let admitted = process.boots.entry(device).or_default().admits(boot, now);
        if admitted || self.flaw == Some(Flaw::ClonesLetIn) {
            return true;
        }
        self.shut_out(at, who);
        false
    }

    fn shut_out(&mut self, at: usize, who: usize) {
        if self.clones.told.insert((at, who)) {
            self.tell(|w| format!("{} does not let {} in: two machines run as it", w.name(at), w.name(who)));
        }
        self.clones.shut_out += 1;
        let (device, told_by) = (self.members[who].device, self.members[at].device);
        self.input(at, Input::RunsTwice { device, told_by });
        self.input(who, Input::RunsTwice { device, told_by });
        if let Some(other) = self.end_link(at, who) {
            self.input(other, Input::RunsTwice { device, told_by });
        }
        let pause = self.rng.range(LONGEST_PAUSE / 2, LONGEST_PAUSE);
        self.redial(who, at, pause);
    }

    /// A session of `at` with another machine of the same device ends for the one that begins.
    pub(super) fn replace(&mut self, at: usize, who: usize) {
        self.end_link(at, who);
    }

    /// Ends the session of `at` with the device that `who` is, if there is one; that machine dials again.
    fn end_link(&mut self, at: usize, who: usize) -> Option<usize> {
        let (other, _) = self.link(at, &self.members[who].device)?;
        self.network.disconnect(at, other);
        self.hang_up(at, other);
        self.hang_up(other, at);
        let pause = self.rng.range(20, 900);
        self.redial(other, at, pause);
        Some(other)
    }

    fn redial(&mut self, from: usize, to: usize, pause: Ms) {
        if self.clones.redials.insert((from, to)) {
            self.at(pause, Event::Redial { from, to });
        }
    }

    pub(super) fn redialled(&mut self, from: usize, to: usize) {
        self.clones.redials.remove(&(from, to));
        self.connect(from, to);
    }
}
