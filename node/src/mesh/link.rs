//! A session: one connection with one peer, from its `Up` to its `Down`.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use branchmesh_model::ids::DeviceId;
use bytes::Bytes;
use iroh::endpoint::{Connection, ConnectionError, RecvStream, SendStream};
use tokio_util::sync::CancellationToken;

use super::config::Limits;
use super::endpoint;
use super::event::{DownReason, MeshEvent, PeerLink};
use super::outbox::Outbox;
use super::registry::{Inserted, Mark, NotKept};
use super::shared::Shared;
use super::wire::{Close, FrameCutter, WireError};

/// Bytes taken from a stream at once.
const CHUNK_BYTES: usize = 64 << 10;
/// Below the priority of the session's own stream (0), so that live frames overtake bulk frames.
const BULK_PRIORITY: i32 = -1;

/// Bytes of frames exchanged with a device over all its sessions.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    received: AtomicU64,
    sent: AtomicU64,
}

/// A session, as those who send into it or end it see it.
#[derive(Debug)]
pub(super) struct Link {
    /// The other device.
    pub(super) peer: DeviceId,
    /// Its place among the connections of the pair.
    pub(super) mark: Mark,
    /// Frames that should arrive soon.
    pub(super) live: Outbox,
    /// Frames of long transfers.
    pub(super) bulk: Outbox,
    /// When it began.
    pub(super) since: Instant,
    conn: Connection,
    traffic: Arc<Traffic>,
    reason: OnceLock<DownReason>,
    ending: CancellationToken,
    finished: CancellationToken,
}

impl Link {
    pub(super) fn new(conn: Connection, mark: Mark, traffic: Arc<Traffic>, limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            peer: DeviceId(*conn.remote_id().as_bytes()),
            mark,
            live: Outbox::new(limits.queue_bytes, limits.queue_frames),
            bulk: Outbox::new(limits.bulk_queue_bytes, limits.queue_frames),
            since: Instant::now(),
            conn,
            traffic,
            reason: OnceLock::new(),
            ending: CancellationToken::new(),
            finished: CancellationToken::new(),
        })
    }

    /// Closes the connection; the first reason given is the one told.
    pub(super) fn end(&self, reason: DownReason) {
        let reason = *self.reason.get_or_init(|| reason);
        let close = match reason {
            DownReason::Replaced => Close::Replaced,
            DownReason::Revoked => Close::Revoked,
            DownReason::Misbehaved => Close::Protocol,
            DownReason::RunsTwice => Close::RunsTwice,
            DownReason::ClosedByPeer | DownReason::Silent | DownReason::ToldToRunTwice | DownReason::ShuttingDown => {
                Close::Done
            }
        };
        self.conn.close(close.code(), close.name());
        self.ending.cancel();
    }

    /// Gives up a connection that does not become the session of its pair.
    pub(super) fn discard(&self, shared: &Shared, why: NotKept) {
        let close = match why {
            NotKept::Older => Close::Duplicate,
            NotKept::RunsTwice => Close::RunsTwice,
        };
        self.conn.close(close.code(), close.name());
        if why == NotKept::RunsTwice {
            shared.runs_twice(self.peer, shared.me);
        }
    }

    /// Where the peer is now.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        endpoint::path(&self.conn).0
    }

    /// The session as it is now.
    pub(super) fn describe(&self) -> PeerLink {
        let (address, rtt) = endpoint::path(&self.conn);
        let ((live_frames, live_bytes), (bulk_frames, bulk_bytes)) = (self.live.waiting(), self.bulk.waiting());
        PeerLink {
            device: self.peer,
            address,
            rtt_ms: rtt.map(|rtt| rtt.as_secs_f64() * 1_000.0),
            bytes_in: self.traffic.received.load(Ordering::Relaxed),
            bytes_out: self.traffic.sent.load(Ordering::Relaxed),
            queued_frames: live_frames + bulk_frames,
            queued_bytes: live_bytes + bulk_bytes,
            since: self.since,
        }
    }
}

/// Runs a registered session to its end.
pub(super) async fn run<T>(
    shared: &Shared,
    link: Arc<Link>,
    place: Inserted<T>,
    hello: Vec<u8>,
    (send, recv): (SendStream, RecvStream),
) {
    if let Some(former) = place.former {
        former.finished.cancelled().await;
    }
    let address = link.address();
    if let Some(address) = address {
        shared.learn(link.peer, &[address]);
    }
    tracing::info!(peer = %link.peer.short(), address = address.map(tracing::field::display), "peer up");
    let told = tell(shared, MeshEvent::Up { peer: link.peer, hello, address }).await;
    let reason = exchange(shared, &link, send, recv).await;
    link.end(reason);
    let reason = *link.reason.get().unwrap_or(&reason);
    shared.registry.remove(&link.peer, place.session);
    if reason == DownReason::ToldToRunTwice {
        shared.runs_twice(shared.me, link.peer);
    }
    tracing::info!(peer = %link.peer.short(), %reason, "peer down");
    if told {
        tell_down(shared, MeshEvent::Down { peer: link.peer, reason }).await;
    }
    link.finished.cancel();
}

/// Moves frames until one of the parts ends; says why.
async fn exchange(shared: &Shared, link: &Link, send: SendStream, recv: RecvStream) -> DownReason {
    tokio::select! {
        biased;
        () = shared.stop.cancelled() => DownReason::ShuttingDown,
        () = link.ending.cancelled() => DownReason::ClosedByPeer,
        error = link.conn.closed() => reason_of(&error),
        end = read_frames(shared, link, recv) => end.reason(link),
        end = read_bulk(shared, link) => end.reason(link),
        end = write_frames(link, &link.live, send) => end.reason(link),
        end = write_bulk(link) => end.reason(link),
    }
}

/// Why a part of the exchange ended.
enum End {
    /// Its stream or the connection ended.
    Stream,
    /// The peer sent what it must not.
    Misbehaved,
    /// The node no longer takes events.
    Node,
}

impl End {
    fn reason(self, link: &Link) -> DownReason {
        match self {
            Self::Stream => link.conn.close_reason().map_or(DownReason::ClosedByPeer, |error| reason_of(&error)),
            Self::Misbehaved => DownReason::Misbehaved,
            Self::Node => DownReason::ShuttingDown,
        }
    }
}

fn reason_of(error: &ConnectionError) -> DownReason {
    match error {
        ConnectionError::TimedOut => DownReason::Silent,
        error if Close::RunsTwice.is_why(error) => DownReason::ToldToRunTwice,
        _ => DownReason::ClosedByPeer,
    }
}

async fn read_frames(shared: &Shared, link: &Link, mut recv: RecvStream) -> End {
    let mut cutter = FrameCutter::default();
    while let Ok(Some(chunk)) = recv.read_chunk(CHUNK_BYTES).await {
        cutter.feed(&chunk);
        loop {
            match cutter.next_frame() {
                Ok(Some(frame)) => {
                    if !receive(shared, link, frame).await {
                        return End::Node;
                    }
                }
                Ok(None) => break,
                Err(error) => return misbehaved(shared, link, &error),
            }
        }
    }
    End::Stream
}

async fn receive(shared: &Shared, link: &Link, bytes: Bytes) -> bool {
    link.traffic.received.fetch_add(4 + bytes.len() as u64, Ordering::Relaxed);
    tell(shared, MeshEvent::Frame { peer: link.peer, bytes }).await
}

fn misbehaved(shared: &Shared, link: &Link, error: &WireError) -> End {
    tracing::warn!(peer = %link.peer.short(), %error, "closing the connection: the peer broke the protocol");
    shared.counts.refuse("mesh_frames_refused_too_long");
    End::Misbehaved
}

async fn read_bulk(shared: &Shared, link: &Link) -> End {
    while let Ok(recv) = link.conn.accept_uni().await {
        match read_frames(shared, link, recv).await {
            End::Stream => {}
            end => return end,
        }
    }
    End::Stream
}

async fn write_bulk(link: &Link) -> End {
    let Ok(send) = link.conn.open_uni().await else { return End::Stream };
    if send.set_priority(BULK_PRIORITY).is_err() {
        return End::Stream;
    }
    write_frames(link, &link.bulk, send).await
}

async fn write_frames(link: &Link, outbox: &Outbox, mut send: SendStream) -> End {
    loop {
        let mut batch = outbox.take().await;
        let bytes: usize = batch.iter().map(Bytes::len).sum();
        if send.write_all_chunks(&mut batch).await.is_err() {
            return End::Stream;
        }
        link.traffic.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Hands an event to the node, waiting for room; false if the node is stopping.
pub(super) async fn tell(shared: &Shared, event: MeshEvent) -> bool {
    tokio::select! {
        sent = shared.events.send(event) => sent.is_ok(),
        () = shared.stop.cancelled() => false,
    }
}

/// Hands a `Down` to the node; at the stop, when nobody may be reading any more, only if there is room.
async fn tell_down(shared: &Shared, event: MeshEvent) {
    tokio::select! {
        biased;
        room = shared.events.reserve() => {
            if let Ok(room) = room {
                room.send(event);
            }
        }
        () = shared.stop.cancelled() => {}
    }
}
