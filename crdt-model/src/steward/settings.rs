//! What the machine is told from outside: waiting times, who may be steward, and deliberate faults for its tests.

use std::collections::BTreeMap;

use crate::ids::DeviceId;

/// Waiting times, all on the local monotonic clock. They decide how soon, never whether it is safe.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Between two heartbeats.
    pub heartbeat_ms: u64,
    /// Silence after which a link is down.
    pub link_down_ms: u64,
    /// Age at which an advert no longer counts.
    pub advert_ms: u64,
    /// Wait before acting when no steward, or more than one, is here.
    pub fail_ms: u64,
    /// Wait before an eligible device that is not a member is taken in.
    pub grow_ms: u64,
    /// Wait before a missing member is left out.
    pub shrink_ms: u64,
    /// How much later each next-ranked node acts.
    pub stagger_ms: u64,
    /// How long a probe listens at least.
    pub probe_ms: u64,
    /// How long a new epoch waits for the old ones to close before it serves in its own lane.
    pub close_ms: u64,
    /// Between two tries of the same closing step.
    pub resend_ms: u64,
    /// Deliberate faults; all false outside the simulator's own tests.
    pub flaws: Flaws,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            heartbeat_ms: 400,
            link_down_ms: 1_500,
            advert_ms: 2_500,
            fail_ms: 500,
            grow_ms: 3_000,
            shrink_ms: 10_000,
            stagger_ms: 1_500,
            probe_ms: 300,
            close_ms: 1_500,
            resend_ms: 300,
            flaws: Flaws::default(),
        }
    }
}

/// Deliberate faults. A simulator that does not catch each of them proves nothing about the machine without them.
#[derive(Clone, Copy, Default, Debug)]
pub struct Flaws {
    /// A record counts as soon as the steward's own disk has it.
    pub quorum_of_one: bool,
    /// A member that promised to close an epoch goes on taking its records.
    pub no_fence: bool,
    /// Promises and acceptances are forgotten in a crash.
    pub promise_not_on_disk: bool,
    /// Members show records before a quorum has them.
    pub shown_before_commit: bool,
    /// Every steward numbers in the main lane.
    pub no_lanes: bool,
    /// A closer ignores what an interrupted attempt had accepted.
    pub attempts_forgotten: bool,
}

/// The devices that may vote: enrolled and not revoked.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Census {
    /// Each with its standing.
    pub voters: BTreeMap<DeviceId, Standing>,
}

/// How suited a device is to be steward.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The lowest acts first.
    pub rank: u32,
    /// A counter or kiosk: where any of these is present, only these vote in new epochs.
    pub preferred: bool,
}
