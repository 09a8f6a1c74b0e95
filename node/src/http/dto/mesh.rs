//! The mesh, its devices and invitations.

use std::collections::BTreeMap;

use branchmesh_model::ids::DeviceId;
use branchmesh_model::roster::Device;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Clockwork, DeviceRefDto};
use crate::handle::{Identity, Peer, Snapshot};

/// The mesh as this node sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Mesh)]
pub(crate) struct MeshDto {
    /// This device.
    pub(crate) device: DeviceRefDto,
    /// Its role again.
    pub(crate) role: &'static str,
    /// Ids of the devices of the connected group, this one included.
    pub(crate) group: Vec<String>,
    /// The epoch in force here.
    pub(crate) epoch: Option<String>,
    /// Id of its steward.
    pub(crate) steward: Option<String>,
    /// Ids of the epoch's members.
    pub(crate) members: Vec<String>,
    /// Letters of the number lane; null for the main lane.
    pub(crate) lane: Option<String>,
    /// Whether a person took the queue over here.
    pub(crate) taken_over: bool,
    /// Whether another machine uses this device's identity: then no numbers are issued or called here.
    pub(crate) runs_twice: bool,
    /// Waiting tickets of today that this side may not call.
    pub(crate) foreign_waiting: usize,
    /// Other devices of the branch.
    pub(crate) peers: Vec<PeerDto>,
    /// Documents held.
    pub(crate) documents: usize,
    /// Documents known to differ from the connected peer that differs most.
    pub(crate) lag: usize,
    /// Stored bytes.
    pub(crate) stored_bytes: u64,
    /// Odd things found in merged data.
    pub(crate) anomalies: usize,
    /// Counts since start by name.
    pub(crate) counts: BTreeMap<String, u64>,
}

/// Another device as this node sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Peer)]
pub(crate) struct PeerDto {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its role; empty if the roster does not know it yet.
    pub(crate) role: &'static str,
    /// `connected`, `reachable` (through others), `away` or `revoked`.
    pub(crate) state: &'static str,
    /// Round trip of the direct connection, milliseconds.
    pub(crate) rtt_ms: Option<f64>,
    /// Documents known to differ from its replica.
    pub(crate) behind: usize,
    /// Bytes received from it since start.
    pub(crate) bytes_in: u64,
    /// Bytes sent to it since start.
    pub(crate) bytes_out: u64,
    /// Frames waiting to be sent to it.
    pub(crate) queued: usize,
    /// Where it was last reached.
    pub(crate) address: Option<String>,
    /// Its clock minus this node's, milliseconds.
    pub(crate) clock_skew_ms: Option<i64>,
    /// When it was last heard.
    pub(crate) last_seen: Option<String>,
    /// Whether two machines use its identity; then neither is connected.
    pub(crate) runs_twice: bool,
}

impl MeshDto {
    pub(crate) fn new(snapshot: &Snapshot, identity: &Identity, clock: &Clockwork) -> Self {
        let mesh = &snapshot.mesh;
        let names = |ids: &[DeviceId]| ids.iter().map(ToString::to_string).collect();
        let lag = mesh.peers.iter().filter(|p| p.connected).map(|p| p.behind).max().unwrap_or(0);
        Self {
            device: identity.into(),
            role: identity.role.as_str(),
            group: names(&mesh.group),
            epoch: mesh.epoch.clone(),
            steward: mesh.steward.map(|d| d.to_string()),
            members: names(&mesh.members),
            lane: mesh.lane.clone(),
            taken_over: mesh.taken_over,
            runs_twice: mesh.runs_twice,
            foreign_waiting: mesh.foreign.len(),
            peers: peers(snapshot, identity, clock),
            documents: mesh.documents,
            lag,
            stored_bytes: mesh.stored_bytes,
            anomalies: snapshot.anomalies.len(),
            counts: mesh.counts.clone(),
        }
    }
}

/// Every other device: those the mesh has met, and those only the roster knows.
fn peers(snapshot: &Snapshot, identity: &Identity, clock: &Clockwork) -> Vec<PeerDto> {
    let met = snapshot.mesh.peers.iter().map(|p| p.device);
    let enrolled = snapshot.roster.devices.iter().filter(|(_, d)| d.revoked.is_none()).map(|(id, _)| *id);
    let mut all: Vec<DeviceId> = met.chain(enrolled).filter(|d| *d != identity.device).collect();
    all.sort_unstable();
    all.dedup();
    all.iter().map(|id| peer(*id, snapshot, clock)).collect()
}

fn peer(id: DeviceId, snapshot: &Snapshot, clock: &Clockwork) -> PeerDto {
    let seen = snapshot.mesh.peers.iter().find(|p| p.device == id);
    let device = snapshot.roster.devices.get(&id);
    PeerDto {
        id: id.to_string(),
        name: device.map_or_else(|| id.short(), |d| d.enrolment.name.clone()),
        role: device.map_or("", |d| d.enrolment.role.as_str()),
        state: state(seen, device),
        rtt_ms: seen.and_then(|p| p.rtt_ms),
        behind: seen.map_or(0, |p| p.behind),
        bytes_in: seen.map_or(0, |p| p.bytes_in),
        bytes_out: seen.map_or(0, |p| p.bytes_out),
        queued: seen.map_or(0, |p| p.queued),
        address: seen.and_then(|p| p.address).map(|a| a.to_string()),
        clock_skew_ms: seen.and_then(|p| p.clock_skew_ms),
        last_seen: clock.maybe(seen.and_then(|p| p.last_seen)),
        runs_twice: seen.is_some_and(|p| p.runs_twice),
    }
}

fn state(seen: Option<&Peer>, device: Option<&Device>) -> &'static str {
    if device.is_some_and(|d| d.revoked.is_some()) {
        return "revoked";
    }
    match seen {
        Some(p) if p.connected => "connected",
        Some(p) if p.in_group => "reachable",
        _ => "away",
    }
}

/// A device of the branch as the roster knows it.
#[derive(Serialize, ToSchema)]
#[schema(as = Device)]
pub(crate) struct DeviceDto {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its role.
    pub(crate) role: &'static str,
    /// The counter it stands at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) counter: Option<u8>,
    /// Letters of its side lane.
    pub(crate) lane: String,
    /// Whether it may enrol and revoke devices.
    pub(crate) admin: bool,
    /// `this`, `connected`, `reachable`, `away` or `revoked`.
    pub(crate) state: &'static str,
    /// When it was accepted.
    pub(crate) enrolled_at: String,
    /// Id of the admin device that accepted it.
    pub(crate) enrolled_by: String,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revoked_at: Option<String>,
}

impl DeviceDto {
    pub(crate) fn new(device: &Device, snapshot: &Snapshot, identity: &Identity, clock: &Clockwork) -> Self {
        let enrolment = &device.enrolment;
        let seen = snapshot.mesh.peers.iter().find(|p| p.device == enrolment.device);
        let own = enrolment.device == identity.device && device.revoked.is_none();
        Self {
            id: enrolment.device.to_string(),
            name: enrolment.name.clone(),
            role: enrolment.role.as_str(),
            counter: enrolment.counter,
            lane: enrolment.lane.clone(),
            admin: device.admin,
            state: if own { "this" } else { state(seen, Some(device)) },
            enrolled_at: clock.text(enrolment.at),
            enrolled_by: enrolment.by.to_string(),
            revoked_at: clock.maybe(device.revoked.as_ref().map(|r| r.at)),
        }
    }
}

/// All devices of the branch, revoked ones included.
#[derive(Serialize, ToSchema)]
#[schema(as = Devices)]
pub(crate) struct DevicesDto {
    /// By id.
    pub(crate) devices: Vec<DeviceDto>,
}

/// An invitation to join the branch.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(crate) struct InvitationDto {
    /// One line of text for `branchmesh join`; one use.
    pub(crate) invitation: String,
    /// When it lapses.
    pub(crate) expires_at: String,
}
