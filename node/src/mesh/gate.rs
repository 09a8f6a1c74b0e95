//! Who may come in: the check at the end of every handshake, and the count of those turned away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use branchmesh_model::ids::DeviceId;
use iroh::endpoint::{AfterHandshakeOutcome, Connection, EndpointHooks, Side};
use tokio::sync::mpsc;

use super::event::MeshEvent;
use super::wire::{ALPN_JOIN, ALPN_MESH, Close};

/// Requests to join that may come at once.
const JOIN_BURST: u32 = 5;
/// One more request to join is accepted each time this has passed.
const JOIN_INTERVAL: Duration = Duration::from_secs(1);
/// `Refused` events a second; the rest is only counted.
const REFUSALS_TOLD: u32 = 5;

/// Counts since start, and the events about them.
#[derive(Debug)]
pub(super) struct Counts {
    counts: Mutex<BTreeMap<&'static str, u64>>,
    told: Mutex<Bucket>,
    events: mpsc::Sender<MeshEvent>,
}

impl Counts {
    pub(super) fn new(events: mpsc::Sender<MeshEvent>) -> Self {
        let told = Bucket::new(REFUSALS_TOLD, Duration::from_secs(1) / REFUSALS_TOLD);
        Self { counts: Mutex::default(), told: Mutex::new(told), events }
    }

    /// Counts something.
    pub(super) fn count(&self, name: &'static str) {
        *self.counts.lock().expect("no holder of this lock panics").entry(name).or_default() += 1;
    }

    /// Counts somebody turned away and, unless there are many, tells the node.
    pub(super) fn refuse(&self, name: &'static str) {
        self.count(name);
        if self.told.lock().expect("no holder of this lock panics").take(Instant::now()) {
            // A full channel has more important things in it.
            let _ = self.events.try_send(MeshEvent::Refused { reason: name });
        }
    }

    /// All counts by name.
    pub(super) fn all(&self) -> BTreeMap<&'static str, u64> {
        self.counts.lock().expect("no holder of this lock panics").clone()
    }
}

/// Allows a burst, then one at each interval.
#[derive(Debug)]
struct Bucket {
    burst: u32,
    interval: Duration,
    left: u32,
    filled: Option<Instant>,
}

impl Bucket {
    fn new(burst: u32, interval: Duration) -> Self {
        Self { burst, interval, left: burst, filled: None }
    }

    fn take(&mut self, now: Instant) -> bool {
        let filled = *self.filled.get_or_insert(now);
        let gained = now.saturating_duration_since(filled).as_nanos() / self.interval.as_nanos();
        if gained > 0 {
            self.left = self.burst.min(self.left.saturating_add(u32::try_from(gained).unwrap_or(u32::MAX)));
            self.filled = Some(now);
        }
        let has = self.left > 0;
        self.left -= u32::from(has);
        has
    }
}

/// Decides at the end of a handshake.
#[derive(Debug)]
pub(super) struct Gate {
    allowed: RwLock<BTreeSet<DeviceId>>,
    joinable: AtomicBool,
    joins: Mutex<Bucket>,
    counts: Arc<Counts>,
}

impl Gate {
    /// Lets nobody in yet.
    pub(super) fn new(counts: Arc<Counts>) -> Self {
        let joins = Mutex::new(Bucket::new(JOIN_BURST, JOIN_INTERVAL));
        Self { allowed: RwLock::default(), joinable: AtomicBool::new(false), joins, counts }
    }

    /// Replaces the devices that may be peers; returns the former ones.
    pub(super) fn set_allowed(&self, devices: BTreeSet<DeviceId>) -> BTreeSet<DeviceId> {
        std::mem::replace(&mut *self.allowed.write().expect("no holder of this lock panics"), devices)
    }

    /// Whether a device may be a peer.
    pub(super) fn allows(&self, device: &DeviceId) -> bool {
        self.allowed.read().expect("no holder of this lock panics").contains(device)
    }

    /// Opens or closes the door for requests to join.
    pub(super) fn set_joinable(&self, open: bool) {
        self.joinable.store(open, Ordering::Relaxed);
    }

    fn check(&self, alpn: &[u8], device: &DeviceId) -> Result<(), (Close, &'static str)> {
        match alpn {
            ALPN_MESH if self.allows(device) => Ok(()),
            ALPN_JOIN if !self.joinable.load(Ordering::Relaxed) => {
                Err((Close::NotJoinable, "mesh_joins_refused_no_invitation"))
            }
            ALPN_JOIN if !self.joins.lock().expect("no holder of this lock panics").take(Instant::now()) => {
                Err((Close::Busy, "mesh_joins_refused_too_many"))
            }
            ALPN_JOIN => Ok(()),
            _ => Err((Close::Stranger, "mesh_strangers_refused")),
        }
    }
}

/// The gate as the endpoint's hook.
#[derive(Debug)]
pub(super) struct GateHook(pub(super) Arc<Gate>);

impl EndpointHooks for GateHook {
    async fn after_handshake<'a>(&'a self, conn: &'a Connection) -> AfterHandshakeOutcome {
        let device = DeviceId(*conn.remote_id().as_bytes());
        if conn.side() == Side::Client {
            // The dialler chose whom to dial and checks again before it registers the connection.
            return AfterHandshakeOutcome::Accept;
        }
        match self.0.check(conn.alpn(), &device) {
            Ok(()) => AfterHandshakeOutcome::Accept,
            Err((close, name)) => {
                tracing::debug!(device = %device.short(), reason = name, "refused at the handshake");
                self.0.counts.refuse(name);
                AfterHandshakeOutcome::Reject { error_code: close.code(), reason: close.name().to_vec() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_allows_a_burst_and_then_one_an_interval() {
        let start = Instant::now();
        let mut bucket = Bucket::new(2, Duration::from_secs(1));
        let taken = |bucket: &mut Bucket, ms| bucket.take(start + Duration::from_millis(ms));
        assert_eq!([0, 1, 2, 900].map(|ms| taken(&mut bucket, ms)), [true, true, false, false]);
        assert_eq!([1_000, 1_001, 2_100].map(|ms| taken(&mut bucket, ms)), [true, false, true]);
        assert_eq!([60_000, 60_001, 60_002].map(|ms| taken(&mut bucket, ms)), [true, true, false]);
    }

    #[test]
    fn the_gate_knows_the_roster_and_the_door() {
        let (events, _rx) = mpsc::channel(1);
        let gate = Gate::new(Arc::new(Counts::new(events)));
        let (known, stranger) = (DeviceId([1; 32]), DeviceId([2; 32]));
        gate.set_allowed(BTreeSet::from([known]));
        assert!(gate.check(ALPN_MESH, &known).is_ok());
        assert_eq!(gate.check(ALPN_MESH, &stranger).unwrap_err().0, Close::Stranger);
        assert_eq!(gate.check(b"other/1", &known).unwrap_err().0, Close::Stranger);
        assert_eq!(gate.check(ALPN_JOIN, &stranger).unwrap_err().0, Close::NotJoinable);
        gate.set_joinable(true);
        assert!((0..JOIN_BURST).all(|_| gate.check(ALPN_JOIN, &stranger).is_ok()));
        assert_eq!(gate.check(ALPN_JOIN, &stranger).unwrap_err().0, Close::Busy);
        assert_eq!(gate.check(ALPN_MESH, &stranger).unwrap_err().0, Close::Stranger);
    }
}
