//! The only code that writes or reads automerge: a document as a set of facts, `key → text`, at its root. Where facts are
//! never written anew, those of one change stand together in a [bundle].
//!
//! A change that comes from outside is first [`examine`]d without a document: it may only put text under root keys, and
//! its actor must belong to its author. What passes is then checked by the schema and applied. So a hostile member can
//! neither delete, nor nest, nor wedge a document by reusing somebody's actor id.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use automerge::legacy::{Key, ObjectId, OpType};
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{
    ActorId, AutoCommit, Change, ChangeHash, ObjId, ROOT, ReadDoc, ScalarValue, ScalarValueRef, Value, ValueRef,
};

use crate::ids::DeviceId;
use crate::schema::{DocId, Family};
use crate::time::UnixMs;

mod bundle;

/// The hash of a change; what its author signs.
pub type Hash = [u8; 32];

/// Largest change accepted, in bytes.
pub const MAX_CHANGE_BYTES: usize = 256 * 1024;
/// Longest accepted fact key, in bytes.
pub const MAX_KEY_BYTES: usize = 200;

const SCHEMA_KEY: &str = "schema";

/// Why bytes are not an acceptable change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeProblem {
    /// Larger than [`MAX_CHANGE_BYTES`], or compressed.
    #[error("a change of {0} bytes is too large or compressed")]
    TooLarge(usize),
    /// Not an automerge change.
    #[error("not a change: {0}")]
    Malformed(String),
    /// Does something other than put text under a root key, or bundles facts in a way no writer does.
    #[error("a change may only put text under root keys, and bundles where its own operations stand")]
    Shape,
    /// The actor id was not derived from the author's key.
    #[error("the change's actor does not belong to its author")]
    ForeignActor,
    /// Two different changes claim the same place of one actor.
    #[error("the actor already made another change number {0}")]
    DuplicateSeq(u64),
    /// A change it depends on is missing.
    #[error("depends on changes that are not here yet")]
    Early,
    /// Its operations do not begin with the number after the last of all it builds on. Automerge numbers them so, and its
    /// save relies on it.
    #[error("its operations are counted from {0}, and what it builds on ends with {1}")]
    Miscounted(u64, u64),
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

/// A change from outside, decoded and found to be of the accepted shape, not yet checked against the schema.
pub struct Examined {
    change: Change,
    /// The facts it puts.
    pub facts: Vec<(String, String)>,
    /// Where it puts each of them.
    places: Vec<Place>,
    /// Its hash.
    pub hash: Hash,
    /// Its actor, 16 bytes.
    pub actor: Vec<u8>,
    /// Its number among its actor's changes, from 1.
    pub seq: u64,
}

impl Examined {
    /// The changes it builds on.
    pub fn deps(&self) -> impl Iterator<Item = Hash> + '_ {
        self.change.deps().iter().map(|h| h.0)
    }

    /// The number of its last operation.
    pub fn last_op(&self) -> u64 {
        self.change.max_op()
    }

    /// Whether any of its facts stand in a bundle.
    pub fn has_bundle(&self) -> bool {
        self.places.iter().any(|place| matches!(place, Place::Bundle(_)))
    }
}

/// Decodes `bytes` and checks that it is a change by `author` of the accepted shape.
pub fn examine(bytes: &[u8], author: &DeviceId) -> Result<Examined, ChangeProblem> {
    const COMPRESSED: u8 = 2;
    if bytes.len() > MAX_CHANGE_BYTES || bytes.get(8) == Some(&COMPRESSED) {
        return Err(ChangeProblem::TooLarge(bytes.len()));
    }
    // automerge's decoder has paths that panic on operations no writer makes; a hostile member must not stop a node.
    let decoded = catch_unwind(AssertUnwindSafe(|| Change::from_bytes(bytes.to_vec()).map(|c| (c.decode(), c))))
        .map_err(|_| ChangeProblem::Malformed("undecodable operation".into()))?;
    let (expanded, change) = decoded.map_err(|e| ChangeProblem::Malformed(e.to_string()))?;
    let actor = change.actor_id().to_bytes().to_vec();
    if actor.len() != 16 || actor[..8] != Actor::owner(author) {
        return Err(ChangeProblem::ForeignActor);
    }
    let (mut facts, mut places) = (Vec::with_capacity(expanded.operations.len()), Vec::new());
    for (op, number) in expanded.operations.into_iter().zip(change.start_op().get()..) {
        let (ObjectId::Root, Key::Map(key), OpType::Put(ScalarValue::Str(text)), false) =
            (op.obj, op.key, op.action, op.insert)
        else {
            return Err(ChangeProblem::Shape);
        };
        if bundle::is_key(&key) {
            // Under its own number, and in nobody's place: so no bundle can ever be taken out of sight.
            let number = bundle::op(&key).filter(|n| u64::from(*n) == number && op.pred.iter().next().is_none());
            let number = number.filter(|_| bundle::is_whole(&text)).ok_or(ChangeProblem::Shape)?;
            facts.extend(bundle::unpack(&text).map(|(key, text)| (key.to_owned(), text.to_owned())));
            places.resize(facts.len(), Place::Bundle(number));
        } else {
            facts.push((key.to_string(), text.to_string()));
            places.push(Place::Own);
        }
    }
    let is_sound =
        |key: &str| !key.is_empty() && key.len() <= MAX_KEY_BYTES && key != SCHEMA_KEY && !bundle::is_key(key);
    if !facts.iter().all(|(key, _)| is_sound(key)) {
        return Err(ChangeProblem::Shape);
    }
    Ok(Examined { hash: change.hash().0, seq: change.seq(), change, facts, places, actor })
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

/// Where a fact stands.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Place {
    /// Under its own key.
    Own,
    /// In the bundles of this operation.
    Bundle(u32),
    /// It was written more than once, to these places.
    Several(Vec<Place>),
}

impl Place {
    fn all(&self) -> &[Place] {
        match self {
            Place::Several(places) => places,
            one => std::slice::from_ref(one),
        }
    }

    fn add(&mut self, other: Place) {
        if !matches!(self, Place::Several(_)) {
            *self = Place::Several(vec![self.clone()]);
        }
        if let Place::Several(places) = self
            && !places.contains(&other)
        {
            places.push(other);
        }
    }
}

/// Where each fact stands, by the hash of its key; whether it was written more than once is known since the document was
/// read. Most facts are new, and automerge takes a while to find that nothing is there. Keys that share a hash only cost
/// a look.
#[derive(Default)]
struct Index(BTreeMap<u64, Place>);

impl Index {
    fn hash(key: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish()
    }

    fn note(&mut self, key: &str, place: Place) {
        match self.0.entry(Self::hash(key)) {
            Entry::Vacant(free) => {
                free.insert(place);
            }
            Entry::Occupied(mut there) => there.get_mut().add(place),
        }
    }

    fn get(&self, key: &str) -> Option<&Place> {
        self.0.get(&Self::hash(key))
    }
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

    /// Reads a document that [`FactDoc::save`] wrote.
    ///
    /// # Errors
    /// [`ChangeProblem::Malformed`] if the bytes are damaged.
    pub fn load(bytes: &[u8], actor: &Actor) -> Result<Self, ChangeProblem> {
        let doc = AutoCommit::load(bytes).map_err(|e| ChangeProblem::Malformed(e.to_string()))?;
        let schema = doc.get(ROOT, SCHEMA_KEY).ok().flatten().and_then(text);
        let family = schema.as_deref().and_then(|name| name.split_once('/')).map(|(family, _)| Family::from(family));
        let adds = family.is_some_and(|family| family.is_added_to());
        Ok(Self { doc: doc.with_actor(ActorId::from(&actor.0[..])), adds, index: OnceLock::new() })
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
            facts.iter().filter(|&fact| self.get(&fact.0).is_none() && seen.insert(fact.0.as_str())).collect();
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
        let last = heads.iter().filter_map(|head| self.last_op_of(&head.0)).max().unwrap_or(0);
        u32::try_from(last + 1).expect("automerge counts operations in 32 bits")
    }

    /// Whether a change may be applied after those here and `others`, for which the numbers of their last operations are
    /// given.
    ///
    /// # Errors
    /// [`ChangeProblem::Early`] if one it builds on is in neither, [`ChangeProblem::Miscounted`] as that says.
    pub fn check_place(&mut self, change: &Examined, others: &BTreeMap<Hash, u64>) -> Result<(), ChangeProblem> {
        let mut last = 0;
        for dep in change.deps() {
            let of_dep = others.get(&dep).copied().or_else(|| self.last_op_of(&dep));
            last = last.max(of_dep.ok_or(ChangeProblem::Early)?);
        }
        let first = change.change.start_op().get();
        if first == last + 1 { Ok(()) } else { Err(ChangeProblem::Miscounted(first, last)) }
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
            self.note(key, place.clone());
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
        self.last_op_of(hash).is_some()
    }

    /// The number of the last operation of a change, if it is part of this document.
    fn last_op_of(&mut self, hash: &Hash) -> Option<u64> {
        self.doc.get_change_meta_by_hash(&ChangeHash(*hash)).map(|change| change.max_op)
    }

    /// The fact under `key`; of several written at once, one that is chosen alike everywhere.
    pub fn get(&self, key: &str) -> Option<String> {
        self.chosen(key).map(|(text, _)| text)
    }

    /// The same, and whether different texts were written under `key` at once, so that this one was chosen: of those under
    /// the key itself the one automerge chooses, and of that and those in bundles the greatest.
    pub fn chosen(&self, key: &str) -> Option<(String, bool)> {
        let mut texts = Vec::new();
        let mut contested = false;
        for place in self.index().get(key)?.all() {
            match place {
                Place::Own => {
                    let written: BTreeSet<String> = self.texts(key).collect();
                    contested |= written.len() > 1;
                    texts.extend(self.doc.get(ROOT, key).ok().flatten().and_then(text));
                }
                Place::Bundle(number) => {
                    for bundle in self.texts(&bundle::key(*number)) {
                        texts.extend(bundle::unpack(&bundle).filter(|(k, _)| *k == key).map(|(_, t)| t.to_owned()));
                    }
                }
                Place::Several(_) => {}
            }
        }
        texts.sort_unstable();
        contested |= texts.first() != texts.last();
        texts.pop().map(|chosen| (chosen, contested))
    }

    /// Everything that was written under an automerge key at once.
    fn texts(&self, key: &str) -> impl Iterator<Item = String> {
        self.doc.get_all(ROOT, key).unwrap_or_default().into_iter().filter_map(text)
    }

    /// Whether `key` was perhaps written more than once. If not, the text that came with a change which was just applied is
    /// the only one.
    pub fn is_written_again(&self, key: &str) -> bool {
        matches!(self.index().get(key), Some(Place::Several(_)))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn device(n: u8) -> DeviceId {
        DeviceId([n; 32])
    }

    fn doc(n: u8) -> FactDoc {
        FactDoc::new(&DocId::config(), &Actor::new(&device(n), [n; 8]))
    }

    fn fact(k: &str, v: &str) -> (String, String) {
        (k.into(), v.into())
    }

    #[test]
    fn two_nodes_begin_the_same_document() {
        assert_eq!(doc(1).heads(), doc(2).heads());
        assert_ne!(doc(1).heads(), FactDoc::new(&DocId::roster(), &Actor::new(&device(1), [0; 8])).heads());
    }

    #[test]
    fn a_change_travels_and_facts_unite() {
        let (mut a, mut b) = (doc(1), doc(2));
        let from_a = a.write(&[fact("x", "1")], UnixMs(5_000)).expect("new");
        let from_b = b.write(&[fact("y", "2")], UnixMs(6_000)).expect("new");
        b.apply(examine(&from_a.bytes, &device(1)).expect("well formed")).expect("ready");
        a.apply(examine(&from_b.bytes, &device(2)).expect("well formed")).expect("ready");
        assert_eq!(a.heads(), b.heads());
        assert_eq!(a.facts(), [fact("x", "1"), fact("y", "2")]);
        assert_eq!(a.versions(), b.versions());
        assert!(a.write(&[fact("x", "1")], UnixMs(0)).is_none(), "nothing new, no change");
    }

    #[test]
    fn a_change_from_another_devices_actor_is_refused() {
        let change = doc(1).write(&[fact("x", "1")], UnixMs(0)).expect("new");
        assert_eq!(examine(&change.bytes, &device(2)).err(), Some(ChangeProblem::ForeignActor));
    }

    #[test]
    fn only_text_under_root_keys_is_accepted() {
        let mut raw = AutoCommit::new().with_actor(ActorId::from(&Actor::new(&device(1), [1; 8]).0[..]));
        raw.put(ROOT, "n", 1_i64).expect("put");
        raw.commit();
        let bytes = raw.get_last_local_change().expect("made").raw_bytes().to_vec();
        assert_eq!(examine(&bytes, &device(1)).err(), Some(ChangeProblem::Shape));
    }

    #[test]
    fn random_bytes_are_refused_without_a_panic() {
        for len in 0..200_usize {
            let bytes: Vec<u8> = (0..len).map(|i| (i * 37 % 251) as u8).collect();
            assert!(examine(&bytes, &device(1)).is_err());
        }
    }

    #[test]
    fn an_early_change_waits_for_its_dependency() {
        let (mut a, mut b) = (doc(1), doc(2));
        let first = a.write(&[fact("x", "1")], UnixMs(0)).expect("new");
        let second = a.write(&[fact("x", "2")], UnixMs(0)).expect("new");
        let early = examine(&second.bytes, &device(1)).expect("well formed");
        assert_eq!(b.apply(early).err(), Some(ChangeProblem::Early));
        b.apply(examine(&first.bytes, &device(1)).expect("ok")).expect("ready");
        b.apply(examine(&second.bytes, &device(1)).expect("ok")).expect("ready");
        assert_eq!(b.get("x").as_deref(), Some("2"));
    }

    #[test]
    fn a_saved_document_gives_back_every_change_as_it_was_signed() {
        let mut a = doc(1);
        let made: Vec<NewChange> =
            (0..20).filter_map(|i| a.write(&[fact(&format!("k{i}"), "v")], UnixMs(i * 1_000))).collect();
        let mut b = FactDoc::load(&a.save(), &Actor::new(&device(2), [0; 8])).expect("own bytes");
        assert_eq!(b.changes_in_order(), made);
    }

    #[test]
    fn many_changes_apply_at_once_in_any_order() {
        let (mut a, mut b) = (doc(1), doc(2));
        let made: Vec<NewChange> =
            (0..20).filter_map(|i| a.write(&[fact(&format!("k{i}"), "v")], UnixMs(i * 1_000))).collect();
        let examined = |c: &NewChange| examine(&c.bytes, &device(1)).expect("well formed");
        b.apply_all(made.iter().rev().take(5).map(examined)).expect("no rival among them");
        assert!(b.facts().is_empty(), "nothing they build on is here");
        b.apply_all(made.iter().rev().map(examined)).expect("no rival among them");
        assert_eq!((a.heads(), a.facts()), (b.heads(), b.facts()));
    }

    #[test]
    fn a_key_that_somebody_else_wrote_too_is_looked_at_again() {
        let (mut a, mut b) = (doc(1), doc(2));
        let from_a = a.write(&[fact("x", "1"), fact("y", "1")], UnixMs(0)).expect("new");
        let from_b = b.write(&[fact("x", "2")], UnixMs(0)).expect("new");
        let from_a = examine(&from_a.bytes, &device(1)).expect("well formed");
        let from_b = examine(&from_b.bytes, &device(2)).expect("well formed");
        a.apply_all([from_b]).expect("no rival");
        b.apply(from_a).expect("ready");
        for doc in [&a, &b] {
            assert!(doc.is_written_again("x") && !doc.is_written_again("y"), "two wrote x, one wrote y");
            assert_eq!(doc.chosen("x"), Some((a.get("x").expect("written"), true)));
            assert_eq!(doc.chosen("y"), Some(("1".into(), false)));
            assert_eq!(doc.facts(), ["x", "y"].map(|key| (key.to_owned(), doc.get(key).expect("written"))));
            assert_eq!((doc.chosen("z"), doc.get("z")), (None, None));
        }
        let loaded = FactDoc::load(&a.save(), &Actor::new(&device(1), [9; 8])).expect("own bytes");
        assert_eq!((loaded.chosen("x"), loaded.get("y")), (a.chosen("x"), a.get("y")));
    }

    fn queue(n: u8) -> FactDoc {
        FactDoc::new(&"queue/2026-11-21/3".parse().expect("a name"), &Actor::new(&device(n), [n; 8]))
    }

    fn read(change: &NewChange, by: u8) -> Examined {
        examine(&change.bytes, &device(by)).expect("well formed")
    }

    /// What an earlier build wrote, one operation a fact.
    fn as_it_was(mut doc: FactDoc, facts: &[(String, String)]) -> (FactDoc, Option<NewChange>) {
        doc.adds = false;
        let change = doc.write(facts, UnixMs(0));
        doc.adds = true;
        (doc, change)
    }

    #[test]
    fn what_is_added_together_is_one_operation() {
        let (mut a, mut b) = (queue(1), queue(2));
        let facts = [fact("f:1", "x"), fact("c:1", ""), fact("f:2", "two\nlines"), fact("f:1", "y")];
        let change = read(&a.write(&facts, UnixMs(0)).expect("new"), 1);
        let all = [fact("c:1", ""), fact("f:1", "x"), fact("f:2", "two\nlines")];
        assert_eq!(change.facts, [fact("f:1", "x"), fact("c:1", ""), fact("f:2", "two\nlines")]);
        assert!(change.has_bundle());
        assert_eq!(change.last_op(), 3, "after the genesis a bundle, and the text that may not be in it");
        b.apply(change).expect("ready");
        for doc in [&a, &b] {
            assert_eq!(doc.facts(), all);
            assert_eq!(doc.doc.keys(ROOT).collect::<Vec<_>>(), ["+:fffffffd", "f:2", SCHEMA_KEY]);
        }
        assert!(b.write(&[fact("f:1", "z")], UnixMs(0)).is_none(), "what stands under a key stays");
        assert!(!b.is_written_again("f:1"));
    }

    #[test]
    fn two_that_add_at_once_take_nothing_from_each_other() {
        let (mut a, mut b) = (queue(1), queue(2));
        let from_a = a.write(&[fact("f:1", "a"), fact("f:2", "same")], UnixMs(0)).expect("new");
        let from_b = b.write(&[fact("f:1", "b"), fact("f:2", "same"), fact("f:3", "b")], UnixMs(0)).expect("new");
        a.apply(read(&from_b, 2)).expect("ready");
        b.apply(read(&from_a, 1)).expect("ready");
        let loaded = FactDoc::load(&a.save(), &Actor::new(&device(3), [3; 8])).expect("own bytes");
        for doc in [&a, &b, &loaded] {
            assert_eq!(doc.facts(), [fact("f:1", "b"), fact("f:2", "same"), fact("f:3", "b")]);
            assert_eq!(doc.chosen("f:1"), Some(("b".into(), true)));
            assert_eq!(doc.chosen("f:2"), Some(("same".into(), false)));
            assert!(doc.is_written_again("f:1") && !doc.is_written_again("f:3"));
        }
    }

    #[test]
    fn what_an_earlier_build_wrote_stands_beside_bundles() {
        let (mut a, old) = as_it_was(queue(1), &[fact("f:1", "old"), fact("f:2", "old")]);
        let (mut b, other) = (queue(2), queue(3).write(&[fact("f:2", "new"), fact("f:3", "new")], UnixMs(0)));
        let old = read(&old.expect("new"), 1);
        assert!(!old.has_bundle());
        b.apply(old).expect("ready");
        assert!(b.write(&[fact("f:1", "new")], UnixMs(0)).is_none());
        for doc in [&mut a, &mut b] {
            doc.apply(read(other.as_ref().expect("new"), 3)).expect("ready");
            assert_eq!(doc.facts(), [fact("f:1", "old"), fact("f:2", "old"), fact("f:3", "new")]);
            assert_eq!(
                (doc.chosen("f:2"), doc.chosen("f:1")),
                (Some(("old".into(), true)), Some(("old".into(), false)))
            );
        }
    }

    /// A change with one operation that nobody's software makes.
    fn crafted(doc: &mut FactDoc, key: &str, value: &str) -> Result<Examined, ChangeProblem> {
        put(&mut doc.doc, key, value);
        doc.doc.commit_with(CommitOptions::default().with_time(0));
        examine(doc.doc.get_last_local_change().expect("made").raw_bytes(), &device(1))
    }

    #[test]
    fn a_bundle_stands_where_its_operation_does_and_in_nobodys_place() {
        let sound = "f:1\nx";
        assert_eq!(crafted(&mut queue(1), &bundle::key(2), sound).expect("sound").facts, [fact("f:1", "x")]);
        for (key, text) in [
            (bundle::key(3), sound),
            ("+:".into(), sound),
            (bundle::key(2), "f:1"),
            (bundle::key(2), ""),
            (bundle::key(2), "\nx"),
            (bundle::key(2), "schema\nx"),
            (bundle::key(2), "+:fffffffd\nx"),
            (bundle::key(2), &format!("{}\nx", "k".repeat(MAX_KEY_BYTES + 1))),
        ] {
            assert_eq!(crafted(&mut queue(1), &key, text).err(), Some(ChangeProblem::Shape), "{key:?} {text:?}");
        }
        let mut doc = queue(1);
        let honest = read(&doc.write(&[fact("f:1", "x")], UnixMs(0)).expect("new"), 1);
        assert_eq!(honest.facts, [fact("f:1", "x")]);
        let in_its_place = crafted(&mut doc, &bundle::key(2), "f:1\ny");
        assert_eq!(in_its_place.err(), Some(ChangeProblem::Shape));
    }

    #[test]
    fn a_change_that_counts_its_operations_wrongly_is_refused() {
        let (mut a, mut b) = (queue(1), queue(2));
        a.write(&[fact("f:1", "x")], UnixMs(0));
        let mut expanded = a.doc.get_last_local_change().expect("made").decode();
        let key = bundle::key(9).into();
        expanded.start_op = 9.try_into().expect("not zero");
        expanded.operations[0].key = automerge::legacy::Key::Map(key);
        let miscounted = examine(Change::from(expanded).raw_bytes(), &device(1)).expect("its shape is sound");
        assert_eq!(b.apply(miscounted).err(), Some(ChangeProblem::Miscounted(9, 1)));
        assert!(b.facts().is_empty());
    }

    #[test]
    fn a_saved_document_loads_whole() {
        let mut a = doc(1);
        a.write(&[fact("x", "1")], UnixMs(0));
        let mut b = FactDoc::load(&a.save(), &Actor::new(&device(1), [9; 8])).expect("own bytes");
        assert_eq!((a.heads(), a.facts()), (b.heads(), b.facts()));
    }
}
