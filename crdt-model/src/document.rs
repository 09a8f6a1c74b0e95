//! The only code that writes or reads automerge: a document as a set of facts, `key → text`, at its root. Where facts are
//! never written anew, those of one change stand together in a [bundle].
//!
//! A change that comes from outside is first [`examine`]d without a document: it may only put text under root keys, and
//! its actor must belong to its author. What passes is then checked by the schema and applied. So a hostile member can
//! neither delete, nor nest, nor wedge a document by reusing somebody's actor id.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use automerge::legacy::OpId;
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, AutoCommit, Change, ChangeHash, ObjId, ROOT, ReadDoc, ScalarValueRef, Value, ValueRef};

use crate::ids::DeviceId;
use crate::schema::{DocId, Family};
use crate::time::UnixMs;

mod bundle;
mod chunk;
mod examine;
mod index;
#[cfg(test)]
mod tests;

pub use examine::{Examined, MAX_OPERATIONS, MAX_REPLACED, Position, examine};
use index::{Index, Place};

/// The hash of a change; what its author signs.
pub type Hash = [u8; 32];

/// Largest change accepted, in bytes.
pub const MAX_CHANGE_BYTES: usize = 256 * 1024;
/// Longest accepted fact key, in bytes.
pub const MAX_KEY_BYTES: usize = 200;

const SCHEMA_KEY: &str = "schema";
/// The highest operation number accepted from others: half of automerge's 32 bits, so that a device can always write.
const MAX_OP: u64 = 1 << 31;

/// Why bytes are not an acceptable change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeProblem {
    /// Larger than [`MAX_CHANGE_BYTES`], or compressed.
    #[error("a change of {0} bytes is too large or compressed")]
    TooLarge(usize),
    /// More than [`MAX_OPERATIONS`] or [`MAX_REPLACED`].
    #[error("a change of {0} operations in the place of {1} others is too large")]
    TooMany(u64, u64),
    /// Not an automerge change.
    #[error("not a change: {0}")]
    Malformed(String),
    /// Does something other than put text under a root key, or bundles facts in a way no writer does.
    #[error("a change may only put text under root keys, each once, and bundles where its own operations stand")]
    Shape,
    /// Stands in the place of something that is not under its own key, or not in what it builds on.
    #[error("a change may only overwrite what it has seen under its own keys")]
    Elsewhere,
    /// The actor id was not derived from the author's key.
    #[error("the change's actor does not belong to its author")]
    ForeignActor,
    /// Two different changes claim the same place of one actor.
    #[error("the actor already made another change number {0}")]
    DuplicateSeq(u64),
    /// A change it depends on is missing.
    #[error("depends on changes that are not here yet")]
    Early,
    /// Its operations do not begin with the number after the last of all it builds on, or go beyond what can be counted.
    /// Automerge numbers them so, and its save relies on it.
    #[error("its operations are counted from {0}, and what it builds on ends with {1}")]
    Miscounted(u64, u64),
    /// It does not build on the change that its actor made before.
    #[error("it does not build on change {0} of its actor")]
    Unlinked(u64),
}

/// A writer's identity in documents: eight bytes of its device's hash, eight drawn anew at every process start, so that
/// a copied disk or a restored backup never continues an actor.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Actor([u8; 16]);

impl Actor {
    /// The actor of `device` for one process start; `fresh` must be drawn at random for each.
    pub fn new(device: &DeviceId, fresh: [u8; 8]) -> Self {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&Self::owner(device));
        bytes[8..].copy_from_slice(&fresh);
        Self(bytes)
    }

    /// Another actor of the same process and device, for the `n`th of its changes.
    pub fn derived(&self, device: &DeviceId, n: u64) -> Self {
        let mut bytes = self.0.to_vec();
        bytes.extend_from_slice(&n.to_be_bytes());
        let mut fresh = [0; 8];
        fresh.copy_from_slice(&blake3::derive_key("branchmesh derived actor 1", &bytes)[..8]);
        Self::new(device, fresh)
    }

    fn owner(device: &DeviceId) -> [u8; 8] {
        let mut owner = [0; 8];
        owner.copy_from_slice(&blake3::derive_key("branchmesh actor 1", &device.0)[..8]);
        owner
    }
}

/// A change made here, ready to be signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewChange {
    /// What to sign.
    pub hash: Hash,
    /// The change itself, uncompressed.
    pub bytes: Vec<u8>,
    /// Its actor.
    pub actor: Vec<u8>,
    /// Its number among its actor's changes, from 1.
    pub seq: u64,
}

impl From<&Change> for NewChange {
    fn from(change: &Change) -> Self {
        Self {
            hash: change.hash().0,
            bytes: change.raw_bytes().to_vec(),
            actor: change.actor_id().to_bytes().to_vec(),
            seq: change.seq(),
        }
    }
}

/// A document: facts under keys, with the history that lets it merge.
pub struct FactDoc {
    doc: AutoCommit,
    /// Whether facts are only ever added here, never written anew.
    adds: bool,
    index: OnceLock<Index>,
}

impl FactDoc {
    /// The document as every node begins it: one genesis change, the same bytes everywhere.
    pub fn new(id: &DocId, actor: &Actor) -> Self {
        let family = id.family();
        let mut doc = AutoCommit::new().with_actor(ActorId::from(&b"branchmesh-genesis"[..]));
        put(&mut doc, SCHEMA_KEY, &schema_name(&family));
        doc.commit_with(CommitOptions::default().with_time(0));
        let doc = doc.with_actor(ActorId::from(&actor.0[..]));
        Self { doc, adds: family.is_added_to(), index: OnceLock::new() }
    }

    /// Reads the document `id` that [`FactDoc::save`] wrote.
    ///
    /// # Errors
    /// [`ChangeProblem::Malformed`] if the bytes are damaged.
    pub fn load(id: &DocId, bytes: &[u8], actor: &Actor) -> Result<Self, ChangeProblem> {
        let doc = AutoCommit::load(bytes).map_err(|e| ChangeProblem::Malformed(e.to_string()))?;
        let doc = doc.with_actor(ActorId::from(&actor.0[..]));
        Ok(Self { doc, adds: id.family().is_added_to(), index: OnceLock::new() })
    }

    /// Goes on writing as `actor`.
    pub fn act_as(&mut self, actor: &Actor) {
        self.doc.set_actor(ActorId::from(&actor.0[..]));
    }

    /// Puts facts in one change; `None` if every one of them stood there already. Where facts are [only
    /// added](Family::is_added_to), what stands under a key stays.
    pub fn write(&mut self, facts: &[(String, String)], at: UnixMs) -> Option<NewChange> {
        let is_new = if self.adds { self.add(facts) } else { self.overwrite(facts) };
        if !is_new {
            return None;
        }
        self.doc.commit_with(CommitOptions::default().with_time(at.0.div_euclid(1000)));
        self.doc.get_last_local_change().as_ref().map(NewChange::from)
    }

    fn overwrite(&mut self, facts: &[(String, String)]) -> bool {
        let mut fresh = false;
        for (key, text) in facts {
            if self.get(key).as_ref() != Some(text) {
                self.put_under_own_key(key, text);
                fresh = true;
            }
        }
        fresh
    }

    fn add(&mut self, facts: &[(String, String)]) -> bool {
        let mut seen = BTreeSet::new();
        let fresh: Vec<&(String, String)> =
            facts.iter().filter(|&fact| !self.has_fact(&fact.0) && seen.insert(fact.0.as_str())).collect();
        let (bundled, alone): (Vec<_>, Vec<_>) =
            fresh.iter().copied().partition(|(key, text)| bundle::takes(key, text));
        if !bundled.is_empty() {
            let number = self.next_op();
            put(&mut self.doc, &bundle::key(number), &bundle::pack(bundled.iter().map(|(k, t)| (&**k, &**t))));
            bundled.iter().for_each(|(key, _)| self.note(key, Place::Bundle(number)));
        }
        alone.iter().for_each(|(key, text)| self.put_under_own_key(key, text));
        !fresh.is_empty()
    }

    fn put_under_own_key(&mut self, key: &str, text: &str) {
        put(&mut self.doc, key, text);
        self.note(key, Place::Own);
    }

    /// The number of the next operation: the one after the last of all changes here.
    fn next_op(&mut self) -> u32 {
        let heads = self.doc.get_heads();
        let last = heads.iter().filter_map(|head| self.position(&head.0)).map(|p| p.last_op).max().unwrap_or(0);
        u32::try_from(last + 1).expect("others may use half of the numbers, and no device lives to use the rest")
    }

    /// Whether a change may be applied after those here and `others`. One that overwrites must wait until what it builds on
    /// is here, so that it can be seen what it overwrites.
    ///
    /// # Errors
    /// [`ChangeProblem::Early`] if one it builds on is in neither, [`ChangeProblem::Unlinked`], [`ChangeProblem::Miscounted`]
    /// and [`ChangeProblem::Elsewhere`] as those say.
    pub fn check_place(&mut self, change: &Examined, others: &BTreeMap<Hash, Position>) -> Result<(), ChangeProblem> {
        let (mut last, mut follows) = (0, change.seq == 1);
        for dep in change.deps() {
            let of_dep = others.get(&dep).filter(|_| !change.overwrites()).cloned().or_else(|| self.position(&dep));
            let of_dep = of_dep.ok_or(ChangeProblem::Early)?;
            last = last.max(of_dep.last_op);
            follows |= of_dep.seq == change.seq - 1 && of_dep.actor == change.actor;
        }
        if !follows {
            return Err(ChangeProblem::Unlinked(change.seq - 1));
        }
        let first = change.change.start_op().get();
        if first != last + 1 || change.change.max_op() > MAX_OP {
            return Err(ChangeProblem::Miscounted(first, last));
        }
        if self.has_seen_all(change) { Ok(()) } else { Err(ChangeProblem::Elsewhere) }
    }

    /// Whether all that `change` stands in the place of stood under the same keys in what it builds on.
    fn has_seen_all(&self, change: &Examined) -> bool {
        change.replaced.iter().all(|(key, replaced)| {
            let written = self.doc.get_all_at(ROOT, key.as_str(), change.change.deps()).unwrap_or_default();
            let ids = written.into_iter().filter_map(|(_, id)| match id {
                ObjId::Id(number, actor, _) => Some((number, actor)),
                ObjId::Root => None,
            });
            let seen: BTreeSet<(u64, ActorId)> = ids.collect();
            replaced.iter().all(|OpId(number, actor)| seen.contains(&(*number, actor.clone())))
        })
    }

    /// Applies a change whose dependencies are all here.
    ///
    /// # Errors
    /// As [`FactDoc::check_place`]; [`ChangeProblem::DuplicateSeq`] if its place among its actor's is taken by another.
    pub fn apply(&mut self, change: Examined) -> Result<(), ChangeProblem> {
        self.check_place(&change, &BTreeMap::new())?;
        let seq = change.seq;
        self.note_all(&change);
        self.doc.apply_changes([change.change]).map_err(|_| ChangeProblem::DuplicateSeq(seq))
    }

    /// Applies many changes at once, much faster than one by one, and gives back the facts of each. Of these and the ones
    /// here, what a change builds on must be among them, in any order; what is missing its dependencies is not applied.
    ///
    /// # Errors
    /// [`ChangeProblem::Malformed`] if automerge refuses one of them, such as a second change in one place.
    pub fn apply_all(
        &mut self,
        changes: impl IntoIterator<Item = Examined>,
    ) -> Result<Vec<Vec<(String, String)>>, ChangeProblem> {
        let noted = changes.into_iter().inspect(|change| self.note_all(change));
        let (changes, facts): (Vec<_>, Vec<_>) = noted.map(|c| (c.change, c.facts)).unzip();
        self.doc.apply_changes(changes).map_err(|e| ChangeProblem::Malformed(e.to_string()))?;
        Ok(facts)
    }

    fn note_all(&mut self, change: &Examined) {
        for ((key, _), place) in change.facts.iter().zip(&change.places) {
            self.note(key, *place);
        }
    }

    /// Tells the index of a fact, if there is one already; a new one finds it by itself.
    fn note(&mut self, key: &str, place: Place) {
        if let Some(index) = self.index.get_mut() {
            index.note(key, place);
        }
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let mut index = Index::default();
            self.read(|key, _, place| index.note(key, place));
            index
        })
    }

    /// Whether the change is part of this document.
    pub fn has(&mut self, hash: &Hash) -> bool {
        self.doc.get_change_meta_by_hash(&ChangeHash(*hash)).is_some()
    }

    /// Where a change stands, if it is part of this document.
    fn position(&mut self, hash: &Hash) -> Option<Position> {
        let change = self.doc.get_change_meta_by_hash(&ChangeHash(*hash))?;
        Some(Position { actor: change.actor.to_bytes().to_vec(), seq: change.seq, last_op: change.max_op })
    }

    /// Whether there is a fact under `key`.
    pub fn has_fact(&self, key: &str) -> bool {
        self.index().places(key).any(|place| match place {
            Place::Own => self.texts(key).next().is_some(),
            Place::Bundle(number) => {
                self.texts(&bundle::key(number)).any(|bundle| bundle::unpack(&bundle).any(|(k, _)| k == key))
            }
        })
    }

    /// The fact under `key`; of several written at once, one that is chosen alike everywhere.
    pub fn get(&self, key: &str) -> Option<String> {
        self.chosen(key).map(|(text, _)| text)
    }

    /// The same, and whether different texts were written under `key` at once, so that this one was chosen: of those under
    /// the key itself the one automerge chooses, and of that and those in bundles the greatest.
    pub fn chosen(&self, key: &str) -> Option<(String, bool)> {
        self.chosen_of([key]).remove(key)
    }

    /// The same for many keys; each bundle is read once.
    pub fn chosen_of<'k>(&self, keys: impl IntoIterator<Item = &'k str>) -> BTreeMap<&'k str, (String, bool)> {
        let (mut chosen, mut asked, mut bundles) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        for key in keys {
            for place in self.index().places(key) {
                match place {
                    Place::Own => {
                        let written: BTreeSet<String> = self.texts(key).collect();
                        let first = self.doc.get(ROOT, key).ok().flatten().and_then(text);
                        chosen.extend(first.map(|text| (key, (text, written.len() > 1))));
                    }
                    Place::Bundle(number) => {
                        asked.insert(key);
                        bundles.insert(number);
                    }
                }
            }
        }
        for bundle in bundles.into_iter().flat_map(|number| self.texts(&bundle::key(number))) {
            for (key, text) in bundle::unpack(&bundle) {
                let Some(key) = asked.get(key) else { continue };
                match chosen.entry(*key) {
                    Entry::Vacant(free) => {
                        free.insert((text.to_owned(), false));
                    }
                    Entry::Occupied(mut there) => {
                        let (greatest, contested) = there.get_mut();
                        *contested |= greatest != text;
                        if greatest.as_str() < text {
                            text.clone_into(greatest);
                        }
                    }
                }
            }
        }
        chosen
    }

    /// Everything that was written under an automerge key at once.
    fn texts(&self, key: &str) -> impl Iterator<Item = String> + use<'_> {
        self.doc.get_all(ROOT, key).unwrap_or_default().into_iter().filter_map(text)
    }

    /// Whether `key` was perhaps written more than once. If not, the text that came with a change which was just applied is
    /// the only one.
    pub fn is_written_again(&self, key: &str) -> bool {
        self.index().is_written_again(key)
    }

    /// All facts in key order.
    pub fn facts(&self) -> Vec<(String, String)> {
        let mut facts = Vec::new();
        self.read(|key, text, _| facts.push((key.to_owned(), text.to_owned())));
        facts.sort_unstable();
        // Of several texts of one key the greatest, which comes last.
        facts.dedup_by(|later, kept| {
            later.0 == kept.0 && {
                std::mem::swap(later, kept);
                true
            }
        });
        facts
    }

    /// Shows every fact and where it stands; of texts under one key of its own the one automerge chooses.
    fn read(&self, mut see: impl FnMut(&str, &str, Place)) {
        for entry in self.doc.map_range(ROOT, ..).filter(|entry| entry.key != SCHEMA_KEY) {
            let ValueRef::Scalar(ScalarValueRef::Str(text)) = entry.value else { continue };
            let Some(number) = bundle::op(&entry.key) else {
                // As often as it was certainly written, for the index.
                (0..=usize::from(entry.conflict)).for_each(|_| see(&entry.key, &text, Place::Own));
                continue;
            };
            let mut unpack = |text: &str| bundle::unpack(text).for_each(|(k, t)| see(k, t, Place::Bundle(number)));
            if entry.conflict {
                self.texts(&entry.key).for_each(|text| unpack(&text));
            } else {
                unpack(&text);
            }
        }
    }

    /// The hashes of the changes nothing builds on, sorted: equal heads mean equal documents.
    pub fn heads(&mut self) -> Vec<Hash> {
        let mut heads: Vec<Hash> = self.doc.get_heads().into_iter().map(|h| h.0).collect();
        heads.sort_unstable();
        heads
    }

    /// One hash over [`FactDoc::heads`].
    pub fn heads_digest(&mut self) -> Hash {
        let mut hasher = blake3::Hasher::new();
        for head in self.heads() {
            hasher.update(&head);
        }
        *hasher.finalize().as_bytes()
    }

    /// For every actor the number of its newest change here.
    pub fn versions(&mut self) -> BTreeMap<Vec<u8>, u64> {
        let mut versions = BTreeMap::new();
        for meta in self.doc.get_changes_meta(&[]) {
            let newest = versions.entry(meta.actor.to_bytes().to_vec()).or_insert(0);
            *newest = meta.seq.max(*newest);
        }
        versions.remove(&b"branchmesh-genesis"[..]);
        versions
    }

    /// Every change but the genesis, as bytes that were once signed; what a change builds on comes before it.
    pub fn changes_in_order(&mut self) -> Vec<NewChange> {
        let made_by_a_device = |c: &Change| c.actor_id().to_bytes() != b"branchmesh-genesis";
        let changes = self.doc.get_changes(&[]);
        changes.iter().filter(|c| made_by_a_device(c)).map(NewChange::from).collect()
    }

    /// The whole document, compressed.
    pub fn save(&mut self) -> Vec<u8> {
        self.doc.save()
    }
}

/// The text of a value that was read, if it is one.
fn text((value, _): (Value<'_>, ObjId)) -> Option<String> {
    match value {
        Value::Scalar(scalar) => scalar.as_str().map(str::to_owned),
        Value::Object(_) => None,
    }
}

fn put(doc: &mut AutoCommit, key: &str, value: &str) {
    doc.put(ROOT, key, value).expect("putting text under a root key cannot fail");
}

/// The schema a new document of `family` begins with. A later version begins with another, so the two never mix.
fn schema_name(family: &Family) -> String {
    format!("{}/1", family.as_str())
}
