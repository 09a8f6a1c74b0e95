//! How long past days stay. The newest business days held count, never a clock, so that a wrong clock throws nothing away and
//! devices that hold the same days keep the same.

use std::ops::Bound::{Excluded, Unbounded};

use branchmesh_model::schema::{DocId, Family};
use branchmesh_model::time::{BusinessDate, business_date};
use branchmesh_model::visit::Visit;
use jiff::ToSpan;

use super::Hub;
use super::calendar::queue_documents;
use crate::replication::input::Effects;
use crate::storage::StoreError;

/// Seconds between two looks at which days are held.
pub(super) const KEEP_EVERY_S: u64 = 10;
/// Documents of past days let go at one look: a device that was never asked to let any go has many.
const LET_GO_AT_ONCE: usize = 64;
/// Visits looked at in a second.
const VISITS_A_SECOND: usize = 32;

/// Which days are kept, and how far the visits were looked through since that changed.
#[derive(Default)]
pub(super) struct Kept {
    /// The oldest day to keep; none while there are fewer than shall be kept.
    oldest: Option<BusinessDate>,
    /// The visit looked at last; none once all were.
    visit: Option<DocId>,
}

impl Hub {
    /// Whether the document is of no day that was let go.
    pub(super) fn keeps(&self, doc: &DocId) -> bool {
        let Some(oldest) = self.kept.oldest else { return true };
        doc.date().filter(|_| doc.family() == Family::Queue).is_none_or(|date| date >= oldest)
    }

    /// Lets the days go that are older than the newest so many.
    pub(super) fn let_past_days_go(&mut self, fx: &mut Effects) {
        let oldest = self.oldest_to_keep();
        if oldest != self.kept.oldest {
            self.kept = Kept { oldest, visit: oldest.map(|_| DocId::visit_names().0) };
        }
        let Some(oldest) = oldest else { return };
        let past = queue_documents(&self.documents).take_while(|(_, date)| *date < oldest);
        let past: Vec<DocId> = past.take(LET_GO_AT_ONCE).map(|(doc, _)| doc.clone()).collect();
        self.count_many("documents_let_go", past.len());
        past.iter().for_each(|doc| self.documents.forget(doc, &mut fx.store));
    }

    fn oldest_to_keep(&self) -> Option<BusinessDate> {
        let keep = usize::from(self.view.config().thresholds.keep_days);
        // Days far ahead were made by a wrong clock and must not push out real ones.
        let latest = self.today.saturating_add(1.day());
        let mut days: Vec<BusinessDate> =
            queue_documents(&self.documents).rev().map(|(_, date)| date).filter(|date| *date <= latest).collect();
        days.dedup();
        days.get(keep.saturating_sub(1)).copied()
    }

    /// Looks through some of the visits: who came on a day that was let go is forgotten too.
    pub(super) fn let_past_visits_go(&mut self, fx: &mut Effects) -> Result<(), StoreError> {
        let (Some(oldest), Some(last)) = (self.kept.oldest, self.kept.visit.take()) else { return Ok(()) };
        let end = DocId::visit_names().1;
        let rest = self.documents.held().range((Excluded(last), Unbounded)).map(|(doc, _)| doc);
        let some: Vec<DocId> = rest.take_while(|doc| **doc < end).take(VISITS_A_SECOND).cloned().collect();
        for doc in &some {
            if self.is_visit_before(doc, oldest)? {
                self.count("visits_let_go");
                self.documents.forget(doc, &mut fx.store);
            }
        }
        self.kept.visit = some.into_iter().last();
        Ok(())
    }

    /// Whether all that was told of the customer was told before `oldest`. The clock of whoever was told may have been
    /// wrong, so a ticket that is still shown says otherwise.
    fn is_visit_before(&self, doc: &DocId, oldest: BusinessDate) -> Result<bool, StoreError> {
        let is_shown = |ticket| self.view.days().values().any(|day| day.tickets.contains_key(&ticket));
        if !self.documents.is_committed(doc) || doc.ticket().is_some_and(is_shown) {
            return Ok(false);
        }
        let facts = self.store.facts(doc)?;
        let told = Visit::told_last(facts.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        Ok(told.is_some_and(|at| business_date(at, &self.context.zone, self.view.config().branch.cut_off) < oldest))
    }
}
