//! The machine itself: its state, its inputs, and the few helpers all its parts use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::change::Change;
use super::close::Closer;
use super::durable::{Durable, Held, Op};
use super::epoch::{Close, Epoch, Record};
use super::fold::Rights;
use super::links::Links;
use super::message::{MAX_BODY_BYTES, MAX_HOPS, Message, Packet};
use super::repair::Digests;
use super::requests::Client;
use super::settings::{Census, Settings};
use super::{Desk, Note, Output};
use crate::ids::{CommandId, EpochId, RecordId, VoterId};

/// A height so far above all that is known here is not believed: at one epoch a second a branch comes there in twelve days without
/// a pause, and if any member could name the last height there is, no epoch could follow it.
const MAX_AHEAD: u32 = 1 << 20;

/// What a steward knows of one member.
#[derive(Default)]
pub(super) struct Progress {
    /// Records the member has on disk.
    pub(super) acked: u32,
    /// When records were last sent to it.
    pub(super) sent_at: Option<u64>,
    /// Up to where they were sent.
    pub(super) sent: u32,
    /// When it last acknowledged.
    pub(super) heard_at: Option<u64>,
    /// How many records it was told to count.
    pub(super) told: u32,
}

/// This node is the steward of an epoch that is in force.
pub(super) struct Active {
    pub(super) epoch: Epoch,
    pub(super) rights: Rights,
    pub(super) members: BTreeMap<VoterId, Progress>,
    /// Who waits for which record of its log to count.
    pub(super) waiting: BTreeSet<(u32, VoterId, CommandId)>,
    /// The epoch is on this node's disk, so others may hear of it.
    pub(super) ready: bool,
    /// Since when it asks whether it still has its quorum, in order to close others.
    pub(super) asks_since: Option<u64>,
    /// Epochs over which it waited for rights, and until when it does.
    pub(super) awaited: BTreeSet<EpochId>,
    pub(super) awaits_until: u64,
}

/// What was last told of group and epoch.
#[derive(PartialEq, Eq)]
struct Told {
    epoch: Option<EpochId>,
    active: bool,
    main: bool,
}

/// Stewardship at one node. See the module's front page for the loop.
pub struct Machine {
    pub(super) me: VoterId,
    pub(super) settings: Settings,
    pub(super) census: Census,
    pub(super) incarnation: u64,
    pub(super) booted: u64,
    random: u64,
    pub(super) disk: Durable,
    pub(super) links: Links,
    pub(super) change: Change,
    pub(super) closers: BTreeMap<EpochId, Closer>,
    /// After a closing attempt failed, when the next may begin.
    pub(super) close_after: BTreeMap<EpochId, u64>,
    pub(super) active: Option<Active>,
    /// An epoch was closed, or its log came, since the active steward last looked for what it inherits.
    pub(super) may_inherit: bool,
    /// Epochs known to be here to the last record, with all they inherited.
    pub(super) full: BTreeSet<EpochId>,
    /// Epochs with news for the neighbours.
    pub(super) news: BTreeSet<EpochId>,
    pub(super) digests: Digests,
    pub(super) clients: BTreeMap<CommandId, Client>,
    /// The committed entries held, by command.
    pub(super) committed: BTreeMap<CommandId, RecordId>,
    pub(super) leaving_since: Option<u64>,
    told: Told,
    told_group: BTreeSet<VoterId>,
    pub(super) out: Output,
}

impl Machine {
    /// Starts from what is on disk. `genesis` is the branch's first epoch, `incarnation` grows with each start of this node,
    /// `seed` drives its random waits. Goes on as steward of its own newest epoch, unless that was fenced.
    #[expect(clippy::too_many_arguments, reason = "everything the machine may not fetch for itself")]
    pub fn new(
        me: VoterId,
        genesis: EpochId,
        durable: Durable,
        settings: Settings,
        census: Census,
        now: u64,
        incarnation: u64,
        seed: u64,
        desk: &mut dyn Desk,
    ) -> (Self, Output) {
        let mut machine = Self {
            me,
            settings,
            census,
            incarnation,
            booted: now,
            random: seed,
            disk: durable,
            links: Links::new(me),
            change: Change::new(now),
            closers: BTreeMap::new(),
            close_after: BTreeMap::new(),
            active: None,
            may_inherit: false,
            full: BTreeSet::new(),
            news: BTreeSet::new(),
            digests: Digests::default(),
            clients: BTreeMap::new(),
            committed: BTreeMap::new(),
            leaving_since: None,
            told: Told { epoch: None, active: false, main: false },
            told_group: BTreeSet::from([me]),
            out: Output::default(),
        };
        machine.ensure(&Epoch::genesis(genesis));
        machine.committed = machine.committed_entries().map(|(id, cmd, _)| (cmd.clone(), id)).collect();
        let resumable = |held: &&Held| held.epoch.id.creator == me && held.promised.is_none() && machine.is_open(held);
        let own = machine.disk.epochs.values().rfind(resumable).map(|held| held.epoch.clone());
        if let Some(epoch) = own {
            machine.activate(epoch, desk);
        }
        let output = machine.finish();
        (machine, output)
    }

    /// Takes a packet from a neighbour, or from this node itself: handles it, or passes it on.
    pub fn handle(&mut self, now: u64, from_link: VoterId, packet: Packet, desk: &mut dyn Desk) -> Output {
        if packet.dst != self.me {
            self.forward(from_link, packet);
        } else if self.counts(&packet.src) && (packet.src == self.me) == (from_link == self.me) {
            self.dispatch(now, from_link, packet.src, &packet.message, desk);
            self.drive_change(now, desk);
        }
        self.finish()
    }

    /// Lets time pass; called about every 100 ms.
    pub fn tick(&mut self, now: u64, desk: &mut dyn Desk) -> Output {
        self.refresh_links(now);
        self.consider_change(now, desk);
        self.lead(now, desk);
        self.drive_closers(now);
        self.drive_clients(now);
        if !self.news.is_empty() {
            self.digests.differ(now);
        }
        self.tell_news();
        self.digest(now);
        self.heartbeat(now);
        self.finish()
    }

    /// Replaces what is known of the branch's devices.
    pub fn set_census(&mut self, now: u64, census: Census) {
        self.census = census;
        self.recount(now);
    }

    /// This node is about to stop: the others close its epochs while it still votes. Stop when [`Self::may_stop`].
    pub fn leave(&mut self, now: u64) {
        self.leaving_since.get_or_insert(now);
        self.links.heartbeat_due = true;
    }

    /// Whether a leaving node's goodbye is done: no open epoch needs its vote, nobody is there, or 3 s have passed.
    pub fn may_stop(&self, now: u64) -> bool {
        const GOODBYE_MS: u64 = 3_000;
        let votes = |held: &Held| self.is_open(held) && held.epoch.members.contains(&self.me);
        self.leaving_since.is_some_and(|since| {
            self.links.group.len() == 1 || now > since + GOODBYE_MS || !self.disk.epochs.values().any(votes)
        })
    }

    fn forward(&mut self, from_link: VoterId, packet: Packet) {
        let Some(hop) = self.links.route(&packet.dst) else { return };
        if packet.ttl > 0 && hop != from_link {
            self.out.send.push((hop, Packet { ttl: packet.ttl - 1, ..packet }));
        }
    }

    fn dispatch(&mut self, now: u64, from_link: VoterId, src: VoterId, message: &Message, desk: &mut dyn Desk) {
        match message {
            Message::Heartbeat { hears, adverts } if src == from_link => self.on_heartbeat(now, src, hears, adverts),
            Message::Heartbeat { .. } => {}
            Message::Probe { attempt } => self.on_probe(src, *attempt),
            Message::ProbeReply { attempt, floor, epochs } => self.on_probe_reply(src, *attempt, *floor, epochs),
            Message::Prepare { epoch, ballot, have } => self.on_prepare(src, epoch, *ballot, *have),
            Message::Promise { epoch, ballot, accepted, len, from, records } => {
                self.on_promise(src, *epoch, *ballot, accepted.as_ref(), *len, (*from, records));
            }
            Message::Refused { epoch, promised, close, floor } => {
                self.on_refused(now, *epoch, *promised, close.as_ref(), *floor);
            }
            Message::Accept { epoch, ballot, close, from, records } => {
                self.on_accept(src, epoch, *ballot, close, (*from, records));
            }
            Message::Accepted { epoch, ballot } => self.on_accepted(src, *epoch, *ballot),
            Message::Behind { epoch, ballot, len } => self.on_behind(src, *epoch, *ballot, *len),
            Message::Append { epoch, from, records, commit } => self.on_append(src, epoch, *from, records, *commit),
            Message::Ack { epoch, len, hitch } => self.on_ack(now, src, *epoch, *len, *hitch),
            Message::Ask { cmd, body } if body.len() <= MAX_BODY_BYTES => self.on_ask(now, src, cmd, body, desk),
            Message::Ask { .. } => {}
            Message::Reply { cmd, answer } => self.on_reply(cmd, answer),
            Message::TakeOver => self.on_take_over(now, desk),
            Message::Digest { floor, since, lines } => self.on_digest(now, src, *floor, *since, lines),
            Message::Data { pieces } => self.on_data(pieces),
        }
    }

    /// Hands out what the call led to.
    pub(super) fn finish(&mut self) -> Output {
        if self.told_group != self.links.group {
            self.told_group = self.links.group.clone();
            self.out.notes.push(Note::GroupChanged);
        }
        let told = Told {
            epoch: self.epoch_in_force().map(|epoch| epoch.id),
            active: self.active.is_some(),
            main: self.active.as_ref().is_some_and(|active| active.rights.main),
        };
        if told != self.told {
            self.told = told;
            self.out.notes.push(Note::EpochChanged);
        }
        std::mem::take(&mut self.out)
    }

    /// A durable change, applied to the mirror at once.
    pub(super) fn op(&mut self, op: Op) {
        self.disk.apply(&op);
        let forgotten = self.settings.flaws.promise_not_on_disk && matches!(op, Op::Promise(..) | Op::Accept(..));
        if !forgotten {
            self.out.ops.push(op);
        }
    }

    pub(super) fn send(&mut self, to: VoterId, message: Message) {
        self.send_shared(to, Arc::new(message));
    }

    pub(super) fn send_all<'a>(&mut self, to: impl Iterator<Item = &'a VoterId>, message: Message) {
        let message = Arc::new(message);
        for voter in to {
            self.send_shared(*voter, message.clone());
        }
    }

    fn send_shared(&mut self, to: VoterId, message: Arc<Message>) {
        let hop = if to == self.me { Some(to) } else { self.links.route(&to) };
        if let Some(hop) = hop {
            self.out.send.push((hop, Packet { src: self.me, dst: to, ttl: MAX_HOPS, message }));
        }
    }

    /// To a neighbour, over the link to it and no other way.
    pub(super) fn send_direct(&mut self, to: VoterId, message: Arc<Message>) {
        self.out.send.push((to, Packet { src: self.me, dst: to, ttl: 0, message }));
    }

    /// A number from 0 to `below - 1` (splitmix64).
    pub(super) fn random(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % below.max(1)
    }

    /// Whether an epoch lies below the floor, so that nothing is done for it any more.
    pub(super) fn is_over(&self, epoch: &EpochId) -> bool {
        epoch.height < self.disk.floor
    }

    pub(super) fn is_open(&self, held: &Held) -> bool {
        held.close.is_none() && !self.is_over(&held.epoch.id)
    }

    /// The highest height known here.
    pub(super) fn top(&self) -> u32 {
        self.disk.epochs.keys().next_back().map_or(0, |id| id.height).max(self.disk.floor)
    }

    /// Whether a branch may have come to a height, as far as known here.
    pub(super) fn is_credible(&self, height: u32) -> bool {
        height <= self.top().saturating_add(MAX_AHEAD)
    }

    /// Makes an epoch known here; false if it is below the floor, or not credible.
    pub(super) fn ensure(&mut self, epoch: &Epoch) -> bool {
        if self.is_over(&epoch.id) || !self.is_credible(epoch.id.height) {
            return false;
        }
        if !self.disk.epochs.contains_key(&epoch.id) {
            self.op(Op::Epoch(epoch.clone()));
        }
        true
    }

    pub(super) fn held(&self, epoch: &EpochId) -> Option<&Held> {
        self.disk.epochs.get(epoch)
    }

    /// Raises the number of records that count, never beyond those held.
    pub(super) fn set_commit(&mut self, epoch: EpochId, commit: u32) {
        let Some(held) = self.held(&epoch) else { return };
        let commit = commit.min(held.len());
        let before = held.commit;
        if commit <= before {
            return;
        }
        let entries: Vec<_> =
            entries_between(held, before, commit).map(|(id, c, b)| (id, c.clone(), b.to_vec())).collect();
        for (record, cmd, body) in entries {
            self.committed.insert(cmd, record);
            self.out.notes.push(Note::Committed { record, body });
        }
        self.op(Op::Commit(epoch, commit));
        // Of the epoch in force its steward tells everybody in the group.
        if self.told.epoch != Some(epoch) {
            self.news.insert(epoch);
        }
    }

    /// Takes note of how an epoch ended.
    pub(super) fn set_close(&mut self, epoch: EpochId, close: &Close) {
        if close.successor.id <= epoch || !self.is_credible(close.successor.id.height) {
            return;
        }
        self.ensure(&close.successor);
        self.closers.remove(&epoch);
        let Some(held) = self.held(&epoch) else { return };
        if held.close.is_some() {
            return;
        }
        let had = held.len();
        self.op(Op::Close { epoch, close: close.clone(), had });
        self.out.notes.push(Note::Closed { epoch, close: close.clone() });
        self.set_commit(epoch, close.len);
        self.news.insert(epoch);
        self.may_inherit = true;
        self.meet_fence(epoch);
    }

    /// Stops being steward of an epoch that this node promised to close, or knows to be closed.
    pub(super) fn meet_fence(&mut self, epoch: EpochId) {
        let closed = self.held(&epoch).is_none_or(|held| !self.is_open(held));
        if self.active.as_ref().is_some_and(|active| active.epoch.id == epoch)
            && (closed || !self.settings.flaws.no_fence)
        {
            self.stand_down();
        }
        self.change.drop_pending_if(|pending| *pending == epoch);
    }

    pub(super) fn stand_down(&mut self) {
        self.active = None;
        self.links.heartbeat_due = true;
    }

    /// Adds records to a log held here, as far as they join on and lie before `upto`.
    pub(super) fn extend(&mut self, epoch: EpochId, from: u32, records: &[Record], upto: u32) {
        for (index, record) in (from..upto).zip(records) {
            let Some(held) = self.held(&epoch) else { return };
            let place = RecordId { epoch, index: index + 1 };
            match held.log.get(index as usize) {
                Some(known) if known != record => self.out.notes.push(Note::Diverged { record: place }),
                Some(_) => {}
                None if index == held.len() => self.op(Op::Push(place, record.clone())),
                None => return,
            }
        }
    }

    /// Whether this node is the active steward of an epoch.
    pub fn is_active(&self) -> bool {
        self.active.is_some()
    }

    /// This node and all it can reach.
    pub fn group(&self) -> &BTreeSet<VoterId> {
        &self.links.group
    }

    /// The epoch in force here, as far as this node sees.
    pub fn epoch(&self) -> Option<&Epoch> {
        self.epoch_in_force()
    }

    /// The steward that serves this node, as far as it sees.
    pub fn steward(&self) -> Option<VoterId> {
        self.epoch_in_force().map(|epoch| epoch.id.creator)
    }

    /// Whether a voter of the group last told that it hears and is heard by `other`.
    pub fn are_neighbours(&self, voter: &VoterId, other: &VoterId) -> bool {
        if *voter == self.me {
            return self.links.up().any(|up| up == *other);
        }
        self.links.advert(voter).is_some_and(|advert| advert.neighbours.contains(other))
    }

    /// What is on disk, as this node sees it.
    pub fn durable(&self) -> &Durable {
        &self.disk
    }

    /// Whether an operation may reach the disk together with a later one that may not wait: nothing that this node promises or
    /// acknowledges rests on it. How many records count follows from what a quorum has on disk and is learnt again after a
    /// crash; so are the records of an epoch in which this node has no vote.
    pub fn may_wait(&self, op: &Op) -> bool {
        let is_member = |held: &Held| held.epoch.members.contains(&self.me);
        match op {
            Op::Commit(..) => true,
            Op::Push(place, _) => self.held(&place.epoch).is_some_and(|held| !is_member(held)),
            _ => false,
        }
    }

    /// Whether an operation only keeps a record that another steward decided: nothing that is known here led to it.
    pub fn is_of_another(&self, op: &Op) -> bool {
        matches!(op, Op::Push(place, _) if place.epoch.creator != self.me)
    }

    /// Every committed entry held here, by epoch and position: its place, its command and its body.
    pub fn committed_entries(&self) -> impl Iterator<Item = (RecordId, &CommandId, &[u8])> {
        self.disk.epochs.values().flat_map(|held| entries_between(held, 0, held.commit))
    }

    /// Members of the open epoch that has the right over a record's epoch, as far as known here.
    pub fn who_holds(&self, record: RecordId) -> Vec<VoterId> {
        self.held(&self.end_of(record.epoch))
            .map(|held| held.epoch.members.iter().copied().collect())
            .unwrap_or_default()
    }
}

/// The entries of a log after the first `from` records, up to `upto`.
fn entries_between(held: &Held, from: u32, upto: u32) -> impl Iterator<Item = (RecordId, &CommandId, &[u8])> {
    (from..upto).zip(&held.log[from as usize..]).filter_map(|(index, record)| match record {
        Record::Entry { cmd, body } => Some((RecordId { epoch: held.epoch.id, index: index + 1 }, cmd, &body[..])),
        Record::Inherit { .. } | Record::Force { .. } => None,
    })
}
