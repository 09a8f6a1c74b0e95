//! The glue between the hub and the world: one thread that takes what came in, lets the hub handle it, commits
//! what must be durable in one transaction, and only then sends, publishes and answers.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use branchmesh_model::ids::DeviceId;
use branchmesh_model::time::UnixMs;
use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};

use crate::handle::{Event, Feed, MeshStatus, Request, Snapshot};
use crate::mesh::{Mesh, MeshEvent};
use crate::replication::enrol::JoinRequest;
use crate::replication::frame::{Frame, Hello};
use crate::replication::hub::Hub;
use crate::replication::input::{Effects, Input, Now, Outgoing, Reply, ReplyId};
use crate::storage::{Store, StoreError, StoreOp};

/// Inputs handled before one commit. Under load they share one disk sync.
const MAX_BATCH: usize = 512;
/// How often the hub is told that time passes.
pub const TICK: Duration = Duration::from_millis(100);
/// Without anything to do for so long, the hub does what can wait.
const QUIET: Duration = Duration::from_millis(5);
/// Longest goodbye.
const GOODBYE: Duration = Duration::from_secs(3);

/// Everything that can wake the driver.
enum Wake {
    /// Time passes.
    Tick,
    /// Nothing came for a moment.
    Quiet,
    /// The mesh has something.
    Mesh(MeshEvent),
    /// Somebody on this node asks something.
    Request(Request),
}

/// Where what wakes the driver comes from.
pub struct Sources {
    /// Time passes.
    pub ticks: mpsc::Receiver<()>,
    /// What the mesh tells.
    pub mesh: mpsc::Receiver<MeshEvent>,
    /// What is asked on this node.
    pub requests: mpsc::Receiver<Request>,
}

impl Sources {
    /// Waits for the next; none once nobody can send any more.
    async fn next(&mut self) -> Option<Wake> {
        tokio::select! {
            Some(()) = self.ticks.recv() => Some(Wake::Tick),
            Some(event) = self.mesh.recv() => Some(Wake::Mesh(event)),
            Some(request) = self.requests.recv() => Some(Wake::Request(request)),
            else => None,
        }
    }

    /// What is there by now, so much of each kind that no one of them holds up the others.
    fn more(&mut self, batch: &mut Vec<Wake>) {
        let share = MAX_BATCH / 2;
        batch.extend(std::iter::from_fn(|| self.mesh.try_recv().ok()).take(share).map(Wake::Mesh));
        batch.extend(std::iter::from_fn(|| self.requests.try_recv().ok()).take(share).map(Wake::Request));
    }
}

/// What waits for a reply.
enum Waiter {
    Command(oneshot::Sender<Result<crate::handle::Answer, branchmesh_model::command::Rejection>>),
    TakeOver(oneshot::Sender<Result<(), branchmesh_model::command::Rejection>>),
    Invite(oneshot::Sender<Result<crate::handle::InvitationText, branchmesh_model::command::Rejection>>),
    Join(oneshot::Sender<Vec<u8>>),
    HandOver(oneshot::Sender<Result<(), branchmesh_model::command::Rejection>>),
    Visit(oneshot::Sender<Option<branchmesh_model::visit::Visit>>),
}

/// The driver's own state; lives on its thread.
pub struct Driver {
    hub: Hub,
    store: Arc<Store>,
    mesh: Arc<Mesh>,
    feed: Arc<Feed>,
    snapshots: watch::Sender<Arc<Snapshot>>,
    started: Instant,
    revision: u64,
    waiters: BTreeMap<ReplyId, Waiter>,
    next_reply: ReplyId,
    again: VecDeque<Input>,
    stopping: Option<(Instant, Vec<oneshot::Sender<()>>)>,
    /// Backups asked for: where to, and who waits. They begin when all that is shown is on disk.
    backups: Vec<(PathBuf, oneshot::Sender<Result<u64, String>>)>,
    disk_syncs: u64,
    /// The hub's newest picture of the mesh, and the same with what only the transport knows.
    mesh_seen: Arc<MeshStatus>,
    mesh_told: Arc<MeshStatus>,
}

impl Driver {
    /// Ties hub, store and mesh together. `first` is what the hub wanted at its birth.
    pub fn new(
        hub: Hub,
        store: Arc<Store>,
        mesh: Arc<Mesh>,
        feed: Arc<Feed>,
        snapshots: watch::Sender<Arc<Snapshot>>,
        started: Instant,
    ) -> Self {
        Self {
            hub,
            store,
            mesh,
            feed,
            snapshots,
            started,
            revision: 0,
            waiters: BTreeMap::new(),
            next_reply: 0,
            again: VecDeque::new(),
            stopping: None,
            backups: Vec::new(),
            disk_syncs: 0,
            mesh_seen: Arc::default(),
            mesh_told: Arc::default(),
        }
    }

    /// Runs until the node stops.
    ///
    /// # Errors
    /// If the store fails: what is in memory may then be ahead of the disk, so the node must not go on.
    pub fn run(mut self, first: Effects, mut sources: Sources, runtime: &Handle) -> Result<(), StoreError> {
        self.carry_out(vec![first])?;
        while let Some(wake) = runtime.block_on(self.next(&mut sources)) {
            let mut batch = vec![wake];
            sources.more(&mut batch);
            let inputs: Vec<Input> = batch.into_iter().filter_map(|wake| self.input_of(wake)).collect();
            let now = self.now();
            let effects = self.hub.handle_all(now, inputs);
            self.carry_out(effects)?;
            while !self.again.is_empty() {
                let inputs = std::mem::take(&mut self.again);
                let now = self.now();
                let effects = self.hub.handle_all(now, inputs);
                self.carry_out(effects)?;
            }
            self.begin_backups();
            if self.may_stop() {
                break;
            }
        }
        self.store.commit(&self.hub.waiting_for_disk())?;
        for waiting in self.stopping.take().into_iter().flat_map(|(_, waiting)| waiting) {
            let _ = waiting.send(());
        }
        Ok(())
    }

    /// Waits for the next, or only for a moment if there is something else to do.
    async fn next(&self, sources: &mut Sources) -> Option<Wake> {
        if !self.hub.has_chores() {
            return sources.next().await;
        }
        tokio::time::timeout(QUIET, sources.next()).await.unwrap_or(Some(Wake::Quiet))
    }

    fn now(&self) -> Now {
        let mono_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now { mono_ms, wall: wall_clock() }
    }

    fn may_stop(&self) -> bool {
        self.stopping.as_ref().is_some_and(|(since, _)| self.hub.may_stop(self.now()) || since.elapsed() > GOODBYE)
    }

    fn input_of(&mut self, wake: Wake) -> Option<Input> {
        match wake {
            Wake::Tick => Some(Input::Tick),
            Wake::Quiet => Some(Input::Quiet),
            Wake::Mesh(event) => self.mesh_input(event),
            Wake::Request(request) => self.request_input(request),
        }
    }

    fn mesh_input(&mut self, event: MeshEvent) -> Option<Input> {
        Some(match event {
            MeshEvent::Up { peer, hello, address } => match postcard::from_bytes::<Hello>(&hello) {
                Ok(hello) => Input::PeerUp { peer, hello, address },
                Err(_) => Input::Refused { count_name: "hellos_unreadable" },
            },
            MeshEvent::Down { peer, reason } => {
                tracing::info!(peer = %peer.short(), "connection ended: {reason}");
                Input::PeerDown { peer }
            }
            MeshEvent::Frame { peer, bytes } => match Frame::decode(&bytes) {
                Ok(frame) => Input::Frame { peer, frame },
                Err(_) => Input::Refused { count_name: "frames_refused_unreadable" },
            },
            MeshEvent::Join(join) => match postcard::from_bytes::<JoinRequest>(&join.bytes) {
                Ok(request) => {
                    let reply = self.wait_with(Waiter::Join(join.reply));
                    Input::Join { reply, device: join.from, request }
                }
                Err(_) => Input::Refused { count_name: "joins_unreadable" },
            },
            MeshEvent::RunsTwice { device, told_by } => Input::RunsTwice { device, told_by },
            MeshEvent::Refused { reason } => Input::Refused { count_name: reason },
            MeshEvent::AddressLearnt { device, addrs } => Input::AddressLearnt { device, addresses: addrs },
        })
    }

    fn request_input(&mut self, request: Request) -> Option<Input> {
        Some(match request {
            Request::Command(command, answer) => {
                let reply = self.wait_with(Waiter::Command(answer));
                Input::Command { reply, command }
            }
            Request::TakeOver(caller, reason, answer) => {
                let reply = self.wait_with(Waiter::TakeOver(answer));
                Input::TakeOver { reply, caller, reason }
            }
            Request::Invite(role, name, counter, ttl, answer) => {
                let reply = self.wait_with(Waiter::Invite(answer));
                let addresses = self.mesh.local_addrs();
                Input::Invite { reply, role, name, counter, ttl, secret: rand::random(), addresses }
            }
            Request::HandOver(what, answer) => {
                let reply = self.wait_with(Waiter::HandOver(answer));
                Input::HandOver { reply, what }
            }
            Request::ReadVisit(tickets, answer) => {
                let reply = self.wait_with(Waiter::Visit(answer));
                Input::ReadVisit { reply, tickets }
            }
            Request::Backup(file, answer) => {
                self.backups.push((file, answer));
                Input::Settle
            }
            Request::Stop(answer) => match &mut self.stopping {
                Some((_, waiting)) => {
                    waiting.push(answer);
                    return None;
                }
                None => {
                    self.stopping = Some((Instant::now(), vec![answer]));
                    Input::Leave
                }
            },
        })
    }

    fn begin_backups(&mut self) {
        for (file, answer) in self.backups.drain(..) {
            let store = self.store.clone();
            std::thread::spawn(move || {
                let _ = answer.send(store.backup(&file, |_, _| {}).map_err(|e| e.to_string()));
            });
        }
    }

    fn wait_with(&mut self, waiter: Waiter) -> ReplyId {
        self.next_reply += 1;
        self.waiters.insert(self.next_reply, waiter);
        self.next_reply
    }

    /// Commits, then sends, publishes and answers, in that order: what others wait for leaves first.
    fn carry_out(&mut self, mut effects: Vec<Effects>) -> Result<(), StoreError> {
        if let Some(reason) = effects.iter_mut().find_map(|fx| fx.fatal.take()) {
            return Err(StoreError::Damaged(reason));
        }
        let ops: Vec<StoreOp> = effects.iter_mut().flat_map(|fx| std::mem::take(&mut fx.store)).collect();
        if !ops.is_empty() {
            self.store.commit(&ops)?;
            self.disk_syncs += 1;
        }
        for fx in &mut effects {
            self.instruct_mesh(fx);
            std::mem::take(&mut fx.send).into_iter().for_each(|out| self.send(out));
        }
        self.publish(&mut effects);
        for fx in effects {
            fx.replies.into_iter().for_each(|(id, reply)| self.reply(id, reply));
            self.again.extend(fx.again);
        }
        Ok(())
    }

    fn publish(&mut self, effects: &mut [Effects]) {
        if !effects.iter().any(|fx| fx.publish) {
            return;
        }
        self.revision += 1;
        let mut snapshot = self.hub.snapshot(self.now(), self.revision);
        if !Arc::ptr_eq(&self.mesh_seen, &snapshot.mesh) {
            let mut mesh = MeshStatus::clone(&snapshot.mesh);
            self.add_transport_figures(&mut mesh);
            (self.mesh_seen, self.mesh_told) = (snapshot.mesh, Arc::new(mesh));
        }
        snapshot.mesh = self.mesh_told.clone();
        self.snapshots.send_replace(Arc::new(snapshot));
        let drafts = effects.iter_mut().flat_map(|fx| std::mem::take(&mut fx.events));
        for (index, draft) in (0..).zip(drafts) {
            self.feed.publish(Event { revision: self.revision, index, draft });
        }
    }

    fn add_transport_figures(&self, status: &mut MeshStatus) {
        let links: BTreeMap<DeviceId, _> = self.mesh.peers().into_iter().map(|l| (l.device, l)).collect();
        for peer in &mut status.peers {
            if let Some(link) = links.get(&peer.device) {
                peer.rtt_ms = link.rtt_ms;
                peer.bytes_in = link.bytes_in;
                peer.bytes_out = link.bytes_out;
                peer.queued = link.queued_frames;
                peer.address = link.address.or(peer.address);
            }
        }
        status.stored_bytes = self.store.file_bytes().unwrap_or(0);
        status.counts.insert("disk_syncs".into(), self.disk_syncs);
        status.counts.extend(self.mesh.counts().into_iter().map(|(name, n)| (name.to_owned(), n)));
    }

    fn instruct_mesh(&self, fx: &Effects) {
        if let Some(allowed) = &fx.allowed {
            self.mesh.set_allowed(allowed.clone());
        }
        if let Some(joinable) = fx.joinable {
            self.mesh.set_joinable(joinable);
        }
        for (device, addresses) in &fx.learn {
            self.mesh.learn(*device, addresses.clone());
        }
    }

    /// A peer whose queue is full loses this frame and is repaired later: it costs its own lag, nobody else's.
    fn send(&self, out: Outgoing) {
        let bytes = Bytes::from(out.frame.encode());
        let sent = if out.bulk { self.mesh.send_bulk(&out.to, bytes) } else { self.mesh.send(&out.to, bytes) };
        if let Err(problem) = sent {
            tracing::debug!(peer = %out.to.short(), "frame not sent: {problem}");
        }
    }

    fn reply(&mut self, id: ReplyId, reply: Reply) {
        let snapshot = || self.snapshots.borrow().clone();
        // Whoever asked may have gone away meanwhile; what was done stays done.
        match (self.waiters.remove(&id), reply) {
            (Some(Waiter::Command(to)), Reply::Command(result)) => {
                let _ = to.send(result.map(|done| crate::handle::Answer { done, snapshot: snapshot() }));
            }
            (Some(Waiter::TakeOver(to)), Reply::TakeOver(result)) => {
                let _ = to.send(result);
            }
            (Some(Waiter::Invite(to)), Reply::Invited(result)) => {
                let _ = to.send(result);
            }
            (Some(Waiter::HandOver(to)), Reply::HandedOver(result)) => {
                let _ = to.send(result);
            }
            (Some(Waiter::Visit(to)), Reply::Visit(visit)) => {
                let _ = to.send(visit);
            }
            (Some(Waiter::Join(to)), Reply::Joined(bytes)) => {
                let _ = to.send(bytes);
            }
            _ => tracing::error!("a reply of the wrong kind; its caller is told that the node is stopping"),
        }
    }
}

/// The device's wall clock.
pub fn wall_clock() -> UnixMs {
    UnixMs(jiff::Timestamp::now().as_millisecond())
}
