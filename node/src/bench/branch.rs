//! A branch of nodes in this process, on loopback.

use std::collections::BTreeSet;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use branchmesh_model::command::{Ask, Caller, Command, Guarded, Ordinary};
use branchmesh_model::config::StaffRole;
use branchmesh_model::event::EventType;
use branchmesh_model::ids::{CommandId, CounterNo, TicketId};
use branchmesh_model::schema::Role;
use branchmesh_model::ticket::TicketState;
use futures_util::future::{join_all, try_join_all};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::report::load;
use super::synthesis;
use crate::handle::{Answer, Event, NodeHandle, Snapshot};
use crate::node::{self, FoundOptions, Node, RunOptions};

/// Longest wait for anything; who waits longer measures a fault.
const PATIENCE: Duration = Duration::from_secs(120);
/// Memory for pages of each node's database.
const CACHE_BYTES: usize = 16 << 20;

/// A device that is to be enrolled: its folder, role and counter.
pub(super) struct Station {
    /// Its folder.
    pub data: PathBuf,
    /// What it does, and where.
    pub post: (Role, Option<CounterNo>),
}

/// Devices and their folders; some of them may be running.
pub(super) struct Branch {
    places: Vec<Place>,
}

struct Place {
    data: PathBuf,
    listen: SocketAddr,
    /// Holds the port until the device first runs: another device, or a socket of one, would get it.
    reserved: Option<UdpSocket>,
    node: Option<Node>,
}

impl Branch {
    /// Founds a branch of `count` devices and enrols them all; none of them runs yet.
    pub(super) fn found(folder: &Path, count: usize) -> Result<Self> {
        let place = |n: usize| {
            // Chosen once, so that the devices find each other again after a restart.
            let socket = UdpSocket::bind(("127.0.0.1", 0))?;
            let listen = socket.local_addr()?;
            anyhow::Ok(Place { data: folder.join(format!("device-{n}")), listen, reserved: Some(socket), node: None })
        };
        let branch = Self { places: (0..count).map(place).collect::<Result<_>>()? };
        let (role, counter) = post(0);
        node::found(FoundOptions {
            data: branch.data(0).to_owned(),
            branch: "Bench".into(),
            role,
            name: "Device 0".into(),
            counter,
            config: None,
            manager_pin: None,
        })?;
        let stations: Vec<Station> =
            (1..count).map(|n| Station { data: branch.data(n).to_owned(), post: post(n) }).collect();
        synthesis::enrol(branch.data(0), &stations)?;
        Ok(branch)
    }

    /// Data folder of device `n`.
    pub(super) fn data(&self, n: usize) -> &Path {
        &self.places[n].data
    }

    /// Devices, running or not.
    pub(super) fn count(&self) -> usize {
        self.places.len()
    }

    /// Starts device `n`; it is told where the others listen.
    pub(super) async fn start(&mut self, n: usize) -> Result<()> {
        let peers = self.places.iter().map(|p| p.listen).filter(|addr| *addr != self.places[n].listen).collect();
        let place = &mut self.places[n];
        let options = RunOptions {
            data: place.data.clone(),
            http: SocketAddr::from(([127, 0, 0, 1], 0)),
            listen: vec![place.listen],
            peers,
            mdns: false,
            printer: None,
            cache_bytes: CACHE_BYTES,
        };
        drop(place.reserved.take());
        place.node = Some(Node::start(options).await?);
        Ok(())
    }

    /// Starts all that do not run and waits until they are one group with one steward.
    pub(super) async fn start_all(&mut self) -> Result<()> {
        for n in 0..self.count() {
            if self.places[n].node.is_none() {
                self.start(n).await?;
            }
        }
        self.one_group().await
    }

    /// Stops all that run, all at once.
    pub(super) async fn stop_all(&mut self) {
        join_all(self.places.iter_mut().filter_map(|p| p.node.take()).map(Node::stop)).await;
    }

    /// The running device `n`.
    pub(super) fn handle(&self, n: usize) -> &NodeHandle {
        self.places[n].node.as_ref().expect("a scenario asks devices it started").handle()
    }

    /// The running devices.
    pub(super) fn handles(&self) -> Vec<&NodeHandle> {
        self.places.iter().filter_map(|p| p.node.as_ref()).map(Node::handle).collect()
    }

    /// Where the running device `n` serves its API.
    pub(super) fn http(&self, n: usize) -> SocketAddr {
        self.places[n].node.as_ref().expect("a scenario asks devices it started").http_addr()
    }

    /// Waits until all running devices see one group of all of them and follow one steward.
    pub(super) async fn one_group(&self) -> Result<()> {
        let handles = self.handles();
        let all = handles.len();
        let voters = handles.iter().filter(|h| matches!(h.identity.role, Role::Counter | Role::Kiosk)).count();
        let begun = Instant::now();
        loop {
            let views: Vec<_> = handles.iter().map(|h| h.snapshot().mesh.clone()).collect();
            let stewards: BTreeSet<_> = views.iter().map(|m| m.steward).collect();
            let complete = views.iter().all(|m| m.group.len() == all && m.members.len() == voters);
            if complete && stewards.len() == 1 && !stewards.contains(&None) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                let busy = load().map(|n| format!(" (load {n:.1})")).unwrap_or_default();
                bail!("{all} devices did not become one group within {PATIENCE:?}{busy}; is something else running?");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until every running device sees what is asked for.
    pub(super) async fn all_see(&self, seen: impl Fn(&Snapshot) -> bool + Copy) -> Result<()> {
        try_join_all(self.handles().into_iter().map(|handle| sees(handle, seen))).await?;
        Ok(())
    }
}

/// Waits until `handle`'s device publishes a picture that shows what is asked for.
pub(super) async fn sees(handle: &NodeHandle, seen: impl Fn(&Snapshot) -> bool) -> Result<()> {
    let mut pictures = handle.watch();
    let waited = tokio::time::timeout(PATIENCE, pictures.wait_for(|picture| seen(picture))).await;
    waited.with_context(|| format!("a device did not see its data within {PATIENCE:?}"))??;
    Ok(())
}

/// Whether `count` of today's tickets are in `state`.
pub(super) fn shows(picture: &Snapshot, count: usize, state: TicketState) -> bool {
    let today = picture.today();
    today.tickets.len() >= count && today.tickets.values().filter(|t| t.state == state).count() >= count
}

/// Who stands where: counters first, then a kiosk, and screens and tablets beyond.
fn post(n: usize) -> (Role, Option<CounterNo>) {
    match n {
        0..=2 => (Role::Counter, CounterNo::try_from(n + 1).ok()),
        3 => (Role::Kiosk, None),
        4..=6 => (Role::Counter, CounterNo::try_from(n).ok()),
        n if n % 2 == 0 => (Role::Tablet, None),
        _ => (Role::Display, None),
    }
}

/// A command by a member of the staff at `handle`'s device.
pub(super) async fn ask(handle: &NodeHandle, ask: Ask) -> Result<Answer> {
    let caller = Caller {
        device: handle.identity.device,
        device_role: Some(handle.identity.role),
        staff: Some("manager".into()),
        roles: vec![StaffRole::Teller, StaffRole::LobbyManager, StaffRole::Admin],
    };
    let id = CommandId::try_from(uuid::Uuid::now_v7().to_string()).expect("a UUID is a valid command id");
    handle.command(Command { id, caller, ask }).await.map_err(|rejection| anyhow!("{rejection:?}"))
}

/// An ordinary command.
pub(super) async fn tell(handle: &NodeHandle, what: Ordinary) -> Result<Answer> {
    ask(handle, Ask::Ordinary(what)).await
}

/// Issues a ticket of the service that the first counters serve.
pub(super) async fn issue(handle: &NodeHandle) -> Result<()> {
    let ticket = Guarded::Issue {
        service: "cash".into(),
        category: None,
        language: None,
        identified: false,
        status_digest: None,
    };
    ask(handle, Ask::Guarded(ticket)).await?;
    Ok(())
}

/// Waits for an event of `kind` about `ticket`.
pub(super) async fn heard(feed: &mut Receiver<std::sync::Arc<Event>>, kind: EventType, ticket: TicketId) -> Result<()> {
    let wait = async {
        loop {
            match feed.recv().await {
                Ok(event) if event.draft.kind == kind && event.draft.data.ticket() == Some(ticket) => return Ok(()),
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => bail!("a device stopped"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.with_context(|| format!("no {kind:?} within {PATIENCE:?}"))?
}

/// Calls each ticket again at `from`, one after the other; milliseconds until the last of `others` has told of it.
pub(super) async fn recall_each(from: &NodeHandle, others: &[&NodeHandle], tickets: &[TicketId]) -> Result<Vec<f64>> {
    let mut feeds: Vec<_> = others.iter().map(|other| other.feed.subscribe()).collect();
    let mut times = Vec::with_capacity(tickets.len());
    for ticket in tickets {
        let begun = Instant::now();
        let told = tell(from, Ordinary::Recall { ticket: *ticket });
        let everywhere = try_join_all(feeds.iter_mut().map(|feed| heard(feed, EventType::TicketRecalled, *ticket)));
        let shown = async {
            everywhere.await?;
            anyhow::Ok(begun.elapsed())
        };
        let (_, time) = tokio::try_join!(told, shown)?;
        times.push(time.as_secs_f64() * 1e3);
    }
    Ok(times)
}
