//! The world around the machines: time, network, disks, processes and the people who press buttons. Times are µs.

mod acts;
mod processes;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

use super::super::{Answer, Census, Durable, Machine, Note, Output, Packet, Settings, Standing};
use super::check::Checker;
use super::desk::{Ask, Entry, ToyDesk};
use super::dice::Dice;
use crate::ids::{CommandId, DeviceId, EpochId, RecordId, VoterId};

pub(super) const MS: u64 = 1_000;
pub(super) const S: u64 = 1_000_000;

/// How bad network and disks are.
#[derive(Clone)]
pub(super) struct Weather {
    pub(super) loss: f64,
    pub(super) duplicates: f64,
    pub(super) delay: u64,
    pub(super) slow: f64,
    pub(super) slow_max: u64,
    pub(super) sync: (u64, u64),
    pub(super) stall: f64,
    pub(super) drift: f64,
}

/// Something that happens to the branch.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Start(usize),
    Crash(usize, u64),
    CrashSteward(u64),
    Pause(usize, u64),
    PauseSteward(u64),
    Leave(usize),
    Wipe(usize),
    Revoke(usize),
    Split(u64),
    Isolate(usize),
    Pair(usize, usize),
    Links(Vec<Vec<bool>>),
    Flap(usize, u64, u64),
    Cut(usize, bool),
    /// The transport notices that a connection broke, and makes a new one later.
    Reconnect(usize, usize, u64),
    Open(usize, usize),
    TakeOver(usize),
    Roll,
    Prune,
    Join,
    Heal,
}

enum Event {
    Deliver { to: VoterId, from: VoterId, packet: Packet },
    Tick { host: usize, process: u32 },
    Synced { host: usize, process: u32 },
    Ask { host: usize, cmd: CommandId, ask: Ask },
    Release { host: usize, grant: RecordId },
    Wake { host: usize },
    Gossip,
    Act(Act),
}

pub(super) struct Host {
    pub(super) voter: VoterId,
    pub(super) machine: Option<Machine>,
    pub(super) desk: ToyDesk,
    disk: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Outputs whose operations are not on disk yet.
    held: VecDeque<Output>,
    syncing: usize,
    process: u32,
    pub(super) incarnation: u64,
    rate: f64,
    offset: u64,
    started: u64,
    paused_until: u64,
    /// Numbers of the events that came due while it was paused.
    slept_through: Vec<u64>,
    unanswered: BTreeMap<CommandId, Ask>,
    pub(super) gone: bool,
}

pub(super) struct World {
    pub(super) now: u64,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    events: BTreeMap<u64, Event>,
    seq: u64,
    pub(super) hosts: Vec<Host>,
    links: Vec<Vec<bool>>,
    cut: BTreeSet<usize>,
    pub(super) weather: Weather,
    pub(super) dice: Dice,
    pub(super) check: Checker,
    settings: Settings,
    preferred: Vec<bool>,
    revoked: BTreeSet<usize>,
    genesis: EpochId,
    healed: bool,
    pub(super) asked: BTreeMap<CommandId, (u64, Ask)>,
    pub(super) answered_at: BTreeMap<CommandId, u64>,
    pub(super) refused: u32,
    today: u32,
    pub(super) pruned: u32,
}

fn voter(host: usize, generation: u32) -> VoterId {
    let mut id = [0; 32];
    id[0] = u8::try_from(host).unwrap();
    VoterId { device: DeviceId(id), generation }
}

impl World {
    pub(super) fn new(seed: u64, hosts: usize, preferred: Vec<bool>, settings: Settings, weather: Weather) -> Self {
        let mut dice = Dice(seed);
        let founder = dice.below(hosts as u64) as usize;
        let host = |i: usize| Host {
            voter: voter(i, 0),
            machine: None,
            desk: ToyDesk::new(voter(i, 0), 0, BTreeSet::new()),
            disk: BTreeMap::new(),
            held: VecDeque::new(),
            syncing: 0,
            process: 0,
            incarnation: 0,
            rate: 1.0,
            offset: 0,
            started: 0,
            paused_until: 0,
            slept_through: Vec::new(),
            unanswered: BTreeMap::new(),
            gone: false,
        };
        let mut world = Self {
            now: 0,
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            seq: 0,
            hosts: (0..hosts).map(host).collect(),
            links: vec![vec![true; hosts]; hosts],
            cut: BTreeSet::new(),
            weather,
            dice,
            check: Checker::default(),
            settings,
            preferred,
            revoked: BTreeSet::new(),
            genesis: EpochId::genesis(voter(founder, 0).device),
            healed: false,
            asked: BTreeMap::new(),
            answered_at: BTreeMap::new(),
            refused: 0,
            today: 0,
            pruned: 0,
        };
        world.at(S, Event::Gossip);
        world
    }

    fn at(&mut self, time: u64, event: Event) {
        self.seq += 1;
        self.queue.push(Reverse((time.max(self.now), self.seq)));
        self.events.insert(self.seq, event);
    }

    pub(super) fn plan(&mut self, time: u64, act: Act) {
        self.at(time, Event::Act(act));
    }

    pub(super) fn plan_ask(&mut self, time: u64, host: usize, ask: Ask) {
        let cmd = CommandId::try_from(format!("c{}", self.seq)).unwrap();
        self.at(time, Event::Ask { host, cmd, ask });
    }

    fn census(&self) -> Census {
        let standing = |i: usize| (voter(i, 0).device, Standing { rank: 0, preferred: self.preferred[i] });
        Census { voters: (0..self.hosts.len()).filter(|i| !self.revoked.contains(i)).map(standing).collect() }
    }

    /// The host's own clock, in ms.
    fn clock(&self, host: usize) -> u64 {
        let host = &self.hosts[host];
        (host.offset + ((self.now - host.started) as f64 * host.rate) as u64) / MS
    }

    pub(super) fn running(&self) -> Vec<usize> {
        (0..self.hosts.len()).filter(|i| self.hosts[*i].machine.is_some()).collect()
    }

    /// Hosts that are the steward of an epoch with a quorum in their group.
    pub(super) fn stewards(&self) -> Vec<usize> {
        let serves = |i: &usize| {
            self.hosts[*i].machine.as_ref().is_some_and(|m| m.is_active() && m.steward() == Some(self.hosts[*i].voter))
        };
        self.running().into_iter().filter(serves).collect()
    }

    /// Whether some pair of hosts cannot hear each other.
    pub(super) fn is_split(&self) -> bool {
        self.links.iter().flatten().any(|link| !link)
    }

    /// Tickets that some steward may grant now.
    pub(super) fn callable(&self) -> BTreeSet<RecordId> {
        self.stewards().into_iter().flat_map(|i| self.hosts[i].desk.callable()).collect()
    }

    /// Whether some steward holds the right over a ticket and can reach a quorum, whatever it believes of its links.
    pub(super) fn is_held(&self, ticket: &RecordId) -> bool {
        let can_grant = |i: usize| {
            let epoch = self.hosts[i].machine.as_ref().and_then(|machine| machine.epoch());
            epoch.is_some_and(|epoch| epoch.has_quorum_in(&self.reached(i)))
        };
        self.stewards().into_iter().any(|i| self.hosts[i].desk.holds(ticket) && can_grant(i))
    }

    /// Running hosts to which packets find a way from `i` and back.
    fn reached(&self, i: usize) -> BTreeSet<VoterId> {
        let (mut reached, mut todo) = (BTreeSet::from([i]), vec![i]);
        while let Some(a) = todo.pop() {
            let next = self.running().into_iter().filter(|b| self.links[a][*b] && self.links[*b][a]);
            todo.extend(next.filter(|b| reached.insert(*b)));
        }
        reached.into_iter().map(|i| self.hosts[i].voter).collect()
    }

    fn transmit(&mut self, i: usize, hop: VoterId, packet: Packet) {
        if self.dice.chance(0.02) {
            let bytes = postcard::to_stdvec(&packet).unwrap();
            assert_eq!(postcard::from_bytes::<Packet>(&bytes).unwrap(), packet, "packets survive the wire");
        }
        let from = self.hosts[i].voter;
        let to = usize::from(hop.device.0[0]);
        if to == i {
            self.at(self.now, Event::Deliver { to: hop, from, packet });
            return;
        }
        let up = self.links[i][to] && !self.cut.contains(&i) && !self.cut.contains(&to);
        if !up || self.dice.chance(self.weather.loss) {
            return;
        }
        for copy in 0..2 {
            if copy == 1 && !self.dice.chance(self.weather.duplicates) {
                break;
            }
            let mut delay = self.weather.delay / 2 + self.dice.below(self.weather.delay * 2);
            if self.dice.chance(self.weather.slow) {
                delay += self.dice.below(self.weather.slow_max);
            }
            self.at(self.now + delay, Event::Deliver { to: hop, from, packet: packet.clone() });
        }
    }

    fn note(&mut self, i: usize, note: Note) {
        match note {
            Note::Committed { record, body } => self.check.on_committed(record, &body),
            Note::Closed { epoch, close } => self.check.on_closed(epoch, &close),
            Note::Diverged { record } => self.check.on_diverged(record),
            Note::Answered { cmd, answer } => {
                self.hosts[i].unanswered.remove(&cmd);
                self.answered_at.entry(cmd.clone()).or_insert(self.now);
                if matches!(answer, Answer::Refused { .. }) {
                    self.refused += 1;
                }
                if let Answer::Committed { record, body } = answer {
                    self.check.on_answered(cmd, record, &body);
                    if matches!(Entry::read(&body), Entry::Grant { .. }) && self.dice.chance(0.3) {
                        let time = self.now + self.dice.range(S, 8 * S);
                        self.at(time, Event::Release { host: i, grant: record });
                    }
                }
            }
            Note::TimedOut { cmd } => {
                // A page that tries again later with the same key.
                if let (Some(ask), true) = (self.hosts[i].unanswered.remove(&cmd), self.dice.chance(0.5)) {
                    let time = self.now + self.dice.range(200 * MS, 20 * S);
                    self.at(time, Event::Ask { host: i, cmd, ask });
                }
            }
            Note::EpochChanged | Note::GroupChanged => {}
        }
    }

    fn ask(&mut self, i: usize, cmd: CommandId, ask: Ask) {
        let clock = self.clock(i);
        let Some(machine) = &mut self.hosts[i].machine else { return };
        let output = machine.request(clock, cmd.clone(), postcard::to_stdvec(&ask).unwrap(), clock + 5_000);
        self.hosts[i].unanswered.insert(cmd.clone(), ask);
        self.asked.entry(cmd).or_insert((self.now, ask));
        self.release_or_hold(i, output);
    }

    /// Releases spread to neighbours, as documents would.
    fn gossip(&mut self) {
        for i in self.running() {
            for j in self.running() {
                if i != j && self.links[i][j] && !self.cut.contains(&i) && !self.cut.contains(&j) {
                    let news: Vec<RecordId> =
                        self.hosts[i].desk.released.difference(&self.hosts[j].desk.released).copied().collect();
                    self.hosts[j].desk.released.extend(news);
                }
            }
        }
        self.at(self.now + S, Event::Gossip);
    }

    fn tick(&mut self, i: usize, process: u32) {
        let clock = self.clock(i);
        let host = &mut self.hosts[i];
        let Some(machine) = host.machine.as_mut() else { return };
        let output = machine.tick(clock, &mut host.desk);
        let stops = machine.may_stop(clock);
        let pause = (100_000.0 / host.rate) as u64;
        self.release_or_hold(i, output);
        if stops {
            self.crash(i);
        } else {
            self.at(self.now + pause, Event::Tick { host: i, process });
        }
    }

    fn deliver(&mut self, to: VoterId, from: VoterId, packet: Packet) {
        let i = usize::from(to.device.0[0]);
        let clock = self.clock(i);
        let host = &mut self.hosts[i];
        let Some(machine) = host.machine.as_mut().filter(|_| host.voter == to) else { return };
        let output = machine.handle(clock, from, packet, &mut host.desk);
        self.release_or_hold(i, output);
    }

    /// Ticks that the running process of a host has before it.
    pub(super) fn ticks_due(&self, i: usize) -> usize {
        let current = self.hosts[i].process;
        let is_due =
            |event: &&Event| matches!(event, Event::Tick { host, process } if (*host, *process) == (i, current));
        self.events.values().filter(is_due).count()
    }

    /// Whether what a restart would read is what the machine believes, at hosts with nothing waiting for the disk.
    pub(super) fn is_disk_true(&self, i: usize) -> bool {
        let host = &self.hosts[i];
        let read = Durable::from_rows(host.disk.clone().into_iter()).unwrap();
        !host.held.is_empty() || host.machine.as_ref().is_none_or(|machine| *machine.durable() == read)
    }

    /// Runs until a time; false if something that must hold did not.
    pub(super) fn run(&mut self, until: u64) -> bool {
        while let Some(Reverse((time, seq))) = self.queue.peek().copied().filter(|Reverse((time, _))| *time <= until) {
            self.queue.pop();
            let host = match &self.events[&seq] {
                Event::Deliver { to, .. } => Some(usize::from(to.device.0[0])),
                Event::Tick { host, .. } | Event::Synced { host, .. } | Event::Ask { host, .. } => Some(*host),
                Event::Release { .. } | Event::Wake { .. } | Event::Gossip | Event::Act(_) => None,
            };
            if let Some(host) = host.map(|i| &mut self.hosts[i])
                && host.paused_until > time
                && host.machine.is_some()
            {
                host.slept_through.push(seq);
                continue;
            }
            let event = self.events.remove(&seq).unwrap();
            self.now = time;
            self.happen(event);
            if !self.check.violations.is_empty() {
                return false;
            }
        }
        self.now = until;
        true
    }

    fn happen(&mut self, event: Event) {
        let current = |world: &Self, i: usize, process: u32| {
            world.hosts[i].process == process && world.hosts[i].machine.is_some()
        };
        match event {
            Event::Deliver { to, from, packet } => self.deliver(to, from, packet),
            Event::Tick { host, process } if current(self, host, process) => self.tick(host, process),
            Event::Synced { host, process } if current(self, host, process) => self.synced(host),
            Event::Tick { .. } | Event::Synced { .. } => {}
            Event::Ask { host, cmd, ask } => self.ask(host, cmd, ask),
            Event::Release { host, grant } => {
                self.check.released.insert(grant);
                self.hosts[host].desk.released.insert(grant);
            }
            Event::Wake { host } if self.hosts[host].paused_until <= self.now => self.wake(host),
            Event::Wake { .. } => {}
            Event::Gossip => self.gossip(),
            Event::Act(act) => self.act(act),
        }
    }
}
