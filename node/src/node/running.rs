//! Starting and stopping a node.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use branchmesh_model::view::history::PastHours;
use jiff::tz::TimeZone;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::control::{Control, ControlFile};
use super::identity::{IdentityFile, key_of, own_row};
use super::outbox::StoredOutbox;
use super::{history, maintenance};
use crate::driver::{Driver, Sources, TICK, wall_clock};
use crate::handle::{Feed, NodeHandle};
use crate::http;
use crate::mesh::{Mesh, MeshConfig};
use crate::printing::{self, GivenPrinter, Printing, StoredJobs};
use crate::replication::frame::Hello;
use crate::replication::hub::{Hub, HubOptions};
use crate::replication::input::Now;
use crate::replication::trust::TrustFlaws;
use crate::storage::{self, DeviceKey, Opened, Store, StoreOp, StoreOptions};

/// Meta row that counts the starts of this storage.
const STARTS: &str = "starts";
/// What the mesh may tell before the driver takes it; beyond this nothing is read from peers, so a flood costs the flooder.
const MESH_EVENTS: usize = 4096;
/// What may be asked before the driver takes it; beyond this whoever asks waits.
const REQUESTS: usize = 1024;
/// How long running requests may hold up a stop.
const LONGEST_STOP: Duration = Duration::from_secs(3);

/// How a node runs.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Its data folder.
    pub data: PathBuf,
    /// Where the screens and the API are served (TCP).
    pub http: SocketAddr,
    /// Where the mesh listens (UDP).
    pub listen: Vec<SocketAddr>,
    /// Addresses of other devices to try first.
    pub peers: Vec<SocketAddr>,
    /// Whether devices are looked for by multicast DNS.
    pub mdns: bool,
    /// The ticket printer, if whoever starts the node names one.
    pub printer: Option<GivenPrinter>,
    /// Bytes of memory the store may use as cache.
    pub cache_bytes: usize,
}

/// A running node.
pub struct Node {
    handle: NodeHandle,
    http: SocketAddr,
    mesh: Arc<Mesh>,
    core: watch::Receiver<Option<String>>,
    stop: CancellationToken,
    api: JoinHandle<()>,
    tasks: Vec<JoinHandle<()>>,
    _control: ControlFile,
}

impl Node {
    /// Starts a node; returns once it serves its screens and API.
    ///
    /// # Errors
    /// If the folder holds no enrolled device, is in use, or an address cannot be taken.
    pub async fn start(options: RunOptions) -> Result<Node> {
        let identity = IdentityFile::read(&options.data)?;
        let key = key_of(&options.data)?;
        let listener = tokio::net::TcpListener::bind(options.http)
            .await
            .with_context(|| format!("cannot serve HTTP on {}; is another program using it?", options.http))?;
        let http_addr = listener.local_addr()?;
        let store = Arc::new(open_store(&options)?);
        let started = Instant::now();
        let (hub, first) = open_hub(&store, &key, &identity)?;

        let (mesh, events) = start_mesh(&options, &key, &store, &identity).await?;
        let feed = Arc::new(Feed::new(format!("{:08x}", rand::random::<u32>())));
        let now = Now { mono_ms: 0, wall: wall_clock() };
        let (publish, snapshots) = watch::channel(Arc::new(hub.snapshot(now, 0)));
        let (requests, asked) = mpsc::channel(REQUESTS);
        let handle = NodeHandle::new(Arc::new(identity.identity(key.device())), feed.clone(), requests, snapshots);
        let stop = CancellationToken::new();

        let driver = Driver::new(hub, store.clone(), mesh.clone(), feed, publish, started);
        let (ticks, ticking) = spawn_ticks(&stop);
        let core = spawn_driver(driver, first, Sources { ticks, mesh: events, requests: asked });
        let mut tasks = vec![ticking];
        let control = Control {
            http: http_addr,
            pid: std::process::id(),
            token: data_encoding::BASE32_NOPAD.encode(&rand::random::<[u8; 32]>()),
        };
        let secret = blake3::derive_key("branchmesh status tokens 1", &key.secret());
        let printing = Arc::new(Printing::new(Arc::new(StoredJobs(store.clone())), options.printer.clone()));
        tasks.push(tokio::spawn(printing::run(printing.clone(), handle.clone(), secret, stop.clone())));
        let (past, past_hours) = watch::channel(Arc::default());
        tasks.push(tokio::spawn(history::run(store.clone(), handle.clone(), past, stop.clone())));
        let reachable = reachable(http_addr, &mesh);
        let api = open_api(&handle, (secret, printing, past_hours, reachable), &control, &core, &stop);
        // Whoever sees that the node answers may want to command it.
        let control = ControlFile::write(&options.data, &control)?;
        tasks.push(tokio::spawn(http::webhooks::run(api.clone(), Arc::new(StoredOutbox(store.clone())))));
        let served = tokio::spawn(serve(listener, api, stop.clone()));
        tasks.push(tokio::spawn(maintenance::run(store.clone(), handle.clone(), stop.clone())));
        tasks.push(tokio::spawn(keep_identity(options.data.clone(), identity, handle.clone(), stop.clone())));
        Ok(Node { handle, http: http_addr, mesh, core, stop, api: served, tasks, _control: control })
    }

    /// The way to its core.
    pub fn handle(&self) -> &NodeHandle {
        &self.handle
    }

    /// Where the screens and the API are served.
    pub fn http_addr(&self) -> SocketAddr {
        self.http
    }

    /// Where the mesh listens.
    pub fn mesh_addrs(&self) -> Vec<SocketAddr> {
        self.mesh.local_addrs()
    }

    /// Returns when the core ended by itself, which it does only in trouble.
    pub async fn wait(&self) -> String {
        let mut core = self.core.clone();
        let ended = core.wait_for(Option::is_some).await;
        ended.ok().and_then(|why| why.clone()).unwrap_or_else(|| "the core stopped".into())
    }

    /// Says goodbye to the group and stops.
    pub async fn stop(self) {
        self.handle.stop().await;
        self.stop.cancel();
        let mut core = self.core;
        let ended = async {
            let _ = core.wait_for(Option::is_some).await;
            let _ = self.api.await;
        };
        if tokio::time::timeout(LONGEST_STOP, ended).await.is_err() {
            tracing::warn!("requests were still running when the node stopped");
        }
        // They only wait for what will not come any more.
        self.tasks.iter().for_each(JoinHandle::abort);
        if let Some(mesh) = Arc::into_inner(self.mesh) {
            mesh.shutdown().await;
        }
    }
}

/// What the API is made of besides the core.
type Parts = ([u8; 32], Arc<Printing>, watch::Receiver<Arc<PastHours>>, Option<String>);

/// Where other machines reach what is served at `http`, as far as this one knows its own addresses.
fn reachable(http: SocketAddr, mesh: &Mesh) -> Option<String> {
    let ip = match http.ip() {
        ip if ip.is_loopback() => return None,
        ip if ip.is_unspecified() => {
            let mut own = mesh.local_addrs().into_iter().map(|address| address.ip());
            own.find(|ip| ip.is_ipv4() && !ip.is_loopback() && !ip.is_unspecified())?
        }
        ip => ip,
    };
    Some(format!("http://{}", SocketAddr::new(ip, http.port())))
}

fn open_api(
    handle: &NodeHandle,
    (secret, printing, past_hours, reachable): Parts,
    control: &Control,
    core: &watch::Receiver<Option<String>>,
    stop: &CancellationToken,
) -> http::ApiState {
    let core = core.clone();
    let pictures = handle.clone();
    let options = http::Options {
        operator_token: Some(control.token.clone()),
        printing,
        past_hours,
        reachable,
        ready: Arc::new(move || readiness(&core, &pictures)),
        ..http::Options::new(secret, stop.clone())
    };
    http::Api::new(handle.clone(), options)
}

/// Whether the node serves; the reason if not.
fn readiness(core: &watch::Receiver<Option<String>>, handle: &NodeHandle) -> Result<(), String> {
    if let Some(why) = core.borrow().clone() {
        return Err(why);
    }
    let snapshot = handle.snapshot();
    if snapshot.roster.devices.is_empty() || snapshot.config.staff.is_empty() {
        return Err("this device is fetching the branch's data from its peers".into());
    }
    Ok(())
}

async fn serve(listener: tokio::net::TcpListener, api: http::ApiState, stop: CancellationToken) {
    if let Err(error) = http::serve(listener, http::router(api), stop).await {
        tracing::error!("screens and API are no longer served: {error}");
    }
}

fn open_store(options: &RunOptions) -> Result<Store> {
    let store_options = StoreOptions { cache_bytes: options.cache_bytes, ..StoreOptions::default() };
    match Store::open(&options.data, &store_options)? {
        Opened::Ready(store) => Ok(store),
        Opened::Damaged { reason } => {
            let aside = storage::set_aside(&options.data)?;
            tracing::error!(
                kept = %aside.display(),
                "the database is damaged ({reason}); it was set aside whole, and this device re-joins from its peers"
            );
            match Store::open(&options.data, &store_options)? {
                Opened::Ready(store) => Ok(store),
                Opened::Damaged { reason } => bail!("a new database is damaged at once ({reason}); check the disk"),
            }
        }
    }
}

fn open_hub(
    store: &Arc<Store>,
    key: &DeviceKey,
    identity: &IdentityFile,
) -> Result<(Hub, crate::replication::input::Effects)> {
    let starts = store.meta(STARTS)?.and_then(|b| b.try_into().ok()).map_or(0, u64::from_be_bytes) + 1;
    let starts_row = StoreOp::Meta { key: STARTS.into(), value: Some(starts.to_be_bytes().to_vec()) };
    store.commit(&[starts_row, own_row(key, identity)])?;
    let options = HubOptions {
        branch: identity.branch,
        secret: key.secret(),
        role: identity.role,
        known: identity.known.keys().copied().collect(),
        generation: store.generation(),
        fresh: rand::random(),
        incarnation: starts,
        seed: rand::random(),
        zone: TimeZone::system(),
        steward: branchmesh_model::steward::Settings::default(),
        trust_flaws: TrustFlaws::default(),
    };
    Ok(Hub::open(store.clone(), options, Now { mono_ms: 0, wall: wall_clock() })?)
}

async fn start_mesh(
    options: &RunOptions,
    key: &DeviceKey,
    store: &Store,
    identity: &IdentityFile,
) -> Result<(Arc<Mesh>, mpsc::Receiver<crate::mesh::MeshEvent>)> {
    let (tell, events) = mpsc::channel(MESH_EVENTS);
    let mut config = MeshConfig::new(key.secret());
    config.listen.clone_from(&options.listen);
    config.static_peers.clone_from(&options.peers);
    config.mdns = options.mdns;
    let hello = |addresses| {
        let hello = Hello { branch: identity.branch, generation: store.generation(), addresses };
        postcard::to_stdvec(&hello).expect("plain data")
    };
    let mesh = Mesh::start(config, hello(Vec::new()), tell).await.context("the mesh cannot start")?;
    mesh.set_hello(hello(mesh.local_addrs()))?;
    for (device, addresses) in &identity.known {
        mesh.learn(*device, addresses.clone());
    }
    if let Some(problem) = mesh.mdns_problem() {
        tracing::warn!("devices are not found by multicast: {problem}");
    }
    Ok((Arc::new(mesh), events))
}

fn spawn_driver(
    driver: Driver,
    first: crate::replication::input::Effects,
    sources: Sources,
) -> watch::Receiver<Option<String>> {
    let (tell, ended) = watch::channel(None);
    let runtime = Handle::current();
    std::thread::spawn(move || {
        let why = match driver.run(first, sources, &runtime) {
            Ok(()) => "stopped".to_owned(),
            Err(error) => {
                tracing::error!("the node stops: {error}");
                error.to_string()
            }
        };
        tell.send_replace(Some(why));
    });
    ended
}

/// Tells the driver that time passes.
fn spawn_ticks(stop: &CancellationToken) -> (mpsc::Receiver<()>, JoinHandle<()>) {
    // One that is late is not followed by those it held up.
    let (tick, ticks) = mpsc::channel(1);
    let stop = stop.clone();
    let ticking = async move {
        let mut interval = tokio::time::interval(TICK);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while stop.run_until_cancelled(interval.tick()).await.is_some() {
            if tick.send(()).await.is_err() {
                break;
            }
        }
    };
    (ticks, tokio::spawn(ticking))
}

/// Keeps beside the database where the other devices are, so that a lost database does not mean a lost branch.
async fn keep_identity(data: PathBuf, mut identity: IdentityFile, handle: NodeHandle, stop: CancellationToken) {
    let mut interval = tokio::time::interval(Duration::from_secs(10));
    while stop.run_until_cancelled(interval.tick()).await.is_some() {
        let snapshot = handle.snapshot();
        let mut fresh = identity.clone();
        for peer in &snapshot.mesh.peers {
            if let Some(address) = peer.address {
                fresh.known.insert(peer.device, vec![address]);
            }
        }
        fresh.known.retain(|id, _| snapshot.roster.devices.get(id).is_none_or(|d| d.revoked.is_none()));
        if fresh != identity && write_identity(&data, &fresh).is_ok() {
            identity = fresh;
        }
    }
}

fn write_identity(data: &Path, identity: &IdentityFile) -> Result<()> {
    identity.write(data).map_err(|e| {
        tracing::warn!("{e:#}");
        anyhow!(e)
    })
}
