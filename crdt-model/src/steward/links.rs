//! Links, adverts and the group: whom this node can reach, and by which next hop.
//!
//! A link is up only if both ends hear each other; after a flap only once it was steady for a while that doubles with each
//! flap, so that a bad cable causes no storm of epochs. The group is the connected component of links that both ends
//! advertise.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::machine::Machine;
use super::message::{Advert, MAX_ADVERTS, Message};
use crate::ids::{DeviceId, VoterId};

const DAMPING_MS: u64 = 250;
const MAX_DOUBLINGS: u32 = 3;
const FLAP_FORGIVEN_MS: u64 = 15_000;
/// An advert that says the same for so long is known to all, milliseconds.
const SETTLED_MS: u64 = 2_000;
/// Heartbeats in a row that leave out an advert that all know: it is told again before anybody who goes by its age forgets it.
const MAX_BRIEF: u32 = 3;

#[derive(Default)]
struct Peer {
    heard: Option<u64>,
    hears_us: bool,
    up: bool,
    flaps: u32,
    /// Since when both ends hear each other.
    steady_since: Option<u64>,
    /// When it last went up or down, or a flap was forgiven.
    since: u64,
}

/// The newest advert of a voter.
struct Told {
    advert: Advert,
    /// When it was last told, or its voter said that it has nothing else to tell.
    seen: u64,
    /// Whether it was fresh when the group was last found.
    is_fresh: bool,
}

pub(super) struct Links {
    /// Connections of the transport.
    open: BTreeSet<VoterId>,
    peers: BTreeMap<VoterId, Peer>,
    adverts: BTreeMap<VoterId, Told>,
    /// Neighbours that tell older adverts of themselves than are known of them: they are told so at the next heartbeat.
    outdated: BTreeSet<VoterId>,
    /// The newest generation met of each device: an older one no longer counts.
    newest: BTreeMap<DeviceId, u32>,
    /// Devices came, went or were replaced since the links were last looked at.
    census_changed: bool,
    /// Something changed that the group follows from.
    group_changed: bool,
    /// This node and all it can reach.
    pub(super) group: BTreeSet<VoterId>,
    next_hops: BTreeMap<VoterId, VoterId>,
    seq: u64,
    /// Since when this node's advert says the same.
    told_since: u64,
    /// Heartbeats that left it out since it was told.
    brief: u32,
    next_heartbeat: u64,
    /// Something changed that others should hear of at the next tick.
    pub(super) heartbeat_due: bool,
}

impl Links {
    pub(super) fn new(me: VoterId) -> Self {
        Self {
            open: BTreeSet::new(),
            peers: BTreeMap::new(),
            adverts: BTreeMap::new(),
            outdated: BTreeSet::new(),
            newest: BTreeMap::new(),
            census_changed: false,
            group_changed: false,
            group: BTreeSet::from([me]),
            next_hops: BTreeMap::new(),
            seq: 0,
            told_since: 0,
            brief: 0,
            next_heartbeat: 0,
            heartbeat_due: true,
        }
    }

    /// Neighbours whose link is up.
    pub(super) fn up(&self) -> impl Iterator<Item = VoterId> {
        self.peers.iter().filter(|(_, peer)| peer.up).map(|(voter, _)| *voter)
    }

    pub(super) fn advert(&self, voter: &VoterId) -> Option<&Advert> {
        self.adverts.get(voter).map(|told| &told.advert)
    }

    /// The next hop towards a voter of the group.
    pub(super) fn route(&self, to: &VoterId) -> Option<VoterId> {
        self.next_hops.get(to).copied()
    }
}

impl Machine {
    /// The transport opened a connection to a peer. It is used once heartbeats went both ways.
    pub fn link_opened(&mut self, _now: u64, peer: VoterId) {
        if peer != self.me {
            self.links.open.insert(peer);
            self.links.heartbeat_due = true;
        }
    }

    /// The transport lost the connection to a peer: the link is down at once.
    pub fn link_closed(&mut self, now: u64, peer: VoterId) {
        self.links.open.remove(&peer);
        if let Some(known) = self.links.peers.get_mut(&peer) {
            known.heard = None;
        }
        self.refresh_links(now);
    }

    /// Whether a voter is enrolled and not replaced by a newer generation of its device.
    pub(super) fn counts(&self, voter: &VoterId) -> bool {
        *voter == self.me
            || (self.census.voters.contains_key(&voter.device)
                && self.links.newest.get(&voter.device).is_none_or(|newest| voter.generation >= *newest))
    }

    pub(super) fn on_heartbeat(&mut self, now: u64, from: VoterId, hears: &BTreeSet<VoterId>, adverts: &[Advert]) {
        self.meet(from);
        let peer = self.links.peers.entry(from).or_default();
        peer.heard = Some(now);
        let was_heard = std::mem::replace(&mut peer.hears_us, hears.contains(&self.me));
        let is_settled = peer.up && was_heard == peer.hears_us;
        // Whoever says nothing new about itself is as it was.
        if let Some(told) = self.links.adverts.get_mut(&from) {
            told.seen = now;
        }
        for advert in adverts.iter().take(MAX_ADVERTS) {
            if advert.voter == self.me {
                self.outdo(advert);
            } else {
                self.on_advert(now, from, advert);
            }
        }
        // Otherwise only time can have changed anything, which the next tick sees.
        if !is_settled || !adverts.is_empty() {
            self.refresh_links(now);
        }
    }

    /// Remembers the newest generation of a device.
    fn meet(&mut self, voter: VoterId) {
        if self.census.voters.contains_key(&voter.device) {
            let newest = self.links.newest.entry(voter.device).or_insert(voter.generation);
            if voter.generation > *newest {
                *newest = voter.generation;
                self.links.census_changed = true;
            }
        }
    }

    /// Somebody knows a later advert of this node than its last one: another machine had its identity for a while, as a
    /// cloned disk does. Until this node's adverts are later again, nobody believes them.
    fn outdo(&mut self, advert: &Advert) {
        if (advert.incarnation, advert.seq) > (self.incarnation, self.links.seq) {
            self.incarnation = advert.incarnation.saturating_add(1);
            self.links.seq = 0;
            self.links.heartbeat_due = true;
        }
    }

    fn on_advert(&mut self, now: u64, from: VoterId, advert: &Advert) {
        self.meet(advert.voter);
        let credible = advert.steward_of.as_ref().is_none_or(|epoch| self.is_credible(epoch.id.height));
        if !credible || !self.counts(&advert.voter) {
            return;
        }
        let known = self.links.adverts.get(&advert.voter);
        let place = (advert.incarnation, advert.seq);
        if let Some(known) =
            known.map(|told| (told.advert.incarnation, told.advert.seq)).filter(|known| place <= *known)
        {
            if advert.voter == from && place < known {
                self.links.outdated.insert(from);
            }
            return;
        }
        let same_neighbours = known.filter(|told| told.advert.neighbours == advert.neighbours);
        let is_fresh = same_neighbours.is_some_and(|told| told.is_fresh);
        self.links.group_changed |= same_neighbours.is_none();
        self.links.heartbeat_due |= !known.is_some_and(|told| told.advert.says_the_same_as(advert));
        self.links.adverts.insert(advert.voter, Told { advert: advert.clone(), seen: now, is_fresh });
    }

    /// Which devices there are is another thing now.
    pub(super) fn recount(&mut self, now: u64) {
        self.links.census_changed = true;
        self.refresh_links(now);
        self.links.heartbeat_due = true;
    }

    /// Decides which links are up now, and the group with them.
    pub(super) fn refresh_links(&mut self, now: u64) {
        if std::mem::take(&mut self.links.census_changed) {
            let (census, newest, me) = (&self.census, &self.links.newest, self.me);
            let counts = |voter: &VoterId| {
                census.voters.contains_key(&voter.device)
                    && newest.get(&voter.device).is_none_or(|newest| voter.generation >= *newest)
            };
            self.links.peers.retain(|voter, _| counts(voter));
            self.links.adverts.retain(|voter, _| *voter == me || counts(voter));
            self.links.group_changed = true;
        }
        for peer in self.links.peers.values_mut() {
            let has_changed = peer.refresh(now, self.settings.link_down_ms);
            if has_changed {
                self.links.heartbeat_due = true;
                self.links.group_changed = true;
                self.digests.differ(now);
            }
        }
        for told in self.links.adverts.values_mut() {
            let is_fresh = now < told.seen + self.settings.advert_ms;
            self.links.group_changed |= std::mem::replace(&mut told.is_fresh, is_fresh) != is_fresh;
        }
        if std::mem::take(&mut self.links.group_changed) {
            self.find_group();
        }
    }

    /// Breadth first over links that both ends advertise.
    fn find_group(&mut self) {
        let mine: BTreeSet<VoterId> = self.links.up().collect();
        let none = BTreeSet::new();
        let neighbours = |voter: &VoterId| match self.links.adverts.get(voter) {
            _ if *voter == self.me => &mine,
            Some(told) if told.is_fresh => &*told.advert.neighbours,
            _ => &none,
        };
        let mut group = BTreeSet::from([self.me]);
        let mut next_hops: BTreeMap<VoterId, VoterId> = BTreeMap::new();
        let mut todo = VecDeque::from([self.me]);
        while let Some(voter) = todo.pop_front() {
            for other in neighbours(&voter) {
                if neighbours(other).contains(&voter) && group.insert(*other) {
                    next_hops.insert(*other, next_hops.get(&voter).copied().unwrap_or(*other));
                    todo.push_back(*other);
                }
            }
        }
        self.links.group = group;
        self.links.next_hops = next_hops;
    }

    /// Sends a heartbeat over every open connection, if one is due.
    pub(super) fn heartbeat(&mut self, now: u64) {
        if !self.links.heartbeat_due && now < self.links.next_heartbeat {
            return;
        }
        self.links.heartbeat_due = false;
        self.links.next_heartbeat = now + self.settings.heartbeat_ms;
        self.links.seq += 1;
        let advert = Advert {
            voter: self.me,
            incarnation: self.incarnation,
            seq: self.links.seq,
            neighbours: Arc::new(self.links.up().collect()),
            leaving: self.leaving_since.is_some(),
            steward_of: self.active.as_ref().filter(|active| active.ready).map(|active| active.epoch.clone()),
        };
        if !self.links.advert(&self.me).is_some_and(|before| before.says_the_same_as(&advert)) {
            self.links.told_since = now;
        }
        self.links.adverts.insert(self.me, Told { advert, seen: now, is_fresh: true });
        let is_brief = self.is_known_to_all(now) && self.links.brief < MAX_BRIEF;
        self.links.brief = if is_brief { self.links.brief + 1 } else { 0 };
        for peer in self.links.open.clone() {
            let message = Arc::new(self.heartbeat_for(now, &peer, is_brief));
            self.send_direct(peer, message);
        }
        self.links.outdated.clear();
    }

    /// Whether everybody there is has heard this node's advert from itself, several times.
    fn is_known_to_all(&self, now: u64) -> bool {
        let is_up = |voter: &VoterId| self.links.peers.get(voter).is_some_and(|peer| peer.up);
        now >= self.links.told_since + SETTLED_MS
            && self.links.open.iter().filter(|voter| self.counts(voter)).all(is_up)
            && self.links.group.iter().all(|voter| *voter == self.me || is_up(voter))
    }

    /// What a neighbour is told: whether it is heard, and the adverts it does not hear from their voters themselves. In a
    /// full mesh that is this node's own, so a heartbeat does not grow with the square of the branch, and not even that once all
    /// know it.
    fn heartbeat_for(&self, now: u64, peer: &VoterId, is_brief: bool) -> Message {
        let heard = |known: &Peer| known.heard.is_some_and(|at| now < at + self.settings.link_down_ms);
        let hears = self.links.peers.get(peer).is_some_and(heard).then_some(*peer).into_iter().collect();
        let fresh = |voter: &VoterId| {
            let told = self.links.adverts.get(voter)?;
            (now < told.seen + self.settings.advert_ms).then_some(&told.advert)
        };
        let linked = |a: &VoterId, b: &VoterId| fresh(a).is_some_and(|advert| advert.neighbours.contains(b));
        let told_itself = |voter: &VoterId| linked(voter, peer) && linked(peer, voter);
        let is_told = |voter: &VoterId| if *voter == self.me { is_brief } else { told_itself(voter) };
        let untold = self.links.adverts.keys().filter(|voter| *voter != peer && !is_told(voter));
        let outdone = self.links.outdated.get(peer).and_then(|voter| self.links.advert(voter));
        Message::Heartbeat { hears, adverts: untold.filter_map(fresh).chain(outdone).cloned().collect() }
    }
}

impl Peer {
    /// Returns whether the link went up or down.
    fn refresh(&mut self, now: u64, link_down_ms: u64) -> bool {
        let ok = self.hears_us && self.heard.is_some_and(|at| now < at + link_down_ms);
        let was = self.up;
        if !ok {
            self.steady_since = None;
        }
        if ok {
            let steady_since = *self.steady_since.get_or_insert(now);
            let hold_off = DAMPING_MS << self.flaps.min(MAX_DOUBLINGS);
            if !was && now >= steady_since + hold_off {
                self.up = true;
                self.since = now;
            }
        } else if was {
            self.up = false;
            self.flaps = self.flaps.saturating_add(1);
            self.since = now;
        }
        if was && ok && self.flaps > 0 && now > self.since + FLAP_FORGIVEN_MS {
            self.flaps -= 1;
            self.since = now;
        }
        self.up != was
    }
}
