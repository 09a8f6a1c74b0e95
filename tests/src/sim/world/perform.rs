//! Carries out the steps of a plan.

use branchmesh_model::command::{Ask, Ordinary};
use branchmesh_node::replication::input::Input;

use super::{Asked, Event, World};
use crate::sim::Rng;
use crate::sim::network::Network;
use crate::sim::plan::Act;
use crate::sim::workload::{self, Workload};

/// The admin device.
const FOUNDER: usize = 0;

impl World {
    /// Carries out one step.
    pub(super) fn perform(&mut self, act: &Act) {
        match act {
            Act::Work { dice } => self.with_workload(|people, world| people.act(world, Rng(*dice))),
            Act::Burst { count, dice } => self.with_workload(|people, world| people.burst(world, *count, Rng(*dice))),
            Act::Split(groups) => {
                self.tell(|w| format!("the LAN splits: {}", w.sides(groups)));
                self.rewire(|n| n.split(groups));
            }
            Act::Links(pairs) => {
                self.tell(|w| format!("only these links are left: {}", w.pairs(pairs)));
                self.rewire(|n| n.links(pairs));
            }
            Act::Cut(a, b) => {
                self.tell(|w| format!("the link {}–{} is cut", w.name(*a), w.name(*b)));
                self.rewire(|n| n.set(*a, *b, false));
            }
            Act::Mend(a, b) => {
                self.tell(|w| format!("the link {}–{} is back", w.name(*a), w.name(*b)));
                self.rewire(|n| n.set(*a, *b, true));
            }
            Act::CutOneWay(from, to) => {
                self.tell(|w| format!("nothing passes from {} to {}", w.name(*from), w.name(*to)));
                self.rewire(|n| n.cut_one_way(*from, *to));
            }
            Act::Whole => {
                self.tell(|_| "the LAN is whole".into());
                self.rewire(Network::heal);
            }
            Act::Crash(member) => self.crash(*member),
            Act::Start(member) => self.start(*member),
            Act::Blackout { back_after } => {
                self.tell(|_| "the power goes".into());
                for (member, delay) in back_after.iter().enumerate() {
                    self.crash(member);
                    self.at(*delay, Event::Start { member });
                }
            }
            Act::Leave(member) => self.leave(*member),
            Act::Pause(member, for_ms) => self.pause(*member, *for_ms),
            Act::SetClock(member, skew) => {
                self.tell(|w| format!("the clock of {} is set {skew} ms off", w.name(*member)));
                self.members[*member].clock.skew = *skew;
            }
            Act::RunBack(member, for_ms, speed) => {
                self.tell(|w| {
                    format!("the clock of {} runs backwards for {for_ms} ms, {speed} times", w.name(*member))
                });
                self.members[*member].backwards.push((self.now, self.now + for_ms, *speed));
            }
            Act::FillDisk(member) => self.fill_disk(*member),
            Act::FreeDisk(member) => self.free_disk(*member),
            Act::FailSync(member) => self.fail_sync(*member),
            Act::FlipBits { member, dice } => self.flip_bits(*member, *dice),
            Act::BackUp(member) => self.back_up(*member),
            Act::Restore(member) => self.restore(*member),
            Act::Clone(member, for_ms) => self.clone_disk(*member, *for_ms),
            Act::Compact(member) => self.compact(*member),
            Act::Lie { dice } => drop(self.lie(*dice)),
            Act::Garbage { dice } => self.garbage(*dice),
            Act::Visit { dice } => self.visit(*dice),
            Act::Newer { dice } => self.newer(*dice),
            Act::Invite { dice } => self.invite(*dice),
            Act::Join => self.join(),
            Act::ReplayInvitation { dice } => self.replay_invitation(*dice),
            Act::Rank { dice } => self.rank(*dice),
            Act::Revoke(member) => self.revoke(*member),
            Act::TakeOver(member) => self.take_over(*member),
        }
    }

    fn with_workload(&mut self, act: impl FnOnce(&mut Workload, &mut World)) {
        let mut people = std::mem::take(&mut self.workload);
        act(&mut people, self);
        self.workload = people;
    }

    /// A manager says of one device when it shall be steward.
    fn rank(&mut self, dice: u64) {
        let mut rng = Rng(dice);
        let device = self.members[rng.index(self.setup.size)].device;
        let value = serde_json::json!({ device.to_string(): rng.below(6) });
        let ask = Ask::Ordinary(Ordinary::PutConfig { section: "ranks".into(), value });
        let up = self.up();
        if let Some(index) = up.get(rng.index(up.len())).copied() {
            self.with_workload(|people, world| people.staff(world, index, ask, &mut rng));
        }
    }

    fn revoke(&mut self, member: usize) {
        if self.is_up(FOUNDER) {
            let device = self.members[member].device;
            let ask = Ask::Ordinary(Ordinary::Revoke { device, last: 0 });
            self.with_workload(|people, world| people.staff(world, FOUNDER, ask, &mut Rng(0)));
        }
    }

    fn take_over(&mut self, member: usize) {
        if self.is_up(member) {
            let reply = self.ask(Asked::TakeOver { member });
            let caller = workload::manager_at(&self.members[member]);
            self.input(member, Input::TakeOver { reply, caller, reason: "too few are left".into() });
        }
    }

    fn sides(&self, groups: &[usize]) -> String {
        let name = |side: usize| {
            let members = self.enrolled().filter(|i| groups.get(*i) == Some(&side)).map(|i| self.name(i));
            members.collect::<Vec<_>>().join(" ")
        };
        [name(0), name(1), name(2)].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(" | ")
    }

    fn pairs(&self, pairs: &[(usize, usize)]) -> String {
        let name = |(a, b): &(usize, usize)| format!("{}–{}", self.name(*a), self.name(*b));
        pairs.iter().map(name).collect::<Vec<_>>().join(" ")
    }
}
