//! Accepting connections: never more handshakes at once than set, and silence for what is meant for others.

use std::sync::Arc;
use std::time::Duration;

use branchmesh_model::ids::DeviceId;
use iroh::endpoint::{Connection, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::event::DownReason;
use super::join;
use super::link::{self, Link};
use super::registry::{Dial, Mark};
use super::shared::Shared;
use super::wire::{ALPN_JOIN, Close, Hello, WireError, meant_for_another, read_hello, write_hello};

/// How long an incoming connection waits for an own dial that has not got through yet.
const YIELD_TO_DIAL: Duration = Duration::from_millis(500);

/// Accepts until the mesh stops.
pub(super) fn spawn(shared: &Arc<Shared>) {
    let (running, for_task) = (shared.clone(), shared.clone());
    shared.spawn(async move {
        tokio::select! {
            () = running.stop.cancelled() => {}
            () = accept_all(for_task) => {}
        }
    });
}

async fn accept_all(shared: Arc<Shared>) {
    let room = Arc::new(Semaphore::new(shared.limits.handshakes));
    while let Some(incoming) = shared.endpoint.accept().await {
        let Some((incoming, permit)) = admit(&shared, &room, incoming) else { continue };
        let running = shared.clone();
        shared.spawn(async move {
            tokio::select! {
                () = running.stop.cancelled() => {}
                () = handshake(&running, incoming, permit) => {}
            }
        });
    }
}

/// Sorts out, before any expensive step, what is not for this node or more than it can take.
fn admit(shared: &Shared, room: &Arc<Semaphore>, incoming: Incoming) -> Option<(Incoming, OwnedSemaphorePermit)> {
    if let Some(offered) = incoming.decrypt().and_then(|initial| initial.alpns()) {
        let offered: Vec<_> = offered.flatten().collect();
        if meant_for_another(&shared.me, offered.iter().map(|alpn| &alpn[..])) {
            shared.counts.count("mesh_dials_ignored_for_another");
            incoming.ignore();
            return None;
        }
    }
    if room.available_permits() * 2 < shared.limits.handshakes && !incoming.remote_addr_validated() {
        // Under load whoever knocks shows first that its address is its own.
        shared.counts.count("mesh_handshakes_asked_to_retry");
        let _ = incoming.retry();
        return None;
    }
    match room.clone().try_acquire_owned() {
        Ok(permit) => Some((incoming, permit)),
        Err(_) => {
            shared.counts.refuse("mesh_handshakes_refused_busy");
            incoming.refuse();
            None
        }
    }
}

async fn handshake(shared: &Arc<Shared>, incoming: Incoming, _permit: OwnedSemaphorePermit) {
    let Ok(Ok(conn)) = timeout(shared.limits.hello_timeout, incoming.into_future()).await else {
        tracing::debug!("an incoming handshake came to nothing");
        shared.counts.count("mesh_handshakes_failed");
        return;
    };
    if conn.alpn() == ALPN_JOIN {
        join::serve(shared, conn).await;
    } else {
        welcome(shared, conn).await;
    }
}

/// Reads the dialler's hello and, if this connection is to stay, answers it and starts the session.
async fn welcome(shared: &Arc<Shared>, conn: Connection) {
    let peer = DeviceId(*conn.remote_id().as_bytes());
    let hello = async {
        let (send, mut recv) = conn.accept_bi().await.map_err(|_| WireError::Ended)?;
        Ok((read_hello(&mut recv).await?, send, recv))
    };
    let (theirs, mut send, recv): (Hello, _, _) = match timeout(shared.limits.hello_timeout, hello).await {
        Ok(Ok(read)) => read,
        Ok(Err(WireError::Ended)) => return,
        Ok(Err(_)) | Err(_) => {
            shared.counts.refuse("mesh_hellos_refused");
            conn.close(Close::Protocol.code(), Close::Protocol.name());
            return;
        }
    };
    yield_to_dial(shared, &peer, &conn).await;
    let mark = Mark { boot: theirs.boot, order: theirs.order };
    let link = Link::new(conn, mark, shared.registry.traffic(&peer), &shared.limits);
    let place = match shared.registry.insert(link.clone(), || shared.draw()) {
        Ok(place) => place,
        Err(why) => return link.discard(shared, why),
    };
    if !shared.gate.allows(&peer) {
        // Removed since the gate let it pass, possibly after live sessions were ended.
        link.end(DownReason::Revoked);
    }
    let answer = shared.hello(place.drawn);
    let running = shared.clone();
    shared.spawn(async move {
        if timeout(running.limits.hello_timeout, write_hello(&mut send, &answer)).await.is_err() {
            link.end(DownReason::Silent);
        }
        link::run(&running, link, place, theirs.node, (send, recv)).await;
    });
}

/// Of two simultaneous dials that of the lower device stays: it waits here until its own got through or failed.
async fn yield_to_dial(shared: &Shared, peer: &DeviceId, conn: &Connection) {
    if shared.me > *peer {
        return;
    }
    let changed = shared.registry.changed(peer);
    let patience = tokio::time::sleep(YIELD_TO_DIAL);
    tokio::pin!(patience);
    let mut patient = true;
    loop {
        let change = changed.notified();
        tokio::pin!(change);
        change.as_mut().enable();
        match shared.registry.dial(peer) {
            None => return,
            Some(Dial::Connecting) if !patient => return,
            Some(_) => {}
        }
        tokio::select! {
            () = change => {}
            () = &mut patience, if patient => patient = false,
            _ = conn.closed() => return,
        }
    }
}
