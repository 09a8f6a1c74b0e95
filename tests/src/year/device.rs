//! One device of the simulated year: a real data folder, the shipping store and hub.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use branchmesh_model::ids::{BranchId, DeviceId};
use branchmesh_model::schema::Role;
use branchmesh_model::steward::Settings;
use branchmesh_model::time::BusinessDate;
use branchmesh_node::node::tend;
use branchmesh_node::replication::hub::{Hub, HubOptions};
use branchmesh_node::replication::input::{Effects, Input, Now};
use branchmesh_node::replication::trust::TrustFlaws;
use branchmesh_node::storage::{DeviceKey, Opened, Store, StoreOp, StoreOptions};
use jiff::tz::TimeZone;

/// A device.
pub(super) struct Device {
    /// Its data folder.
    pub data: PathBuf,
    /// Its role.
    pub role: Role,
    /// Its id.
    pub device: DeviceId,
    /// Its process, while it runs.
    pub process: Option<Process>,
    secret: [u8; 32],
    starts: u64,
}

/// A running process.
pub(super) struct Process {
    /// The shipping hub.
    pub hub: Hub,
    /// The shipping store.
    pub store: Arc<Store>,
    /// When it started, virtual ms.
    pub since: u64,
    /// What it was not told yet.
    pub inbox: VecDeque<Input>,
    /// Past days that need no further look.
    archived: BTreeSet<BusinessDate>,
}

/// How long a start took.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct StartTime {
    /// Opening the store, every page of it checked.
    pub store: Duration,
    /// Folding what is shown.
    pub hub: Duration,
}

impl Device {
    /// A device whose folder and key are there.
    pub(super) fn new(data: &Path, role: Role) -> Result<Self> {
        let key = DeviceKey::load(data)?.context("a device has a key")?;
        let (device, secret) = (key.device(), key.secret());
        Ok(Self { data: data.to_owned(), role, device, process: None, secret, starts: 0 })
    }

    /// Opens its store.
    pub(super) fn open(&self) -> Result<Arc<Store>> {
        match Store::open(&self.data, &StoreOptions::default())? {
            Opened::Ready(store) => Ok(Arc::new(store)),
            Opened::Damaged { reason } => bail!("{} is damaged: {reason}", self.data.display()),
        }
    }

    /// Starts a process at virtual time `at`; what its birth wants done is still to be carried out.
    pub(super) fn start(&mut self, branch: BranchId, at: u64, now: Now) -> Result<(StartTime, Effects)> {
        let begun = Instant::now();
        let store = self.open()?;
        let opened = begun.elapsed();
        self.starts += 1;
        let options = HubOptions {
            branch,
            secret: self.secret,
            role: self.role,
            known: BTreeSet::new(),
            generation: store.generation(),
            fresh: rand::random(),
            incarnation: self.starts,
            seed: rand::random(),
            zone: TimeZone::UTC,
            steward: Settings::default(),
            trust_flaws: TrustFlaws::default(),
        };
        let (hub, effects) = Hub::open(store.clone(), options, now)?;
        let time = StartTime { store: opened, hub: begun.elapsed() - opened };
        let (inbox, archived) = (VecDeque::new(), BTreeSet::new());
        self.process = Some(Process { hub, store, since: at, inbox, archived });
        Ok((time, effects))
    }
}

impl Process {
    /// Makes durable what the hub wants to be.
    pub(super) fn commit(&self, effects: &mut [Effects]) -> Result<()> {
        if let Some(reason) = effects.iter_mut().find_map(|fx| fx.fatal.take()) {
            bail!("a hub stops: {reason}");
        }
        let ops: Vec<StoreOp> = effects.iter_mut().flat_map(|fx| std::mem::take(&mut fx.store)).collect();
        Ok(self.store.commit(&ops)?)
    }

    /// What the shipping node does to its store every minute.
    pub(super) fn maintain(&mut self, now: Now) -> Result<()> {
        self.archived = tend(&self.store, self.hub.date(now), &self.archived)?;
        Ok(())
    }
}
