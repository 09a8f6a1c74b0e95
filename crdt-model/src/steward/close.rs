//! Closing an epoch in favour of one successor: single-decree Paxos among its members.
//!
//! Decided once and for ever are the successor and the final length of the log. An interrupted attempt must be finished, not
//! forgotten: whoever comes next adopts what was accepted in the highest ballot. Otherwise the value is this node's own epoch
//! and the length of the longest log in the quorum, so that whatever counted stays.

use std::collections::{BTreeMap, BTreeSet};

use super::durable::Op;
use super::epoch::{Ballot, Close, Epoch, Record};
use super::machine::Machine;
use super::message::{Message, slice};
use crate::ids::{EpochId, VoterId};

const MAX_RESENDS: u32 = 12;
const MAX_REFUSALS: u32 = 8;
/// After an attempt was given up.
const PAUSE_MS: u64 = 1_000;
const PAUSE_JITTER_MS: u64 = 2_000;
/// After a refusal.
const BACK_OFF_MS: u64 = 100;
const BACK_OFF_JITTER_MS: u64 = 400;
/// Each resend waits so much longer than the one before, three times at most.
const RESEND_GROWTH_MS: u64 = 200;

/// A proposer at work.
pub(super) struct Closer {
    epoch: Epoch,
    successor: Epoch,
    ballot: Ballot,
    phase: Phase,
    since: u64,
    tries: u32,
}

enum Phase {
    /// Refused; tries a higher ballot at this time.
    BackingOff(u64),
    Preparing {
        /// The length of each promiser's log.
        promised: BTreeMap<VoterId, u32>,
        best: Option<(Ballot, Close)>,
    },
    Accepting {
        value: Close,
        accepted: BTreeSet<VoterId>,
    },
}

impl Machine {
    /// Begins to close `epoch` in favour of `successor`, unless that is under way or was just given up.
    pub(super) fn start_close(&mut self, now: u64, epoch: Epoch, successor: Epoch) {
        if !self.may_close(now, &epoch.id, &successor.id) {
            return;
        }
        let ballot = Ballot { n: 0, by: self.me };
        let mut closer = Closer { epoch, successor, ballot, phase: Phase::BackingOff(now), since: now, tries: 0 };
        self.prepare(now, &mut closer);
        self.closers.insert(closer.epoch.id, closer);
    }

    /// Whether closing the one in favour of the other may begin: it is not under way, nor given up a moment ago.
    pub(super) fn may_close(&self, now: u64, epoch: &EpochId, successor: &EpochId) -> bool {
        let rests = self.close_after.get(epoch).is_some_and(|at| now < *at);
        epoch < successor && !rests && !self.closers.contains_key(epoch)
    }

    fn prepare(&mut self, now: u64, closer: &mut Closer) {
        let n = self.disk.ballots.saturating_add(1);
        self.op(Op::Ballots(n));
        closer.ballot = Ballot { n, by: self.me };
        closer.phase = Phase::Preparing { promised: BTreeMap::new(), best: None };
        closer.since = now;
        self.send_prepare(&closer.epoch, closer.ballot, |_| true);
    }

    fn send_prepare(&mut self, epoch: &Epoch, ballot: Ballot, to: impl Fn(&VoterId) -> bool) {
        let have = self.held(&epoch.id).map_or(0, |held| held.len());
        let message = Message::Prepare { epoch: epoch.clone(), ballot, have };
        let to: Vec<VoterId> = self.reachable(epoch).filter(|voter| to(voter)).collect();
        self.send_all(to.iter(), message);
    }

    fn reachable(&self, epoch: &Epoch) -> impl Iterator<Item = VoterId> {
        epoch.members.iter().filter(|voter| self.links.group.contains(voter)).copied()
    }

    /// A member promises to take no more records and no lower ballot.
    pub(super) fn on_prepare(&mut self, src: VoterId, epoch: &Epoch, ballot: Ballot, have: u32) {
        if self.refuses(src, epoch, ballot) {
            return;
        }
        self.op(Op::Promise(epoch.id, ballot));
        self.meet_fence(epoch.id);
        let Some(held) = self.held(&epoch.id) else { return };
        let promise = Message::Promise {
            epoch: epoch.id,
            ballot,
            accepted: held.accepted.clone(),
            len: held.len(),
            from: have,
            records: slice(&held.log, have, u32::MAX),
        };
        self.send(src, promise);
    }

    /// Answers a proposer that cannot succeed; makes the epoch known otherwise.
    fn refuses(&mut self, src: VoterId, epoch: &Epoch, ballot: Ballot) -> bool {
        let known = self.ensure(epoch);
        let held = self.held(&epoch.id);
        let close = held.and_then(|held| held.close.clone());
        let promised = held.and_then(|held| held.promised).filter(|promised| *promised > ballot);
        let refuses = !known || close.is_some() || promised.is_some();
        if refuses {
            let floor = self.disk.floor;
            self.send(src, Message::Refused { epoch: epoch.id, promised, close, floor });
        }
        refuses
    }

    /// The proposer collects promises, and on the way the records it lacks.
    pub(super) fn on_promise(
        &mut self,
        src: VoterId,
        epoch: EpochId,
        ballot: Ballot,
        accepted: Option<&(Ballot, Close)>,
        len: u32,
        (from, records): (u32, &[Record]),
    ) {
        if accepted.is_some_and(|(_, close)| !self.is_credible(close.successor.id.height)) {
            return;
        }
        let forgetful = self.settings.flaws.attempts_forgotten;
        let Some(closer) = self.closers.get_mut(&epoch).filter(|closer| closer.ballot == ballot) else { return };
        let Phase::Preparing { promised, best } = &mut closer.phase else { return };
        promised.insert(src, len);
        if let Some((at, close)) = accepted
            && best.as_ref().is_none_or(|(known, _)| known < at)
            && !forgetful
        {
            *best = Some((*at, close.clone()));
        }
        self.extend(epoch, from, records, u32::MAX);
        self.propose(epoch);
    }

    /// Goes from promises to a proposal, if a quorum promised and the whole log to be kept is here.
    fn propose(&mut self, epoch: EpochId) {
        let Some(mut closer) = self.closers.remove(&epoch) else { return };
        if let Phase::Preparing { promised, best } = &closer.phase
            && closer.epoch.is_quorum(|voter| promised.contains_key(voter))
            && let Some((longest, len)) = longest(promised)
        {
            let own = Close { successor: closer.successor.clone(), len };
            let value = best.as_ref().map_or(own, |(_, close)| close.clone());
            if self.held(&epoch).is_some_and(|held| held.len() >= value.len) {
                self.send_accepts(&closer, &value, promised);
                closer.phase = Phase::Accepting { value, accepted: BTreeSet::new() };
            } else {
                self.send_prepare(&closer.epoch, closer.ballot, |voter| *voter == longest);
            }
        }
        self.closers.insert(epoch, closer);
    }

    /// To each member, with the records it lacked when it promised.
    fn send_accepts(&mut self, closer: &Closer, value: &Close, promised: &BTreeMap<VoterId, u32>) {
        for voter in self.reachable(&closer.epoch).collect::<Vec<_>>() {
            let from = promised.get(&voter).copied().unwrap_or(value.len).min(value.len);
            self.send_accept(voter, closer, value, from);
        }
    }

    fn send_accept(&mut self, to: VoterId, closer: &Closer, value: &Close, from: u32) {
        let records = self.held(&closer.epoch.id).map(|held| slice(&held.log, from, value.len)).unwrap_or_default();
        let epoch = closer.epoch.clone();
        self.send(to, Message::Accept { epoch, ballot: closer.ballot, close: value.clone(), from, records });
    }

    /// A member accepts an end, once it holds the whole log to be kept.
    pub(super) fn on_accept(
        &mut self,
        src: VoterId,
        epoch: &Epoch,
        ballot: Ballot,
        close: &Close,
        (from, records): (u32, &[Record]),
    ) {
        if close.successor.id <= epoch.id || self.refuses(src, epoch, ballot) || !self.ensure(&close.successor) {
            return;
        }
        let id = epoch.id;
        self.extend(id, from, records, close.len);
        let len = self.held(&id).map_or(0, |held| held.len());
        if len < close.len {
            self.send(src, Message::Behind { epoch: id, ballot, len });
            return;
        }
        self.op(Op::Accept(id, ballot, close.clone()));
        self.meet_fence(id);
        self.send(src, Message::Accepted { epoch: id, ballot });
    }

    /// A member needs more of the log before it can accept.
    pub(super) fn on_behind(&mut self, src: VoterId, epoch: EpochId, ballot: Ballot, len: u32) {
        let Some(closer) = self.closers.remove(&epoch) else { return };
        if let (Phase::Accepting { value, .. }, true) = (&closer.phase, closer.ballot == ballot) {
            self.send_accept(src, &closer, value, len);
        }
        self.closers.insert(epoch, closer);
    }

    /// A quorum of acceptances decides.
    pub(super) fn on_accepted(&mut self, src: VoterId, epoch: EpochId, ballot: Ballot) {
        let Some(closer) = self.closers.get_mut(&epoch).filter(|closer| closer.ballot == ballot) else { return };
        let Phase::Accepting { value, accepted } = &mut closer.phase else { return };
        accepted.insert(src);
        if closer.epoch.is_quorum(|voter| accepted.contains(voter)) {
            let value = value.clone();
            self.set_close(epoch, &value);
            self.tell_news();
        }
    }

    /// The epoch is closed already, or somebody uses a higher ballot.
    pub(super) fn on_refused(
        &mut self,
        now: u64,
        epoch: EpochId,
        promised: Option<Ballot>,
        close: Option<&Close>,
        floor: u32,
    ) {
        self.adopt_floor(floor);
        if let Some(close) = close {
            self.set_close(epoch, close);
            return;
        }
        let Some(promised) = promised else { return };
        if promised.n > self.disk.ballots {
            self.op(Op::Ballots(promised.n));
        }
        let jitter = self.random(BACK_OFF_JITTER_MS);
        let Some(closer) = self.closers.get_mut(&epoch).filter(|closer| closer.ballot < promised) else { return };
        if !matches!(closer.phase, Phase::BackingOff(_)) {
            closer.tries += 1;
            closer.phase = Phase::BackingOff(now + BACK_OFF_MS + jitter * (1 << closer.tries.min(3)));
        }
    }

    /// Resends, starts over after refusals, and gives up what cannot succeed now.
    pub(super) fn drive_closers(&mut self, now: u64) {
        let serving = self.serving().map(|epoch| epoch.id);
        for (id, mut closer) in std::mem::take(&mut self.closers) {
            let successor = closer.successor.id;
            let over = |machine: &Self, id: &EpochId| machine.held(id).is_none_or(|held| !machine.is_open(held));
            if serving != Some(successor) || over(self, &id) || over(self, &successor) {
                continue;
            }
            if self.drive_closer(now, &mut closer) {
                self.closers.insert(id, closer);
            } else {
                let jitter = self.random(PAUSE_JITTER_MS);
                self.close_after.insert(id, now + PAUSE_MS + jitter);
            }
        }
        self.close_after.retain(|_, at| now < *at);
    }

    /// False to give up for a while.
    fn drive_closer(&mut self, now: u64, closer: &mut Closer) -> bool {
        let hopeless = !closer.epoch.has_quorum_in(&self.links.group);
        if let Phase::BackingOff(until) = closer.phase {
            if now >= until {
                if hopeless || closer.tries > MAX_REFUSALS {
                    return false;
                }
                self.prepare(now, closer);
            }
            return true;
        }
        let patience = self.settings.resend_ms + RESEND_GROWTH_MS * u64::from(closer.tries.min(3));
        if now < closer.since + patience {
            return true;
        }
        closer.tries += 1;
        closer.since = now;
        if hopeless || closer.tries > MAX_RESENDS {
            return false;
        }
        self.resend(closer);
        true
    }

    fn resend(&mut self, closer: &Closer) {
        match &closer.phase {
            Phase::Preparing { promised, .. } => {
                // The one with the longest log is asked again in case its records were lost on the way.
                let have = self.held(&closer.epoch.id).map_or(0, |held| held.len());
                let fetch = longest(promised).filter(|(_, len)| *len > have).map(|(voter, _)| voter);
                let again = |voter: &VoterId| !promised.contains_key(voter) || fetch == Some(*voter);
                self.send_prepare(&closer.epoch, closer.ballot, again);
            }
            Phase::Accepting { value, accepted } => {
                for voter in self.reachable(&closer.epoch).filter(|v| !accepted.contains(v)).collect::<Vec<_>>() {
                    self.send_accept(voter, closer, value, value.len);
                }
            }
            Phase::BackingOff(_) => {}
        }
    }
}

/// Who promised with the longest log, and its length.
fn longest(promised: &BTreeMap<VoterId, u32>) -> Option<(VoterId, u32)> {
    promised.iter().map(|(voter, len)| (*voter, *len)).max_by_key(|(_, len)| *len)
}
