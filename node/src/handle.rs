//! What the rest of a node (HTTP, CLI, tests) may ask of its running core.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use branchmesh_model::anomaly::Anomaly;
use branchmesh_model::command::{Command, Done, Rejection};
use branchmesh_model::config::Config;
use branchmesh_model::event::EventDraft;
use branchmesh_model::ids::{BranchId, CounterNo, DeviceId, TicketId};
use branchmesh_model::roster::Roster;
use branchmesh_model::schema::Role;
use branchmesh_model::time::{BusinessDate, UnixMs};
use branchmesh_model::view::DayView;
use branchmesh_model::visit::Visit;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::replication::hub::HandOver;

/// Who this node is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The branch.
    pub branch: BranchId,
    /// This device.
    pub device: DeviceId,
    /// Its role.
    pub role: Role,
    /// Its name.
    pub name: String,
    /// The counter it stands at.
    pub counter: Option<CounterNo>,
}

/// Everything a reader may want, as one consistent picture that was durable before it was published: what others changed
/// in queues on their disks, all else on this one.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Grows with every published change of this process; with [`Feed::boot`] it names an event.
    pub revision: u64,
    /// The current business date.
    pub date: BusinessDate,
    /// Business days held in full, newest last; always contains `date`.
    pub days: BTreeMap<BusinessDate, Arc<DayView>>,
    /// The configuration, defaults filled in.
    pub config: Arc<Config>,
    /// The roster.
    pub roster: Arc<Roster>,
    /// The mesh as this node sees it.
    pub mesh: Arc<MeshStatus>,
    /// What was odd in merged data.
    pub anomalies: Arc<Vec<Anomaly>>,
}

impl Snapshot {
    /// Today's tickets and counters.
    pub fn today(&self) -> &DayView {
        self.days.get(&self.date).expect("the current business date is always held")
    }
}

/// This node's place in the mesh.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeshStatus {
    /// Devices of the connected group, this one included.
    pub group: Vec<DeviceId>,
    /// The epoch in force here, as text.
    pub epoch: Option<String>,
    /// Its steward.
    pub steward: Option<DeviceId>,
    /// Members of the epoch.
    pub members: Vec<DeviceId>,
    /// Whether numbers are given in the main lane; otherwise the lane's letters.
    pub lane: Option<String>,
    /// Whether a person took the queue over here.
    pub taken_over: bool,
    /// Whether another machine uses this device's identity.
    pub runs_twice: bool,
    /// Known peers.
    pub peers: Vec<Peer>,
    /// Documents held.
    pub documents: usize,
    /// Waiting tickets of today that this side may not call, by the steward's knowledge.
    pub foreign: BTreeSet<TicketId>,
    /// Stored bytes.
    pub stored_bytes: u64,
    /// Counts since start: name → value, such as `envelopes_refused_signature`.
    pub counts: BTreeMap<String, u64>,
}

/// Another device as this node sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Peer {
    /// The device.
    pub device: DeviceId,
    /// Whether a connection is up.
    pub connected: bool,
    /// Whether it is in the group (through any number of hops).
    pub in_group: bool,
    /// Round trip of the direct connection, milliseconds.
    pub rtt_ms: Option<f64>,
    /// Documents known to differ from its replica.
    pub behind: usize,
    /// Bytes received from it since start.
    pub bytes_in: u64,
    /// Bytes sent to it since start.
    pub bytes_out: u64,
    /// Frames waiting to be sent to it.
    pub queued: usize,
    /// Where it was last reached.
    pub address: Option<SocketAddr>,
    /// Its clock minus this node's, milliseconds, as far as heartbeats tell.
    pub clock_skew_ms: Option<i64>,
    /// When it was last heard.
    pub last_seen: Option<UnixMs>,
    /// Whether two machines use its identity; then neither is connected.
    pub runs_twice: bool,
}

/// An event with its place in this process's stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Revision of the snapshot that first shows it.
    pub revision: u64,
    /// Position among the events of this revision.
    pub index: u32,
    /// What happened.
    pub draft: EventDraft,
}

/// The events of this process: the newest are kept so that a reader that was away can catch up.
pub struct Feed {
    /// Drawn at start; events of another process cannot be resumed here.
    pub boot: String,
    live: broadcast::Sender<Arc<Event>>,
    recent: Mutex<VecDeque<Arc<Event>>>,
}

impl Feed {
    /// Events kept for readers that come back.
    pub const KEPT: usize = 4096;

    /// An empty feed.
    pub fn new(boot: String) -> Self {
        Self { boot, live: broadcast::channel(1024).0, recent: Mutex::new(VecDeque::new()) }
    }

    /// Publishes an event of what is durable, here or with its author.
    pub fn publish(&self, event: Event) {
        let event = Arc::new(event);
        let mut recent = self.recent.lock().expect("no holder of this lock panics");
        if recent.len() == Self::KEPT {
            recent.pop_front();
        }
        recent.push_back(event.clone());
        // Nobody listening is not an error. Sending under the lock keeps subscribe() from missing or repeating one.
        let _ = self.live.send(event);
    }

    /// The live events from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.live.subscribe()
    }

    /// The events after (`revision`, `index`) and the live ones from there on; `None` if too much has passed.
    pub fn resume(&self, revision: u64, index: u32) -> Option<(Vec<Arc<Event>>, broadcast::Receiver<Arc<Event>>)> {
        let recent = self.recent.lock().expect("no holder of this lock panics");
        let live = self.live.subscribe();
        let after = (revision, index);
        let complete = recent.len() < Self::KEPT || recent.front().is_some_and(|e| (e.revision, e.index) <= after);
        let missed = recent.iter().filter(|e| (e.revision, e.index) > after).cloned().collect();
        complete.then_some((missed, live))
    }
}

/// A command was carried out.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What it changed.
    pub done: Done,
    /// A snapshot that shows it.
    pub snapshot: Arc<Snapshot>,
}

/// An invitation to join the branch: one use, one line of text.
#[derive(Clone, Debug)]
pub struct InvitationText {
    /// What the new device is given.
    pub text: String,
    /// When it lapses.
    pub expires_at: UnixMs,
}

/// What can be asked of the core besides commands.
pub enum Request {
    /// A command.
    Command(Box<Command>, oneshot::Sender<Result<Answer, Rejection>>),
    /// Take the queue over by a person's decision.
    TakeOver(branchmesh_model::command::Caller, String, oneshot::Sender<Result<(), Rejection>>),
    /// Make an invitation.
    Invite(Role, String, Option<CounterNo>, Duration, oneshot::Sender<Result<InvitationText, Rejection>>),
    /// Keep or hand over what a customer told when taking a ticket.
    HandOver(Box<HandOver>, oneshot::Sender<Result<(), Rejection>>),
    /// Who is the customer behind a ticket and those it replaced (newest first)?
    ReadVisit(Vec<TicketId>, oneshot::Sender<Option<Visit>>),
    /// Write a backup of the live store.
    Backup(PathBuf, oneshot::Sender<Result<u64, String>>),
    /// Say goodbye and stop.
    Stop(oneshot::Sender<()>),
}

/// The way to a running node's core; cheap to clone.
#[derive(Clone)]
pub struct NodeHandle {
    /// Who this node is.
    pub identity: Arc<Identity>,
    /// Its events.
    pub feed: Arc<Feed>,
    requests: mpsc::Sender<Request>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
}

impl NodeHandle {
    /// Ties the ends together; the core keeps the others.
    pub fn new(
        identity: Arc<Identity>,
        feed: Arc<Feed>,
        requests: mpsc::Sender<Request>,
        snapshots: watch::Receiver<Arc<Snapshot>>,
    ) -> Self {
        Self { identity, feed, requests, snapshots }
    }

    /// The newest published picture.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    /// Waits for pictures as they are published.
    pub fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// Carries out a command; returns once its effect is durable and visible in the answer's snapshot.
    ///
    /// # Errors
    /// The rejection, with nothing changed.
    pub async fn command(&self, command: Command) -> Result<Answer, Rejection> {
        self.ask(|reply| Request::Command(Box::new(command), reply)).await?
    }

    /// Takes the queue over on this side of a split.
    ///
    /// # Errors
    /// [`Rejection::NoSteward`] if this side has none.
    pub async fn take_over(&self, caller: branchmesh_model::command::Caller, reason: String) -> Result<(), Rejection> {
        self.ask(|reply| Request::TakeOver(caller, reason, reply)).await?
    }

    /// Makes a one-use invitation.
    ///
    /// # Errors
    /// [`Rejection::NotPermitted`] if this device is no admin device.
    pub async fn invite(
        &self,
        role: Role,
        name: String,
        counter: Option<CounterNo>,
        ttl: Duration,
    ) -> Result<InvitationText, Rejection> {
        self.ask(|reply| Request::Invite(role, name, counter, ttl, reply)).await?
    }

    /// Keeps what a customer told when taking a ticket, or hands it, sealed, to a staff device if this one may not hold it.
    ///
    /// # Errors
    /// The rejection, with nothing kept.
    pub async fn hand_over(&self, what: HandOver) -> Result<(), Rejection> {
        self.ask(|reply| Request::HandOver(Box::new(what), reply)).await?
    }

    /// The customer behind a ticket and those it replaced, newest first, as far as this device holds it.
    ///
    /// # Errors
    /// [`Rejection::Unavailable`] if the node is stopping.
    pub async fn visit(&self, tickets: Vec<TicketId>) -> Result<Option<Visit>, Rejection> {
        self.ask(|reply| Request::ReadVisit(tickets, reply)).await
    }

    /// Writes a consistent copy of the live store to `file`; returns its size in bytes.
    ///
    /// # Errors
    /// What went wrong, for a person.
    pub async fn backup(&self, file: PathBuf) -> Result<u64, String> {
        self.ask(|reply| Request::Backup(file, reply)).await.map_err(|e| e.to_string())?
    }

    /// Says goodbye to the group and stops the core.
    pub async fn stop(&self) {
        let _ = self.ask(Request::Stop).await;
    }

    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, Rejection> {
        let stopped = || Rejection::Unavailable { detail: "this node is stopping; ask another one".into() };
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())
    }
}
