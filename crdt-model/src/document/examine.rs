//! What a change from outside must be before any document takes it: of the shape of facts, and no more than automerge
//! itself writes.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::legacy::{Key, ObjectId, OpId, OpType};
use automerge::{ActorId, Change, ScalarValue};

use super::index::Place;
use super::{Actor, ChangeProblem, Hash, MAX_CHANGE_BYTES, MAX_KEY_BYTES, SCHEMA_KEY, bundle, chunk};
use crate::ids::DeviceId;

/// Most operations accepted in a change.
pub const MAX_OPERATIONS: u64 = 4096;
/// Most operations of others that a change may stand in the place of. An honest one names all that it sees under its keys,
/// so this is more than anybody writes there at once.
pub const MAX_REPLACED: u64 = 65_536;
/// Farthest moment from the epoch in seconds, either way; automerge counts with differences of them.
const MAX_TIME: u64 = 1 << 54;

/// A change from outside, decoded and found to be of the accepted shape, not yet checked against the schema.
pub struct Examined {
    pub(super) change: Change,
    /// The facts it puts.
    pub facts: Vec<(String, String)>,
    /// Where it puts each of them.
    pub(super) places: Vec<Place>,
    /// Under which keys it stands in the place of which operations of other changes.
    pub(super) replaced: Vec<(String, Vec<OpId>)>,
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
    pub(super) actor: Vec<u8>,
    pub(super) seq: u64,
    pub(super) last_op: u64,
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
    pub(super) replaced: Vec<(String, Vec<OpId>)>,
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
