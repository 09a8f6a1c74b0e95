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

use automerge::legacy::{Key, ObjectId, OpId, OpType};
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{
    ActorId, AutoCommit, Change, ChangeHash, ObjId, ROOT, ReadDoc, ScalarValue, ScalarValueRef, Value, ValueRef,
};

use crate::ids::DeviceId;
use crate::schema::{DocId, Family};
use crate::time::UnixMs;

mod bundle;
mod chunk;
#[cfg(test)]
mod tests;

/// The hash of a change; what its author signs.
pub type Hash = [u8; 32];

/// Largest change accepted, in bytes.
pub const MAX_CHANGE_BYTES: usize = 256 * 1024;
/// Most operations accepted in a change.
pub const MAX_OPERATIONS: u64 = 4096;
/// Most operations of others that a change may stand in the place of. An honest one names all that it sees under its keys,
/// so this is more than anybody writes there at once.
pub const MAX_REPLACED: u64 = 65_536;
/// Longest accepted fact key, in bytes.
pub const MAX_KEY_BYTES: usize = 200;

const SCHEMA_KEY: &str = "schema";
/// Farthest moment from the epoch in seconds, either way; automerge counts with differences of them.
const MAX_TIME: u64 = 1 << 54;
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

/// A change from outside, decoded and found to be of the accepted shape, not yet checked against the schema.
pub struct Examined {
    change: Change,
    /// The facts it puts.
    pub facts: Vec<(String, String)>,
    /// Where it puts each of them.
    places: Vec<Place>,
    /// Under which keys it stands in the place of which operations of other changes.
    replaced: Vec<(String, Vec<OpId>)>,
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

    /// Where it stands in the history of its document.
    pub fn position(&self) -> Position {
        Position { actor: self.actor.clone(), seq: self.seq, last_op: self.change.max_op() }
    }

    /// About how many bytes it takes in memory.
    pub fn weight(&self) -> usize {
        const OF_FACT: usize = size_of::<(String, String)>() + size_of::<Place>();
        const OF_REPLACED: usize = size_of::<OpId>() + 16;
        let facts: usize = self.facts.iter().map(|(key, text)| OF_FACT + key.len() + text.len()).sum();
        let replaced: usize = self.replaced.iter().map(|(key, ops)| key.len() + OF_REPLACED * ops.len()).sum();
        self.change.raw_bytes().len() + facts + replaced
    }

    /// Whether it stands in the place of anything that was written before.
    pub fn overwrites(&self) -> bool {
        !self.replaced.is_empty()
    }

    /// Whether any of its facts stand in a bundle.
    pub fn has_bundle(&self) -> bool {
        self.places.iter().any(|place| matches!(place, Place::Bundle(_)))
    }
}

/// Where a change stands in the history of its document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Position {
    actor: Vec<u8>,
    seq: u64,
    last_op: u64,
}

/// Decodes `bytes` and checks that it is a change by `author` of the accepted shape.
pub fn examine(bytes: &[u8], author: &DeviceId) -> Result<Examined, ChangeProblem> {
    const COMPRESSED: u8 = 2;
    if bytes.len() > MAX_CHANGE_BYTES || bytes.get(8) == Some(&COMPRESSED) {
        return Err(ChangeProblem::TooLarge(bytes.len()));
    }
    match chunk::claims(bytes) {
        Some((..=MAX_OPERATIONS, ..=MAX_REPLACED)) => {}
        Some((operations, replaced)) => return Err(ChangeProblem::TooMany(operations, replaced)),
        None => return Err(ChangeProblem::Malformed("its columns are not those of facts".into())),
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
    let mut own = OwnKeys::new(&change);
    for (op, number) in expanded.operations.into_iter().zip(change.start_op().get()..) {
        let (ObjectId::Root, Key::Map(key), OpType::Put(ScalarValue::Str(text)), false) =
            (op.obj, op.key, op.action, op.insert)
        else {
            return Err(ChangeProblem::Shape);
        };
        if key.len() > MAX_KEY_BYTES {
            return Err(ChangeProblem::Shape);
        }
        own.put(&key, op.pred)?;
        if bundle::is_key(&key) {
            // Under its own number, where nothing can have stood before.
            let number = bundle::op(&key).filter(|n| u64::from(*n) == number && bundle::is_whole(&text));
            let number = number.ok_or(ChangeProblem::Shape)?;
            facts.extend(bundle::unpack(&text).map(|(key, text)| (key.to_owned(), text.to_owned())));
            places.resize(facts.len(), Place::Bundle(number));
        } else {
            facts.push((key.to_string(), text.to_string()));
            places.push(Place::Own);
        }
    }
    let replaced = own.replaced;
    if !is_as_written(&change, bytes, &replaced) {
        return Err(ChangeProblem::Shape);
    }
    let has_bundle = places.iter().any(|place| *place != Place::Own);
    if has_bundle && facts.iter().map(|(key, _)| key).collect::<BTreeSet<_>>().len() < facts.len() {
        return Err(ChangeProblem::Shape);
    }
    let is_sound =
        |key: &str| !key.is_empty() && key.len() <= MAX_KEY_BYTES && key != SCHEMA_KEY && !bundle::is_key(key);
    if !facts.iter().all(|(key, _)| is_sound(key)) {
        return Err(ChangeProblem::Shape);
    }
    Ok(Examined { hash: change.hash().0, seq: change.seq(), change, facts, places, replaced, actor })
}

/// Whether what stands beside the operations is as automerge writes it, which it relies on: a number, a moment it can count
/// with, each change it builds on once, the other actors it overwrites and no more, its checksum and nothing else.
fn is_as_written(change: &Change, bytes: &[u8], replaced: &[(String, Vec<OpId>)]) -> bool {
    let overwritten = replaced.iter().flat_map(|(_, ops)| ops).map(|op| &op.1);
    let others: BTreeSet<&ActorId> = overwritten.filter(|actor| *actor != change.actor_id()).collect();
    change.seq() > 0
        && change.timestamp().unsigned_abs() <= MAX_TIME
        && change.deps().is_sorted_by(|a, b| a < b)
        && change.other_actor_ids().iter().eq(others)
        && change.extra_bytes().is_empty()
        && bytes.get(4..8) == Some(&change.hash().0[..4])
}

/// The keys a change puts, each once unless it takes its own word back.
struct OwnKeys<'c> {
    change: &'c Change,
    operations: u64,
    newest: BTreeMap<String, u64>,
    replaced: Vec<(String, Vec<OpId>)>,
}

impl<'c> OwnKeys<'c> {
    fn new(change: &'c Change) -> Self {
        Self { change, operations: 0, newest: BTreeMap::new(), replaced: Vec::new() }
    }

    fn put(&mut self, key: &str, replaced: impl IntoIterator<Item = OpId>) -> Result<(), ChangeProblem> {
        let mut before = self.newest.insert(key.to_owned(), self.operations);
        self.operations += 1;
        let mut of_others = Vec::new();
        for op in replaced {
            let own = op.0.checked_sub(self.change.start_op().get()).filter(|_| op.1 == *self.change.actor_id());
            match own {
                Some(place) if before.take() == Some(place) => {}
                Some(_) => return Err(ChangeProblem::Elsewhere),
                None => of_others.push(op),
            }
        }
        if !of_others.is_empty() {
            self.replaced.push((key.to_owned(), of_others));
        }
        if before.is_none() { Ok(()) } else { Err(ChangeProblem::Shape) }
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

/// Where a fact stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Place {
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
struct Index(BTreeMap<u64, Places>);

impl Index {
    fn hash(key: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish()
    }

    fn note(&mut self, key: &str, place: Place) {
        match self.0.entry(Self::hash(key)) {
            Entry::Vacant(free) => {
                free.insert(Places::One(place));
            }
            Entry::Occupied(mut there) => there.get_mut().add(place),
        }
    }

    fn get(&self, key: &str) -> Option<&Places> {
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
        let (mut last, mut previous) = (0, change.seq - 1);
        for dep in change.deps() {
            let of_dep = others.get(&dep).filter(|_| !change.overwrites()).cloned().or_else(|| self.position(&dep));
            let of_dep = of_dep.ok_or(ChangeProblem::Early)?;
            last = last.max(of_dep.last_op);
            if of_dep.seq == change.seq - 1 && of_dep.actor == change.actor {
                previous = 0;
            }
        }
        if previous > 0 {
            return Err(ChangeProblem::Unlinked(previous));
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
        self.index().get(key).is_some_and(|places| {
            places.all().any(|place| match place {
                Place::Own => self.texts(key).next().is_some(),
                Place::Bundle(number) => {
                    self.texts(&bundle::key(number)).any(|bundle| bundle::unpack(&bundle).any(|(k, _)| k == key))
                }
            })
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
            let places = self.index().get(key).into_iter().flat_map(Places::all);
            for place in places {
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
        matches!(self.index().get(key), Some(Places::Several(_)))
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
