//! What two machines with one identity decide before anybody can notice.
//!
//! A copied disk holds a copied vote. Until both copies know of each other, two majorities may count it, and one place in a log
//! may be filled twice: two tickets with one number, or two calls of a ticket. No order of messages could prevent that, and
//! the product does not promise it ("what both decided in the first moments is not undone"). So the judge lets those
//! places of the log go that a device showed filled, or filled anew, for the first time then, and no others.

use std::collections::{BTreeMap, BTreeSet};

use branchmesh_model::ids::RecordKey;

/// Which records were made while two machines decided as one device.
#[derive(Default)]
pub struct Doubt {
    open: bool,
    /// Records with the number of the ticket they speak of, as it was first shown.
    known: BTreeMap<RecordKey, String>,
    doubtful: BTreeSet<RecordKey>,
    /// How often something was let go.
    pub excused: usize,
}

impl Doubt {
    /// From now on, or from now on no more, two machines may decide as one device without knowing of each other.
    pub fn set(&mut self, open: bool) {
        self.open = open;
    }

    /// Some device shows a record about the ticket `number`: for the first time, or its place was filled once more.
    pub fn see(&mut self, record: RecordKey, number: &str) {
        let stands = self.known.get(&record).is_some_and(|known| known == number);
        if !stands && self.open {
            self.doubtful.insert(record);
        }
        self.known.entry(record).or_insert_with(|| number.to_owned());
    }

    /// Whether a record about the ticket `number` was made in that time, so that it may be taken back.
    pub fn excuses_number(&mut self, number: &str) -> bool {
        let of_it = |record: &&RecordKey| self.known.get(*record).is_some_and(|known| known == number);
        let excused = self.doubtful.iter().any(|record| of_it(&record));
        self.excused += usize::from(excused);
        excused
    }

    /// Whether one of these records was made in that time, so that they may be at odds.
    pub fn excuses(&mut self, records: impl IntoIterator<Item = RecordKey>) -> bool {
        let excused = records.into_iter().any(|record| self.doubtful.contains(&record));
        self.excused += usize::from(excused);
        excused
    }
}
