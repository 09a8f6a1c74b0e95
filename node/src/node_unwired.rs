//! A node as its callers see it: found a branch, join one, start, stop.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use branchmesh_model::ids::{BranchId, CounterNo, DeviceId};
use branchmesh_model::schema::Role;

use crate::handle::Identity;

/// What a new branch starts with.
#[derive(Clone, Debug)]
pub struct FoundOptions {
    /// Data folder of this device; made if it is missing.
    pub data: PathBuf,
    /// The branch's name.
    pub branch: String,
    /// Role of this device.
    pub role: Role,
    /// Name of this device.
    pub name: String,
    /// The counter it stands at.
    pub counter: Option<CounterNo>,
    /// Sections of the configuration by name; what is missing has its default.
    pub config: Option<serde_json::Value>,
    /// PIN of the first staff member; drawn if none is given.
    pub manager_pin: Option<String>,
}

/// A branch was founded.
#[derive(Clone, Debug)]
pub struct Founded {
    /// The branch.
    pub branch: BranchId,
    /// This device, its first admin.
    pub device: DeviceId,
    /// Sign-in name of the first staff member.
    pub manager_id: String,
    /// Their PIN, shown this once.
    pub manager_pin: String,
}

/// How a node runs.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Its data folder.
    pub data: PathBuf,
    /// Where the screens and the API are served (TCP).
    pub http: SocketAddr,
    /// Where the mesh listens (UDP).
    pub listen: Vec<SocketAddr>,
    /// Addresses of other devices to try first.
    pub peers: Vec<SocketAddr>,
    /// Whether devices are looked for by multicast DNS.
    pub mdns: bool,
    /// Bytes of memory the store may use as cache.
    pub cache_bytes: usize,
}

/// A device was accepted into a branch.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The branch's name, if it is known yet.
    pub branch: String,
    /// Role of this device.
    pub role: Role,
    /// Name of this device.
    pub name: String,
}

/// Name of the file by which the commands of this machine find a running node.
pub const CONTROL_FILE: &str = "control.json";

/// What stands in it. Whoever can read it is the operator of this machine.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Control {
    /// Where the API is served.
    pub http: SocketAddr,
    /// Process id of the node.
    pub pid: u32,
    /// Bearer token of the operator.
    pub token: String,
}

/// A running node.
pub struct Node {
    http: SocketAddr,
    mesh: Vec<SocketAddr>,
}

/// Founds a branch in an empty data folder; this device is its first admin.
///
/// # Errors
/// If the folder holds a device already or cannot be written, or the configuration is refused.
pub fn found(_options: FoundOptions) -> Result<Founded> {
    bail!("not wired")
}

/// Enrols the device of `data` with an invitation.
///
/// # Errors
/// If the invitation is unreadable, used, lapsed, or no device of the branch can be reached.
pub async fn join(_data: &Path, _invitation: &str) -> Result<Joined> {
    bail!("not wired")
}

/// Puts a backup in place as the store of `data`, with a new voter generation.
///
/// # Errors
/// If the file is no backup, or the folder is in use or holds another device.
pub fn restore(_data: &Path, _file: &Path, _progress: impl FnMut(u64, u64)) -> Result<Identity> {
    bail!("not wired")
}

/// Opens key and store of a data folder that no node uses now, and says whose it is.
///
/// # Errors
/// If the key or the store is missing, damaged or in use.
pub fn inspect(_data: &Path) -> Result<Identity> {
    bail!("not wired")
}

impl Node {
    /// Starts a node; returns once it serves its screens and API.
    ///
    /// # Errors
    /// If the folder holds no enrolled device, is in use, or an address cannot be taken.
    pub async fn start(_options: RunOptions) -> Result<Node> {
        bail!("not wired")
    }

    /// Where the screens and the API are served.
    pub fn http_addr(&self) -> SocketAddr {
        self.http
    }

    /// Where the mesh listens.
    pub fn mesh_addrs(&self) -> Vec<SocketAddr> {
        self.mesh.clone()
    }

    /// Returns when the core ended by itself, which it does only in trouble.
    pub async fn wait(&self) -> String {
        std::future::pending().await
    }

    /// Says goodbye to the group and stops.
    pub async fn stop(self) {}
}
