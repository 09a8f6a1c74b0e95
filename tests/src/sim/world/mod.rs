//! Virtual time, and everything that happens in it.
//!
//! [`found`] makes the branch, `power` starts and stops devices, `driver` does around each hub what the shipping driver does,
//! `wire` carries frames, `clones` runs a second machine as one of the devices, `disks` loses and restores data, `lies` and
//! `guests` play what no honest device does, `perform` carries out the steps of a plan.

mod clones;
mod disks;
mod driver;
mod found;
mod guests;
mod lies;
mod perform;
mod power;
mod wire;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use branchmesh_model::command::{Command, Done, Rejection};
use branchmesh_model::document::Actor;
use branchmesh_model::ids::{BranchId, DeviceId};
use branchmesh_model::roster::Roster;
use branchmesh_model::schema::DocId;
use branchmesh_model::steward::Settings;
use branchmesh_model::time::{BusinessDate, UnixMs, business_date};
use branchmesh_node::replication::documents::Documents;
use branchmesh_node::replication::frame::Frame;
use branchmesh_node::replication::input::Input;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use self::clones::Clones;
use self::guests::Guests;
use super::audit::Audit;
use super::check::Checker;
use super::member::Member;
use super::network::{Ms, Network, Weather};
use super::plan::{Plan, Setup};
use super::workload::Workload;
use super::{Flaw, Report, Rng};

/// Noon UTC of an ordinary day: no run meets the end of the business day unless it wants to.
pub const EPOCH: i64 = 1_795_262_400_000;
/// The end of that business day.
pub const MIDNIGHT: i64 = EPOCH + 12 * 3_600_000;
/// How often a hub is told that time passes.
const TICK: Ms = 100;

/// Something that will happen.
enum Event {
    Tick { member: usize, start: u64 },
    Deliver { from: usize, to: usize, session: u64, frame: Frame },
    Committed { member: usize, start: u64 },
    Connect { a: usize, b: usize },
    Silent { a: usize, b: usize, session: u64 },
    Stalled { member: usize },
    HangUp { at: usize, gone: usize },
    Resume { member: usize },
    Leaving { member: usize, start: u64 },
    Start { member: usize },
    Redial { from: usize, to: usize },
    Unplug { clone: usize },
}

struct Scheduled {
    at: Ms,
    order: u64,
    event: Event,
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    /// The heap gives the greatest first, and that must be the soonest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

/// Who waits for a reply of a hub.
enum Asked {
    Command { member: usize, command: Box<Command> },
    TakeOver { member: usize },
    Invitation { member: usize },
    Join { guest: usize, replay: bool },
}

impl Asked {
    fn at(&self) -> Option<usize> {
        match self {
            Asked::Command { member, .. } | Asked::TakeOver { member } | Asked::Invitation { member } => Some(*member),
            Asked::Join { .. } => None,
        }
    }
}

/// The simulated branch.
pub struct World {
    /// Virtual time.
    pub now: Ms,
    /// Chance for all that belongs to nobody in particular.
    pub rng: Rng,
    /// The devices; the one after the enrolled waits to be invited, clones come behind it.
    pub members: Vec<Member>,
    /// The links.
    pub network: Network,
    /// The invariants.
    pub checker: Checker,
    /// What was on the network.
    pub audit: Audit,
    /// The branch's surroundings.
    pub setup: Setup,
    /// Customers and staff.
    pub workload: Workload,
    weather: Weather,
    sync_ms: (Ms, Ms),
    epoch: i64,
    branch: BranchId,
    guests: Guests,
    clones: Clones,
    queue: BinaryHeap<Scheduled>,
    scheduled: u64,
    asked: BTreeMap<u64, Asked>,
    replies: u64,
    flaw: Option<Flaw>,
    tell: bool,
    seed: u64,
    story: Vec<String>,
    handled: u64,
}

impl World {
    /// A branch of enrolled devices, none of them running yet.
    pub fn new(plan: &Plan, flaw: Option<Flaw>, tell: bool) -> Self {
        let members = found::members(plan.seed, &plan.setup);
        let branch = members[0].device;
        let mut world = Self {
            now: 0,
            rng: Rng::branch(plan.seed, 2),
            network: Network::new(members.len()),
            checker: Checker::new(members.len(), plan.setup.withholder().is_some()),
            audit: Audit::default(),
            setup: plan.setup.clone(),
            workload: Workload::new(plan.setup.overrides),
            weather: plan.setup.weather,
            sync_ms: plan.setup.sync_ms,
            epoch: if plan.setup.night { MIDNIGHT - 25_000 } else { EPOCH },
            branch,
            members,
            guests: Guests::default(),
            clones: Clones::default(),
            queue: BinaryHeap::new(),
            scheduled: 0,
            asked: BTreeMap::new(),
            replies: 0,
            flaw,
            tell,
            seed: plan.seed,
            story: Vec::new(),
            handled: 0,
        };
        world.found();
        world
    }

    /// Adds a line to the story.
    pub fn tell(&mut self, line: impl FnOnce(&Self) -> String) {
        if self.tell {
            let line = line(self);
            self.story.push(format!("{:>7.1} s  {line}", self.now as f64 / 1000.0));
        }
    }

    /// A device's name.
    pub fn name(&self, member: usize) -> &str {
        &self.members[member].name
    }

    /// Whether the device runs.
    pub fn is_up(&self, member: usize) -> bool {
        self.members[member].process.is_some()
    }

    /// Devices that run.
    pub fn up(&self) -> Vec<usize> {
        (0..self.members.len()).filter(|i| self.is_up(*i)).collect()
    }

    /// Devices that belong to the branch, each once: clones are somebody else's.
    pub fn enrolled(&self) -> impl Iterator<Item = usize> + '_ {
        let belongs = |m: &Member| m.enrolled && !m.revoked;
        (0..=self.setup.size).filter(move |i| belongs(&self.members[*i]) && !self.is_stranger(*i))
    }

    /// Whether nobody else knows any more that a device was enrolled.
    pub fn is_stranger(&self, index: usize) -> bool {
        let device = &self.members[index].device;
        let others = self.members.iter().filter(|other| other.device != *device);
        let mut pictures = others.filter_map(|other| other.process.as_ref()).map(|process| &process.snapshot);
        self.members[index].perhaps_stranger && !pictures.any(|p| p.roster.devices.contains_key(device))
    }

    /// Running devices that belong to the branch and are to agree.
    pub fn honest(&self) -> impl Iterator<Item = &Member> {
        self.enrolled().map(move |i| &self.members[i]).filter(|m| m.process.is_some() && !m.knows_alone)
    }

    /// Those of them that pass on what others made, as all but a certain liar do.
    pub fn generous(&self) -> impl Iterator<Item = &Member> {
        self.honest().filter(|m| self.setup.withholder().is_none_or(|w| self.members[w].device != m.device))
    }

    /// The steward that each running device sees.
    pub fn stewards(&self) -> BTreeSet<Option<DeviceId>> {
        self.honest().filter_map(|m| m.process.as_ref()).map(|p| p.snapshot.mesh.steward).collect()
    }

    /// The business day that everybody must know of by now, and the one that some may know of already.
    pub fn today(&self) -> (BusinessDate, BusinessDate) {
        let date = |margin: i64| {
            business_date(UnixMs(self.epoch + self.now as i64 + margin), &TimeZone::UTC, Time::midnight())
        };
        (date(-5_000), date(1_000))
    }

    /// Carries out the steps of a plan and lets everything heal at its end; whether all is still well.
    pub fn play(&mut self, plan: &Plan) -> bool {
        for step in &plan.steps {
            if !self.run_until(step.at) {
                return false;
            }
            self.perform(&step.act);
        }
        let well = self.run_until(plan.heal_at);
        if well {
            self.heal();
        }
        well
    }

    /// Lets time pass until `until`, or until something is violated; whether all is well.
    pub fn run_until(&mut self, until: Ms) -> bool {
        while self.checker.violations.is_empty() && self.queue.peek().is_some_and(|next| next.at <= until) {
            let next = self.queue.pop().expect("was just looked at");
            self.now = next.at;
            self.handled += 1;
            self.happen(next.event);
        }
        self.now = until.max(self.now);
        self.checker.violations.is_empty()
    }

    fn at(&mut self, delay: Ms, event: Event) {
        self.scheduled += 1;
        self.queue.push(Scheduled { at: self.now + delay, order: self.scheduled, event });
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Tick { member, start } => self.tick(member, start),
            Event::Deliver { from, to, session, frame } => self.deliver(from, to, session, frame),
            Event::Committed { member, start } => {
                if self.is_process(member, start) {
                    self.committed(member);
                }
            }
            Event::Connect { a, b } => self.connect(a, b),
            Event::Silent { a, b, session } => self.fall_silent(a, b, session),
            Event::Stalled { member } => self.stalled(member),
            Event::HangUp { at, gone } => {
                if self.link(at, &self.members[gone].device).is_none() {
                    self.hang_up(at, gone);
                }
            }
            Event::Resume { member } => self.resume(member),
            Event::Leaving { member, start } => self.leaving(member, start),
            Event::Start { member } => self.start(member),
            Event::Redial { from, to } => self.redialled(from, to),
            Event::Unplug { clone } => self.unplug(clone),
        }
    }

    /// Whether it is still the process of this start.
    pub fn is_process(&self, member: usize, start: u64) -> bool {
        self.is_up(member) && self.members[member].starts == start
    }

    fn steward_settings(&self) -> Settings {
        let mut settings = Settings::default();
        settings.flaws.quorum_of_one = self.flaw == Some(Flaw::QuorumOfOne);
        settings.flaws.no_fence = self.flaw == Some(Flaw::NoFence);
        settings.flaws.promise_not_on_disk = self.flaw == Some(Flaw::PromiseNotOnDisk);
        settings.flaws.shown_before_commit = self.flaw == Some(Flaw::ShownBeforeCommit);
        settings.flaws.no_lanes = self.flaw == Some(Flaw::NoLanes);
        settings
    }

    /// Hands something to a hub that will be replied to.
    fn ask(&mut self, asked: Asked) -> u64 {
        self.replies += 1;
        self.asked.insert(self.replies, asked);
        self.replies
    }

    /// Lets a frame come to a device from a peer, whatever it is.
    pub fn feed(&mut self, from: usize, to: usize, frame: Frame) {
        let peer = self.members[from].device;
        self.input(to, Input::Frame { peer, frame });
    }

    /// The roster as the first device that runs knows it.
    pub fn roster(&self) -> Arc<Roster> {
        let process = self.members.iter().find_map(|m| m.process.as_ref()).expect("a device runs");
        process.snapshot.roster.clone()
    }

    /// Every fact on a running device's disk, with its document.
    pub fn facts_of(&self, member: usize) -> Vec<(DocId, String, String)> {
        let process = self.members[member].process.as_ref().expect("the device runs");
        let mut documents =
            Documents::open(process.store.clone(), Actor::new(&self.branch, [7; 8])).expect("a sound store");
        let held: Vec<DocId> = documents.held().keys().cloned().collect();
        let mut facts = Vec::new();
        for doc in held {
            let of_doc = documents.facts(&doc).expect("a sound store");
            facts.extend(of_doc.into_iter().map(|(key, value)| (doc.clone(), key, value)));
        }
        facts
    }

    /// Notes a violation at this moment.
    pub fn violate(&mut self, what: String) {
        self.checker.violate(self.now, what);
    }

    /// Ends the run.
    pub fn into_report(self) -> Report {
        Report {
            seed: self.seed,
            story: self.story,
            issued: self.checker.issued(),
            called: self.checker.called(),
            no_steward: self.checker.no_steward,
            converged_ms: self.checker.converged_ms,
            ghosts: self.checker.ghosts,
            cloned: self.clones.started,
            shut_out: self.clones.shut_out,
            excused: self.checker.doubt.excused,
            violations: self.checker.violations,
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
