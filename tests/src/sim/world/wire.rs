//! Sessions between devices, and the frames on them.

use branchmesh_model::ids::DeviceId;
use branchmesh_node::replication::envelope::Envelope;
use branchmesh_node::replication::frame::{Frame, Hello};
use branchmesh_node::replication::input::{Input, Outgoing};

use super::{Event, World};
use crate::sim::Flaw;
use crate::sim::audit::overstated;
use crate::sim::network::{Ms, Network};

/// How long a silent connection lives before its ends notice.
pub(super) const IDLE_TIMEOUT: Ms = 5_000;

impl World {
    /// Applies a change of the network: sessions over cut links fall silent, mended links connect.
    pub fn rewire(&mut self, change: impl FnOnce(&mut Network)) {
        change(&mut self.network);
        let size = self.members.len();
        for a in 0..size {
            for b in a + 1..size {
                match self.network.session(a, b) {
                    Some(session) if !self.network.reaches(a, b) => {
                        let delay = IDLE_TIMEOUT - self.rng.below(1000);
                        self.at(delay, Event::Silent { a, b, session });
                    }
                    None => self.connect_soon(a, b),
                    _ => {}
                }
            }
        }
    }

    pub(super) fn connect_all(&mut self, index: usize) {
        for other in 0..self.members.len() {
            self.connect_soon(index, other);
        }
    }

    fn connect_soon(&mut self, a: usize, b: usize) {
        if a != b && self.network.session(a, b).is_none() {
            let delay = self.rng.range(20, 900);
            self.at(delay, Event::Connect { a, b });
        }
    }

    /// Whether the gate of each lets the other in, as both were last told by their hubs.
    fn allow_each_other(&self, a: usize, b: usize) -> bool {
        let lets_in = |at: usize, other: usize| {
            let process = self.members[at].process.as_ref();
            process.is_some_and(|p| p.allowed.contains(&self.members[other].device))
        };
        self.flaw == Some(Flaw::GateIgnored) || (lets_in(a, b) && lets_in(b, a))
    }

    /// The machine that `at` is connected with as `device`, and the session.
    pub(super) fn link(&self, at: usize, device: &DeviceId) -> Option<(usize, u64)> {
        let machines = (0..self.members.len()).filter(|i| self.members[*i].device == *device);
        machines.filter_map(|i| Some((i, self.network.session(at, i)?))).next()
    }

    pub(super) fn connect(&mut self, a: usize, b: usize) {
        let awake = |i: usize| self.is_up(i) && self.members[i].paused_until <= self.now;
        let others = self.members[a].device != self.members[b].device;
        let possible = others && awake(a) && awake(b) && self.network.reaches(a, b) && self.allow_each_other(a, b);
        if !possible || self.network.session(a, b).is_some() || !self.let_in(a, b) || !self.let_in(b, a) {
            return;
        }
        self.replace(a, b);
        self.replace(b, a);
        self.network.connect(a, b);
        for (me, other) in [(a, b), (b, a)] {
            let generation = self.members[other].process.as_ref().map_or(0, |p| p.store.generation());
            let hello = Hello { branch: self.branch, generation, addresses: vec![] };
            let peer = self.members[other].device;
            self.input(me, Input::PeerUp { peer, hello, address: None });
        }
    }

    /// The set of devices that may connect changed somewhere: sessions with the others end at once.
    pub(super) fn gate(&mut self, index: usize) {
        for other in 0..self.members.len() {
            if self.network.session(index, other).is_some() && !self.allow_each_other(index, other) {
                self.network.disconnect(index, other);
                self.at(0, Event::HangUp { at: index, gone: other });
                self.at(0, Event::HangUp { at: other, gone: index });
            }
        }
        self.connect_all(index);
    }

    pub(super) fn fall_silent(&mut self, a: usize, b: usize, session: u64) {
        if self.network.session(a, b) == Some(session) && !self.network.reaches(a, b) {
            self.network.disconnect(a, b);
            self.hang_up(a, b);
            self.hang_up(b, a);
        }
    }

    pub(super) fn hang_up(&mut self, at: usize, other: usize) {
        let peer = self.members[other].device;
        self.input(at, Input::PeerDown { peer });
    }

    pub(super) fn deliver(&mut self, from: usize, to: usize, session: u64, frame: Frame) {
        if self.network.session(from, to) == Some(session) && self.network.passes(from, to) {
            let peer = self.members[from].device;
            self.input(to, Input::Frame { peer, frame });
        }
    }

    pub(super) fn transmit(&mut self, from: usize, out: Outgoing) {
        let Some((to, session)) = self.link(from, &out.to) else { return };
        if let Some(wrong) = self.audit.frame(self.members[to].role, &out.frame) {
            self.violate(wrong);
        }
        let member = &self.members[from];
        let process = member.process.as_ref();
        if let Some(wrong) = process.and_then(|process| overstated(member.device, process, &out.frame)) {
            let wrong = format!("{} {wrong}", member.name);
            self.violate(wrong);
        }
        let Some(frame) = self.passed_on(from, out.frame) else { return };
        for delay in self.weather.arrivals(&mut self.members[from].rng) {
            self.at(delay, Event::Deliver { from, to, session, frame: frame.clone() });
        }
    }

    /// What a device really sends of a frame: one that withholds leaves out what others made.
    fn passed_on(&self, from: usize, frame: Frame) -> Option<Frame> {
        if self.flaw == Some(Flaw::NoRepair) && matches!(frame, Frame::Repair(_)) {
            return None;
        }
        if self.setup.withholder() != Some(from) {
            return Some(frame);
        }
        let me = self.members[from].device;
        let own = |mut envelopes: Vec<Envelope>| {
            envelopes.retain(|e| e.author == me);
            envelopes
        };
        Some(match frame {
            Frame::Live(envelopes) => Frame::Live(own(envelopes)),
            Frame::Repair(envelopes) => Frame::Repair(own(envelopes)),
            other => other,
        })
    }

    /// Hands a frame to a connected peer, past the sender's own hub; whether it arrives.
    pub fn say(&mut self, from: usize, to: usize, frame: Frame) -> bool {
        let arrives = from != to && self.network.session(from, to).is_some() && self.network.reaches(from, to);
        if arrives {
            let peer = self.members[from].device;
            self.input(to, Input::Frame { peer, frame });
        }
        arrives
    }
}
