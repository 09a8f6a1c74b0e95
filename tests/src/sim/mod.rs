//! The seeded simulator: a whole branch in one thread and virtual time.
//!
//! It drives the shipping hub, stewardship, model and storage code. Only disk, network and clocks are the simulator's own:
//! a disk that loses what was not synced, links that split, delay, drop, duplicate and reorder, clocks that disagree. A
//! seed decides everything, so a failing run is told by its seed and replays with a readable story.
//!
//! [`draw`] makes a [`plan`] of work and faults, [`world`] plays it, [`network`] carries frames, [`member`] is one device,
//! [`workload`] plays customers and staff, [`liar`] makes what no honest device sends, [`check`] and [`audit`] hold the invariants,
//! [`doubt`] knows what no invariant can hold for,
//! [`settle`] judges at the end, [`shrink`] finds the shortest plan that still fails.

pub mod audit;
pub mod check;
pub mod doubt;
pub mod draw;
pub mod liar;
pub mod member;
pub mod network;
pub mod plan;
mod rng;
pub mod settle;
pub mod shrink;
pub mod workload;
pub mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use branchmesh_node::replication::trust::TrustFlaws;

pub use self::draw::Kind;
pub use self::plan::Plan;
pub use self::rng::Rng;

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
    /// Devices connect that the roster does not allow.
    GateIgnored,
    /// Nobody answers when a peer asks for missing changes.
    NoRepair,
    /// A commit that failed is taken for one that did not.
    FailedSyncIgnored,
    /// A disk restored from a backup votes as the one it was copied from.
    RestoredDiskKeepsVote,
    /// Nobody looks whether two machines run as one device.
    ClonesLetIn,
    /// What others changed in queues, which may go to disk a little later, never does.
    OthersChangesNotStored,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Flaw; 14] = [
        Flaw::QuorumOfOne,
        Flaw::NoFence,
        Flaw::PromiseNotOnDisk,
        Flaw::NetworkBeforeDisk,
        Flaw::ShownBeforeCommit,
        Flaw::NoLanes,
        Flaw::UnsignedAccepted,
        Flaw::WrongRoleAccepted,
        Flaw::GateIgnored,
        Flaw::NoRepair,
        Flaw::FailedSyncIgnored,
        Flaw::RestoredDiskKeepsVote,
        Flaw::ClonesLetIn,
        Flaw::OthersChangesNotStored,
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
    /// Machines that came up with the cloned disk of another one.
    pub cloned: usize,
    /// How often a device was shut out because two machines ran as it.
    pub shut_out: usize,
    /// How often the judge let go what such a machine and the other one decided before anybody could notice.
    pub excused: usize,
    /// Events handled.
    pub events: u64,
}

/// Runs one seed to its end.
pub fn run(seed: u64, kind: Kind, flaw: Option<Flaw>, tell: bool) -> Report {
    run_plan(&draw::draw(seed, kind), flaw, tell)
}

/// Runs a plan to its end. A panic of the code under test is a violation like any other.
pub fn run_plan(plan: &Plan, flaw: Option<Flaw>, tell: bool) -> Report {
    let mut world = world::World::new(plan, flaw, tell);
    let played = catch_unwind(AssertUnwindSafe(|| {
        if world.play(plan) {
            settle::settle(&mut world);
        }
    }));
    if let Err(panic) = played {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("without a word");
        world.violate(format!("panicked: {text}"));
    }
    world.into_report()
}
