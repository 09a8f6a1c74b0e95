//! Records of the log that count: shown as soon as that is known, then written into the documents they concern.
//!
//! What counts is on the disks of a quorum, so nobody who shows it needs to wait for a disk of its own. The steward writes
//! the facts a moment later; whoever finds them missing does so otherwise, with the same keys and bytes.

use std::collections::BTreeMap;

use branchmesh_model::decide;
use branchmesh_model::ids::RecordId;
use branchmesh_model::schema::{DocId, Write};
use branchmesh_model::ticket::Entry;

use super::{Hub, Source};
use crate::replication::input::{Effects, Now};
use crate::storage::StoreError;

/// A record that counts and is still in no document here after this time, milliseconds, is written here too: its steward
/// is out of reach, or keeps its documents to itself.
const LATE_MS: u64 = 10_000;
/// The same while a peer has documents that are not here, since it may be in those; one that keeps them to itself has them
/// for ever.
const LATE_WHILE_BEHIND_MS: u64 = 30_000;

/// Facts that are shown because their records count, while their documents do not hold them yet.
#[derive(Default)]
pub(super) struct Ahead {
    facts: BTreeMap<(DocId, String), Shown>,
    /// Whether this device, the steward, is to write them in the next quiet moment.
    due: bool,
}

struct Shown {
    value: String,
    since: u64,
}

impl Ahead {
    pub(super) fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether the steward has something to write.
    pub(super) fn is_due(&self) -> bool {
        self.due
    }

    fn drain_where(&mut self, ripe: impl Fn(&Shown) -> bool) -> Vec<Write> {
        let ripe = self.facts.extract_if(.., |_, shown| ripe(shown));
        ripe.map(|((doc, key), shown)| Write { doc, key, value: shown.value }).collect()
    }
}

impl Hub {
    /// Shows what a record did, unless it stands in its documents. The steward writes it there when nothing else is to be done, at
    /// the next tick at the latest: nobody waits for that, and records that come together share a change.
    pub(super) fn show_record(
        &mut self,
        now: Now,
        record: RecordId,
        entry: &Entry,
        fx: &mut Effects,
    ) -> Result<(), StoreError> {
        for Write { doc, key, value } in decide::materialise(record, entry) {
            let place = (doc, key);
            if !self.keeps(&place.0) || self.ahead.facts.contains_key(&place) || self.is_written(&place)? {
                continue;
            }
            self.see(&place.0, &[(place.1.clone(), value.clone())], Source::Here)?;
            self.ahead.facts.insert(place, Shown { value, since: now.mono_ms });
            fx.publish = true;
        }
        self.ahead.due |= self.machine.is_active() && self.ahead.len() > 0;
        Ok(())
    }

    fn is_written(&mut self, (doc, key): &(DocId, String)) -> Result<bool, StoreError> {
        Ok(self.documents.held().contains_key(doc) && self.documents.has_fact(doc, key)?)
    }

    /// Writes what is shown and in no document yet; the steward's duty.
    pub(super) fn write_records_ahead(&mut self) {
        if std::mem::take(&mut self.ahead.due) && self.machine.is_active() {
            let writes = self.ahead.drain_where(|_| true);
            self.write_shown(writes);
        }
    }

    /// What the view has seen already is written down at the end of the handling.
    fn write_shown(&mut self, writes: Vec<Write>) {
        for Write { doc, key, value } in writes {
            self.unwritten.entry(doc).or_default().push((key, value));
        }
    }

    /// Writes what nobody else has written in time.
    pub(super) fn write_late_records(&mut self, now: Now) {
        if self.ahead.len() == 0 || self.stands_still() {
            return;
        }
        let is_behind = self.peers.values().any(|peer| peer.behind > 0);
        let late = if is_behind { LATE_WHILE_BEHIND_MS } else { LATE_MS };
        let writes = self.ahead.drain_where(|shown| now.mono_ms >= shown.since + late);
        self.count_many("records_written_late", writes.len());
        self.write_shown(writes);
    }

    /// Shows what counts, or was answered here, of the days in sight.
    pub(super) fn show_known_records(&mut self, now: Now, fx: &mut Effects) -> Result<(), StoreError> {
        let oldest = self.oldest_day_shown();
        let answers = self.machine.durable().answers.values().map(|saved| (saved.record, &saved.body[..]));
        let records = self.machine.committed_entries().map(|(record, _, body)| (record, body));
        let read = |(record, body)| serde_json::from_slice(body).ok().map(|entry: Entry| (record, entry));
        let known: Vec<(RecordId, Entry)> = records.chain(answers).filter_map(read).collect();
        for (record, entry) in known {
            if entry.act.dates(record.key()).all(|date| date >= oldest) {
                self.show_record(now, record, &entry, fx)?;
            }
        }
        Ok(())
    }

    /// What was shown under `key` ahead of the document that brings it now.
    pub(super) fn take_ahead(&mut self, doc: &DocId, key: &str) -> Option<String> {
        if self.ahead.len() == 0 {
            return None;
        }
        self.ahead.facts.remove(&(doc.clone(), key.to_owned())).map(|shown| shown.value)
    }

    /// Shows those of the days that came into sight; whether there are any.
    pub(super) fn show_ahead_of(&mut self, in_sight: impl Fn(&DocId) -> bool) -> bool {
        let mut any = false;
        for ((doc, key), shown) in self.ahead.facts.iter().filter(|((doc, _), _)| in_sight(doc)) {
            self.view.apply(doc, key, &shown.value);
            any = true;
        }
        any
    }
}
