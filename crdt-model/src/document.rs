//! The only code that writes or reads automerge: a document as a set of facts, `key → text`, at its root.
//!
//! A change that comes from outside is first [`examine`]d without a document: it may only put text under root keys, and
//! its actor must belong to its author. What passes is then checked by the schema and applied. So a hostile member can
//! neither delete, nor nest, nor wedge a document by reusing somebody's actor id.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::iter::MapRangeItem;
use automerge::legacy::{Key, ObjectId, OpType};
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{
    ActorId, AutoCommit, Change, ChangeHash, ObjId, ROOT, ReadDoc, ScalarValue, ScalarValueRef, Value, ValueRef,
};

use crate::ids::DeviceId;
use crate::schema::{DocId, Family};
use crate::time::UnixMs;

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
    /// Does something other than put text under a root key.
    #[error("a change may only put text under root keys")]
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
    let mut facts = Vec::with_capacity(expanded.operations.len());
    for op in expanded.operations {
        match (op.obj, op.key, op.action, op.insert) {
            (ObjectId::Root, Key::Map(key), OpType::Put(ScalarValue::Str(value)), false)
                if !key.is_empty() && key.len() <= MAX_KEY_BYTES && key != SCHEMA_KEY =>
            {
                facts.push((key.to_string(), value.to_string()));
            }
            _ => return Err(ChangeProblem::Shape),
        }
    }
    Ok(Examined { hash: change.hash().0, seq: change.seq(), change, facts, actor })
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
    keys: Keys,
}

/// The hashes of the keys that were written, and whether each was written again since the document was read: most facts are
/// new, and automerge takes a while to find that nothing is there. Keys that share a hash only cost a look.
#[derive(Default)]
struct Keys(BTreeMap<u64, bool>);

impl Keys {
    fn hash(key: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish()
    }

    fn note(&mut self, key: &str) {
        self.0.entry(Self::hash(key)).and_modify(|again| *again = true).or_insert(false);
    }

    fn has(&self, key: &str) -> bool {
        self.0.contains_key(&Self::hash(key))
    }

    fn has_again(&self, key: &str) -> bool {
        self.0.get(&Self::hash(key)).is_some_and(|again| *again)
    }
}

impl FactDoc {
    /// The document as every node begins it: one genesis change, the same bytes everywhere.
    pub fn new(id: &DocId, actor: &Actor) -> Self {
        let mut doc = AutoCommit::new().with_actor(ActorId::from(&b"branchmesh-genesis"[..]));
        put(&mut doc, SCHEMA_KEY, &schema_name(&id.family()));
        doc.commit_with(CommitOptions::default().with_time(0));
        let mut keys = Keys::default();
        keys.note(SCHEMA_KEY);
        Self { doc: doc.with_actor(ActorId::from(&actor.0[..])), keys }
    }

    /// Reads a document that [`FactDoc::save`] wrote.
    ///
    /// # Errors
    /// [`ChangeProblem::Malformed`] if the bytes are damaged.
    pub fn load(bytes: &[u8], actor: &Actor) -> Result<Self, ChangeProblem> {
        let doc = AutoCommit::load(bytes).map_err(|e| ChangeProblem::Malformed(e.to_string()))?;
        let mut keys = Keys::default();
        doc.keys(ROOT).for_each(|key| keys.note(&key));
        Ok(Self { doc: doc.with_actor(ActorId::from(&actor.0[..])), keys })
    }

    /// Goes on writing as `actor`.
    pub fn act_as(&mut self, actor: &Actor) {
        self.doc.set_actor(ActorId::from(&actor.0[..]));
    }

    /// Puts facts in one change; `None` if every one of them stood there already.
    pub fn write(&mut self, facts: &[(String, String)], at: UnixMs) -> Option<NewChange> {
        self.put_where(facts, at, |there, value| there != Some(value))
    }

    /// The same for documents whose keys are never written anew: what stands under a key stays.
    pub fn add(&mut self, facts: &[(String, String)], at: UnixMs) -> Option<NewChange> {
        self.put_where(facts, at, |there, _| there.is_none())
    }

    fn put_where(
        &mut self,
        facts: &[(String, String)],
        at: UnixMs,
        is_new: impl Fn(Option<&str>, &str) -> bool,
    ) -> Option<NewChange> {
        let mut fresh = false;
        for (key, value) in facts {
            if is_new(self.get(key).as_deref(), value) {
                put(&mut self.doc, key, value);
                self.keys.note(key);
                fresh = true;
            }
        }
        if !fresh {
            return None;
        }
        self.doc.commit_with(CommitOptions::default().with_time(at.0.div_euclid(1000)));
        self.doc.get_last_local_change().as_ref().map(NewChange::from)
    }

    /// Whether every change `change` builds on is here.
    pub fn is_ready_for(&mut self, change: &Examined) -> bool {
        change.change.deps().iter().all(|d| self.has(&d.0))
    }

    /// Applies a change whose dependencies are all here.
    ///
    /// # Errors
    /// [`ChangeProblem::Early`] if one is missing, [`ChangeProblem::DuplicateSeq`] if its place is taken by another.
    pub fn apply(&mut self, change: Examined) -> Result<(), ChangeProblem> {
        if !self.is_ready_for(&change) {
            return Err(ChangeProblem::Early);
        }
        let seq = change.seq;
        change.facts.iter().for_each(|(key, _)| self.keys.note(key));
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
        let (changes, facts): (Vec<_>, Vec<_>) = changes.into_iter().map(|c| (c.change, c.facts)).unzip();
        facts.iter().flatten().for_each(|(key, _)| self.keys.note(key));
        self.doc.apply_changes(changes).map_err(|e| ChangeProblem::Malformed(e.to_string()))?;
        Ok(facts)
    }

    /// Whether the change is part of this document.
    pub fn has(&mut self, hash: &Hash) -> bool {
        self.doc.get_change_meta_by_hash(&ChangeHash(*hash)).is_some()
    }

    /// The fact under `key`; of several written at once, the one automerge chooses alike everywhere.
    pub fn get(&self, key: &str) -> Option<String> {
        if !self.keys.has(key) {
            return None;
        }
        self.doc.get(ROOT, key).ok().flatten().and_then(text)
    }

    /// The same, and whether several texts were written under `key` at once, so that this one was chosen.
    pub fn chosen(&self, key: &str) -> Option<(String, bool)> {
        if !self.keys.has(key) {
            return None;
        }
        let mut written = self.doc.get_all(ROOT, key).ok()?;
        if written.len() > 1 {
            return self.get(key).map(|chosen| (chosen, true));
        }
        written.pop().and_then(text).map(|only| (only, false))
    }

    /// Whether `key` was perhaps written more than once. If not, the text that came with a change which was just applied is
    /// the only one.
    pub fn is_written_again(&self, key: &str) -> bool {
        self.keys.has_again(key)
    }

    /// All facts in key order.
    pub fn facts(&self) -> Vec<(String, String)> {
        let entries = self.doc.map_range(ROOT, ..).filter(|entry| entry.key != SCHEMA_KEY);
        let fact = |entry: MapRangeItem<'_>| match entry.value {
            ValueRef::Scalar(ScalarValueRef::Str(value)) => Some((entry.key.into_owned(), value.into_owned())),
            _ => None,
        };
        entries.filter_map(fact).collect()
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

    #[test]
    fn a_saved_document_loads_whole() {
        let mut a = doc(1);
        a.write(&[fact("x", "1")], UnixMs(0));
        let mut b = FactDoc::load(&a.save(), &Actor::new(&device(1), [9; 8])).expect("own bytes");
        assert_eq!((a.heads(), a.facts()), (b.heads(), b.facts()));
    }
}
