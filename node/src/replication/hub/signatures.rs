//! Many changes of queues at once, as after a split: the newest signature of each author vouches for the changes it builds on
//! (see [`cover`]), so those enter at once. Their own signatures are looked at when there is time, and before this
//! node passes them on: a peer may get them apart from the one that vouches.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use branchmesh_model::document::{Examined, Hash};
use branchmesh_model::ids::DeviceId;
use branchmesh_model::schema::DocId;

use super::Hub;
use crate::replication::cover::{self, is_covered};
use crate::replication::envelope::Envelope;
use crate::replication::input::Effects;
use crate::replication::trust::{Refusal, admit_change, admit_covered, read, verify};
use crate::storage::StoreOp;

/// Fewer changes than this in one frame are checked at once, and any number of the live path: they are on their way to others.
const MANY: usize = 8;
/// Signatures looked at together in a quiet moment: about a third of a millisecond.
const QUIETLY: usize = 8;
/// Signatures looked at in a tick of 100 ms without such a moment: a thirtieth of a processor.
const A_TICK: usize = 64;
/// Signatures looked at for one peer that asks for changes: about a twentieth of a second.
pub(super) const FOR_A_PEER: usize = 1_024;
/// Most that may wait; those of more are looked at before they enter.
const MAX_WAITING: usize = 32_768;

/// Signatures that were not looked at yet, by document, actor and number.
#[derive(Default)]
pub(super) struct Unchecked {
    waiting: BTreeMap<DocId, BTreeMap<(Vec<u8>, u64), (Envelope, Hash)>>,
    count: usize,
    /// Whether there was a quiet moment since the last tick.
    was_quiet: bool,
}

impl Unchecked {
    /// Whether the envelope's signature was not looked at yet.
    pub(super) fn has(&self, envelope: &Envelope) -> bool {
        let of_doc = self.waiting.get(&envelope.doc);
        of_doc.is_some_and(|waiting| waiting.contains_key(&(envelope.actor.clone(), envelope.seq)))
    }

    fn add(&mut self, envelope: &Envelope, hash: Hash) {
        let place = (envelope.actor.clone(), envelope.seq);
        if let Entry::Vacant(free) = self.waiting.entry(envelope.doc.clone()).or_default().entry(place) {
            free.insert((Envelope { change: Vec::new(), ..envelope.clone() }, hash));
            self.count += 1;
        }
    }

    fn pop(&mut self, doc: &DocId) -> Option<(Envelope, Hash)> {
        let of_doc = self.waiting.get_mut(doc)?;
        let (_, next) = of_doc.pop_first()?;
        self.count -= 1;
        if of_doc.is_empty() {
            self.waiting.remove(doc);
        }
        Some(next)
    }
}

impl Hub {
    /// The changes that may enter, in an order in which they can be applied. Those of a `repair` may wait for their signatures
    /// to be looked at.
    pub(super) fn admit_together(
        &mut self,
        from: DeviceId,
        envelopes: Vec<Envelope>,
        repair: bool,
    ) -> Vec<(Envelope, Examined)> {
        let (newest, others) = cover::newest_signed(envelopes);
        let mut entering: Vec<_> = newest.into_iter().filter_map(|e| self.admitted(from, e)).collect();
        let mut claims = Vec::with_capacity(others.len());
        for envelope in others {
            match read(&envelope) {
                Ok(change) => claims.push((envelope, change)),
                Err(refusal) => self.refused(&envelope, from, &refusal),
            }
        }
        if claims.is_empty() {
            return entering;
        }
        let may_wait = repair && claims.len() >= MANY && self.unchecked.count + claims.len() <= MAX_WAITING;
        let vouched = cover::vouched(&entering, &claims);
        for (mut envelope, change) in claims {
            let voucher = vouched.get(&(envelope.doc.clone(), change.hash)).copied();
            match self.admit_claim(&mut envelope, &change, voucher, may_wait) {
                Ok(()) => entering.push((envelope, change)),
                Err(refusal) => self.refused(&envelope, from, &refusal),
            }
        }
        cover::dependencies_first(entering)
    }

    /// Whether a change may enter for which perhaps another one vouches, number `voucher` of its author. A signature that
    /// is not its author's is taken away from one that may.
    fn admit_claim(
        &mut self,
        envelope: &mut Envelope,
        change: &Examined,
        voucher: Option<u64>,
        may_wait: bool,
    ) -> Result<(), Refusal> {
        let (roster, flaws) = (self.view.roster().clone(), self.trust_flaws);
        let (branch, me) = (&self.signer.branch, self.role);
        let own = |envelope: &Envelope| admit_change((envelope, change), branch, &roster, me, flaws);
        let Some(n) = voucher else { return own(envelope) };
        let covered = |envelope: &Envelope| admit_covered((envelope, change), n, branch, &roster, me, flaws);
        // An author counts upwards, so what claims to come after its voucher is none of its author's.
        if may_wait && !is_covered(envelope) && envelope.n < n {
            covered(envelope)?;
            self.unchecked.add(envelope, change.hash);
            return Ok(());
        }
        if !is_covered(envelope) {
            match own(envelope) {
                Err(Refusal::Signature) => {}
                decided => return decided,
            }
        }
        covered(envelope)?;
        (envelope.n, envelope.signature) = (0, Vec::new());
        Ok(())
    }

    /// Whether there is work for quiet moments: see [`Input::Quiet`](crate::replication::input::Input::Quiet).
    pub fn has_chores(&self) -> bool {
        self.unchecked.count > 0 || self.ahead.is_due()
    }

    /// Nothing else is to be done.
    pub(super) fn do_chores(&mut self, fx: &mut Effects) {
        self.write_records_ahead();
        self.unchecked.was_quiet = true;
        self.check_some(QUIETLY, fx);
    }

    /// Looks at signatures that wait, if there was no better moment.
    pub(super) fn check_in_time(&mut self, fx: &mut Effects) {
        if !std::mem::take(&mut self.unchecked.was_quiet) {
            self.check_some(A_TICK, fx);
        }
    }

    fn check_some(&mut self, most: usize, fx: &mut Effects) {
        for _ in 0..most {
            let Some(doc) = self.unchecked.waiting.keys().next().cloned() else { return };
            self.check_next_of(&doc, fx);
        }
    }

    /// Looks at those that wait in a document, at most `left` of them, which grows smaller by them; `false` while the document
    /// cannot be passed on, since some are left or one was not its author's and what is stored is about to change.
    pub(super) fn check_all_of(&mut self, doc: &DocId, left: &mut usize, fx: &mut Effects) -> bool {
        let mut good = true;
        while *left > 0
            && let Some(is_good) = self.check_next_of(doc, fx)
        {
            good &= is_good;
            *left -= 1;
        }
        good && !self.unchecked.waiting.contains_key(doc)
    }

    fn check_next_of(&mut self, doc: &DocId, fx: &mut Effects) -> Option<bool> {
        let (envelope, hash) = self.unchecked.pop(doc)?;
        let good = verify(&envelope, &self.signer.branch, &hash).is_ok();
        if !good {
            self.count("signatures_found_wrong");
            fx.store.push(StoreOp::TakeSignature(envelope));
        }
        Some(good)
    }
}
