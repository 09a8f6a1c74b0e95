//! One simulated device: its disk, its clocks, and, while it runs, its hub.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use branchmesh_model::ids::{BranchId, DeviceId};
use branchmesh_model::schema::{DocId, Role};
use branchmesh_model::steward::Settings;
use branchmesh_model::time::UnixMs;
use branchmesh_node::handle::Snapshot;
use branchmesh_node::mesh::boots::Boots;
use branchmesh_node::replication::hub::{Hub, HubOptions};
use branchmesh_node::replication::input::{Effects, Input, Now};
use branchmesh_node::replication::trust::TrustFlaws;
use branchmesh_node::storage::testing::CrashingDisk;
use branchmesh_node::storage::{Store, StoreError, StoreOp, StoreOptions};
use jiff::tz::TimeZone;

use super::Rng;
use super::network::Ms;
use super::plan::Clock;

/// Memory for pages of a simulated store, bytes.
const CACHE_BYTES: usize = 1024 * 1024;

/// One copy of the journal of a simulated store, bytes: short, so that it is often full.
const JOURNAL_BYTES: u32 = 64 * 1024;

/// How simulated stores are opened.
pub fn store_options(first_generation: u32) -> StoreOptions {
    StoreOptions { cache_bytes: CACHE_BYTES, verify: false, first_generation, journal_bytes: JOURNAL_BYTES }
}

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
    /// The member whose cloned disk it runs on, if it is a second machine with the identity of another.
    pub clone_of: Option<usize>,
    /// Whether it was ever taken into the branch.
    pub enrolled: bool,
    /// Whether it was thrown out again; it may not know that.
    pub revoked: bool,
    /// Whether the disk was lost that beside its own held its enrolment.
    pub perhaps_stranger: bool,
    /// Whether it alone knows of a revocation and tells nobody: what it takes and whom it sees is its own affair then.
    pub knows_alone: bool,
    /// Its disk, which outlives its processes.
    pub disk: CrashingDisk,
    /// The generation of that disk: how often it was lost or restored.
    pub generation: u32,
    /// Bits of it turned round since it was last opened, so that all of it is checked.
    pub suspect: bool,
    /// The backup put away, if there is one.
    pub backup: Option<Vec<u8>>,
    /// Its process, while it runs.
    pub process: Option<Process>,
    /// How often it was started; names its process.
    pub starts: u64,
    /// Its clocks.
    pub clock: Clock,
    /// When its wall clock began to run backwards, until when it does, and how fast.
    pub backwards: Vec<(Ms, Ms, u64)>,
    /// Handles nothing before this time: a paused process.
    pub paused_until: Ms,
    /// Its own chance: what a crash leaves, how long a sync takes.
    pub rng: Rng,
}

/// A running process.
pub struct Process {
    /// The shipping hub.
    pub hub: Hub,
    /// The shipping store, on the simulated disk.
    pub store: Arc<Store>,
    /// The rows of stewardship that are on its disk.
    pub steward_rows: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The changes it stored: document, actor and sequence.
    pub stored: BTreeSet<(DocId, Vec<u8>, u64)>,
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
    /// The devices that may connect.
    pub allowed: BTreeSet<DeviceId>,
    /// Names this start in hellos.
    pub boot: [u8; 16],
    /// The starts of each peer, as the shipping mesh looks at them.
    pub boots: BTreeMap<DeviceId, Boots>,
    /// The beginning of its monotonic clock, as the mesh wants it; only differences count.
    pub began: Instant,
}

/// What every start of a process is told.
pub struct Birth {
    /// The branch.
    pub branch: BranchId,
    /// True time at the beginning of the run.
    pub epoch: i64,
    /// Devices that are believed to belong to the branch.
    pub known: BTreeSet<DeviceId>,
    /// Stewardship's timing and flaws.
    pub steward: Settings,
    /// Flaws of the checks on envelopes.
    pub trust_flaws: TrustFlaws,
}

impl Member {
    /// What the device's clocks say at true time `at`.
    pub fn now(&self, at: Ms, epoch: i64) -> Now {
        let since = self.process.as_ref().map_or(at, |p| p.since);
        let wall = epoch + self.drifted(at) as i64 + self.clock.skew - self.run_back(at);
        Now { mono_ms: self.drifted(at - since), wall: UnixMs(wall) }
    }

    /// How far its wall clock is behind because it ran backwards.
    fn run_back(&self, at: Ms) -> i64 {
        let lost = |(from, until, speed): &(Ms, Ms, u64)| at.clamp(*from, *until).saturating_sub(*from) * (1 + speed);
        self.backwards.iter().map(|back| lost(back) as i64).sum()
    }

    /// True milliseconds as this device counts them.
    fn drifted(&self, ms: Ms) -> u64 {
        ms.saturating_add_signed(ms as i64 * self.clock.drift_ppm / 1_000_000)
    }

    /// Starts a process on what the disk holds; gives back what its birth wants done.
    ///
    /// # Errors
    /// If the disk cannot be read or written.
    pub fn start(&mut self, at: Ms, birth: Birth) -> Result<Effects, StoreError> {
        let options = StoreOptions { verify: self.suspect, ..store_options(self.generation) };
        let store = Store::with_backend(self.disk.backend(), &options)?;
        self.suspect = false;
        self.starts += 1;
        let before = store.meta("starts")?.and_then(|b| b.try_into().ok()).map_or(0, u64::from_be_bytes);
        let incarnation = before + 1;
        let starts = StoreOp::Meta { key: "starts".into(), value: Some(incarnation.to_be_bytes().to_vec()) };
        store.commit(&[starts])?;
        let store = Arc::new(store);
        let seed = self.rng.draw();
        let options = HubOptions {
            branch: birth.branch,
            secret: self.secret,
            role: self.role,
            known: birth.known,
            generation: store.generation(),
            fresh: (seed ^ self.starts << 40).to_be_bytes(),
            incarnation,
            seed,
            zone: TimeZone::UTC,
            steward: birth.steward,
            trust_flaws: birth.trust_flaws,
        };
        let mut boot = [0; 16];
        boot[..8].copy_from_slice(&options.fresh);
        let now = Now { mono_ms: 0, ..self.now(at, birth.epoch) };
        let (hub, effects) = Hub::open(store.clone(), options, now)?;
        let snapshot = Arc::new(hub.snapshot(now, 0));
        let steward_rows = store.steward_rows()?.into_iter().collect();
        self.process = Some(Process {
            hub,
            store,
            steward_rows,
            stored: BTreeSet::new(),
            since: at,
            inbox: VecDeque::new(),
            committing: None,
            snapshot,
            revision: 0,
            allowed: BTreeSet::new(),
            boot,
            boots: BTreeMap::new(),
            began: Instant::now(),
        });
        Ok(effects)
    }

    /// Documents and the digests of their heads, as they are on disk; none while it is off.
    pub fn heads(&self) -> BTreeMap<String, Vec<u8>> {
        let Some(process) = &self.process else { return BTreeMap::new() };
        let heads = process.store.meta_scan("heads/").unwrap_or_default();
        heads.into_iter().map(|(key, digest)| (key["heads/".len()..].to_owned(), digest)).collect()
    }

    /// What the running hub counted under names that begin so.
    pub fn counted(&self, prefix: &str) -> u64 {
        let counts = self.process.as_ref().map(|p| p.snapshot.mesh.counts.iter());
        counts.into_iter().flatten().filter(|(name, _)| name.starts_with(prefix)).map(|(_, n)| n).sum()
    }
}

impl Process {
    /// Remembers which changes and rows of stewardship a commit left on disk.
    pub fn note_on_disk(&mut self, ops: Vec<StoreOp>) {
        for op in ops {
            match op {
                StoreOp::Envelope(envelope) => drop(self.stored.insert((envelope.doc, envelope.actor, envelope.seq))),
                StoreOp::Steward { key, value: Some(value) } => drop(self.steward_rows.insert(key, value)),
                StoreOp::Steward { key, value: None } => drop(self.steward_rows.remove(&key)),
                _ => {}
            }
        }
    }
}
