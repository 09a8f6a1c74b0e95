//! The documents a node holds: which, in what version, and the few that are open in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use branchmesh_model::document::{Actor, ChangeProblem, Examined, FactDoc, Hash, examine};
use branchmesh_model::ids::DeviceId;
use branchmesh_model::schema::{DocId, Family};
use branchmesh_model::time::UnixMs;
use serde_bytes::ByteBuf;

use super::envelope::Envelope;
use super::frame::Versions;
use super::reconcile::{fingerprint, xor};
use super::trust::Signer;
use crate::storage::{Store, StoreError, StoreOp, StoredDoc};

/// Prefix of the meta rows that keep the digest of each document's heads, so that a start need not open them.
const HEADS: &str = "heads/";
/// Meta row of the device's own count of envelopes.
const AUTHORED: &str = "authored";
/// Prefix of the meta rows that keep the highest count of each author seen here, for its revocation.
const HIGHEST: &str = "highest/";
/// Changes kept that wait for one they build on; more are dropped and come again with the next repair.
const MAX_EARLY: usize = 4096;
/// Documents kept open besides those of the current days.
const MAX_OPEN: usize = 64;

struct Open {
    doc: FactDoc,
    versions: Versions,
    used: u64,
}

/// All documents of this node.
pub struct Documents {
    store: Arc<Store>,
    actor: Actor,
    held: BTreeMap<DocId, Hash>,
    prints: BTreeMap<String, Hash>,
    open: BTreeMap<DocId, Open>,
    early: BTreeMap<DocId, Vec<(Envelope, Examined)>>,
    early_count: usize,
    authored: u64,
    highest: BTreeMap<DeviceId, u64>,
    clock: u64,
}

/// A change that was applied.
pub struct Applied {
    /// Its envelope.
    pub envelope: Envelope,
    /// The facts it put.
    pub facts: Vec<(String, String)>,
}

/// What became of a received change.
pub enum Received {
    /// It, and what waited for it, was applied.
    Applied(Vec<Applied>),
    /// It is here already.
    Known,
    /// It waits for changes it builds on.
    Early,
    /// Its place is taken by a different change of the same actor: its author's storage was copied.
    Duplicate,
}

impl Documents {
    /// What the store holds. `actor` must be new in every process.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn open(store: Arc<Store>, actor: Actor) -> Result<Self, StoreError> {
        let mut documents = Self {
            actor,
            held: BTreeMap::new(),
            prints: BTreeMap::new(),
            open: BTreeMap::new(),
            early: BTreeMap::new(),
            early_count: 0,
            authored: 0,
            highest: BTreeMap::new(),
            clock: 0,
            store: store.clone(),
        };
        if let Some(bytes) = store.meta(AUTHORED)? {
            documents.authored = bytes.try_into().map(u64::from_be_bytes).unwrap_or(0);
        }
        for (key, value) in store.meta_scan(HIGHEST)? {
            if let (Ok(device), Ok(n)) = (key[HIGHEST.len()..].parse(), value.try_into()) {
                documents.highest.insert(device, u64::from_be_bytes(n));
            }
        }
        for (key, value) in store.meta_scan(HEADS)? {
            if let (Ok(doc), Ok(digest)) = (key[HEADS.len()..].parse(), value.try_into()) {
                documents.note(doc, digest);
            }
        }
        Ok(documents)
    }

    /// Names and heads of all documents.
    pub fn held(&self) -> &BTreeMap<DocId, Hash> {
        &self.held
    }

    /// Names and heads of the documents of the families `both` parties may hold.
    pub fn held_of(&self, both: impl Fn(&Family) -> bool) -> BTreeMap<DocId, Hash> {
        self.held.iter().filter(|(d, _)| both(&d.family())).map(|(d, h)| (d.clone(), *h)).collect()
    }

    /// The XOR of the fingerprints of the documents of the families `both` parties may hold.
    pub fn print_of(&self, both: impl Fn(&Family) -> bool) -> Hash {
        self.prints.iter().filter(|(f, _)| both(&Family::from(f.as_str()))).fold([0; 32], |a, (_, b)| xor(&a, b))
    }

    /// The number of the newest envelope of `device` that is here.
    pub fn authored_by(&self, device: &DeviceId) -> u64 {
        self.highest.get(device).copied().unwrap_or(0)
    }

    /// All facts of a document.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn facts(&mut self, id: &DocId) -> Result<Vec<(String, String)>, StoreError> {
        Ok(self.opened(id)?.doc.facts())
    }

    /// The fact under `key`, as automerge chooses it where several were written at once.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn fact(&mut self, id: &DocId, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.opened(id)?.doc.get(key))
    }

    /// For every actor of the document, the number of its newest change here.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn versions(&mut self, id: &DocId) -> Result<Versions, StoreError> {
        if !self.held.contains_key(id) {
            return Ok(Versions::new());
        }
        Ok(self.opened(id)?.versions.clone())
    }

    /// Puts facts into a document by one signed change; nothing if they all stood there.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn write(
        &mut self,
        id: &DocId,
        facts: &[(String, String)],
        at: UnixMs,
        signer: &Signer,
        ops: &mut Vec<StoreOp>,
    ) -> Result<Option<Envelope>, StoreError> {
        let open = self.opened(id)?;
        let Some(change) = open.doc.write(facts, at) else { return Ok(None) };
        open.versions.insert(ByteBuf::from(change.actor.clone()), change.seq);
        self.authored += 1;
        let envelope = signer.seal(id, self.authored, change);
        ops.push(StoreOp::Meta { key: AUTHORED.into(), value: Some(self.authored.to_be_bytes().to_vec()) });
        self.stored(&envelope, ops);
        Ok(Some(envelope))
    }

    /// Makes the first change of a document that this device may write but not hold: nothing of it is kept here.
    pub fn write_elsewhere(
        &mut self,
        id: &DocId,
        facts: &[(String, String)],
        at: UnixMs,
        signer: &Signer,
        ops: &mut Vec<StoreOp>,
    ) -> Envelope {
        self.authored += 1;
        ops.push(StoreOp::Meta { key: AUTHORED.into(), value: Some(self.authored.to_be_bytes().to_vec()) });
        // An actor of its own: the document is not here, so its next change here would be number 1 again.
        let actor = self.actor.derived(&signer.device, self.authored);
        let change = FactDoc::new(id, &actor).write(facts, at).expect("a new document has none of these facts");
        signer.seal(id, self.authored, change)
    }

    /// Applies an admitted change, and whatever waited for it.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn receive(
        &mut self,
        envelope: Envelope,
        change: Examined,
        ops: &mut Vec<StoreOp>,
    ) -> Result<Received, StoreError> {
        let id = envelope.doc.clone();
        let open = self.opened(&id)?;
        if open.doc.has(&change.hash) {
            return Ok(Received::Known);
        }
        if !open.doc.is_ready_for(&change) {
            self.keep_early(envelope, change);
            return Ok(Received::Early);
        }
        let mut applied = Vec::new();
        if !self.apply(envelope, change, ops, &mut applied)? {
            return Ok(Received::Duplicate);
        }
        while let Some((envelope, change)) = self.take_ready(&id)? {
            self.apply(envelope, change, ops, &mut applied)?;
        }
        Ok(Received::Applied(applied))
    }

    fn apply(
        &mut self,
        envelope: Envelope,
        mut change: Examined,
        ops: &mut Vec<StoreOp>,
        applied: &mut Vec<Applied>,
    ) -> Result<bool, StoreError> {
        let facts = std::mem::take(&mut change.facts);
        let open = self.opened(&envelope.doc)?;
        if open.doc.apply(change).is_err() {
            return Ok(false);
        }
        open.versions.insert(ByteBuf::from(envelope.actor.clone()), envelope.seq);
        self.stored(&envelope, ops);
        applied.push(Applied { envelope, facts });
        Ok(true)
    }

    fn stored(&mut self, envelope: &Envelope, ops: &mut Vec<StoreOp>) {
        let open = self.open.get_mut(&envelope.doc).expect("a document that was just changed is open");
        let digest = open.doc.heads_digest();
        ops.push(StoreOp::Envelope(envelope.clone()));
        let highest = self.highest.entry(envelope.author).or_insert(0);
        if envelope.n > *highest {
            *highest = envelope.n;
            let value = Some(envelope.n.to_be_bytes().to_vec());
            ops.push(StoreOp::Meta { key: format!("{HIGHEST}{}", envelope.author), value });
        }
        ops.push(StoreOp::Meta { key: format!("{HEADS}{}", envelope.doc), value: Some(digest.to_vec()) });
        self.note(envelope.doc.clone(), digest);
    }

    fn note(&mut self, doc: DocId, digest: Hash) {
        let print = self.prints.entry(doc.family().as_str().to_owned()).or_insert([0; 32]);
        if let Some(old) = self.held.get(&doc) {
            *print = xor(print, &fingerprint(&doc, old));
        }
        *print = xor(print, &fingerprint(&doc, &digest));
        self.held.insert(doc, digest);
    }

    fn keep_early(&mut self, envelope: Envelope, change: Examined) {
        if self.early_count < MAX_EARLY {
            self.early_count += 1;
            self.early.entry(envelope.doc.clone()).or_default().push((envelope, change));
        }
    }

    fn take_ready(&mut self, id: &DocId) -> Result<Option<(Envelope, Examined)>, StoreError> {
        let Some(mut waiting) = self.early.remove(id) else { return Ok(None) };
        let open = self.opened(id)?;
        let known = waiting.len();
        waiting.retain(|(_, change)| !open.doc.has(&change.hash));
        let ready = waiting.iter().position(|(_, change)| open.doc.is_ready_for(change));
        let taken = ready.map(|i| waiting.swap_remove(i));
        self.early_count -= known - waiting.len();
        if !waiting.is_empty() {
            self.early.insert(id.clone(), waiting);
        }
        Ok(taken)
    }

    fn opened(&mut self, id: &DocId) -> Result<&mut Open, StoreError> {
        self.clock += 1;
        if !self.open.contains_key(id) {
            let open = self.read(id)?;
            self.make_room();
            self.open.insert(id.clone(), open);
        }
        let open = self.open.get_mut(id).expect("was there or was just put there");
        open.used = self.clock;
        Ok(open)
    }

    fn read(&self, id: &DocId) -> Result<Open, StoreError> {
        let mut doc = match self.store.load(id)? {
            Some(stored) => rebuilt(id, &stored, &self.actor).map_err(|e| StoreError::Damaged(format!("{id}: {e}")))?,
            None => FactDoc::new(id, &self.actor),
        };
        let versions = doc.versions().into_iter().map(|(actor, seq)| (ByteBuf::from(actor), seq)).collect();
        Ok(Open { doc, versions, used: self.clock })
    }

    fn make_room(&mut self) {
        while self.open.len() >= MAX_OPEN {
            let oldest = self.open.iter().min_by_key(|(_, o)| o.used).map(|(id, _)| id.clone());
            let Some(oldest) = oldest else { break };
            self.open.remove(&oldest);
        }
    }
}

/// A document from its compacted part and the changes since. They were checked when they came in.
fn rebuilt(id: &DocId, stored: &StoredDoc, actor: &Actor) -> Result<FactDoc, ChangeProblem> {
    let mut doc = match &stored.snapshot {
        Some(bytes) => FactDoc::load(bytes, actor)?,
        None => FactDoc::new(id, actor),
    };
    for envelope in &stored.envelopes {
        doc.apply(examine(&envelope.change, &envelope.author)?)?;
    }
    Ok(doc)
}
