//! Peers: who is connected, what they may hold, and which changes go to whom.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use branchmesh_model::ids::{DeviceId, VoterId};
use branchmesh_model::schema::{Family, Role};
use branchmesh_model::time::UnixMs;

use super::Hub;
use super::stewarding::census;
use crate::replication::envelope::Envelope;
use crate::replication::frame::{Frame, Hello, packed};
use crate::replication::input::{Effects, Now, Outgoing};
use crate::storage::StoreError;

/// Prefix of the meta rows that remember where devices were reached.
const ADDRESS: &str = "address/";

/// A connected peer.
pub(super) struct PeerState {
    pub(super) voter: VoterId,
    pub(super) address: Option<SocketAddr>,
    pub(super) addresses: Vec<SocketAddr>,
    /// Seconds in a row in which its summary differed from ours.
    pub(super) differing: u32,
    /// Documents wanted from it and not yet repaired.
    pub(super) behind: usize,
    pub(super) clock_skew_ms: Option<i64>,
    pub(super) last_seen: UnixMs,
}

impl Hub {
    pub(super) fn peer_up(
        &mut self,
        now: Now,
        peer: DeviceId,
        hello: Hello,
        address: Option<SocketAddr>,
        fx: &mut Effects,
    ) {
        if hello.branch != self.signer.branch {
            self.count("hellos_of_another_branch");
            return;
        }
        let voter = VoterId { device: peer, generation: hello.generation };
        if let Some(old) = self.peers.remove(&peer) {
            self.machine.link_closed(now.mono_ms, old.voter);
        }
        let state = PeerState {
            voter,
            address,
            addresses: hello.addresses.clone(),
            differing: 0,
            behind: 0,
            clock_skew_ms: None,
            last_seen: now.wall,
        };
        self.peers.insert(peer, state);
        self.machine.link_opened(now.mono_ms, voter);
        let known: Vec<SocketAddr> = address.into_iter().chain(hello.addresses).collect();
        self.learn_addresses(peer, known, fx);
        self.begin_reconciling(peer, fx);
        self.tell_addresses(fx);
        self.mesh_changed = true;
        fx.publish = true;
        fx.events.push(self.mesh_event(branchmesh_model::event::EventType::MeshPeerUp, peer, now));
    }

    pub(super) fn peer_down(&mut self, now: Now, peer: DeviceId, fx: &mut Effects) {
        if let Some(state) = self.peers.remove(&peer) {
            self.machine.link_closed(now.mono_ms, state.voter);
            self.mesh_changed = true;
            fx.publish = true;
            fx.events.push(self.mesh_event(branchmesh_model::event::EventType::MeshPeerDown, peer, now));
        }
    }

    pub(super) fn frame(&mut self, now: Now, peer: DeviceId, frame: Frame, fx: &mut Effects) -> Result<(), StoreError> {
        let Some(state) = self.peers.get_mut(&peer) else {
            self.count("frames_of_unknown_peers");
            return Ok(());
        };
        state.last_seen = now.wall;
        let voter = state.voter;
        match frame {
            Frame::Steward(packet) => self.packet(now, voter, packet, fx),
            Frame::Live(envelopes) => self.receive(peer, envelopes, false, fx)?,
            Frame::Repair(envelopes) => self.receive(peer, envelopes, true, fx)?,
            Frame::Summary { print, clock } => self.summary(now, peer, print, clock, fx),
            Frame::Ranges(ranges) => self.ranges(peer, &ranges, fx),
            Frame::Items(items) => self.items(peer, &items, fx)?,
            Frame::Want(wanted) => self.wanted(peer, wanted, fx)?,
            Frame::Parcel(parcel) => self.parcel(peer, parcel, fx)?,
            Frame::ParcelTaken { id, from } => self.parcel_taken(peer, id, from, fx),
            Frame::Addresses(addresses) => {
                for (device, addresses) in addresses.into_iter().take(256) {
                    self.learn_addresses(device, addresses, fx);
                }
            }
        }
        Ok(())
    }

    /// Draws the consequences of a changed roster: what this device is, who votes, and who may connect.
    pub(super) fn follow_roster(&mut self, now: Now, fx: &mut Effects) {
        let roster = self.view.roster().clone();
        if self.seen_roster.as_ref() == Some(&roster) {
            return;
        }
        if let Some(device) = roster.devices.get(&self.signer.device) {
            self.role = device.enrolment.role;
        }
        self.side_lane = roster.lane_of(&self.signer.device, self.voter.generation).unwrap_or_default();
        self.machine.set_census(now.mono_ms, census(&self.view));
        let members = roster.devices.iter().filter(|(id, d)| d.revoked.is_none() && **id != self.signer.device);
        let members: BTreeSet<DeviceId> = members.map(|(id, _)| *id).collect();
        fx.allowed = Some(if self.is_bootstrapping() { self.known.clone() } else { members });
        self.mesh_changed = true;
        fx.publish = true;
        let was_bootstrapping = self.seen_roster.as_ref().is_some_and(|seen| seen.devices.is_empty());
        self.seen_roster = Some(roster);
        if was_bootstrapping {
            // Now it is known what may be held, and from whom.
            for peer in self.peers.keys().copied().collect::<Vec<_>>() {
                self.begin_reconciling(peer, fx);
            }
        }
    }

    /// Whether the roster is not here (any more) and must first be taken from a device that is believed to have it.
    fn is_bootstrapping(&self) -> bool {
        self.view.roster().devices.is_empty()
    }

    /// Whether both this device and `peer` may hold documents of `family`.
    pub(super) fn shares(&self, peer: &DeviceId, family: &Family) -> bool {
        if self.is_bootstrapping() {
            return *family == Family::Roster && self.known.contains(peer);
        }
        self.role_of(peer).is_some_and(|role| family.may_hold(role)) && family.may_hold(self.role)
    }

    fn belongs(&self, device: &DeviceId) -> bool {
        self.role_of(device).is_some() || (self.is_bootstrapping() && self.known.contains(device))
    }

    pub(super) fn role_of(&self, device: &DeviceId) -> Option<Role> {
        let device = self.view.roster().devices.get(device)?;
        device.revoked.is_none().then_some(device.enrolment.role)
    }

    /// Sends the changes of this handling to every connected peer that may hold them and has not got them already: not
    /// back to where they came from, nor to its neighbours, who hear them from it.
    pub(super) fn flush_live(&mut self, fx: &mut Effects) {
        if self.live.is_empty() {
            return;
        }
        let live = std::mem::take(&mut self.live);
        for peer in self.peers.keys().copied().collect::<Vec<_>>() {
            let theirs: Vec<Envelope> = live
                .iter()
                .filter(|(e, from)| self.forwards(&peer, e, from.as_ref()))
                .map(|(e, _)| e.clone())
                .collect();
            for frame in packed(theirs, Frame::Live) {
                fx.send.push(Outgoing { to: peer, frame, bulk: false });
            }
        }
    }

    fn forwards(&self, to: &DeviceId, envelope: &Envelope, from: Option<&DeviceId>) -> bool {
        if !self.shares(to, &envelope.doc.family()) || envelope.author == *to {
            return false;
        }
        match from {
            None => true,
            Some(from) if from == to => false,
            Some(from) => match (self.peers.get(from), self.peers.get(to)) {
                (Some(source), Some(target)) => !self.machine.are_neighbours(&source.voter, &target.voter),
                _ => true,
            },
        }
    }

    pub(super) fn learn_addresses(&mut self, device: DeviceId, addresses: Vec<SocketAddr>, fx: &mut Effects) {
        if device == self.signer.device || addresses.is_empty() || !self.belongs(&device) {
            return;
        }
        let addresses: Vec<SocketAddr> = addresses.into_iter().take(16).collect();
        if self.known_addresses.get(&device) == Some(&addresses) {
            return;
        }
        self.known_addresses.insert(device, addresses.clone());
        let bytes = postcard::to_stdvec(&addresses).expect("addresses are plain data");
        self.remember(format!("{ADDRESS}{device}"), Some(bytes), fx);
        fx.learn.push((device, addresses));
    }

    pub(super) fn remembered_addresses(&mut self, fx: &mut Effects) -> Result<(), StoreError> {
        for (key, value) in self.store.meta_scan(ADDRESS)? {
            if let (Ok(device), Ok(addresses)) = (key[ADDRESS.len()..].parse(), postcard::from_bytes(&value)) {
                fx.learn.push((device, addresses));
            }
        }
        Ok(())
    }

    /// Tells every peer where the others can be reached, so that no single way of discovery is needed.
    pub(super) fn tell_addresses(&self, fx: &mut Effects) {
        let known: Vec<(DeviceId, Vec<SocketAddr>)> = self
            .peers
            .iter()
            .map(|(id, p)| (*id, p.address.into_iter().chain(p.addresses.iter().copied()).take(16).collect()))
            .collect();
        for to in self.peers.keys() {
            let others: Vec<_> = known.iter().filter(|(id, _)| id != to).cloned().collect();
            if !others.is_empty() {
                fx.send.push(Outgoing { to: *to, frame: Frame::Addresses(others), bulk: true });
            }
        }
    }
}
