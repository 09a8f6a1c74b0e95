//! The repair path: finding the documents in which two peers differ and sending just the missing changes. It alone
//! reaches convergence; the live path is only speed.

use std::collections::BTreeSet;

use branchmesh_model::document::{Examined, Hash};
use branchmesh_model::ids::DeviceId;
use branchmesh_model::schema::{DocId, Family};
use branchmesh_model::time::UnixMs;

use super::signatures::FOR_A_PEER;
use super::{Hub, Source};
use crate::replication::cover::{self, is_covered};
use crate::replication::documents::{Applied, Received};
use crate::replication::envelope::Envelope;
use crate::replication::frame::{FRAME_TARGET_BYTES, Frame, Versions, packed};
use crate::replication::input::{Effects, Now, Outgoing};
use crate::replication::reconcile::{self, Items, RangePrint, Span};
use crate::replication::trust::{Refusal, admit};
use crate::storage::StoreError;

/// Documents asked for or answered in one frame.
const MAX_WANTED: usize = 512;
/// Summaries in a row that must differ before a repair begins: changes on their way would settle one.
const PATIENCE: u32 = 2;
/// Most bytes answered to one `Want`; the rest comes with the next round.
const MAX_REPAIR_BYTES: usize = 64 * FRAME_TARGET_BYTES;

impl Hub {
    pub(super) fn begin_reconciling(&mut self, peer: DeviceId, fx: &mut Effects) {
        let held = self.documents.held_of(|f| self.shares(&peer, f));
        let all = reconcile::describe(&held, Span::all());
        fx.send.push(Outgoing { to: peer, frame: Frame::Ranges(vec![all]), bulk: false });
    }

    pub(super) fn send_summaries(&mut self, now: Now, fx: &mut Effects) {
        for peer in self.peers.keys().copied().collect::<Vec<_>>() {
            let print = self.documents.print_of(|f| self.shares(&peer, f));
            fx.send.push(Outgoing { to: peer, frame: Frame::Summary { print, clock: now.wall }, bulk: false });
        }
    }

    pub(super) fn summary(&mut self, now: Now, peer: DeviceId, print: Hash, clock: UnixMs, fx: &mut Effects) {
        let mine = self.documents.print_of(|f| self.shares(&peer, f));
        let Some(state) = self.peers.get_mut(&peer) else { return };
        state.clock_skew_ms = Some(clock.0.saturating_sub(now.wall.0));
        self.clocks.insert(peer, clock.0.saturating_sub(i64::try_from(now.mono_ms).unwrap_or(i64::MAX)));
        if mine == print {
            (state.differing, state.behind) = (0, 0);
            return;
        }
        state.differing += 1;
        if state.differing >= PATIENCE {
            state.differing = 0;
            self.begin_reconciling(peer, fx);
        }
    }

    pub(super) fn ranges(&mut self, peer: DeviceId, theirs: &[RangePrint], fx: &mut Effects) {
        let held = self.documents.held_of(|f| self.shares(&peer, f));
        let next = reconcile::compare(&held, &theirs[..theirs.len().min(MAX_WANTED)]);
        if !next.ranges.is_empty() {
            fx.send.push(Outgoing { to: peer, frame: Frame::Ranges(next.ranges), bulk: false });
        }
        for items in next.items {
            fx.send.push(Outgoing { to: peer, frame: Frame::Items(items), bulk: false });
        }
    }

    pub(super) fn items(&mut self, peer: DeviceId, theirs: &Items, fx: &mut Effects) -> Result<(), StoreError> {
        let held = self.documents.held_of(|f| self.shares(&peer, f));
        if theirs.answer {
            let mine = reconcile::list(&held, theirs.span.clone(), false);
            fx.send.push(Outgoing { to: peer, frame: Frame::Items(mine), bulk: false });
        }
        let mut wanted = Vec::new();
        for doc in reconcile::lacking(&held, theirs) {
            if self.shares(&peer, &doc.family()) && self.keeps(&doc) && wanted.len() < MAX_WANTED {
                let versions = self.documents.versions(&doc)?;
                wanted.push((doc, versions));
            }
        }
        if let Some(state) = self.peers.get_mut(&peer) {
            state.behind = wanted.len();
        }
        if !wanted.is_empty() {
            // Who is enrolled and who is a manager decides about the rest, so it comes first.
            wanted.sort_by_key(|(doc, _)| order_of(&doc.family()));
            fx.send.push(Outgoing { to: peer, frame: Frame::Want(wanted), bulk: false });
        }
        Ok(())
    }

    pub(super) fn wanted(
        &mut self,
        peer: DeviceId,
        wanted: Vec<(DocId, Versions)>,
        fx: &mut Effects,
    ) -> Result<(), StoreError> {
        let mut budget = MAX_REPAIR_BYTES;
        let mut checks = FOR_A_PEER;
        for (doc, versions) in wanted.into_iter().take(MAX_WANTED) {
            if budget == 0 {
                break;
            }
            if !self.shares(&peer, &doc.family()) {
                self.count("requests_refused_not_entitled");
                continue;
            }
            if !self.check_all_of(&doc, &mut checks, fx) {
                // It is asked for again.
                continue;
            }
            let versions = versions.into_iter().map(|(actor, seq)| (actor.into_vec(), seq)).collect();
            let envelopes = self.store.envelopes_after(&doc, &versions, budget)?;
            budget = budget.saturating_sub(envelopes.iter().map(|e| e.change.len() + 240).sum());
            // Who vouches travels with what it vouches for.
            let mut together = envelopes;
            let rest = together.split_off(cover::inseparable(&together));
            let first = (!together.is_empty()).then_some(Frame::Repair(together));
            let frames = first.into_iter().chain(packed(rest, Frame::Repair));
            for frame in frames {
                fx.send.push(Outgoing { to: peer, frame, bulk: true });
            }
        }
        Ok(())
    }

    /// Checks and applies changes from a peer; what is new is stored, shown and passed on.
    pub(super) fn receive(
        &mut self,
        from: DeviceId,
        envelopes: Vec<Envelope>,
        repair: bool,
        fx: &mut Effects,
    ) -> Result<(), StoreError> {
        let mut admitted = Vec::with_capacity(envelopes.len());
        let mut of_queues = Vec::new();
        for envelope in envelopes {
            if !self.shares(&from, &envelope.doc.family()) {
                self.refused(&envelope, from, &Refusal::NotForMe(envelope.doc.clone()));
                continue;
            }
            if !self.keeps(&envelope.doc) {
                self.count("changes_of_days_let_go");
                continue;
            }
            if envelope.doc.family() == Family::Queue {
                of_queues.push(envelope);
                continue;
            }
            let is_roster = envelope.doc.family() == Family::Roster;
            admitted.extend(self.admitted(from, envelope));
            if is_roster {
                // The next envelope's author may have been enrolled by this one.
                self.take(Some(from), std::mem::take(&mut admitted), repair, fx)?;
                fx.events.extend(self.view.refresh());
            }
        }
        admitted.extend(self.admit_together(from, of_queues, repair));
        self.take(Some(from), admitted, repair, fx)?;
        Ok(())
    }

    /// What an envelope holds, if it may enter by itself.
    pub(super) fn admitted(&mut self, from: DeviceId, envelope: Envelope) -> Option<(Envelope, Examined)> {
        match admit(&envelope, &self.signer.branch, self.view.roster(), self.role, self.trust_flaws) {
            Ok(change) => Some((envelope, change)),
            Err(refusal) => {
                self.refused(&envelope, from, &refusal);
                None
            }
        }
    }

    /// Applies changes that were checked, shows them and passes them on, but not to where they came `from` nor to those who
    /// hear them from there. Returns how many could not be applied, now or for ever.
    pub(super) fn take(
        &mut self,
        from: Option<DeviceId>,
        changes: Vec<(Envelope, Examined)>,
        repair: bool,
        fx: &mut Effects,
    ) -> Result<usize, StoreError> {
        if changes.is_empty() {
            return Ok(0);
        }
        self.count_many(if repair { "changes_received_repair" } else { "changes_received_live" }, changes.len());
        let Received { applied, early, duplicate, misplaced } = self.documents.receive(changes, &mut fx.store)?;
        self.count_many("changes_early", early);
        self.count_many("changes_refused_duplicate_seq", duplicate);
        self.count_many("changes_refused_misplaced", misplaced);
        // Without the one that vouches for them, in one frame, unsigned changes are of no use to others.
        let closed: BTreeSet<DocId> =
            applied.iter().filter(|a| is_covered(&a.envelope)).map(|a| a.envelope.doc.clone()).collect();
        for Applied { envelope, facts } in applied {
            self.see(&envelope.doc, &facts, Source::Peer)?;
            if !closed.contains(&envelope.doc) && !self.unchecked.has(&envelope) {
                self.live.push((envelope, from));
            }
            fx.publish = true;
        }
        Ok(early + duplicate + misplaced)
    }

    pub(super) fn refused(&mut self, envelope: &Envelope, from: DeviceId, refusal: &Refusal) {
        let count = self.count(refusal.count_name());
        // A flood of bad changes must not become a flood of log lines.
        if count.is_power_of_two() {
            let (author, from) = (envelope.author.short(), from.short());
            tracing::warn!(doc = %envelope.doc, %author, %from, count, "refused a change: {refusal}");
        }
    }
}

fn order_of(family: &Family) -> u8 {
    match family {
        Family::Roster => 0,
        Family::Config => 1,
        Family::Queue => 2,
        _ => 3,
    }
}
