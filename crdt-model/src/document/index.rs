//! Where each fact of a document stands, so that few keys have to be looked for in automerge.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Where a fact stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Place {
    /// Under its own key.
    Own,
    /// In the bundles of this operation.
    Bundle(u32),
}

/// Where all that was written under one key stands.
enum Places {
    /// It was written once.
    One(Place),
    /// It was written more than once.
    Several(BTreeSet<Place>),
}

impl Places {
    fn all(&self) -> impl Iterator<Item = Place> {
        let (one, several) = match self {
            Self::One(place) => (Some(*place), None),
            Self::Several(places) => (None, Some(places)),
        };
        one.into_iter().chain(several.into_iter().flatten().copied())
    }

    fn add(&mut self, place: Place) {
        match self {
            Self::One(first) => *self = Self::Several([*first, place].into()),
            Self::Several(places) => {
                places.insert(place);
            }
        }
    }
}

/// Where each fact stands, by the hash of its key; whether it was written more than once is known since the document was
/// read. Most facts are new, and automerge takes a while to find that nothing is there. Keys that share a hash only cost
/// a look.
#[derive(Default)]
pub(super) struct Index(BTreeMap<u64, Places>);

impl Index {
    fn hash(key: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish()
    }

    pub(super) fn note(&mut self, key: &str, place: Place) {
        match self.0.entry(Self::hash(key)) {
            Entry::Vacant(free) => {
                free.insert(Places::One(place));
            }
            Entry::Occupied(mut there) => there.get_mut().add(place),
        }
    }

    /// Where all that was written under `key` stands.
    pub(super) fn places(&self, key: &str) -> impl Iterator<Item = Place> {
        self.0.get(&Self::hash(key)).into_iter().flat_map(Places::all)
    }

    /// Whether `key` was perhaps written more than once.
    pub(super) fn is_written_again(&self, key: &str) -> bool {
        matches!(self.0.get(&Self::hash(key)), Some(Places::Several(_)))
    }
}
