//! What will happen in a run, as data: drawn from a seed before the run begins, so that a failing run can be shrunk by
//! leaving parts of its plan out.

use super::network::{Ms, Weather};

/// Everything about a run that is decided before it begins.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Drives what the plan leaves open: delays, lost frames, what a crash leaves.
    pub seed: u64,
    /// The branch.
    pub setup: Setup,
    /// What happens, in order of time.
    pub steps: Vec<Step>,
    /// When everything heals.
    pub heal_at: Ms,
}

impl Plan {
    /// Leaves out everything of a kind, so that people can look for a culprit: the name of an [`Act`], or `liar`, `withholding`,
    /// `wrong-clocks` or `weather`.
    pub fn leave_out(&mut self, what: &str) {
        match what {
            "liar" => self.setup.liar = None,
            "withholding" => self.setup.withholds = false,
            "wrong-clocks" => self.setup.clocks.fill(Clock::default()),
            "weather" => self.setup.weather = self.setup.weather.calm(),
            act => self.steps.retain(|step| step.act.name() != act),
        }
    }
}

/// The branch and its surroundings.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Enrolled devices; one more waits to be invited.
    pub size: usize,
    /// What links do to frames.
    pub weather: Weather,
    /// Disk syncs take from..to ms.
    pub sync_ms: (Ms, Ms),
    /// The device whose software lies.
    pub liar: Option<usize>,
    /// Whether the liar keeps to itself what others made.
    pub withholds: bool,
    /// Whether the business day ends in the midst of the run.
    pub night: bool,
    /// The devices' clocks.
    pub clocks: Vec<Clock>,
    /// Whether people override and take over.
    pub overrides: bool,
}

impl Setup {
    /// The device that keeps to itself what others made.
    pub fn withholder(&self) -> Option<usize> {
        self.liar.filter(|_| self.withholds)
    }
}

/// How a device's clocks differ from true time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// Wall clock minus true time, ms.
    pub skew: i64,
    /// How much too fast both clocks go, parts per million.
    pub drift_ppm: i64,
}

/// Something at a time.
#[derive(Clone, Debug)]
pub struct Step {
    /// When.
    pub at: Ms,
    /// What.
    pub act: Act,
}

/// What can be done to a branch. Numbers called `dice` seed what is chosen only when the time has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// Somebody does something sensible somewhere.
    Work {
        /// Chooses who and what.
        dice: u64,
    },
    /// A queue of people in front of every kiosk at once.
    Burst {
        /// Tickets asked for.
        count: u64,
        /// Chooses where and what.
        dice: u64,
    },
    /// Only devices of the same group reach one another.
    Split(Vec<usize>),
    /// Only these pairs reach one another: a line, a star, or any other partial mesh.
    Links(Vec<(usize, usize)>),
    /// The link between two devices goes.
    Cut(usize, usize),
    /// It comes back.
    Mend(usize, usize),
    /// Nothing passes from the first to the second any more.
    CutOneWay(usize, usize),
    /// All links are there.
    Whole,
    /// The plug is pulled.
    Crash(usize),
    /// A dead device is switched on.
    Start(usize),
    /// Everything loses power, and gets it back some time later.
    Blackout {
        /// How long each device takes to be switched on again.
        back_after: Vec<Ms>,
    },
    /// A device says goodbye and stops.
    Leave(usize),
    /// A process stands still.
    Pause(usize, Ms),
    /// A wall clock is set.
    SetClock(usize, i64),
    /// A wall clock runs backwards for a while, at so many times its usual speed.
    RunBack(usize, Ms, u64),
    /// A disk has no room left.
    FillDisk(usize),
    /// It has again.
    FreeDisk(usize),
    /// The next sync of a disk fails.
    FailSync(usize),
    /// Some bits of a disk turn round while the device is off; it is switched on again a little later.
    FlipBits {
        /// The device.
        member: usize,
        /// Chooses the bits.
        dice: u64,
    },
    /// A copy of a device's data is put away.
    BackUp(usize),
    /// The device's disk is replaced by that copy.
    Restore(usize),
    /// The device's disk is cloned and a second machine comes up with it beside the first, for so long.
    Clone(usize, Ms),
    /// Long documents are compacted, as the node does now and then.
    Compact(usize),
    /// The liar sends what no honest device would.
    Lie {
        /// Chooses the lie.
        dice: u64,
    },
    /// A device receives bytes that are no frame, or a frame with some bits turned round.
    Garbage {
        /// Chooses the bytes.
        dice: u64,
    },
    /// A staff device tells another one about a customer.
    Visit {
        /// Makes it unlike all others.
        dice: u64,
    },
    /// A device of a later version writes what this version does not know.
    Newer {
        /// Makes it unlike all others.
        dice: u64,
    },
    /// The first device invites the one that waits.
    Invite {
        /// The invitation's secret.
        dice: u64,
    },
    /// The invited device joins.
    Join,
    /// A stranger shows an invitation that was used.
    ReplayInvitation {
        /// Chooses the stranger.
        dice: u64,
    },
    /// A manager changes who is steward first.
    Rank {
        /// Chooses device and rank.
        dice: u64,
    },
    /// The first device throws another one out, which goes on as if nothing had happened.
    Revoke(usize),
    /// A lobby manager takes the queue over.
    TakeOver(usize),
}

impl Act {
    /// The name of its kind.
    pub fn name(&self) -> String {
        format!("{self:?}").chars().take_while(char::is_ascii_alphabetic).collect()
    }

    /// Whether it makes life harder; the rest is ordinary work.
    pub fn is_fault(&self) -> bool {
        !matches!(self, Act::Work { .. } | Act::Burst { .. } | Act::Visit { .. })
    }
}
