//! A private LAN of network namespaces whose cable can be cut.
//!
//! Every host is a namespace with two interfaces: `mesh0` on a switch (a bridge) that can be cut into several, and
//! `mgmt0` on a management switch that is never cut, over which the test talks HTTP. Management ports are isolated from
//! one another, so nothing of the mesh can leak through. Addresses are from 198.18.0.0/15, set aside for such tests
//! (RFC 2544); nothing has a default route. Needs root and iproute2.

use std::fs::File;
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, bail, ensure};

/// All names of ours begin so, then the process id, then `x`.
const PREFIX: &str = "bml";
/// Switches of the mesh network: as many parts as a split may have.
const SWITCHES: usize = 3;
/// The relay's addresses on the mesh network: that of host 0, and up.
const RELAY: usize = 101;
/// What a host that moves adds to its number on the mesh network.
const MOVED: usize = 50;
/// The test's own host number on the management network.
const TEST_HOST: usize = 254;

/// The LAN; taken down when dropped.
pub struct Lan {
    /// Begins the names of everything that belongs to this LAN.
    name: String,
    /// Third byte of its networks.
    net: u8,
    hosts: usize,
    /// Its lock is let go when the LAN is gone.
    _claim: File,
}

impl Lan {
    /// A LAN of `hosts` hosts, all connected; `multicast` gives each a multicast route, without which mDNS is dead.
    ///
    /// # Errors
    /// If this is not root or iproute2 is missing, in words; or if the kernel refuses.
    pub fn new(hosts: usize, multicast: bool) -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        check_tools()?;
        sweep()?;
        let name = format!("{PREFIX}{}x{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let (net, claim) = free_net()?;
        let lan = Self { name, net, hosts, _claim: claim };
        lan.build(multicast).context("building the test network")?;
        Ok(lan)
    }

    /// Name of a host's namespace.
    pub fn netns(&self, host: usize) -> String {
        format!("{}h{host}", self.name)
    }

    /// A host's address on the mesh network.
    pub fn mesh_ip(&self, host: usize) -> Ipv4Addr {
        Ipv4Addr::new(198, 19, self.net, octet(host + 1))
    }

    /// The address under which a host is met through the relay.
    pub fn relay_ip(&self, host: usize) -> Ipv4Addr {
        Ipv4Addr::new(198, 19, self.net, octet(RELAY + host))
    }

    /// How many hosts there are, without the relay.
    pub fn hosts(&self) -> usize {
        self.hosts
    }

    /// A host's address on the management network.
    pub fn mgmt_ip(&self, host: usize) -> Ipv4Addr {
        Ipv4Addr::new(198, 18, self.net, octet(host + 1))
    }

    /// Cuts the mesh network: hosts of one group hear each other and nobody else.
    ///
    /// # Errors
    /// If a host is missing or there are too many groups.
    pub fn split(&self, groups: &[&[usize]]) -> Result<()> {
        ensure!(groups.len() <= SWITCHES, "a split has {SWITCHES} groups at most");
        let named: usize = groups.iter().map(|g| g.len()).sum();
        ensure!(named == self.hosts, "a split names each of the {} hosts once: {groups:?}", self.hosts);
        for (switch, group) in groups.iter().enumerate() {
            for &host in *group {
                ip(&["link", "set", &self.mesh_port(host), "master", &self.switch(switch)])?;
            }
        }
        Ok(())
    }

    /// Mends the mesh network.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn heal(&self) -> Result<()> {
        let all: Vec<usize> = (0..self.hosts).collect();
        self.split(&[&all])
    }

    /// Adds a host for a relay, with an address for every other host.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn add_relay(&self) -> Result<()> {
        self.add_host(self.hosts)?;
        let netns = self.netns(self.hosts);
        (0..self.hosts).try_for_each(|host| {
            ip(&["-n", &netns, "addr", "add", &format!("{}/24", self.relay_ip(host)), "dev", "mesh0"])
        })
    }

    /// From now on hosts reach each other through the relay alone, or directly again.
    ///
    /// # Errors
    /// If nftables is missing or refuses.
    pub fn only_through_relay(&self, only: bool) -> Result<()> {
        let direct = format!("iifname \"mesh0\" ip saddr 198.19.{}.0-198.19.{}.{} drop", self.net, self.net, RELAY - 1);
        (0..self.hosts).try_for_each(|host| self.filter(host, "direct", only.then_some(&direct)))
    }

    /// Gives a host another address on the mesh network, as a router that was restarted does.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn move_host(&self, host: usize) -> Result<()> {
        let netns = self.netns(host);
        let new = Ipv4Addr::new(198, 19, self.net, octet(MOVED + host + 1));
        ip(&["-n", &netns, "addr", "del", &format!("{}/24", self.mesh_ip(host)), "dev", "mesh0"])?;
        ip(&["-n", &netns, "addr", "add", &format!("{new}/24"), "dev", "mesh0"])?;
        // The kernel may take routes away with the address they went out from.
        ip(&["-n", &netns, "route", "replace", "224.0.0.0/4", "dev", "mesh0"])
    }

    /// Runs `task` on the relay: its sockets are the relay's.
    ///
    /// # Errors
    /// If there is no relay, or what `task` answers.
    pub fn on_relay<T: Send>(&self, task: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        self.on_host(self.hosts, task)
    }

    /// Runs `task` on a host: its sockets are that host's.
    ///
    /// # Errors
    /// If the host is gone, or what `task` answers.
    pub fn on_host<T: Send>(&self, host: usize, task: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let space = std::fs::File::open(Path::new("/run/netns").join(self.netns(host))).context("the namespace")?;
        // A thread of its own: entering a namespace concerns the calling thread, and there is no way back.
        let inside = || {
            nix::sched::setns(space, nix::sched::CloneFlags::CLONE_NEWNET).context("entering the namespace")?;
            task()
        };
        std::thread::scope(|scope| scope.spawn(inside).join().map_err(|_| anyhow::anyhow!("the task panicked"))?)
    }

    /// Switches multicast on or off at all hosts: without its route nothing can be sent to a group.
    ///
    /// # Errors
    /// If it is so already.
    pub fn set_multicast(&self, on: bool) -> Result<()> {
        let verb = if on { "add" } else { "del" };
        (0..self.hosts).try_for_each(|h| ip(&["-n", &self.netns(h), "route", verb, "224.0.0.0/4", "dev", "mesh0"]))
    }

    /// Loses so many of a hundred packets that come to a host over the mesh network.
    ///
    /// # Errors
    /// If nftables is missing or refuses.
    pub fn lose_packets(&self, host: usize, percent: u8) -> Result<()> {
        let lossy = format!("iifname \"mesh0\" numgen random mod 100 < {percent} drop");
        self.filter(host, "lossy", (percent > 0).then_some(&lossy))
    }

    /// Sets the one rule of a table for what comes to a host, or takes the table away.
    fn filter(&self, host: usize, table: &str, rule: Option<&String>) -> Result<()> {
        let mut rules = format!("add table inet {table}; delete table inet {table}");
        if let Some(rule) = rule {
            rules += &format!(
                "; add table inet {table}; add chain inet {table} in {{ type filter hook input priority 0 ; }}"
            );
            rules += &format!("; add rule inet {table} in {rule}");
        }
        let out = Command::new("ip").args(["netns", "exec", &self.netns(host), "nft", &rules]).output();
        let out = out.context("running nft")?;
        let said = String::from_utf8_lossy(&out.stderr);
        ensure!(out.status.success(), "nft {rules}: {}", said.trim());
        Ok(())
    }

    fn switch(&self, number: usize) -> String {
        format!("{}s{number}", self.name)
    }

    fn mgmt_switch(&self) -> String {
        format!("{}m", self.name)
    }

    fn mesh_port(&self, host: usize) -> String {
        format!("{}p{host}", self.name)
    }

    fn mgmt_port(&self, host: usize) -> String {
        format!("{}q{host}", self.name)
    }

    fn build(&self, multicast: bool) -> Result<()> {
        let switches = (0..SWITCHES).map(|n| self.switch(n)).chain([self.mgmt_switch()]);
        for switch in switches {
            ip(&["link", "add", &switch, "type", "bridge"])?;
            ip(&["link", "set", &switch, "up"])?;
        }
        let test_ip = format!("198.18.{}.{TEST_HOST}/24", self.net);
        ip(&["addr", "add", &test_ip, "dev", &self.mgmt_switch()])?;
        (0..self.hosts).try_for_each(|host| self.add_host(host))?;
        if multicast { self.set_multicast(true) } else { Ok(()) }
    }

    fn add_host(&self, host: usize) -> Result<()> {
        let netns = self.netns(host);
        ip(&["netns", "add", &netns])?;
        ip(&["-n", &netns, "link", "set", "lo", "up"])?;
        let cables = [
            ("mesh0", self.mesh_port(host), self.switch(0), self.mesh_ip(host)),
            ("mgmt0", self.mgmt_port(host), self.mgmt_switch(), self.mgmt_ip(host)),
        ];
        for (inside, port, switch, address) in cables {
            ip(&["link", "add", &port, "type", "veth", "peer", "name", inside, "netns", &netns])?;
            ip(&["link", "set", &port, "master", &switch, "up"])?;
            ip(&["-n", &netns, "addr", "add", &format!("{address}/24"), "dev", inside])?;
            ip(&["-n", &netns, "link", "set", inside, "up"])?;
        }
        ip(&["link", "set", &self.mgmt_port(host), "type", "bridge_slave", "isolated", "on"])
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        take_down(&format!("{}h", self.name), &self.name);
    }
}

fn octet(host: usize) -> u8 {
    u8::try_from(host).expect("a test LAN has few hosts")
}

fn check_tools() -> Result<()> {
    let user = Path::new("/proc/self").metadata().context("whose process this is")?.uid();
    ensure!(user == 0, "scenarios with a cut network make network namespaces, which needs root; run the tests as root");
    let found = Command::new("ip").arg("-V").output().is_ok_and(|o| o.status.success());
    ensure!(found, "scenarios with a cut network need the command `ip`; install iproute2");
    Ok(())
}

/// Runs `ip` with these arguments.
fn ip(args: &[&str]) -> Result<()> {
    ip_says(args).map(|_| ())
}

fn ip_says(args: &[&str]) -> Result<String> {
    let out = Command::new("ip").args(args).output().context("running ip")?;
    let said = String::from_utf8_lossy(&out.stderr);
    ensure!(out.status.success(), "ip {}: {}", args.join(" "), said.trim());
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// A third byte that no interface of this machine uses yet, locked against LANs that are built at the same time.
fn free_net() -> Result<(u8, File)> {
    let taken = ip_says(&["-o", "-4", "addr", "show"])?;
    for net in (1..=250).filter(|n| !taken.contains(&format!(" 198.18.{n}."))) {
        let path = std::env::temp_dir().join(format!("branchmesh-lan-{net}.lock"));
        let file = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
        if file.try_lock().is_ok() {
            return Ok((net, file));
        }
    }
    bail!("250 test networks are up at once; look for tests that hang")
}

/// Takes down what earlier runs left behind that were killed before they could do it themselves.
fn sweep() -> Result<()> {
    let dead = |name: &&str| {
        let pid = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('x')).map(|(pid, _)| pid);
        let pid = pid.filter(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
        pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists())
    };
    let owner = |name: &str| name.split_once('x').map(|(run, _)| format!("{run}x"));
    let names = format!("{}\n{}", ip_says(&["netns", "list"])?, link_names().join("\n"));
    let names = names.lines().filter_map(|l| l.split_whitespace().next());
    let runs: std::collections::BTreeSet<String> = names.filter(dead).filter_map(owner).collect();
    for run in runs {
        take_down(&run, &run);
    }
    Ok(())
}

fn link_names() -> Vec<String> {
    let listed = ip_says(&["-o", "link", "show"]).unwrap_or_default();
    let name = |line: &str| line.split(": ").nth(1)?.split('@').next().map(str::to_owned);
    listed.lines().filter_map(name).collect()
}

/// Removes links first and namespaces last: a veth whose namespace goes first may linger.
/// Best effort: what is gone already needs no removing.
fn take_down(netns_prefix: &str, link_prefix: &str) {
    let spaces = ip_says(&["netns", "list"]).unwrap_or_default();
    let spaces: Vec<&str> = spaces.lines().filter_map(|l| l.split_whitespace().next()).collect();
    let spaces: Vec<&str> = spaces.into_iter().filter(|s| s.starts_with(netns_prefix)).collect();
    for space in &spaces {
        let pids = ip_says(&["netns", "pids", space]).unwrap_or_default();
        for pid in pids.lines().filter_map(|p| p.trim().parse().ok()) {
            // Only what runs inside our own namespace: a device that outlived its test.
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
        }
    }
    for link in link_names().iter().filter(|l| l.starts_with(link_prefix)) {
        let _ = ip(&["link", "del", link]);
    }
    for space in spaces {
        let _ = ip(&["netns", "del", space]);
    }
}
