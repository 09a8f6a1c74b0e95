//! Virtual time, and everything that happens in it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use branchmesh_model::command::{Command, Done, Rejection};
use branchmesh_model::config::{Founder, Staff, StaffRole, founding};
use branchmesh_model::document::Actor;
use branchmesh_model::ids::{BranchId, DeviceId};
use branchmesh_model::roster::Enrolment;
use branchmesh_model::schema::{DocId, Role};
use branchmesh_model::steward::Settings;
use branchmesh_model::time::{BusinessDate, UnixMs, business_date};
use branchmesh_node::replication::documents::Documents;
use branchmesh_node::replication::frame::{Frame, Hello};
use branchmesh_node::replication::input::{Effects, Input, Outgoing, Reply};
use branchmesh_node::replication::trust::Signer;
use branchmesh_node::storage::testing::{Crash, CrashingDisk};
use branchmesh_node::storage::{Store, StoreOp, StoreOptions};
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::audit::Audit;
use super::check::Checker;
use super::liar::{self, Lie, Occasion};
use super::member::Member;
use super::network::{Ms, Network, Weather};
use super::{Flaw, Report, Rng};

/// Noon UTC of an ordinary day: no run meets the end of the business day unless it wants to.
pub const EPOCH: i64 = 1_795_262_400_000;
/// The end of that business day.
pub const MIDNIGHT: i64 = EPOCH + 12 * 3_600_000;
/// How often a hub is told that time passes.
const TICK: Ms = 100;
/// How long a silent connection lives before its ends notice.
const IDLE_TIMEOUT: Ms = 5_000;
/// Inputs handled before one commit.
const MAX_BATCH: usize = 64;

/// Something that will happen.
enum Event {
    Tick { member: usize, start: u64 },
    Deliver { from: usize, to: usize, session: u64, frame: Frame },
    Committed { member: usize, start: u64 },
    Connect { a: usize, b: usize },
    Silent { a: usize, b: usize, session: u64 },
    HangUp { at: usize, gone: usize },
    Resume { member: usize },
    Leaving { member: usize, start: u64 },
}

/// The simulated branch.
pub struct World {
    /// Virtual time.
    pub now: Ms,
    /// Everything drawn at random.
    pub rng: Rng,
    /// The devices.
    pub members: Vec<Member>,
    /// The links.
    pub network: Network,
    /// What links do to frames.
    pub weather: Weather,
    /// The invariants.
    pub checker: Checker,
    /// What was on the network.
    pub audit: Audit,
    /// The device that lies, if one does.
    pub liar: Option<usize>,
    /// True time at the beginning of the run.
    pub epoch: i64,
    /// Disk syncs take from..to ms.
    pub sync_ms: (Ms, Ms),
    branch: BranchId,
    queue: BinaryHeap<Reverse<(Ms, u64)>>,
    events: BTreeMap<u64, Event>,
    next_event: u64,
    next_reply: u64,
    commands: BTreeMap<u64, (usize, Command)>,
    answers: Vec<(usize, Command, Result<Done, Rejection>)>,
    flaw: Option<Flaw>,
    tell: bool,
    seed: u64,
    story: Vec<String>,
    handled: u64,
}

impl World {
    /// A branch of three to six enrolled devices, none of them running yet.
    pub fn new(seed: u64, flaw: Option<Flaw>, tell: bool) -> Self {
        let mut rng = Rng(seed ^ 0x5eed_0fb4_a2c4);
        let roles = [Role::Counter, Role::Counter, Role::Kiosk, Role::Display, Role::Tablet, Role::Counter];
        let size = rng.range(3, 6) as usize;
        let weather = Weather::draw(&mut rng);
        let sync_ms = if rng.chance(300) { (3, 25) } else { (1, 3) };
        let mut members: Vec<Member> = (0..size).map(|i| member(i, roles[i], &mut rng)).collect();
        let lies = matches!(flaw, Some(Flaw::UnsignedAccepted | Flaw::WrongRoleAccepted)) || rng.chance(400);
        let liar = lies.then(|| rng.range(1, size as u64 - 1) as usize);
        let night = rng.chance(150);
        if night {
            members.iter_mut().for_each(|m| m.skew %= 500);
        }
        let epoch = if night { MIDNIGHT - 25_000 } else { EPOCH };
        let branch = members[0].device;
        let mut world = Self {
            now: 0,
            rng,
            network: Network::new(size),
            members,
            weather,
            checker: Checker::new(size),
            audit: Audit::default(),
            liar,
            epoch,
            sync_ms,
            branch,
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            next_event: 0,
            next_reply: 0,
            commands: BTreeMap::new(),
            answers: Vec::new(),
            flaw,
            tell,
            seed,
            story: Vec::new(),
            handled: 0,
        };
        world.found();
        world
    }

    /// Founds the branch and gives every device its copy of roster and configuration, as enrolment would.
    fn found(&mut self) {
        let ops = founding_ops(&self.members);
        for member in &self.members {
            let options = StoreOptions { cache_bytes: 1 << 20, verify: false, ..StoreOptions::default() };
            let store = Store::with_backend(member.disk.backend(), &options).expect("a new disk");
            let mine: Vec<StoreOp> = if member.device == self.branch {
                ops.clone()
            } else {
                ops.iter().filter(|op| !matches!(op, StoreOp::Meta { key, .. } if key == "authored")).cloned().collect()
            };
            store.commit(&mine).expect("a new disk has room");
        }
    }

    /// Adds a line to the story.
    pub fn tell(&mut self, line: impl FnOnce(&Self) -> String) {
        if self.tell {
            let line = line(self);
            self.story.push(format!("{:>7.1} s  {line}", self.now as f64 / 1000.0));
        }
    }

    /// Whether the device runs.
    pub fn is_up(&self, member: usize) -> bool {
        self.members[member].process.is_some()
    }

    /// Starts a device.
    pub fn start(&mut self, index: usize) {
        if self.is_up(index) {
            return;
        }
        self.tell(|w| format!("{} starts", w.members[index].name));
        let seed = self.rng.draw();
        let settings = settings(self.flaw);
        let (now, branch, trust, epoch) = (self.now, self.branch, Flaw::trust(self.flaw), self.epoch);
        let effects = self.members[index].start(now, epoch, branch, seed, settings, trust);
        let start = self.members[index].starts;
        let jitter = self.rng.below(TICK);
        self.at(jitter, Event::Tick { member: index, start });
        self.release(index, vec![effects], true);
        for other in 0..self.members.len() {
            self.connect_soon(index, other);
        }
    }

    /// Pulls the plug: what was not synced is lost, or partly torn.
    pub fn crash(&mut self, index: usize) {
        let Some(process) = self.members[index].process.take() else { return };
        self.tell(|w| format!("{} crashes", w.members[index].name));
        let disk = self.members[index].disk.clone();
        if let Some(effects) = &process.committing
            && self.rng.chance(500)
        {
            // The plug is pulled in the midst of the commit.
            disk.power_off_after(self.rng.below(12));
            let ops: Vec<StoreOp> = effects.iter().flat_map(|fx| fx.store.iter().cloned()).collect();
            let _ = process.store.commit(&ops);
        }
        drop(process);
        let crash = if self.rng.chance(500) { Crash::Unsynced } else { Crash::Torn(self.rng.draw()) };
        disk.crash(crash);
        self.commands.retain(|_, (at, _)| *at != index);
        for other in 0..self.members.len() {
            if self.network.disconnect(index, other) {
                // The others notice at once if the machine still answers for the dead process, else by silence.
                let delay = if self.rng.chance(700) { 0 } else { IDLE_TIMEOUT };
                self.at(delay, Event::HangUp { at: other, gone: index });
            }
        }
    }

    /// Says goodbye at a device; it stops when the others have let it go.
    pub fn leave(&mut self, index: usize) {
        if !self.is_up(index) {
            return;
        }
        self.tell(|w| format!("{} says goodbye", w.members[index].name));
        self.input(index, Input::Leave);
        let start = self.members[index].starts;
        self.at(TICK, Event::Leaving { member: index, start });
    }

    fn leaving(&mut self, index: usize, start: u64) {
        if !self.is_process(index, start) {
            return;
        }
        let now = self.members[index].now(self.now, self.epoch);
        let may_stop = |p: &super::member::Process| p.committing.is_none() && p.inbox.is_empty() && p.hub.may_stop(now);
        if !self.members[index].process.as_ref().is_some_and(may_stop) {
            self.at(TICK, Event::Leaving { member: index, start });
            return;
        }
        self.tell(|w| format!("{} stops", w.members[index].name));
        self.members[index].process = None;
        self.commands.retain(|_, (at, _)| *at != index);
        for other in 0..self.members.len() {
            if self.network.disconnect(index, other) {
                self.at(0, Event::HangUp { at: other, gone: index });
            }
        }
    }

    /// The liar sends something to everybody it is connected with.
    pub fn lie(&mut self) {
        let Some(liar) = self.liar.filter(|l| self.is_up(*l)) else { return };
        let kind = Lie::ALL[self.rng.below(Lie::ALL.len() as u64) as usize];
        let lie = self.occasion(liar).envelope(kind);
        let replay = self.audit.genuine.get(self.rng.below(self.audit.genuine.len() as u64) as usize).cloned();
        let mut envelopes: Vec<_> = replay.iter().cloned().chain([lie]).collect();
        // The same once more, with a bit of it turned round on the way.
        envelopes.extend(replay.and_then(|mut e| {
            let at = self.rng.below(e.change.len() as u64) as usize;
            *e.change.get_mut(at)? ^= 1 << self.rng.below(8);
            Some(e)
        }));
        self.tell(|w| format!("{} lies: {kind:?}", w.members[liar].name));
        let frame = if self.rng.chance(500) { Frame::Live(envelopes) } else { Frame::Repair(envelopes) };
        for to in self.up() {
            self.say(liar, to, frame.clone());
        }
    }

    fn occasion(&mut self, liar: usize) -> Occasion<'_> {
        let nonce = self.rng.draw();
        let victim = self.members[0].device;
        let at = self.members[liar].now(self.now, self.epoch).wall;
        let date = business_date(at, &TimeZone::UTC, Time::midnight());
        Occasion { branch: self.branch, secret: &self.members[liar].secret, victim, date, at, nonce }
    }

    /// A staff device tells another one about a customer.
    pub fn visit(&mut self) {
        let staff: Vec<usize> = self.up().into_iter().filter(|i| self.members[*i].role.is_staff_device()).collect();
        let (Some(from), Some(to)) = (staff.first().copied(), staff.last().copied()) else { return };
        if from == to || self.network.session(from, to).is_none() || self.members[to].paused_until > self.now {
            return;
        }
        let at = self.members[from].now(self.now, self.epoch).wall;
        let envelope = liar::visit(self.branch, &self.members[from].secret, at, self.rng.draw());
        self.tell(|w| format!("{} tells {} about a customer", w.members[from].name, w.members[to].name));
        self.audit.genuine.push(envelope.clone());
        self.say(from, to, Frame::Live(vec![envelope]));
    }

    /// Hands a frame to a connected peer, past the sender's own hub.
    fn say(&mut self, from: usize, to: usize, frame: Frame) {
        if from != to && self.network.session(from, to).is_some() && self.network.reaches(from, to) {
            let peer = self.members[from].device;
            self.input(to, Input::Frame { peer, frame });
        }
    }

    /// The business day, as everybody must know it by now.
    pub fn today(&self) -> BusinessDate {
        let noticed = self.epoch + self.now as i64 - 5_000;
        business_date(UnixMs(noticed), &TimeZone::UTC, Time::midnight())
    }

    /// Looks at the disks of all running devices.
    pub fn inspect(&mut self) {
        let told = self.checker.told_facts();
        let wrong: Vec<String> = self.members.iter().flat_map(|m| self.audit.disk(m, &told)).collect();
        for what in wrong {
            self.checker.violate(self.now, what);
        }
    }

    /// Stops a device from handling anything for a while.
    pub fn pause(&mut self, index: usize, for_ms: Ms) {
        self.tell(|w| format!("{} is paused for {for_ms} ms", w.members[index].name));
        self.members[index].paused_until = self.now + for_ms;
        self.at(for_ms, Event::Resume { member: index });
    }

    /// Applies a change of the network: sessions over cut links fall silent, mended links connect.
    pub fn rewire(&mut self, change: impl FnOnce(&mut Network)) {
        change(&mut self.network);
        let size = self.members.len();
        for a in 0..size {
            for b in a + 1..size {
                match self.network.session(a, b) {
                    Some(session) if !self.network.reaches(a, b) => {
                        let delay = IDLE_TIMEOUT - self.rng.below(1000);
                        self.at(delay, Event::Silent { a, b, session });
                    }
                    None => self.connect_soon(a, b),
                    _ => {}
                }
            }
        }
    }

    /// Ends all faults: links mend, weather calms, everybody runs.
    pub fn heal(&mut self) {
        self.tell(|_| "everything heals".into());
        self.weather = self.weather.calm();
        self.sync_ms = (1, 2);
        self.rewire(Network::heal);
        for index in 0..self.members.len() {
            self.members[index].paused_until = self.members[index].paused_until.min(self.now);
            self.at(0, Event::Resume { member: index });
            self.start(index);
        }
    }

    /// Gives a command at a device, as its API would.
    pub fn command(&mut self, index: usize, command: Command) {
        if !self.is_up(index) {
            return;
        }
        self.next_reply += 1;
        let reply = self.next_reply;
        self.commands.insert(reply, (index, command.clone()));
        self.input(index, Input::Command { reply, command: Box::new(command) });
    }

    /// Hands an input to a device; it waits there while a commit is under way or the process is paused.
    pub fn input(&mut self, index: usize, input: Input) {
        if let Some(process) = &mut self.members[index].process {
            process.inbox.push_back(input);
            self.work(index);
        }
    }

    /// Answers that came since the last call.
    pub fn take_answers(&mut self) -> Vec<(usize, Command, Result<Done, Rejection>)> {
        std::mem::take(&mut self.answers)
    }

    /// Lets time pass until `until`, or until something is violated; whether all is well.
    pub fn run_until(&mut self, until: Ms) -> bool {
        while let Some(Reverse((at, id))) = self.queue.peek().copied() {
            if at > until || !self.checker.violations.is_empty() {
                break;
            }
            self.queue.pop();
            self.now = at;
            let event = self.events.remove(&id).expect("every queued id has its event");
            self.handled += 1;
            self.happen(event);
        }
        self.now = until.max(self.now);
        self.checker.violations.is_empty()
    }

    fn at(&mut self, delay: Ms, event: Event) {
        self.next_event += 1;
        self.queue.push(Reverse((self.now + delay, self.next_event)));
        self.events.insert(self.next_event, event);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Tick { member, start } => {
                if self.is_process(member, start) {
                    self.input(member, Input::Tick);
                    self.at(TICK, Event::Tick { member, start });
                }
            }
            Event::Deliver { from, to, session, frame } => {
                if self.network.session(from, to) == Some(session) && self.network.passes(from, to) {
                    let peer = self.members[from].device;
                    self.input(to, Input::Frame { peer, frame });
                }
            }
            Event::Committed { member, start } => {
                if self.is_process(member, start) {
                    self.committed(member);
                }
            }
            Event::Connect { a, b } => self.connect(a, b),
            Event::Silent { a, b, session } => {
                if self.network.session(a, b) == Some(session) && !self.network.reaches(a, b) {
                    self.network.disconnect(a, b);
                    self.hang_up(a, b);
                    self.hang_up(b, a);
                }
            }
            Event::HangUp { at, gone } => {
                if self.network.session(at, gone).is_none() {
                    self.hang_up(at, gone);
                }
            }
            Event::Resume { member } => self.work(member),
            Event::Leaving { member, start } => self.leaving(member, start),
        }
    }

    fn is_process(&self, member: usize, start: u64) -> bool {
        self.is_up(member) && self.members[member].starts == start
    }

    fn connect_soon(&mut self, a: usize, b: usize) {
        let delay = self.rng.range(20, 900);
        if a != b {
            self.at(delay, Event::Connect { a, b });
        }
    }

    fn connect(&mut self, a: usize, b: usize) {
        let possible = self.is_up(a) && self.is_up(b) && self.network.reaches(a, b);
        if !possible || self.network.session(a, b).is_some() {
            return;
        }
        self.network.connect(a, b);
        for (me, other) in [(a, b), (b, a)] {
            let generation = self.members[other].process.as_ref().map_or(0, |p| p.store.generation());
            let hello = Hello { branch: self.branch, generation, addresses: vec![] };
            let peer = self.members[other].device;
            self.input(me, Input::PeerUp { peer, hello, address: None });
        }
    }

    fn hang_up(&mut self, at: usize, other: usize) {
        let peer = self.members[other].device;
        self.input(at, Input::PeerDown { peer });
    }

    /// Handles what waits, unless a commit is under way.
    fn work(&mut self, index: usize) {
        let now = self.members[index].now(self.now, self.epoch);
        if self.members[index].paused_until > self.now {
            return;
        }
        let Some(process) = &mut self.members[index].process else { return };
        if process.committing.is_some() || process.inbox.is_empty() {
            return;
        }
        let count = process.inbox.len().min(MAX_BATCH);
        let batch: Vec<Input> = process.inbox.drain(..count).collect();
        let effects: Vec<Effects> = batch.into_iter().map(|input| process.hub.handle(now, input)).collect();
        if let Some(fatal) = effects.iter().find_map(|fx| fx.fatal.clone()) {
            let name = self.members[index].name.clone();
            self.checker.violate(self.now, format!("{name} stops: {fatal}"));
            return;
        }
        if effects.iter().all(|fx| fx.store.is_empty()) {
            self.release(index, effects, false);
            self.work(index);
            return;
        }
        let effects =
            if self.flaw == Some(Flaw::NetworkBeforeDisk) { self.send_early(index, effects) } else { effects };
        let delay = self.rng.range(self.sync_ms.0, self.sync_ms.1);
        let start = self.members[index].starts;
        if let Some(process) = &mut self.members[index].process {
            process.committing = Some(effects);
        }
        self.at(delay, Event::Committed { member: index, start });
    }

    fn send_early(&mut self, index: usize, mut effects: Vec<Effects>) -> Vec<Effects> {
        for fx in &mut effects {
            for out in std::mem::take(&mut fx.send) {
                self.transmit(index, out);
            }
        }
        effects
    }

    fn committed(&mut self, index: usize) {
        if self.members[index].paused_until > self.now {
            let wait = self.members[index].paused_until - self.now;
            let start = self.members[index].starts;
            self.at(wait, Event::Committed { member: index, start });
            return;
        }
        let Some(process) = &mut self.members[index].process else { return };
        let Some(effects) = process.committing.take() else { return };
        self.release(index, effects, true);
        self.work(index);
    }

    /// What the driver does: commit, publish, send, answer, go on.
    fn release(&mut self, index: usize, effects: Vec<Effects>, commit: bool) {
        let at = self.members[index].now(self.now, self.epoch);
        let Some(process) = &mut self.members[index].process else { return };
        if commit {
            let ops: Vec<StoreOp> = effects.iter().flat_map(|fx| fx.store.iter().cloned()).collect();
            process.store.commit(&ops).expect("the simulated disk takes what it is given");
        }
        if effects.iter().any(|fx| fx.publish) {
            process.revision += 1;
            let after = Arc::new(process.hub.snapshot(at, process.revision));
            let before = std::mem::replace(&mut process.snapshot, after.clone());
            self.checker.published(self.now, index, &self.members[index].name, &before, &after);
        }
        for fx in effects {
            for out in fx.send {
                self.transmit(index, out);
            }
            for (id, reply) in fx.replies {
                self.answered(id, reply);
            }
            if let Some(process) = &mut self.members[index].process {
                for input in fx.again.into_iter().rev() {
                    process.inbox.push_front(input);
                }
            }
        }
    }

    fn answered(&mut self, id: u64, reply: Reply) {
        if let (Some((index, command)), Reply::Command(result)) = (self.commands.remove(&id), reply) {
            self.tell(|w| format!("{} {}: {}", w.members[index].name, command.id.as_str(), told(&result)));
            let snapshot = self.members[index].process.as_ref().map(|p| p.snapshot.clone());
            self.checker.acknowledged(self.now, index, &command, &result, snapshot.as_deref());
            self.answers.push((index, command, result));
        }
    }

    fn transmit(&mut self, from: usize, out: Outgoing) {
        let Some(to) = self.members.iter().position(|m| m.device == out.to) else { return };
        let Some(session) = self.network.session(from, to) else { return };
        if let Some(wrong) = self.audit.frame(self.members[to].role, &out.frame) {
            self.checker.violate(self.now, wrong);
        }
        for delay in self.weather.arrivals(&mut self.rng) {
            self.at(delay, Event::Deliver { from, to, session, frame: out.frame.clone() });
        }
    }

    /// Devices that run.
    pub fn up(&self) -> Vec<usize> {
        (0..self.members.len()).filter(|i| self.is_up(*i)).collect()
    }

    /// The steward that each running device sees.
    pub fn stewards(&self) -> BTreeSet<Option<DeviceId>> {
        self.up()
            .into_iter()
            .filter_map(|i| self.members[i].process.as_ref())
            .map(|p| p.snapshot.mesh.steward)
            .collect()
    }

    /// Ends the run.
    pub fn into_report(self) -> Report {
        Report {
            seed: self.seed,
            violations: self.checker.violations.clone(),
            story: self.story,
            issued: self.checker.issued(),
            called: self.checker.called(),
            no_steward: self.checker.no_steward,
            converged_ms: self.checker.converged_ms,
            ghosts: self.checker.ghosts,
            events: self.handled,
        }
    }
}

fn told(result: &Result<Done, Rejection>) -> String {
    match result {
        Ok(done) => format!("{done:?}"),
        Err(rejection) => format!("refused: {rejection}"),
    }
}

fn settings(flaw: Option<Flaw>) -> Settings {
    let mut settings = Settings::default();
    settings.flaws.quorum_of_one = flaw == Some(Flaw::QuorumOfOne);
    settings.flaws.no_fence = flaw == Some(Flaw::NoFence);
    settings.flaws.promise_not_on_disk = flaw == Some(Flaw::PromiseNotOnDisk);
    settings.flaws.shown_before_commit = flaw == Some(Flaw::ShownBeforeCommit);
    settings.flaws.no_lanes = flaw == Some(Flaw::NoLanes);
    settings
}

fn member(index: usize, role: Role, rng: &mut Rng) -> Member {
    let mut secret = [0; 32];
    for chunk in secret.chunks_mut(8) {
        chunk.copy_from_slice(&rng.draw().to_be_bytes());
    }
    let device = Signer::new(&secret, DeviceId([0; 32])).device;
    let skew = if rng.chance(100) { rng.range(0, 120_000) as i64 - 60_000 } else { rng.range(0, 400) as i64 - 200 };
    Member {
        name: format!("{role}{index}"),
        role,
        secret,
        device,
        disk: CrashingDisk::new(),
        process: None,
        starts: 0,
        skew,
        paused_until: 0,
    }
}

/// What the founder would have on disk after founding the branch and enrolling everybody.
fn founding_ops(members: &[Member]) -> Vec<StoreOp> {
    let options = StoreOptions { cache_bytes: 1 << 20, verify: false, ..StoreOptions::default() };
    let store = Arc::new(Store::with_backend(CrashingDisk::new().backend(), &options).expect("a new disk"));
    let branch = members[0].device;
    let signer = Signer::new(&members[0].secret, branch);
    let mut documents = Documents::open(store, Actor::new(&branch, [0; 8])).expect("a new disk");
    let at = UnixMs(EPOCH - 3_600_000);
    let enrolment = |m: &Member, lane: &str| Enrolment {
        device: m.device,
        role: m.role,
        name: m.name.clone(),
        counter: None,
        lane: lane.into(),
        at,
        by: branch,
    };
    let manager = Staff {
        id: "manager".into(),
        name: "Manager".into(),
        roles: vec![StaffRole::Admin],
        pin_hash: "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA".into(),
        disabled: false,
    };
    let founder = Founder { branch_name: "Simulated".into(), enrolment: enrolment(&members[0], "A"), manager };
    let mut facts: BTreeMap<DocId, Vec<(String, String)>> = BTreeMap::new();
    for write in founding(&founder, None).expect("the default configuration is valid") {
        facts.entry(write.doc).or_default().push((write.key, write.value));
    }
    for (member, lane) in members.iter().zip(["A", "B", "C", "D", "E", "F"]).skip(1) {
        let value = serde_json::to_string(&enrolment(member, lane)).expect("plain data");
        facts.entry(DocId::roster()).or_default().push((format!("e/{}", member.device), value));
    }
    let mut ops = Vec::new();
    for doc in [DocId::roster(), DocId::config()] {
        documents.write(&doc, &facts[&doc], at, &signer, &mut ops).expect("a new disk");
    }
    ops
}
