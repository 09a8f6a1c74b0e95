//! What the tasks of one mesh share.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use branchmesh_model::ids::DeviceId;
use iroh::Endpoint;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::MeshError;
use super::addresses::AddressBook;
use super::config::{Limits, MeshConfig};
use super::event::MeshEvent;
use super::gate::{Counts, Gate};
use super::registry::Registry;
use super::wire::Hello;
use super::{endpoint, wire};

/// The state behind a [`super::Mesh`].
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) me: DeviceId,
    pub(super) endpoint: Endpoint,
    pub(super) limits: Limits,
    pub(super) mdns_wanted: bool,
    pub(super) mdns_failure: Mutex<Option<String>>,
    pub(super) registry: Registry,
    pub(super) gate: Arc<Gate>,
    pub(super) counts: Arc<Counts>,
    pub(super) book: Mutex<AddressBook>,
    /// Own dials under way.
    pub(super) dials: Semaphore,
    /// The task that dials each allowed device, with what hurries it.
    pub(super) diallers: Mutex<BTreeMap<DeviceId, Dialler>>,
    pub(super) events: mpsc::Sender<MeshEvent>,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
    pub(super) runtime: Handle,
    boot: [u8; 16],
    order: AtomicU64,
    hello: RwLock<Vec<u8>>,
}

/// A device's dialling task.
#[derive(Debug)]
pub(super) struct Dialler {
    /// Ends it.
    pub(super) stop: CancellationToken,
    /// Makes it try now.
    pub(super) hurry: Arc<Notify>,
}

impl Shared {
    /// Binds the endpoint.
    pub(super) async fn start(
        config: MeshConfig,
        hello: Vec<u8>,
        events: mpsc::Sender<MeshEvent>,
    ) -> Result<Arc<Self>, MeshError> {
        let counts = Arc::new(Counts::new(events.clone()));
        let gate = Arc::new(Gate::new(counts.clone()));
        let endpoint = endpoint::bind(&config, gate.clone()).await?;
        Ok(Arc::new(Self {
            me: DeviceId(*endpoint.id().as_bytes()),
            endpoint,
            mdns_wanted: config.mdns,
            mdns_failure: Mutex::default(),
            registry: Registry::new(),
            gate,
            counts,
            book: Mutex::new(AddressBook::new(config.static_peers)),
            dials: Semaphore::new(config.limits.dials),
            diallers: Mutex::default(),
            limits: config.limits,
            events,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            runtime: Handle::current(),
            boot: rand::random(),
            order: AtomicU64::new(0),
            hello: RwLock::new(hello),
        }))
    }

    /// Runs a task until the mesh stops; whoever is in the middle of something sees `stop` itself.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_on(task, &self.runtime);
    }

    /// Counts a device that runs twice and tells the node.
    pub(super) fn runs_twice(&self, device: DeviceId, told_by: DeviceId) {
        self.counts.count("mesh_devices_running_twice");
        // If the channel is full, the next try to connect tells it.
        let _ = self.events.try_send(MeshEvent::RunsTwice { device, told_by });
    }

    /// The next hello's number.
    pub(super) fn draw(&self) -> u64 {
        self.order.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A hello with a number that was drawn.
    pub(super) fn hello(&self, order: u64) -> Hello {
        let node = self.hello.read().expect("no holder of this lock panics").clone();
        wire::Hello { boot: self.boot, order, node }
    }

    /// Changes the node's part of the hello.
    pub(super) fn set_hello(&self, hello: Vec<u8>) {
        *self.hello.write().expect("no holder of this lock panics") = hello;
    }

    /// Notes addresses of a device and, if one is new, tries it at once.
    pub(super) fn learn(&self, device: DeviceId, addrs: &[SocketAddr]) {
        if device == self.me || !self.book.lock().expect("no holder of this lock panics").learn(device, addrs) {
            return;
        }
        if let Some(dialler) = self.diallers.lock().expect("no holder of this lock panics").get(&device) {
            dialler.hurry.notify_one();
        }
    }

    /// Where to try a device.
    pub(super) fn candidates(&self, device: &DeviceId) -> Vec<SocketAddr> {
        let links = self.registry.links();
        let taken = |addr: &SocketAddr| links.iter().any(|l| l.peer != *device && l.address().as_ref() == Some(addr));
        self.book.lock().expect("no holder of this lock panics").candidates(device, taken)
    }
}
