//! The mesh: long-lived QUIC connections between the enrolled devices that reach one another.
//!
//! This is transport only: it knows device ids, opaque hellos and opaque frames. [`Mesh::start`] binds an endpoint, finds
//! and dials every allowed device for ever, and reports through one channel of [`MeshEvent`]s. The hub answers with
//! [`Mesh::send`], which never blocks.
//!
//! * One session per pair of devices. `Up` and `Down` alternate for each peer; a session is one connection, so a new
//!   session starts with nothing in flight and what an ended one had queued is lost (repair fetches it).
//! * Strangers are refused when the handshake ends, before any stream is read ([`gate`]).
//! * Nothing outside the local network is ever contacted: no relay, no DNS, no port mapper.
//!
//! Reading order: [`config`] (what may be set), [`event`] (what is told), [`registry`] (which connection of a pair
//! stays), [`boots`] (which device runs twice), [`link`] (a session's life), [`dialer`] and [`acceptor`] (how connections come about).

mod acceptor;
mod addresses;
pub mod boots;
mod config;
mod dialer;
mod endpoint;
mod event;
mod gate;
mod join;
mod link;
mod mdns;
mod outbox;
mod registry;
mod shared;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use branchmesh_model::ids::DeviceId;
use bytes::Bytes;
use tokio::sync::mpsc;

pub use config::{Limits, MeshConfig};
pub use event::{DownReason, JoinRequest, MeshEvent, PeerLink};
pub use join::{JoinError, join};
pub use outbox::SendError;
pub use wire::MAX_FRAME_BYTES;

use shared::Shared;

/// Longest time a shutdown waits for peers to acknowledge the closing of their connections.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The mesh could not start.
#[derive(Debug, thiserror::Error)]
pub enum MeshError {
    /// A listen address could not be bound: taken by another program, or not an address of this machine.
    #[error("cannot listen on UDP {addresses}: {cause}")]
    Bind {
        /// The addresses asked for.
        addresses: String,
        /// What the system said.
        cause: String,
    },
    /// The hello would not fit its frame.
    #[error("the hello is {0} bytes long, more than {max} are not allowed", max = wire::MAX_HELLO_BYTES)]
    HelloTooLong(usize),
}

/// A running mesh. Dropping it stops it without a farewell; prefer [`Mesh::shutdown`].
#[derive(Debug)]
pub struct Mesh {
    shared: Arc<Shared>,
}

impl Mesh {
    /// Binds the endpoint and starts accepting and, once [`Mesh::set_allowed`] names devices, dialling.
    ///
    /// `hello` is handed to every peer as part of [`MeshEvent::Up`]. `events` should be bounded; while it is full, nothing
    /// more is read from any peer.
    ///
    /// # Errors
    /// [`MeshError::Bind`] if a listen address is taken or not of this machine, [`MeshError::HelloTooLong`].
    pub async fn start(config: MeshConfig, hello: Vec<u8>, events: mpsc::Sender<MeshEvent>) -> Result<Mesh, MeshError> {
        wire::check_hello(&hello)?;
        let shared = Shared::start(config, hello, events).await?;
        acceptor::spawn(&shared);
        mdns::spawn(&shared);
        Ok(Mesh { shared })
    }

    /// Names the devices that may be peers. Everyone else is refused at the handshake; live sessions with devices no
    /// longer named are closed at once.
    pub fn set_allowed(&self, devices: BTreeSet<DeviceId>) {
        dialer::set_allowed(&self.shared, devices);
    }

    /// Opens or closes the door for devices that ask to join (see [`join`]); closed at start.
    pub fn set_joinable(&self, open: bool) {
        self.shared.gate.set_joinable(open);
    }

    /// Changes the hello told to peers from the next session on.
    ///
    /// # Errors
    /// [`MeshError::HelloTooLong`].
    pub fn set_hello(&self, hello: Vec<u8>) -> Result<(), MeshError> {
        wire::check_hello(&hello)?;
        self.shared.set_hello(hello);
        Ok(())
    }

    /// Tells addresses at which a device may be reached: remembered from earlier, or told by peers. The newest few of a
    /// device are kept; wrong ones cost a few datagrams each.
    pub fn learn(&self, device: DeviceId, addrs: Vec<SocketAddr>) {
        self.shared.learn(device, &addrs);
    }

    /// Queues a frame for a peer, in order with the other frames sent by this method.
    ///
    /// # Errors
    /// Never waits: [`SendError::Full`] if the peer is too slow, [`SendError::NotConnected`], [`SendError::TooLong`].
    pub fn send(&self, peer: &DeviceId, frame: Bytes) -> Result<(), SendError> {
        self.shared.registry.link(peer).ok_or(SendError::NotConnected)?.live.push(frame)
    }

    /// Queues a frame of a long transfer: in order with the other bulk frames, behind what [`Mesh::send`] queues.
    ///
    /// # Errors
    /// As for [`Mesh::send`], with a bound of its own.
    pub fn send_bulk(&self, peer: &DeviceId, frame: Bytes) -> Result<(), SendError> {
        self.shared.registry.link(peer).ok_or(SendError::NotConnected)?.bulk.push(frame)
    }

    /// The sessions there are now.
    pub fn peers(&self) -> Vec<PeerLink> {
        self.shared.registry.links().iter().map(|link| link.describe()).collect()
    }

    /// Addresses at which others may reach this node: what it was told to listen on, or for the unspecified address every
    /// address of the machine's interfaces (loopback only if there is no other). Changes when the machine's addresses do.
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        endpoint::local_addrs(&self.shared.endpoint)
    }

    /// Why devices are not found by multicast, as a sentence for an operator; `None` if they should be or if mDNS is off.
    pub fn mdns_problem(&self) -> Option<String> {
        mdns::problem(&self.shared)
    }

    /// Counts since start by name, such as `mesh_strangers_refused`.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.shared.counts.all()
    }

    /// Ends every session with a farewell and releases the sockets. Frames still queued are lost.
    pub async fn shutdown(self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        let end = async {
            self.shared.tasks.wait().await;
            self.shared.endpoint.close().await;
        };
        if tokio::time::timeout(CLOSE_TIMEOUT, end).await.is_err() {
            tracing::debug!("some peers did not acknowledge the end of their connection");
        }
    }
}

impl Drop for Mesh {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}
