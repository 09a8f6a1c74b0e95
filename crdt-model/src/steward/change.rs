//! When a group needs a new epoch, who opens it, and what happens until it serves.

use std::collections::BTreeSet;

use super::Desk;
use super::durable::Op;
use super::epoch::{Close, Epoch, Record};
use super::machine::Machine;
use super::message::{MAX_EPOCHS, Message};
use crate::ids::{EpochId, VoterId};

/// A probe that did not reach a majority of the group is given up after this time.
const PROBE_LIMIT_MS: u64 = 2_000;
/// Between two attempts of one node, plus a random part that doubles with each attempt in a row, four times at most.
const REST_MS: u64 = 1_000;
/// Attempts no longer count as in a row after this time.
const CALM_MS: u64 = 15_000;
/// A steward that asks whether it has its quorum asks anew after this time.
const ANSWERS_WITHIN_MS: u64 = 600;
/// A probe's answer tells so many of the latest epochs, open or not.
const LATEST_TOLD: usize = 32;

/// Why a group needs a new epoch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reason {
    /// No steward with a quorum is here.
    Fail,
    /// Two are, or an open higher epoch has a quorum here.
    Merge,
    /// A member is leaving.
    Leave,
    /// The steward's node asked for a fresh log.
    Roll,
    /// An eligible device is not a member.
    Grow,
    /// A member is missing.
    Shrink,
}

struct Probe {
    attempt: u64,
    since: u64,
    group: BTreeSet<VoterId>,
    answered: BTreeSet<VoterId>,
}

/// Where this node stands with changing the epoch.
pub(super) struct Change {
    /// Why one is wanted, and the epoch that was seen then; the wait restarts when either changes.
    want: Option<(Reason, Option<EpochId>)>,
    want_since: u64,
    probe: Option<Probe>,
    /// An own epoch that does not serve yet, and since when.
    pending: Option<(Epoch, u64)>,
    rest_until: u64,
    attempts: u32,
    /// The epoch that shall be followed by a fresh one.
    roll: Option<EpochId>,
}

impl Change {
    pub(super) fn new(now: u64) -> Self {
        Self { want: None, want_since: now, probe: None, pending: None, rest_until: 0, attempts: 0, roll: None }
    }

    /// Gives up an own epoch that does not serve yet.
    pub(super) fn drop_pending_if(&mut self, is_lost: impl Fn(&EpochId) -> bool) {
        if self.pending.as_ref().is_some_and(|(pending, _)| is_lost(&pending.id)) {
            self.pending = None;
        }
    }
}

impl Machine {
    /// Asks for a fresh epoch at once, if this node is the active steward: logs stay a day long.
    pub fn roll(&mut self, _now: u64) {
        self.change.roll = self.active.as_ref().map(|active| active.epoch.id);
    }

    /// The epoch in force here: of those with a steward and a quorum in the group, the highest.
    pub(super) fn epoch_in_force(&self) -> Option<&Epoch> {
        self.stewarded().max_by_key(|epoch| epoch.id)
    }

    /// Epochs with a steward here. One without a quorum in the group is nobody's: it must not cause mergers.
    fn stewarded(&self) -> impl Iterator<Item = &Epoch> {
        let of = |voter: &VoterId| {
            if *voter == self.me {
                return self.active.as_ref().map(|active| &active.epoch);
            }
            let epoch = self.links.advert(voter)?.steward_of.as_ref()?;
            let over = self.is_over(&epoch.id) || self.held(&epoch.id).is_some_and(|held| held.close.is_some());
            (epoch.id.creator == *voter && !over).then_some(epoch)
        };
        self.links.group.iter().filter_map(of).filter(|epoch| epoch.has_quorum_in(&self.links.group))
    }

    /// The own epoch in whose favour others are closed: the one about to serve, or else the one that serves.
    pub(super) fn serving(&self) -> Option<&Epoch> {
        let pending = self.change.pending.as_ref().map(|(epoch, _)| epoch);
        pending.or(self.active.as_ref().map(|active| &active.epoch))
    }

    /// Nodes of the group that are about to stop.
    fn leaving(&self) -> BTreeSet<VoterId> {
        let leaves = |voter: &&VoterId| match **voter == self.me {
            true => self.leaving_since.is_some(),
            false => self.links.advert(voter).is_some_and(|advert| advert.leaving),
        };
        self.links.group.iter().filter(leaves).copied().collect()
    }

    /// Of these voters, those that may vote in a new epoch: counters and kiosks if any are among them, else all.
    fn eligible(&self, voters: BTreeSet<VoterId>) -> BTreeSet<VoterId> {
        let preferred = |voter: &&VoterId| self.census.voters.get(&voter.device).is_some_and(|s| s.preferred);
        let some: BTreeSet<VoterId> = voters.iter().filter(preferred).copied().collect();
        if some.is_empty() { voters } else { some }
    }

    /// How many of the group would act before this node; none if this node may not act.
    fn position(&self, eligible: &BTreeSet<VoterId>) -> Option<u64> {
        let order = |voter: &VoterId| (self.census.voters.get(&voter.device).map_or(u32::MAX, |s| s.rank), *voter);
        eligible
            .contains(&self.me)
            .then(|| eligible.iter().filter(|voter| order(voter) < order(&self.me)).map(|_| 1).sum())
    }

    fn reason(&self, leaving: &BTreeSet<VoterId>, eligible: &BTreeSet<VoterId>) -> Option<Reason> {
        let group = &self.links.group;
        let mut stewarded = self.stewarded();
        let Some(epoch) = stewarded.next() else { return Some(Reason::Fail) };
        if stewarded.next().is_some() {
            return Some(Reason::Merge);
        }
        let rival = |epoch: &&Epoch, other: &Epoch| other.id > epoch.id && other.has_quorum_in(group);
        let mut open = self.disk.epochs.values().filter(|held| self.is_open(held));
        if epoch.members.iter().any(|member| leaving.contains(member)) && !eligible.is_empty() {
            Some(Reason::Leave)
        } else if self.change.roll == Some(epoch.id) && self.active.is_some() {
            Some(Reason::Roll)
        } else if !eligible.is_subset(&epoch.members) {
            Some(Reason::Grow)
        } else if open.any(|held| rival(&epoch, &held.epoch)) {
            Some(Reason::Merge)
        } else if !epoch.members.is_subset(group) {
            Some(Reason::Shrink)
        } else {
            None
        }
    }

    /// Watches for a reason, probes when it is this node's turn, opens the epoch, and begins to serve in it.
    pub(super) fn consider_change(&mut self, now: u64, desk: &mut dyn Desk) {
        let leaving = self.leaving();
        let eligible = self.eligible(&self.links.group - &leaving);
        let reason = self.reason(&leaving, &eligible);
        let want = reason.map(|reason| (reason, self.epoch_in_force().map(|epoch| epoch.id)));
        if want != self.change.want {
            self.change.want = want;
            self.change.want_since = now;
        }
        if now > self.change.rest_until + CALM_MS {
            self.change.attempts = 0;
        }
        if let Some(reason) = reason
            && self.is_due(now, reason, &eligible)
        {
            self.start_probe(now);
        }
        self.drive_change(now, desk);
    }

    /// Goes on with a change of epoch that is under way, at every answer: each step that waited for the next tick would leave
    /// people without a steward for so much longer.
    pub(super) fn drive_change(&mut self, now: u64, desk: &mut dyn Desk) {
        self.drive_probe(now);
        self.drive_pending(now, desk);
        if std::mem::take(&mut self.may_inherit) && self.active.is_some() {
            self.inherit(desk);
            self.replicate(now);
        }
    }

    fn is_due(&self, now: u64, reason: Reason, eligible: &BTreeSet<VoterId>) -> bool {
        let change = &self.change;
        let settings = &self.settings;
        if change.probe.is_some() || change.pending.is_some() || now < change.rest_until {
            return false;
        }
        let able = if eligible.is_empty() { &self.links.group } else { eligible };
        let position = if reason == Reason::Roll { Some(0) } else { self.position(able) };
        let wait = match reason {
            Reason::Fail | Reason::Merge => settings.fail_ms,
            Reason::Leave | Reason::Roll => 0,
            // A young branch: what one or two disks hold is soon lost, so nobody waits for more to come.
            Reason::Grow if self.epoch_in_force().is_some_and(|epoch| epoch.members.len() < 3) => settings.fail_ms,
            Reason::Grow => settings.grow_ms,
            Reason::Shrink => settings.shrink_ms,
        };
        position.is_some_and(|position| now >= change.want_since + wait + position * settings.stagger_ms)
            && now >= self.booted + settings.fail_ms
    }

    fn start_probe(&mut self, now: u64) {
        let attempt = self.random(u64::MAX);
        let group = self.links.group.clone();
        self.send_all(group.iter(), Message::Probe { attempt });
        self.change.probe = Some(Probe { attempt, since: now, group, answered: BTreeSet::new() });
    }

    /// Tells the epochs known here: the latest (the next must be higher), then the open ones (to be closed).
    pub(super) fn on_probe(&mut self, src: VoterId, attempt: u64) {
        let latest = || self.disk.epochs.values().rev().filter(|held| !self.is_over(&held.epoch.id));
        let open = latest().skip(LATEST_TOLD).filter(|held| held.close.is_none());
        let told = latest().take(LATEST_TOLD).chain(open).take(MAX_EPOCHS);
        let epochs = told.map(|held| (held.epoch.clone(), held.close.clone())).collect();
        self.send(src, Message::ProbeReply { attempt, floor: self.disk.floor, epochs });
    }

    pub(super) fn on_probe_reply(&mut self, src: VoterId, attempt: u64, floor: u32, epochs: &[(Epoch, Option<Close>)]) {
        self.adopt_floor(floor);
        for (epoch, close) in epochs.iter().take(MAX_EPOCHS) {
            if self.ensure(epoch)
                && let Some(close) = close
            {
                self.set_close(epoch.id, close);
            }
        }
        if let Some(probe) = self.change.probe.as_mut().filter(|probe| probe.attempt == attempt) {
            probe.answered.insert(src);
        }
    }

    fn drive_probe(&mut self, now: u64) {
        let Some(probe) = &self.change.probe else { return };
        let all = probe.group.is_subset(&probe.answered);
        let mut responders = probe.answered.clone();
        responders.insert(self.me);
        let majority = responders.intersection(&probe.group).count() * 2 > probe.group.len();
        if all || (majority && now >= probe.since + self.settings.probe_ms) {
            self.change.probe = None;
            self.open_epoch(now, responders);
        } else if !majority && now >= probe.since + PROBE_LIMIT_MS {
            self.change.probe = None;
            self.change.rest_until = now + self.random(REST_MS);
        }
    }

    /// Opens an epoch of those who answered, and begins to close all that have a quorum among them.
    fn open_epoch(&mut self, now: u64, responders: BTreeSet<VoterId>) {
        let n = self.disk.created + 1;
        let mut members = self.eligible(&responders - &self.leaving());
        members.insert(self.me);
        let id = EpochId { height: self.top().saturating_add(1), creator: self.me, n };
        let epoch = Epoch::new(id, members);
        self.op(Op::Created(n));
        self.op(Op::Epoch(epoch.clone()));
        self.change.rest_until = now + REST_MS + self.random(REST_MS) * (1 << self.change.attempts.min(2));
        self.change.attempts += 1;
        self.change.pending = Some((epoch.clone(), now));
        for old in self.closable(&responders) {
            self.close_after.remove(&old.id);
            self.start_close(now, old, epoch.clone());
        }
    }

    /// Open epochs that have a quorum among these voters.
    fn closable(&self, voters: &BTreeSet<VoterId>) -> Vec<Epoch> {
        let open = self.disk.epochs.values().filter(|held| self.is_open(held) && held.epoch.has_quorum_in(voters));
        open.map(|held| held.epoch.clone()).collect()
    }

    /// The new epoch serves when the old ones are closed, or, after a while, in its own lane.
    fn drive_pending(&mut self, now: u64, desk: &mut dyn Desk) {
        let Some((epoch, since)) = self.change.pending.clone() else { return };
        let lost = self.held(&epoch.id).is_none_or(|held| held.promised.is_some() || !self.is_open(held));
        if lost {
            self.change.pending = None;
        } else if self.closers.is_empty() || now >= since + self.settings.close_ms {
            self.change.pending = None;
            self.activate(epoch, desk);
        }
    }

    /// The steward's part of a tick: close what gained a quorum, inherit what is closed and wholly here, replicate.
    pub(super) fn lead(&mut self, now: u64, desk: &mut dyn Desk) {
        let Some(serving) = self.serving().cloned() else { return };
        let mut closable = self.closable(&self.links.group);
        closable.retain(|old| self.may_close(now, &old.id, &serving.id));
        if self.is_backed(now, !closable.is_empty()) {
            closable.into_iter().for_each(|old| self.start_close(now, old, serving.clone()));
        }
        self.inherit(desk);
        self.replicate(now);
    }

    /// Whether a quorum has answered since this steward began to ask, which it does while it `wants` to close others. One that
    /// is cut off from its members still sees them for a moment, and would take rights away from those who can use them.
    fn is_backed(&mut self, now: u64, wants: bool) -> bool {
        // The members of an epoch that does not serve yet have just answered a probe.
        if self.change.pending.is_some() {
            return true;
        }
        let Some(active) = self.active.as_mut() else { return false };
        if !wants {
            active.asks_since = None;
            return false;
        }
        let since = active.asks_since.filter(|since| now < since + ANSWERS_WITHIN_MS).unwrap_or_else(|| {
            active.members.values_mut().for_each(|member| member.sent_at = None);
            now
        });
        active.asks_since = Some(since);
        let answered = |voter: &VoterId| active.members[voter].heard_at.is_some_and(|at| at >= since);
        active.epoch.is_quorum(|voter| *voter == self.me || answered(voter))
    }

    /// Takes the rights over what is closed in favour of the active epoch and wholly here.
    fn inherit(&mut self, desk: &mut dyn Desk) {
        let Some(serving) = self.active.as_ref().map(|active| active.epoch.id) else { return };
        let closed = self.disk.epochs.values().rev().filter(|held| !self.is_over(&held.epoch.id));
        let closed: Vec<(EpochId, u32)> =
            closed.filter_map(|held| held.close.as_ref().map(|close| (held.epoch.id, close.len))).collect();
        for (epoch, len) in closed {
            let new = self.active.as_ref().is_some_and(|active| !active.rights.inherited.contains(&epoch));
            if new && self.leads_to(epoch, serving) && self.is_path_full(epoch, serving) {
                let main = self.carries_main(&epoch);
                self.push(Record::Inherit { epoch, len, main }, desk);
            }
        }
    }
}
