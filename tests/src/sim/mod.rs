//! The seeded simulator: a whole branch in one thread and virtual time.
//!
//! It drives the shipping hub, stewardship, model and storage code. Only disk, network and clocks are the simulator's own:
//! a disk that loses what was not synced, links that split, delay, drop, duplicate and reorder, clocks that disagree. A
//! seed decides everything, so a failing run is told by its seed and replays with a readable story.
//!
//! [`world`] runs it, [`network`] carries frames, [`member`] is one device, [`workload`] plays customers and staff, [`schedule`]
//! draws faults, [`liar`] makes what no honest device sends, [`check`] and [`audit`] hold the invariants.

pub mod audit;
pub mod check;
pub mod liar;
pub mod member;
pub mod network;
pub mod schedule;
pub mod workload;
pub mod world;

use branchmesh_node::replication::trust::TrustFlaws;

/// SplitMix64: small, fast, the same on every machine.
#[derive(Clone, Debug)]
pub struct Rng(pub u64);

impl Rng {
    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit` (0 if that is 0).
    pub fn below(&mut self, limit: u64) -> u64 {
        self.draw() % limit.max(1)
    }

    /// A number from `low` to `high`, both included.
    pub fn range(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True `per_mille` times in a thousand.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }
}

/// A deliberate fault in the code under test: the simulator must notice every one of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// The steward's own disk is enough for a record to count.
    QuorumOfOne,
    /// A member that promised to close an epoch still takes its records.
    NoFence,
    /// Promises and acceptances are not written to disk.
    PromiseNotOnDisk,
    /// Frames leave before the transaction they speak of is on disk.
    NetworkBeforeDisk,
    /// The view shows records that do not count yet.
    ShownBeforeCommit,
    /// Every steward numbers in the main lane.
    NoLanes,
    /// Signatures are not looked at.
    UnsignedAccepted,
    /// Roles are not looked at.
    WrongRoleAccepted,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Flaw; 8] = [
        Flaw::QuorumOfOne,
        Flaw::NoFence,
        Flaw::PromiseNotOnDisk,
        Flaw::NetworkBeforeDisk,
        Flaw::ShownBeforeCommit,
        Flaw::NoLanes,
        Flaw::UnsignedAccepted,
        Flaw::WrongRoleAccepted,
    ];

    /// The same for the checks on envelopes.
    pub fn trust(flaw: Option<Flaw>) -> TrustFlaws {
        TrustFlaws {
            unsigned_accepted: flaw == Some(Flaw::UnsignedAccepted),
            wrong_role_accepted: flaw == Some(Flaw::WrongRoleAccepted),
        }
    }
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// What was violated, with the virtual time; empty if nothing.
    pub violations: Vec<String>,
    /// The story, if it was asked for.
    pub story: Vec<String>,
    /// Tickets acknowledged.
    pub issued: usize,
    /// Calls acknowledged.
    pub called: usize,
    /// Commands refused for want of a steward.
    pub no_steward: usize,
    /// Virtual milliseconds from healing to one steward and equal replicas.
    pub converged_ms: Option<u64>,
    /// Commands repeated at another device that were carried out twice, once on each side of a split.
    pub ghosts: usize,
    /// Events handled.
    pub events: u64,
}

/// Runs one seed of quick restarts and cuts to its end.
pub fn run_storm(seed: u64, flaw: Option<Flaw>, tell: bool) -> Report {
    let mut world = world::World::new(seed, flaw, tell);
    schedule::play_storm(&mut world);
    world.into_report()
}

/// Runs one seed to its end.
pub fn run(seed: u64, flaw: Option<Flaw>, tell: bool) -> Report {
    let mut world = world::World::new(seed, flaw, tell);
    schedule::play(&mut world);
    world.into_report()
}
