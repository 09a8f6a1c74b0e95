//! Dialling: every allowed device that has no session is tried for ever.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use branchmesh_model::ids::DeviceId;
use iroh::EndpointAddr;
use iroh::endpoint::{ConnectOptions, Connection};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::config::Limits;
use super::endpoint::dial_address;
use super::event::DownReason;
use super::link::{self, Link};
use super::registry::Mark;
use super::shared::{Dialler, Shared};
use super::wire::{ALPN_MESH, Close, alpn_to, read_hello, write_hello};

/// A session that lasted this long was a success, so that the next dial comes without a pause.
const SETTLED: Duration = Duration::from_secs(2);

/// Changes who may be a peer: starts and stops diallers, ends sessions with devices that were removed.
pub(super) fn set_allowed(shared: &Arc<Shared>, mut devices: BTreeSet<DeviceId>) {
    devices.remove(&shared.me);
    let former = shared.gate.set_allowed(devices.clone());
    let mut diallers = shared.diallers.lock().expect("no holder of this lock panics");
    for device in former.difference(&devices) {
        if let Some(dialler) = diallers.remove(device) {
            dialler.stop.cancel();
        }
    }
    for device in devices.difference(&former) {
        let dialler = Dialler { stop: shared.stop.child_token(), hurry: Arc::new(Notify::new()) };
        let (shared_for_task, device_for_task) = (shared.clone(), *device);
        let (stop, hurry) = (dialler.stop.clone(), dialler.hurry.clone());
        shared.spawn(async move { keep_dialling(shared_for_task, device_for_task, stop, hurry).await });
        diallers.insert(*device, dialler);
    }
    drop(diallers);
    for link in shared.registry.links().iter().filter(|link| !devices.contains(&link.peer)) {
        link.end(DownReason::Revoked);
    }
}

async fn keep_dialling(shared: Arc<Shared>, device: DeviceId, stop: CancellationToken, hurry: Arc<Notify>) {
    let mut backoff = Backoff::new(&shared.limits);
    loop {
        let step = async {
            let lasted = wait_until_down(&shared, &device).await;
            if lasted.is_some_and(|lasted| lasted >= SETTLED) {
                backoff = Backoff::new(&shared.limits);
            }
            // A session that hardly began is a failure too, or two nodes that cannot agree would spin.
            let failed = lasted.is_some_and(|lasted| lasted < SETTLED) || !try_once(&shared, &device).await;
            if failed {
                tokio::select! {
                    () = tokio::time::sleep(backoff.next()) => {}
                    () = hurry.notified() => {}
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = step => {}
        }
    }
    shared.registry.end_dial(&device);
}

/// Waits while there is a session; says how long that was, if there was one.
async fn wait_until_down(shared: &Shared, device: &DeviceId) -> Option<Duration> {
    let changed = shared.registry.changed(device);
    let mut since = None;
    loop {
        let change = changed.notified();
        tokio::pin!(change);
        change.as_mut().enable();
        match shared.registry.link(device) {
            None => return since.map(|since: Instant| since.elapsed()),
            Some(link) => since = Some(link.since),
        }
        change.await;
    }
}

/// One dial; true if there is a session afterwards.
async fn try_once(shared: &Arc<Shared>, device: &DeviceId) -> bool {
    let addrs = shared.candidates(device);
    if addrs.is_empty() && !shared.mdns_wanted {
        return false;
    }
    let Some(target) = dial_address(device, &addrs) else { return false };
    let Ok(_permit) = shared.dials.acquire().await else { return false };
    if !shared.registry.begin_dial(device) {
        return true;
    }
    let _ended = DialEnd { shared, device };
    match dial(shared, device, target).await {
        Ok(()) => true,
        Err(reason) => {
            tracing::debug!(peer = %device.short(), addrs = %Addrs(&addrs), reason, "dial failed");
            shared.registry.link(device).is_some()
        }
    }
}

/// Notes the end of a dial also when its task is stopped in the middle.
struct DialEnd<'a> {
    shared: &'a Shared,
    device: &'a DeviceId,
}

impl Drop for DialEnd<'_> {
    fn drop(&mut self) {
        self.shared.registry.end_dial(self.device);
    }
}

async fn dial(shared: &Arc<Shared>, device: &DeviceId, target: EndpointAddr) -> Result<(), &'static str> {
    let connecting = connect(&shared.endpoint, device, target, ALPN_MESH);
    let conn = timeout(shared.limits.dial_timeout, connecting).await.map_err(|_| "no answer")??;
    let greeted = timeout(shared.limits.hello_timeout, greet(shared, device, &conn)).await;
    let result = greeted.unwrap_or(Err("no hello"));
    if result.is_err() {
        conn.close(Close::Duplicate.code(), Close::Duplicate.name());
    }
    result
}

/// Connects to a device, telling whoever answers for whom the dial is meant.
pub(super) async fn connect(
    endpoint: &iroh::Endpoint,
    device: &DeviceId,
    target: EndpointAddr,
    alpn: &[u8],
) -> Result<Connection, &'static str> {
    let options = ConnectOptions::new().with_additional_alpns(vec![alpn_to(device)]);
    let connecting = endpoint.connect_with_opts(target, alpn, options).await.map_err(|_| "no usable address")?;
    connecting.await.map_err(|error| {
        tracing::debug!(peer = %device.short(), error = format!("{error:#}"), "handshake failed");
        "the handshake failed"
    })
}

/// Exchanges hellos and, if this connection is to stay, starts the session.
async fn greet(shared: &Arc<Shared>, device: &DeviceId, conn: &Connection) -> Result<(), &'static str> {
    let (mut send, mut recv) = conn.open_bi().await.map_err(|_| "closed by the peer")?;
    let order = shared.registry.send_hello(device, || shared.draw()).ok_or("the peer was faster")?;
    write_hello(&mut send, &shared.hello(order)).await.map_err(|_| "closed by the peer")?;
    let theirs = read_hello(&mut recv).await.map_err(|_| {
        if conn.close_reason().is_some_and(|error| Close::RunsTwice.is_why(&error)) {
            shared.runs_twice(shared.me, *device);
        }
        "closed by the peer"
    })?;
    let mark = Mark { boot: theirs.boot, order: theirs.order };
    let link = Link::new(conn.clone(), mark, shared.registry.traffic(device), &shared.limits);
    let place = shared.registry.insert(link.clone(), || ()).map_err(|why| {
        link.discard(shared, why);
        "it is not kept"
    })?;
    if !shared.gate.allows(device) {
        // Removed while the dial was under way, possibly after live sessions were ended.
        link.end(DownReason::Revoked);
    }
    let running = shared.clone();
    shared.spawn(async move { link::run(&running, link, place, theirs.node, (send, recv)).await });
    Ok(())
}

/// Addresses for a log line.
struct Addrs<'a>(&'a [SocketAddr]);

impl std::fmt::Display for Addrs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|addr| format_args!("{addr}").to_string())).finish()
    }
}

/// Pauses between failed dials: doubling, up to a limit, each drawn from its upper half so that two devices that lost one
/// another do not keep missing each other.
struct Backoff {
    next: Duration,
    max: Duration,
}

impl Backoff {
    fn new(limits: &Limits) -> Self {
        Self { next: limits.backoff_min, max: limits.backoff_max }
    }

    fn next(&mut self) -> Duration {
        let pause = self.next.mul_f64(rand::random_range(0.5..=1.0));
        self.next = (self.next * 2).min(self.max);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_limit() {
        let limits = Limits::default();
        let mut backoff = Backoff::new(&limits);
        for whole_ms in [300, 600, 1_200, 2_400, 3_000, 3_000] {
            let whole = Duration::from_millis(whole_ms);
            let pause = backoff.next();
            assert!(pause >= whole / 2 && pause <= whole, "{pause:?} of {whole:?}");
        }
    }
}
