//! The picture of branch and mesh that readers are given.

use branchmesh_model::ids::DeviceId;

use super::Hub;
use crate::handle::{MeshStatus, Peer, Snapshot};
use crate::replication::input::Now;

impl Hub {
    /// Everything a reader may want, as of the last handled input. The driver adds what only the transport knows.
    pub fn snapshot(&self, now: Now, revision: u64) -> Snapshot {
        let date = self.date(now);
        let mut days = self.view.days().clone();
        days.entry(date).or_default();
        Snapshot {
            revision,
            date,
            days,
            config: self.view.config().clone(),
            roster: self.view.roster().clone(),
            mesh: self.mesh.clone(),
            anomalies: self.view.anomalies(),
        }
    }

    /// Costs time proportional to the number of devices, so it is made when the mesh changed, and every second.
    pub(super) fn mesh_status(&self) -> MeshStatus {
        let epoch = self.machine.epoch();
        let (open, early) = self.documents.in_memory();
        let held = [
            ("parcels_waiting", self.parcels.len()),
            ("documents_open", open),
            ("changes_waiting", early),
            ("records_ahead", self.ahead.len()),
        ];
        MeshStatus {
            group: self.machine.group().iter().map(|v| v.device).collect(),
            epoch: epoch.map(|e| e.id.to_string()),
            steward: self.machine.steward().map(|v| v.device),
            members: epoch.map(|e| e.members.iter().map(|v| v.device).collect()).unwrap_or_default(),
            lane: if self.machine.in_main_lane() { None } else { Some(self.steward_lane()) },
            taken_over: self.taken_over,
            runs_twice: self.runs_twice(&self.signer.device),
            peers: self.peer_list(),
            documents: self.documents.held().len(),
            foreign: self.foreign.clone(),
            stored_bytes: 0,
            counts: self
                .counts
                .iter()
                .map(|(name, n)| (*name, *n))
                .chain(held.map(|(name, n)| (name, n as u64)))
                .map(|(name, n)| (name.to_owned(), n))
                .collect(),
        }
    }

    fn steward_lane(&self) -> String {
        let roster = self.view.roster();
        self.machine.steward().and_then(|v| roster.lane_of(&v.device, v.generation)).unwrap_or_default()
    }

    fn peer_list(&self) -> Vec<Peer> {
        let others =
            self.view.roster().devices.iter().filter(|(id, d)| **id != self.signer.device && d.revoked.is_none());
        others.map(|(id, _)| self.peer(id)).collect()
    }

    fn peer(&self, device: &DeviceId) -> Peer {
        let state = self.peers.get(device);
        Peer {
            device: *device,
            connected: state.is_some(),
            in_group: self.machine.group().iter().any(|v| v.device == *device),
            rtt_ms: None,
            behind: state.map_or(0, |s| s.behind.max(usize::from(s.differing > 0))),
            bytes_in: 0,
            bytes_out: 0,
            queued: 0,
            address: state.and_then(|s| s.address),
            clock_skew_ms: state.and_then(|s| s.clock_skew_ms),
            last_seen: state.map(|s| s.last_seen),
            runs_twice: self.runs_twice(device),
        }
    }

    /// Whether the goodbye is through, or would take too long, and all that was decided stands in its documents.
    pub fn may_stop(&self, now: Now) -> bool {
        self.machine.may_stop(now.mono_ms) && !self.ahead.is_due()
    }
}
