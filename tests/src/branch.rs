//! A branch with named devices, each a real `branchmesh` process.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use tempfile::TempDir;

use crate::client::{Client, Ticket, insist, insist_unless};
use crate::lan::Lan;
use crate::node::{Node, Place, Spec};
use crate::process::{LOOK_AGAIN, PATIENCE};
use crate::relay::{Relay, Weather};
use crate::report;
use crate::table::Table;

/// UDP port of the mesh on a test LAN.
const MESH_PORT: u16 = 7400;
/// HTTP port on a test LAN.
const HTTP_PORT: u16 = 7480;

/// The devices most scenarios use: two counters and the kiosk may be stewards, display and tablet may not.
pub const FIVE: [Spec; 5] = [
    Spec { name: "counter1", role: "counter", counter: Some(1) },
    Spec { name: "counter2", role: "counter", counter: Some(2) },
    Spec { name: "kiosk", role: "kiosk", counter: None },
    Spec { name: "display", role: "display", counter: None },
    Spec { name: "tablet", role: "tablet", counter: None },
];

/// The network a branch runs on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Network {
    /// Loopback, mDNS off: devices find each other by what invitations and peers tell.
    Loopback,
    /// A LAN that can be cut, mDNS on.
    Lan,
    /// A LAN that can be cut, where multicast is blocked.
    LanWithoutMulticast,
    /// A LAN where devices listen on whatever addresses they have, as they do unless told otherwise.
    LanOnAnyAddress,
    /// A LAN with a relay that can be put between all devices; mDNS off.
    LanWithRelay,
}

/// A running branch. Devices are killed and networks taken down when it is dropped; logs are printed after a failure.
pub struct Branch {
    nodes: Vec<Node>,
    // Dropped after the nodes: fields go in the order they stand.
    lan: Option<Lan>,
    folder: TempDir,
}

/// Founds a branch of `specs` on `network`, tells the story, and prints the devices' logs if it goes wrong.
///
/// # Errors
/// What went wrong.
pub fn tell(network: Network, specs: &[Spec], story: impl FnOnce(&Branch) -> Result<()>) -> Result<()> {
    let branch = Branch::start(network, specs)?;
    let result = story(&branch);
    if result.is_err() {
        branch.print_logs();
    }
    result
}

impl Branch {
    /// Founds a branch at the first device, enrols the others one by one, and waits until all are one group.
    ///
    /// # Errors
    /// If any step fails.
    pub fn start(network: Network, specs: &[Spec]) -> Result<Self> {
        let branch = Self::prepare(network, specs)?;
        let (founder, guests) = branch.nodes.split_first().context("a branch has a device")?;
        founder.init("Test branch")?;
        founder.start()?;
        for guest in guests {
            guest.join(founder)?;
            guest.start()?;
        }
        branch.wait_for_one_steward()?;
        Ok(branch)
    }

    fn prepare(network: Network, specs: &[Spec]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("branchmesh-lab-").tempdir()?;
        let lan = match network {
            Network::Loopback => None,
            Network::Lan | Network::LanOnAnyAddress => Some(Lan::new(specs.len(), true)?),
            Network::LanWithoutMulticast | Network::LanWithRelay => Some(Lan::new(specs.len(), false)?),
        };
        let mut extra: Vec<String> = if lan.is_none() { vec!["--no-mdns".into()] } else { Vec::new() };
        if let (Some(lan), Network::LanWithRelay) = (&lan, network) {
            lan.add_relay()?;
            extra = vec!["--no-mdns".into()];
            extra.extend((0..specs.len()).flat_map(|h| ["--peer".into(), format!("{}:{MESH_PORT}", lan.relay_ip(h))]));
        }
        let node = |(host, spec): (usize, &Spec)| {
            let place = match &lan {
                Some(lan) => lan_place(lan, host, network),
                None => loopback_place()?,
            };
            Ok(Node::new(spec.clone(), place, folder.path().join(spec.name), extra.clone()))
        };
        let nodes = specs.iter().enumerate().map(node).collect::<Result<_>>()?;
        Ok(Self { nodes, lan, folder })
    }

    /// A device by name.
    ///
    /// # Panics
    /// If the scenario names a device it did not start.
    pub fn node(&self, name: &str) -> &Node {
        self.nodes.iter().find(|n| n.spec.name == name).expect("a scenario names devices it started")
    }

    /// All devices.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The devices that run now.
    pub fn running(&self) -> Vec<&Node> {
        self.nodes.iter().filter(|n| n.is_running()).collect()
    }

    /// A folder for what else a scenario needs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A further device that is not enrolled yet, on loopback.
    ///
    /// # Errors
    /// If no port is free.
    pub fn newcomer(&self, spec: Spec) -> Result<Node> {
        let data = self.folder.path().join(spec.name);
        Ok(Node::new(spec, loopback_place()?, data, vec!["--no-mdns".into()]))
    }

    /// Cuts the network into groups of named devices.
    ///
    /// # Errors
    /// If the branch runs on no LAN or a device is missing.
    pub fn split(&self, groups: &[&[&str]]) -> Result<()> {
        let host =
            |name: &&str| self.nodes.iter().position(|n| n.spec.name == *name).context("a device of this branch");
        let groups: Vec<Vec<usize>> =
            groups.iter().map(|g| g.iter().map(host).collect::<Result<_>>()).collect::<Result<_>>()?;
        let groups: Vec<&[usize]> = groups.iter().map(Vec::as_slice).collect();
        self.lan.as_ref().context("only a LAN can be cut")?.split(&groups)
    }

    /// Mends the network.
    ///
    /// # Errors
    /// If the branch runs on no LAN.
    pub fn heal(&self) -> Result<()> {
        self.lan.as_ref().context("only a LAN can be mended")?.heal()
    }

    /// From now on every device loses so many of a hundred packets that come to it over the mesh network.
    ///
    /// # Errors
    /// If the branch runs on no LAN or nftables is missing.
    pub fn lose_packets(&self, percent: u8) -> Result<()> {
        let lan = self.lan.as_ref().context("only a LAN loses packets")?;
        (0..self.nodes.len()).try_for_each(|host| lan.lose_packets(host, percent))
    }

    /// Puts the relay between all devices: nothing passes but through it, until it is dropped and the network [mended].
    ///
    /// [mended]: Branch::mend_relay
    ///
    /// # Errors
    /// If the branch runs on no LAN with a relay.
    pub fn relay(&self, weather: Weather) -> Result<Relay> {
        let lan = self.lan.as_ref().context("only a LAN has a relay")?;
        let relay = Relay::start(lan, MESH_PORT, weather)?;
        lan.only_through_relay(true)?;
        Ok(relay)
    }

    /// Lets devices reach each other directly again.
    ///
    /// # Errors
    /// If the branch runs on no LAN.
    pub fn mend_relay(&self) -> Result<()> {
        self.lan.as_ref().context("only a LAN has a relay")?.only_through_relay(false)
    }

    /// A device gets another address.
    ///
    /// # Errors
    /// If the branch runs on no LAN or the device is missing.
    pub fn move_device(&self, name: &str) -> Result<()> {
        let host = self.nodes.iter().position(|n| n.spec.name == name).context("a device of this branch")?;
        self.lan.as_ref().context("only a LAN gives out addresses")?.move_host(host)
    }

    /// A customer takes a ticket at `node`.
    ///
    /// # Errors
    /// If it is refused or nobody answers in time.
    pub fn issue(&self, node: &str, service: &str) -> Result<Ticket> {
        insist(&[&self.node(node).client], "/tickets", &json!({ "service": service }))?.ticket(201)
    }

    /// A counter opens, asked at `node`.
    ///
    /// # Errors
    /// If it is refused.
    pub fn open_counter(&self, node: &str, counter: u32) -> Result<()> {
        insist(&[&self.node(node).client], &format!("/counters/{counter}/open"), &json!({}))?.expect(200)?;
        Ok(())
    }

    /// The next ticket for `counter`, asked at `node`; none if nobody waits for it.
    ///
    /// # Errors
    /// If it is refused or nobody answers in time.
    pub fn call_next(&self, node: &str, counter: u32) -> Result<Option<Ticket>> {
        next_ticket(&[&self.node(node).client], counter, &BTreeSet::new())
    }

    /// Serves a called ticket from start to finish, asked at `node`.
    ///
    /// # Errors
    /// If it is refused.
    pub fn serve(&self, node: &str, ticket: &str) -> Result<()> {
        serve(&[&self.node(node).client], ticket)
    }

    /// Waits until `met` says so.
    ///
    /// # Errors
    /// If it does not within [`PATIENCE`]; with the last reason it gave.
    pub fn wait_until(&self, what: &str, mut met: impl FnMut() -> Result<()>) -> Result<Duration> {
        let start = Instant::now();
        loop {
            match met() {
                Ok(()) => break,
                Err(e) if start.elapsed() > PATIENCE => bail!("waited {PATIENCE:?} for {what}: {e:#}"),
                Err(_) => std::thread::sleep(LOOK_AGAIN),
            }
        }
        report::time(what, start.elapsed());
        Ok(start.elapsed())
    }

    /// Waits until all running devices follow one steward; returns its name.
    ///
    /// # Errors
    /// If they do not in time.
    pub fn wait_for_one_steward(&self) -> Result<String> {
        let running = self.running();
        let mut steward = String::new();
        self.wait_until("one steward for all", || {
            steward = self.steward_of(&running)?;
            Ok(())
        })?;
        Ok(steward)
    }

    /// Waits until `count` tickets wait everywhere: one that a lost answer left without a customer is given up a moment after
    /// the sides of a cut have met.
    ///
    /// # Errors
    /// If they never do; with the last table.
    pub fn wait_for_waiting(&self, count: usize) -> Result<()> {
        self.wait_until("the right number of people wait", || {
            let table = self.all_tables_equal()?;
            let waits = table.in_state("waiting")?.len();
            ensure!(waits == count, "{waits} wait, not {count}: {table:?}");
            Ok(())
        })?;
        Ok(())
    }

    /// The one steward that all of `nodes` follow, by name.
    ///
    /// # Errors
    /// If they follow none or several.
    pub fn steward_of(&self, nodes: &[&Node]) -> Result<String> {
        let stewards = nodes.iter().map(|n| n.steward()).collect::<Result<BTreeSet<_>>>()?;
        ensure!(stewards.len() == 1, "several stewards: {stewards:?}");
        let id = stewards.into_iter().flatten().next().context("no steward")?;
        self.all_voters_are_members(nodes)?;
        let named = self.running().into_iter().find(|n| n.id().is_ok_and(|i| i == id));
        Ok(named.with_context(|| format!("the steward {id} is no running device"))?.spec.name.to_owned())
    }

    /// Counters and kiosks vote; until all of them are members, few disks hold what is granted.
    fn all_voters_are_members(&self, nodes: &[&Node]) -> Result<()> {
        let mesh = nodes.first().context("a device runs")?.client.mesh()?;
        let members: BTreeSet<&str> =
            mesh["members"].as_array().into_iter().flatten().filter_map(|m| m.as_str()).collect();
        for node in nodes.iter().filter(|n| matches!(n.spec.role, "counter" | "kiosk")) {
            ensure!(members.contains(node.id()?.as_str()), "{} is no member of the epoch yet", node.spec.name);
        }
        Ok(())
    }

    /// Checks that the running devices hold equal tables; returns it.
    ///
    /// # Errors
    /// Names two that differ, and in what.
    pub fn all_tables_equal(&self) -> Result<Table> {
        tables_equal(&self.running())
    }

    /// Waits until the running devices hold equal tables and checks their numbers.
    ///
    /// # Errors
    /// If they do not in time or a number is wrong.
    pub fn wait_for_equal_tables(&self) -> Result<Table> {
        let mut equal = None;
        self.wait_until("equal tables on all devices", || {
            equal = Some(self.all_tables_equal()?);
            Ok(())
        })?;
        let table = equal.context("the wait is over")?;
        table.check_numbers()?;
        Ok(table)
    }

    /// Prints the end of every device's log.
    pub fn print_logs(&self) {
        for node in &self.nodes {
            report::log(node.spec.name, node.log_file());
        }
    }
}

impl Drop for Branch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.print_logs();
        }
    }
}

/// Checks that `nodes` hold equal tables; returns it.
///
/// # Errors
/// Names two that differ, and in what.
pub fn tables_equal(nodes: &[&Node]) -> Result<Table> {
    let (first, others) = nodes.split_first().context("a branch has a device")?;
    let table = first.table()?;
    for other in others {
        let theirs = other.table()?;
        let difference = || table.difference(&theirs);
        ensure!(table == theirs, "{} and {} differ: {}", first.spec.name, other.spec.name, difference());
    }
    Ok(table)
}

/// The next ticket for `counter`, asked at one of `nodes` after the other until one answers. A steward that has not heard yet
/// that the counter is free refuses; it is asked again. `served` are those this teller is done with.
///
/// # Errors
/// If it is refused or nobody answers in time.
pub fn next_ticket(nodes: &[&Client], counter: u32, served: &BTreeSet<String>) -> Result<Option<Ticket>> {
    let asked = Instant::now();
    loop {
        let reply = insist(nodes, &format!("/counters/{counter}/call-next"), &json!({}))?;
        match reply.status {
            204 => return Ok(None),
            // An earlier call whose answer was lost in a split ran after all: the teller finds its ticket on the screen.
            409 => match called_at(nodes, counter, served)? {
                Some(ticket) => return Ok(Some(ticket)),
                None => ensure!(asked.elapsed() < PATIENCE, "{reply:?}"),
            },
            _ => return reply.ticket(200).map(Some),
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// The ticket that the screens show as called to `counter`, if there is one. A device that slept still shows one that its teller
/// has `served` at another meanwhile.
fn called_at(nodes: &[&Client], counter: u32, served: &BTreeSet<String>) -> Result<Option<Ticket>> {
    let shown = |node: &&Client| node.get(&format!("/tickets?counter={counter}&state=called")).ok()?.expect(200).ok();
    let lists = nodes.iter().find_map(shown).context("no device answers")?;
    let tickets: Vec<Ticket> = serde_json::from_value(lists["tickets"].clone())?;
    Ok(tickets.into_iter().find(|ticket| !served.contains(&ticket.id)))
}

/// Serves a called ticket from start to finish, at one of `nodes` after the other until one answers. A node that has
/// not heard of the call yet refuses; it is asked again.
///
/// # Errors
/// If nobody does it in time.
pub fn serve(nodes: &[&Client], ticket: &str) -> Result<()> {
    for (verb, state) in [("start", "serving"), ("finish", "served")] {
        let path = format!("/tickets/{ticket}/{verb}");
        let done = insist_unless(nodes, &path, &json!({}), |reply| matches!(reply.status, 404 | 409))?.ticket(200)?;
        ensure!(done.state == state, "after {verb} the ticket is {}", done.state);
    }
    Ok(())
}

fn lan_place(lan: &Lan, host: usize, network: Network) -> Place {
    let ip = if network == Network::LanOnAnyAddress { Ipv4Addr::UNSPECIFIED } else { lan.mesh_ip(host) };
    Place { netns: Some(lan.netns(host)), mesh: (ip, MESH_PORT).into(), http: (lan.mgmt_ip(host), HTTP_PORT).into() }
}

/// Ports that were free a moment ago: a device keeps its ports over restarts, so they cannot be left to chance.
/// A place on loopback with free ports.
///
/// # Errors
/// If no port is free.
pub fn loopback_place() -> Result<Place> {
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(Place { netns: None, mesh: udp.local_addr()?, http: tcp.local_addr()? })
}
