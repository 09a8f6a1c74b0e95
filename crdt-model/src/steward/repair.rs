//! Neighbours tell each other what they hold, and send what the other lacks: committed records and closes alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Output;
use super::machine::Machine;
use super::message::{DigestLine, EpochData, MAX_DATA_MESSAGES, MAX_DIGEST, MAX_EPOCHS, MAX_RECORDS, Message, slice};
use crate::ids::{EpochId, VoterId};

/// Between two digests while neighbours hold different things.
const DIGEST_MS: u64 = 1_000;
/// Between two digests while all hold the same.
const CALM_DIGEST_MS: u64 = 4_000;
/// For so long after it was last seen that they do not, milliseconds.
const DIFFERING_MS: u64 = 5_000;
/// News repeats so many records before it, in case the neighbour missed the last ones.
const OVERLAP: u32 = 8;

/// When the neighbours are told what is held here.
#[derive(Default)]
pub(super) struct Digests {
    next: u64,
    told: Option<Arc<Message>>,
    differing_until: u64,
}

impl Digests {
    /// What is held here changed, or somebody holds something else, or may.
    pub(super) fn differ(&mut self, now: u64) {
        self.differing_until = now + DIFFERING_MS;
        self.next = self.next.min(now + DIGEST_MS);
    }
}

/// Packs pieces into messages that keep their bounds.
#[derive(Default)]
struct Packing {
    full: Vec<Vec<EpochData>>,
    open: Vec<EpochData>,
    records: usize,
}

impl Packing {
    fn add(&mut self, piece: EpochData) {
        if self.records + piece.records.len() > MAX_RECORDS || self.open.len() >= MAX_EPOCHS {
            self.full.push(std::mem::take(&mut self.open));
            self.records = 0;
        }
        self.records += piece.records.len();
        self.open.push(piece);
    }

    fn is_full(&self) -> bool {
        self.full.len() >= MAX_DATA_MESSAGES
    }

    fn messages(mut self) -> impl Iterator<Item = Message> {
        if !self.open.is_empty() {
            self.full.push(self.open);
        }
        self.full.into_iter().map(|pieces| Message::Data { pieces })
    }
}

impl Machine {
    /// All committed records of an epoch after the first `from`, and its close.
    fn pack(&self, packing: &mut Packing, epoch: &EpochId, from: u32) {
        let Some(held) = self.held(epoch).filter(|_| !self.is_over(epoch)) else { return };
        let mut from = from.min(held.commit);
        loop {
            let records = slice(&held.log, from, held.commit);
            let sent = u32::try_from(records.len()).expect("a message holds few records");
            packing.add(EpochData { epoch: held.epoch.clone(), close: held.close.clone(), from, records });
            from += sent;
            if from >= held.commit || packing.is_full() {
                return;
            }
        }
    }

    /// Sends an epoch that a member lacks, and all that it inherited.
    pub(super) fn send_tree(&mut self, to: VoterId, root: EpochId, have: u32) {
        let mut packing = Packing::default();
        let mut todo = vec![(root, have)];
        let mut seen = BTreeSet::new();
        while let Some((epoch, from)) = todo.pop() {
            if packing.is_full() || !seen.insert(epoch) {
                continue;
            }
            self.pack(&mut packing, &epoch, from);
            todo.extend(self.held(&epoch).into_iter().flat_map(|held| held.inherits()).map(|inner| (inner, 0)));
        }
        for message in packing.messages() {
            self.send(to, message);
        }
    }

    /// Sends those of the group that have no vote in the active epoch what counts of it after the first `from` records.
    pub(super) fn tell_bystanders(&mut self, from: u32) {
        let Some(active) = self.active.as_ref() else { return };
        let epoch = active.epoch.id;
        let votes = |voter: &VoterId| *voter == self.me || active.epoch.members.contains(voter);
        let bystanders: Vec<VoterId> = self.links.group.iter().filter(|voter| !votes(voter)).copied().collect();
        if bystanders.is_empty() {
            return;
        }
        let mut packing = Packing::default();
        self.pack(&mut packing, &epoch, from);
        for message in packing.messages() {
            self.send_all(bystanders.iter(), message);
        }
    }

    /// Tells the neighbours what counts or was closed since the last call.
    pub(super) fn tell_news(&mut self) {
        let mut packing = Packing::default();
        for epoch in std::mem::take(&mut self.news) {
            let commit = self.held(&epoch).map_or(0, |held| held.commit);
            self.pack(&mut packing, &epoch, commit.saturating_sub(OVERLAP));
        }
        let neighbours: Vec<VoterId> = self.links.up().collect();
        for message in packing.messages() {
            let message = Arc::new(message);
            for neighbour in &neighbours {
                self.send_direct(*neighbour, message.clone());
            }
        }
    }

    /// Tells the neighbours what is held here: once a second while that changes or differs from what one of them holds.
    pub(super) fn digest(&mut self, now: u64) {
        if now < self.digests.next {
            return;
        }
        let message = Arc::new(self.what_is_held());
        if self.digests.told.as_ref() != Some(&message) {
            self.digests.differ(now);
        }
        self.digests.next = now + if now < self.digests.differing_until { DIGEST_MS } else { CALM_DIGEST_MS };
        self.digests.told = Some(message.clone());
        for neighbour in self.links.up().collect::<Vec<_>>() {
            self.send_direct(neighbour, message.clone());
        }
    }

    /// Asks a voter, near or far, for what it holds and this node lacks: its own records may have come here without those
    /// before them, and digests take seconds for each device on the way.
    pub fn ask_for_records(&mut self, of: VoterId) -> Output {
        if of != self.me {
            let held = self.what_is_held();
            self.send(of, held);
        }
        self.finish()
    }

    fn what_is_held(&self) -> Message {
        let current = self.disk.epochs.values().rev().filter(|held| !self.is_over(&held.epoch.id));
        let line =
            |held: &super::Held| DigestLine { epoch: held.epoch.id, commit: held.commit, closed: held.close.is_some() };
        let lines: Vec<DigestLine> = current.take(MAX_DIGEST).map(line).collect();
        let since = if lines.len() == MAX_DIGEST { lines.last().map(|line| line.epoch) } else { None };
        Message::Digest { floor: self.disk.floor, since, lines }
    }

    pub(super) fn on_digest(
        &mut self,
        now: u64,
        src: VoterId,
        floor: u32,
        since: Option<EpochId>,
        lines: &[DigestLine],
    ) {
        self.adopt_floor(floor);
        let is_same = |told: &Arc<Message>| match &**told {
            Message::Digest { floor: f, since: s, lines: l } => (*f, *s, &l[..]) == (floor, since, lines),
            _ => false,
        };
        if !self.digests.told.as_ref().is_some_and(is_same) {
            self.digests.differ(now);
        }
        let theirs: std::collections::BTreeMap<EpochId, &DigestLine> =
            lines.iter().take(MAX_DIGEST).map(|line| (line.epoch, line)).collect();
        let mut packing = Packing::default();
        for held in self.disk.epochs.values() {
            let id = held.epoch.id;
            if since.is_some_and(|since| id < since) || packing.is_full() {
                continue;
            }
            match theirs.get(&id) {
                Some(line) if line.commit >= held.commit && (line.closed || held.close.is_none()) => {}
                line => self.pack(&mut packing, &id, line.map_or(0, |line| line.commit)),
            }
        }
        for message in packing.messages() {
            self.send(src, message);
        }
    }

    /// Takes committed records and closes.
    pub(super) fn on_data(&mut self, pieces: &[EpochData]) {
        for piece in pieces.iter().take(MAX_EPOCHS) {
            let id = piece.epoch.id;
            if !self.ensure(&piece.epoch) {
                continue;
            }
            if let Some(close) = &piece.close {
                self.set_close(id, close);
            }
            let end = piece.from.saturating_add(u32::try_from(piece.records.len()).unwrap_or(u32::MAX));
            let limit = self.held(&id).and_then(|held| held.close.as_ref()).map_or(end, |close| end.min(close.len));
            self.extend(id, piece.from, &piece.records, limit);
            self.set_commit(id, limit);
        }
        self.may_inherit = true;
    }
}
