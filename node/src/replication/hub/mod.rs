//! The replication hub: `input in → effects out`, without I/O and without a clock of its own.
//!
//! It owns the open documents, the view folded from them, the stewardship machine and what is known of each peer. Every
//! input is handled to the end; what it wants done to the world is listed in [`Effects`], and the driver commits those
//! to disk before anything leaves the node or is shown. What a peer changed in a queue is on that peer's disk, so it is shown
//! at once and goes to this one's with the next commit, before this device says that it has it. The simulator drives this very
//! code.

mod calendar;
mod commands;
mod enrolment;
mod peers;
mod records;
mod repair;
mod retention;
mod signatures;
mod status;
mod stewarding;
mod twice;
mod visits;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use branchmesh_model::decide::{Book, Context};
use branchmesh_model::document::Actor;
use branchmesh_model::ids::{BranchId, CommandId, DeviceId, EpochId, TicketId, VoterId};
use branchmesh_model::roster::Roster;
use branchmesh_model::schema::{DocId, Family, KeyKind, Role};
use branchmesh_model::steward::{Durable, Machine, Settings};
use branchmesh_model::time::{BusinessDate, UnixMs, business_date};
use branchmesh_model::view::BranchView;
use branchmesh_model::view::reminders::OverWaits;
use jiff::tz::TimeZone;

use self::calendar::{context_of, shown_documents};
use self::commands::{Unshown, Waiting};
use self::peers::PeerState;
use self::records::Ahead;
use self::retention::Kept;
use self::signatures::Unchecked;
use self::twice::Twice;
pub use self::visits::HandOver;
use self::visits::Parcels;
use super::desk::TicketDesk;
use super::documents::{Documents, follows_envelopes};
use super::envelope::Envelope;
use super::input::{Effects, Input, Now, Reply, coalesced};
use super::trust::{Signer, TrustFlaws};
use crate::handle::MeshStatus;
use crate::storage::{Store, StoreError, StoreOp};

/// Rows of what others changed that may wait for the next tick; they are in memory until then.
const MAX_RECEIVED: usize = 4096;

/// What a hub is told at its birth.
pub struct HubOptions {
    /// The branch.
    pub branch: BranchId,
    /// The device's secret key.
    pub secret: [u8; 32],
    /// The role it was enrolled in, for the time before its roster is (again) here.
    pub role: Role,
    /// Devices that are believed to belong to the branch, for the same time: the roster may be taken from them.
    pub known: BTreeSet<DeviceId>,
    /// How often its storage was restored or replaced.
    pub generation: u32,
    /// Drawn at random for this process: names its automerge actor.
    pub fresh: [u8; 8],
    /// Grows with every start of this storage.
    pub incarnation: u64,
    /// Seed of the hub's own choices (back-offs).
    pub seed: u64,
    /// The device's time zone, used where the configuration names none.
    pub zone: TimeZone,
    /// Timing of stewardship, and deliberate flaws for the simulator's own tests.
    pub steward: Settings,
    /// Checks left out on purpose, for the simulator's own tests.
    pub trust_flaws: TrustFlaws,
}

/// Where facts come from that the view is to see.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// They were decided here; their document may hold another text under the same key.
    Here,
    /// They came with a peer's change, which was just applied.
    Peer,
}

/// The replication hub of one node.
pub struct Hub {
    signer: Signer,
    voter: VoterId,
    role: Role,
    known: BTreeSet<DeviceId>,
    documents: Documents,
    store: Arc<Store>,
    view: BranchView,
    machine: Machine,
    book: Book,
    context: Context,
    side_lane: String,
    device_zone: TimeZone,
    peers: BTreeMap<DeviceId, PeerState>,
    known_addresses: BTreeMap<DeviceId, Vec<SocketAddr>>,
    waiting: BTreeMap<CommandId, Waiting>,
    unshown: Vec<Unshown>,
    parcels: Parcels,
    live: Vec<(Envelope, Option<DeviceId>)>,
    /// Facts that were decided and are shown, to be written into their documents before anything leaves the node.
    unwritten: BTreeMap<DocId, Vec<(String, String)>>,
    ahead: Ahead,
    /// Goes to disk with the next commit, before all that is in it.
    later: Vec<StoreOp>,
    /// What others changed in queues and shows here already: its authors have it on disk, so it goes to this one's before
    /// anything is said or done that rests on it, at the next tick at the latest.
    received: Vec<StoreOp>,
    later_is_due: bool,
    /// Whether stewardship decided or promised something while these inputs were handled, and not only kept another's records.
    has_promised: bool,
    counts: BTreeMap<&'static str, u64>,
    seen_roster: Option<Arc<Roster>>,
    last_second: u64,
    foreign: BTreeSet<TicketId>,
    mesh: Arc<MeshStatus>,
    mesh_changed: bool,
    joinable: bool,
    trust_flaws: TrustFlaws,
    taken_over: bool,
    closing_day: Option<BusinessDate>,
    rolled_for: Option<BusinessDate>,
    over_waits: OverWaits,
    /// Each device's wall clock minus this node's monotonic clock, as last heard: a device that is cut off still knows by
    /// them that its own clock is wrong.
    clocks: BTreeMap<DeviceId, i64>,
    /// When others last agreed what day it is, in this process or one before.
    last_agreed: UnixMs,
    /// When that is to be remembered anew.
    agreed_on: Option<BusinessDate>,
    /// The date by the clocks that are believed.
    today: BusinessDate,
    /// The oldest day whose facts the view is told.
    shown_from: BusinessDate,
    kept: Kept,
    twice: Twice,
    unchecked: Unchecked,
}

impl Hub {
    /// Starts from what the store holds.
    ///
    /// # Errors
    /// If the store cannot be read or its stewardship rows are damaged.
    pub fn open(store: Arc<Store>, options: HubOptions, now: Now) -> Result<(Self, Effects), StoreError> {
        let signer = Signer::new(&options.secret, options.branch);
        let voter = VoterId { device: signer.device, generation: options.generation };
        let mut documents = Documents::open(store.clone(), Actor::new(&signer.device, options.fresh))?;
        let mut view = BranchView::new(options.branch);
        for doc in [DocId::roster(), DocId::config()] {
            fold_document(&mut documents, &mut view, &doc)?;
        }
        view.open();
        let context = context_of(&view, &options.zone);
        let today = business_date(now.wall, &context.zone, view.config().branch.cut_off);
        let shown_from = calendar::oldest_shown(&documents, today);
        let shown: Vec<DocId> = shown_documents(&documents, shown_from).map(|(doc, _)| doc.clone()).collect();
        for doc in shown {
            fold_document(&mut documents, &mut view, &doc)?;
        }
        view.open();
        let rows = store.steward_rows()?;
        let durable = Durable::from_rows(rows.into_iter()).map_err(|e| StoreError::Damaged(e.to_string()))?;
        let roster = view.roster().clone();
        let side_lane = roster.lane_of(&signer.device, options.generation).unwrap_or_default();
        let mut book = Book::default();
        let mut desk =
            TicketDesk { book: &mut book, view: &view, side_lane: &side_lane, wall: now.wall, context: &context };
        let (machine, output) = Machine::new(
            voter,
            EpochId::genesis(options.branch),
            durable,
            options.steward,
            stewarding::census(&view),
            now.mono_ms,
            options.incarnation,
            options.seed,
            &mut desk,
        );
        let role = roster.devices.get(&signer.device).map_or(options.role, |d| d.enrolment.role);
        let last_agreed = calendar::last_agreed(&store)?;
        let mut hub = Self {
            signer,
            voter,
            role,
            known: options.known,
            documents,
            store,
            view,
            machine,
            book,
            context,
            side_lane,
            device_zone: options.zone,
            peers: BTreeMap::new(),
            known_addresses: BTreeMap::new(),
            waiting: BTreeMap::new(),
            unshown: Vec::new(),
            parcels: Parcels::new(),
            live: Vec::new(),
            unwritten: BTreeMap::new(),
            ahead: Ahead::default(),
            later: Vec::new(),
            received: Vec::new(),
            later_is_due: false,
            has_promised: false,
            counts: BTreeMap::new(),
            seen_roster: None,
            last_second: 0,
            foreign: BTreeSet::new(),
            mesh: Arc::default(),
            mesh_changed: true,
            joinable: false,
            trust_flaws: options.trust_flaws,
            taken_over: false,
            closing_day: None,
            rolled_for: None,
            over_waits: OverWaits::default(),
            clocks: BTreeMap::new(),
            last_agreed,
            agreed_on: None,
            today,
            shown_from,
            kept: Kept::default(),
            twice: Twice::new(),
            unchecked: Unchecked::default(),
        };
        let mut fx = Effects { publish: true, ..Effects::default() };
        hub.absorb(now, output, &mut fx);
        // Whoever goes on as steward has just done so.
        if !hub.machine.is_active() {
            hub.show_known_records(now, &mut fx)?;
        }
        // What this device showed before is no event.
        hub.view.open();
        hub.remembered_addresses(&mut fx)?;
        hub.reopen_invitations(now, &mut fx)?;
        hub.reopen_parcels()?;
        hub.finish(now, &mut fx);
        hub.settle(now, &mut fx);
        Ok((hub, fx))
    }

    /// Handles inputs that came together, once all effects of the ones before are durable. What they write into one document
    /// becomes one signed change, so their effects belong into one transaction.
    pub fn handle_all(&mut self, now: Now, inputs: impl IntoIterator<Item = Input>) -> Vec<Effects> {
        if self.received.is_empty() {
            self.documents.committed();
        }
        let mut effects: Vec<Effects> =
            coalesced(inputs).into_iter().map(|input| self.handle_one(now, input)).collect();
        let mut last = Effects::default();
        self.settle(now, &mut last);
        effects.push(last);
        self.put_off(&mut effects);
        effects
    }

    /// Takes from the effects what may go to disk later, or adds what could wait until now.
    fn put_off(&mut self, effects: &mut [Effects]) {
        let me = self.signer.device;
        let may_wait = |op: &StoreOp| is_of_others_queues(op, &me);
        let is_due = |fx: &Effects| {
            fx.store.iter().any(|op| !may_wait(op) && !is_steward_row(op))
                || fx.replies.iter().any(|(_, reply)| matches!(reply, Reply::Command(Ok(_))))
                || fx.send.iter().any(|out| out.frame.rests_on_documents())
        };
        let has_promised = std::mem::take(&mut self.has_promised);
        if self.later_is_due || has_promised || self.received.len() > MAX_RECEIVED || effects.iter().any(is_due) {
            self.later_is_due = false;
            effects[0].store.splice(0..0, self.waiting_for_disk());
            return;
        }
        for fx in effects.iter_mut() {
            self.received.extend(fx.store.extract_if(.., |op| may_wait(op)));
        }
        // What is left are records of another steward. It waits until this disk has them; they need not wait for documents.
        if effects.iter().any(|fx| !fx.store.is_empty()) {
            effects[0].store.splice(0..0, self.later.drain(..));
        }
    }

    /// What goes to disk before all else, at the end too.
    pub fn waiting_for_disk(&mut self) -> Vec<StoreOp> {
        self.later.drain(..).chain(self.received.drain(..)).collect()
    }

    fn handle_one(&mut self, now: Now, input: Input) -> Effects {
        let mut fx = Effects::default();
        if let Err(error) = self.dispatch(now, input, &mut fx) {
            fx.fatal = Some(error.to_string());
        }
        self.finish(now, &mut fx);
        fx
    }

    fn dispatch(&mut self, now: Now, input: Input, fx: &mut Effects) -> Result<(), StoreError> {
        match input {
            Input::Tick => self.tick(now, fx)?,
            Input::Quiet => self.do_chores(fx),
            Input::PeerUp { peer, hello, address } => self.peer_up(now, peer, hello, address, fx),
            Input::PeerDown { peer } => self.peer_down(now, peer, fx),
            Input::Frame { peer, frame } => self.frame(now, peer, frame, fx)?,
            Input::Refused { count_name } => {
                self.count(count_name);
            }
            Input::RunsTwice { device, told_by } => self.note_twice(now, device, told_by, fx),
            Input::AddressLearnt { device, addresses } => self.learn_addresses(device, addresses, fx),
            Input::Command { reply, command } => self.command(now, reply, *command, fx)?,
            Input::TakeOver { reply, caller, reason } => self.take_over(now, reply, &caller, &reason, fx),
            Input::Invite { reply, role, name, counter, ttl, secret, addresses } => {
                self.invite(now, reply, (role, name, counter), ttl, secret, addresses, fx);
            }
            Input::Join { reply, device, request } => self.join(now, reply, device, &request, fx)?,
            Input::HandOver { reply, what } => {
                let done = self.hand_over(now, *what, fx)?;
                fx.replies.push((reply, Reply::HandedOver(done)));
            }
            Input::ReadVisit { reply, tickets } => {
                let visit = self.visit(&tickets)?;
                fx.replies.push((reply, Reply::Visit(visit)));
            }
            Input::Welcome { reply, device } => self.welcome(reply, device, fx)?,
            Input::OwnPacket(packet) => self.packet(now, self.voter, packet, fx),
            Input::Settle => {
                self.write_records_ahead();
                self.later_is_due = true;
            }
            Input::Leave => {
                self.write_records_ahead();
                self.machine.leave(now.mono_ms);
                self.count("goodbyes");
            }
        }
        Ok(())
    }

    fn tick(&mut self, now: Now, fx: &mut Effects) -> Result<(), StoreError> {
        self.later_is_due |= !self.received.is_empty();
        self.write_records_ahead();
        self.machine_tick(now, fx);
        self.ask_again(now, fx);
        self.check_in_time(fx);
        let second = now.mono_ms / 1000;
        if second != self.last_second {
            self.last_second = second;
            self.every_second(now, fx)?;
        }
        Ok(())
    }

    fn every_second(&mut self, now: Now, fx: &mut Effects) -> Result<(), StoreError> {
        self.send_summaries(now, fx);
        self.follow_the_date(now, fx)?;
        self.turn_the_day(now, fx);
        self.note_foreign_tickets(now);
        self.forget_twice(now);
        self.give_up_ghosts(now, fx);
        self.tell_over_waits(now, fx);
        self.lapse_invitations(now, fx)?;
        self.state_holdings(now, fx)?;
        if self.last_second.is_multiple_of(visits::OFFER_EVERY_S) {
            self.offer_parcels(fx);
        }
        if self.last_second.is_multiple_of(10) {
            self.tell_addresses(fx);
        }
        if self.last_second.is_multiple_of(calendar::OLD_DAYS_EVERY_S) {
            self.let_old_days_go(now, fx);
        }
        if self.last_second.is_multiple_of(retention::KEEP_EVERY_S) {
            self.let_past_days_go(fx);
        }
        self.let_past_visits_go(fx)?;
        self.write_late_records(now);
        self.later_is_due = true;
        self.mesh_changed = true;
        fx.publish = true;
        Ok(())
    }

    /// Nothing is written when a customer has waited too long, so time itself raises that reminder, at every staff device
    /// by its own setting.
    fn tell_over_waits(&mut self, now: Now, fx: &mut Effects) {
        if !self.role.is_staff_device() {
            return;
        }
        let device = self.signer.device;
        let settings = self.view.config().settings(&device);
        let day = self.view.days().get(&self.date(now)).cloned().unwrap_or_default();
        fx.events.extend(self.over_waits.newly(&day, device, &settings, now.wall));
    }

    /// Ends every handling: views, events and answers follow the facts.
    fn finish(&mut self, now: Now, fx: &mut Effects) {
        let events = self.view.refresh();
        if !events.is_empty() {
            fx.publish = true;
            fx.events.extend(events);
        }
        self.answer_what_is_shown(now, fx);
        self.follow_roster(now, fx);
        if std::mem::take(&mut self.mesh_changed) {
            self.mesh = Arc::new(self.mesh_status());
        }
    }

    /// Ends the handling of inputs that came together: what they decided is written down, and goes to whom it may.
    fn settle(&mut self, now: Now, fx: &mut Effects) {
        let written = self.write_down(now, fx);
        self.documents.settle(&mut fx.store);
        if let Err(error) = written.and_then(|()| self.show_days(fx)) {
            fx.fatal = Some(error.to_string());
        }
        self.flush_live(fx);
    }

    /// Writes the facts that were decided, those of one document in one change. What a peer's change brought meanwhile under
    /// the same key stands, and is what is shown.
    fn write_down(&mut self, now: Now, fx: &mut Effects) -> Result<(), StoreError> {
        for (doc, facts) in std::mem::take(&mut self.unwritten) {
            if !self.keeps(&doc) {
                continue;
            }
            let envelopes = self.documents.write(&doc, &facts, now.wall, &self.signer, &mut fx.store)?;
            self.live.extend(envelopes.into_iter().map(|envelope| (envelope, None)));
        }
        Ok(())
    }

    /// Writes facts made here: into the document, the view, the store and to the peers.
    fn write(&mut self, now: Now, doc: &DocId, facts: &[(String, String)], fx: &mut Effects) -> Result<(), StoreError> {
        if !self.keeps(doc) {
            return Ok(());
        }
        // A revocation counts what this device made before it.
        self.write_down(now, fx)?;
        let envelopes = self.documents.write(doc, facts, now.wall, &self.signer, &mut fx.store)?;
        if !envelopes.is_empty() {
            self.see(doc, facts, Source::Here)?;
            self.live.extend(envelopes.into_iter().map(|envelope| (envelope, None)));
            fx.publish = true;
        }
        Ok(())
    }

    /// Lets the view see facts that are in a document now, or will be.
    fn see(&mut self, doc: &DocId, facts: &[(String, String)], source: Source) -> Result<(), StoreError> {
        let family = doc.family();
        let shown = match doc.date() {
            Some(date) => date >= self.shown_from,
            None => matches!(family, Family::Roster | Family::Config),
        };
        let mut may_differ = Vec::new();
        for (key, _) in facts.iter().filter(|_| shown) {
            if (family != Family::Queue || KeyKind::of(key).is_contested())
                && (source == Source::Here || self.documents.is_written_again(doc, key)?)
            {
                may_differ.push(key.as_str());
            }
        }
        let chosen = if may_differ.is_empty() { BTreeMap::new() } else { self.documents.chosen_of(doc, may_differ)? };
        for (key, value) in facts {
            let ahead = self.take_ahead(doc, key);
            if !shown {
                continue;
            }
            let kind = KeyKind::of(key);
            let (value, contested) =
                chosen.get(key.as_str()).map_or((value, false), |(chosen, among)| (chosen, *among));
            if ahead.as_ref() == Some(value) {
                continue;
            }
            // Two machines ran as one steward, and filled one place of the log twice.
            if kind == KeyKind::Record && (contested || ahead.is_some()) {
                self.view.retract(doc, key);
            }
            self.view.apply(doc, key, value);
        }
        if family == Family::Config {
            self.context = context_of(&self.view, &self.device_zone);
        }
        Ok(())
    }

    /// Counts; returns the new count.
    fn count(&mut self, name: &'static str) -> u64 {
        self.count_many(name, 1);
        self.counts[name]
    }

    fn count_many(&mut self, name: &'static str, times: usize) {
        if times > 0 {
            *self.counts.entry(name).or_default() += times as u64;
        }
    }

    /// Remembers something small across starts.
    fn remember(&self, key: String, value: Option<Vec<u8>>, fx: &mut Effects) {
        fx.store.push(StoreOp::Meta { key, value });
    }
}

fn is_steward_row(op: &StoreOp) -> bool {
    matches!(op, StoreOp::Steward { .. })
}

/// Whether `op` keeps what another device than `me` changed in a queue.
fn is_of_others_queues(op: &StoreOp, me: &DeviceId) -> bool {
    match op {
        StoreOp::Envelope(envelope) => envelope.author != *me && envelope.doc.family() == Family::Queue,
        StoreOp::Meta { key, .. } => follows_envelopes(key),
        _ => false,
    }
}

fn fold_document(documents: &mut Documents, view: &mut BranchView, doc: &DocId) -> Result<(), StoreError> {
    if documents.held().contains_key(doc) {
        for (key, value) in documents.facts(doc)? {
            view.apply(doc, &key, &value);
        }
    }
    Ok(())
}
