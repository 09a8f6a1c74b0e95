//! What the mesh tells the node.

use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

use branchmesh_model::ids::DeviceId;
use bytes::Bytes;
use tokio::sync::oneshot;

/// Something happened in the mesh.
#[derive(Debug)]
pub enum MeshEvent {
    /// A session with an allowed device began; both sides have the other's hello.
    Up {
        /// The device.
        peer: DeviceId,
        /// What its node gave as hello.
        hello: Vec<u8>,
        /// Where it is.
        address: Option<SocketAddr>,
    },
    /// The session ended; comes once for each `Up`, after the session's last frame and before the next `Up`.
    Down {
        /// The device.
        peer: DeviceId,
        /// Why.
        reason: DownReason,
    },
    /// A frame arrived, in the order sent among those of its kind (live or bulk).
    Frame {
        /// From whom.
        peer: DeviceId,
        /// What the sender's node handed to `send` or `send_bulk`.
        bytes: Bytes,
    },
    /// A device that is not in the roster asks to join.
    Join(JoinRequest),
    /// Two machines use the identity of one device, as copies of a disk do. Comes again with each try of either to connect.
    RunsTwice {
        /// The device: a peer, or this one.
        device: DeviceId,
        /// Who found out: this device, or a peer that no longer lets this one in.
        told_by: DeviceId,
    },
    /// Somebody was turned away. At most a few a second are told; `Mesh::counts` has them all.
    Refused {
        /// The name under which it is counted.
        reason: &'static str,
    },
    /// A device announced its addresses by multicast; worth remembering for when multicast fails.
    AddressLearnt {
        /// The device.
        device: DeviceId,
        /// Where it says it is.
        addrs: Vec<SocketAddr>,
    },
}

/// A request to join; its sender has proven to hold `from`'s secret key, and nothing else.
#[derive(Debug)]
pub struct JoinRequest {
    /// The device that asks.
    pub from: DeviceId,
    /// What it sent, at most 64 KiB.
    pub bytes: Vec<u8>,
    /// Takes the answer for it; dropping this refuses without one.
    pub reply: oneshot::Sender<Vec<u8>>,
}

/// Why a session ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DownReason {
    /// The peer's node stopped or closed the connection.
    ClosedByPeer,
    /// Nothing was heard from it for the idle time.
    Silent,
    /// It came back on a new connection, after a restart or an interruption this side had not noticed yet.
    Replaced,
    /// It is no longer allowed.
    Revoked,
    /// It broke the protocol, for example with a frame that is too long.
    Misbehaved,
    /// Another machine uses the same identity; it is not let in for a while.
    RunsTwice,
    /// The peer says so of this node.
    ToldToRunTwice,
    /// This node is stopping.
    ShuttingDown,
}

impl fmt::Display for DownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClosedByPeer => "closed by the peer",
            Self::Silent => "silent for too long",
            Self::Replaced => "replaced by a newer connection",
            Self::Revoked => "no longer allowed",
            Self::Misbehaved => "broke the protocol",
            Self::RunsTwice => "two machines use its identity",
            Self::ToldToRunTwice => "it says that two machines use this device's identity",
            Self::ShuttingDown => "this node is stopping",
        })
    }
}

/// A session as it is now.
#[derive(Clone, Debug)]
pub struct PeerLink {
    /// The device.
    pub device: DeviceId,
    /// Where it is.
    pub address: Option<SocketAddr>,
    /// Round trip, milliseconds.
    pub rtt_ms: Option<f64>,
    /// Bytes of frames received from the device since this mesh started, over all sessions.
    pub bytes_in: u64,
    /// Bytes of frames handed to the connection for the device since this mesh started, over all sessions.
    pub bytes_out: u64,
    /// Frames waiting to be sent.
    pub queued_frames: usize,
    /// Their bytes.
    pub queued_bytes: usize,
    /// When the session began.
    pub since: Instant,
}
