//! What may be set about the mesh.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// How to take part in the mesh.
#[derive(Clone)]
pub struct MeshConfig {
    /// The device's ed25519 secret key.
    pub secret: [u8; 32],
    /// UDP addresses to bind, exactly these. Empty: any port on every IPv4 and, if there is IPv6, every IPv6 address.
    pub listen: Vec<SocketAddr>,
    /// Whether to announce this node and find others by multicast.
    pub mdns: bool,
    /// Addresses at which some allowed device (which one need not be known) may be reached.
    pub static_peers: Vec<SocketAddr>,
    /// Bounds and times; the default suits a branch.
    pub limits: Limits,
}

impl MeshConfig {
    /// Everything but the key at its default: any port, no mDNS, no static peers.
    pub fn new(secret: [u8; 32]) -> Self {
        Self { secret, listen: Vec::new(), mdns: false, static_peers: Vec::new(), limits: Limits::default() }
    }
}

impl fmt::Debug for MeshConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeshConfig")
            .field("listen", &self.listen)
            .field("mdns", &self.mdns)
            .field("static_peers", &self.static_peers)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Bounds on what a peer or a stranger can make this node spend, and the times of the link.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes queued for one peer by `send`.
    pub queue_bytes: usize,
    /// Frames queued for one peer by `send`.
    pub queue_frames: usize,
    /// Bytes queued for one peer by `send_bulk`.
    pub bulk_queue_bytes: usize,
    /// Handshakes and joins from outside under way at once.
    pub handshakes: usize,
    /// Own dials under way at once.
    pub dials: usize,
    /// A connection silent for this long has ended.
    pub idle_timeout: Duration,
    /// How often a silent connection is probed.
    pub keep_alive: Duration,
    /// Longest wait for a dialled device's handshake.
    pub dial_timeout: Duration,
    /// Longest wait for a hello once the handshake is done.
    pub hello_timeout: Duration,
    /// Pause after the first failed dial; doubles with each further one.
    pub backoff_min: Duration,
    /// Longest pause between two dials of a device.
    pub backoff_max: Duration,
    /// Longest wait for the node's answer to a device that asks to join.
    pub join_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_bytes: 4 << 20,
            queue_frames: 16_384,
            bulk_queue_bytes: 16 << 20,
            handshakes: 64,
            dials: 64,
            idle_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(1),
            dial_timeout: Duration::from_secs(2),
            hello_timeout: Duration::from_secs(3),
            backoff_min: Duration::from_millis(300),
            backoff_max: Duration::from_secs(3),
            join_timeout: Duration::from_secs(20),
        }
    }
}
