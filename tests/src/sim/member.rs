//! One simulated device: its disk, its clocks, and, while it runs, its hub.

use std::collections::VecDeque;
use std::sync::Arc;

use branchmesh_model::ids::{BranchId, DeviceId};
use branchmesh_model::schema::Role;
use branchmesh_model::steward::Settings;
use branchmesh_model::time::UnixMs;
use branchmesh_node::handle::Snapshot;
use branchmesh_node::replication::hub::{Hub, HubOptions};
use branchmesh_node::replication::input::{Effects, Input, Now};
use branchmesh_node::replication::trust::TrustFlaws;
use branchmesh_node::storage::testing::CrashingDisk;
use branchmesh_node::storage::{Store, StoreOp, StoreOptions};
use jiff::tz::TimeZone;

use super::network::Ms;

/// Memory for pages of a simulated store, bytes.
const CACHE_BYTES: usize = 1024 * 1024;

/// A device.
pub struct Member {
    /// Its name in stories.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Its secret key.
    pub secret: [u8; 32],
    /// Its id.
    pub device: DeviceId,
    /// Its disk, which outlives its processes.
    pub disk: CrashingDisk,
    /// Its process, while it runs.
    pub process: Option<Process>,
    /// How often it was started; names its process.
    pub starts: u64,
    /// Its wall clock minus true time, ms.
    pub skew: i64,
    /// Handles nothing before this time: a paused process.
    pub paused_until: Ms,
}

/// A running process.
pub struct Process {
    /// The shipping hub.
    pub hub: Hub,
    /// The shipping store, on the simulated disk.
    pub store: Arc<Store>,
    /// When it started.
    pub since: Ms,
    /// Came in while a commit was under way.
    pub inbox: VecDeque<Input>,
    /// Whether a commit is under way.
    pub committing: Option<Vec<Effects>>,
    /// The last published picture.
    pub snapshot: Arc<Snapshot>,
    /// Number of that picture.
    pub revision: u64,
}

impl Member {
    /// What the device's clocks say at true time `at`.
    pub fn now(&self, at: Ms, epoch: i64) -> Now {
        let since = self.process.as_ref().map_or(at, |p| p.since);
        Now { mono_ms: at - since, wall: UnixMs(epoch + at as i64 + self.skew) }
    }

    /// Starts a process on what the disk holds.
    pub fn start(
        &mut self,
        at: Ms,
        epoch: i64,
        branch: BranchId,
        seed: u64,
        steward: Settings,
        trust_flaws: TrustFlaws,
    ) -> Effects {
        let options = StoreOptions { cache_bytes: CACHE_BYTES, verify: false, ..StoreOptions::default() };
        let store = Store::with_backend(self.disk.backend(), &options).expect("a crash never damages the store");
        self.starts += 1;
        let starts = StoreOp::Meta { key: "starts".into(), value: Some(self.starts.to_be_bytes().to_vec()) };
        store.commit(&[starts]).expect("the simulated disk has room");
        let store = Arc::new(store);
        let options = HubOptions {
            branch,
            secret: self.secret,
            role: self.role,
            known: Default::default(),
            generation: store.generation(),
            fresh: (seed ^ self.starts << 40).to_be_bytes(),
            incarnation: self.starts,
            seed,
            zone: TimeZone::UTC,
            steward,
            trust_flaws,
        };
        let now = Now { mono_ms: 0, wall: UnixMs(epoch + at as i64 + self.skew) };
        let (hub, effects) = Hub::open(store.clone(), options, now).expect("a crash never damages what was committed");
        let snapshot = Arc::new(hub.snapshot(now, 0));
        self.process =
            Some(Process { hub, store, since: at, inbox: VecDeque::new(), committing: None, snapshot, revision: 0 });
        effects
    }
}
