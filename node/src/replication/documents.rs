//! The documents a node holds: which, in what version, and the few that are open in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use branchmesh_model::document::{Actor, ChangeProblem, Examined, FactDoc, Hash, Position, examine};
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
/// Changes kept that wait for one they build on, and their bytes in memory; more are dropped and come again with the next repair.
const MAX_EARLY: usize = 4096;
const MAX_EARLY_BYTES: usize = 32 * 1024 * 1024;
/// Facts in one change, and their bytes: far below what others accept, and what one device would hold others up with.
const MAX_FACTS: usize = 1_000;
const MAX_FACT_BYTES: usize = 64 * 1024;
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
    early_bytes: usize,
    authored: u64,
    highest: BTreeMap<DeviceId, u64>,
    clock: u64,
    unsettled: Unsettled,
    /// Documents changed since the last commit.
    uncommitted: BTreeSet<DocId>,
}

/// What the rows beside the envelopes must still be told.
#[derive(Default)]
struct Unsettled {
    documents: BTreeSet<DocId>,
    authors: BTreeSet<DeviceId>,
    authored: bool,
}

/// A change that was applied.
pub struct Applied {
    /// Its envelope.
    pub envelope: Envelope,
    /// The facts it put.
    pub facts: Vec<(String, String)>,
}

/// What became of received changes.
#[derive(Default)]
pub struct Received {
    /// These were applied, and whatever waited for them; what one builds on comes before it.
    pub applied: Vec<Applied>,
    /// So many wait for changes they build on.
    pub early: usize,
    /// The places of so many are taken by different changes of the same actors: their authors' storage was copied.
    pub duplicate: usize,
    /// So many were made as no honest device makes them: counted otherwise, not built on their actors' changes before, or
    /// in the place of what they may not overwrite.
    pub misplaced: usize,
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
            early_bytes: 0,
            authored: 0,
            highest: BTreeMap::new(),
            clock: 0,
            unsettled: Unsettled::default(),
            uncommitted: BTreeSet::new(),
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

    /// How many documents are open, and how many changes wait for one they build on.
    pub fn in_memory(&self) -> (usize, usize) {
        (self.open.len(), self.early_count)
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

    /// Whether there is a fact under `key`.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn has_fact(&mut self, id: &DocId, key: &str) -> Result<bool, StoreError> {
        Ok(self.opened(id)?.doc.has_fact(key))
    }

    /// The facts under `keys`, and whether each was chosen among several that were written at once.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn chosen_of<'k>(
        &mut self,
        id: &DocId,
        keys: impl IntoIterator<Item = &'k str>,
    ) -> Result<BTreeMap<&'k str, (String, bool)>, StoreError> {
        Ok(self.opened(id)?.doc.chosen_of(keys))
    }

    /// Whether `key` was perhaps written more than once.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn is_written_again(&mut self, id: &DocId, key: &str) -> Result<bool, StoreError> {
        Ok(self.opened(id)?.doc.is_written_again(key))
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

    /// Puts facts into a document by a signed change, or by several if they are very many; by none if all stood there.
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
    ) -> Result<Vec<Envelope>, StoreError> {
        let mut written = Vec::new();
        for facts in parts(facts) {
            let open = self.opened(id)?;
            let Some(change) = open.doc.write(facts, at) else { continue };
            open.versions.insert(ByteBuf::from(change.actor.clone()), change.seq);
            self.authored += 1;
            let envelope = signer.seal(id, self.authored, change);
            self.unsettled.authored = true;
            self.stored(&envelope, ops);
            written.push(envelope);
        }
        Ok(written)
    }

    /// Makes the first change of a document that this device may write but not hold: nothing of it is kept here.
    pub fn write_elsewhere(&mut self, id: &DocId, facts: &[(String, String)], at: UnixMs, signer: &Signer) -> Envelope {
        self.authored += 1;
        self.unsettled.authored = true;
        // An actor of its own: the document is not here, so its next change here would be number 1 again.
        let actor = self.actor.derived(&signer.device, self.authored);
        let change = FactDoc::new(id, &actor).write(facts, at).expect("a new document has none of these facts");
        signer.seal(id, self.authored, change)
    }

    /// Applies admitted changes, and whatever waited for them: those of one document at once, which costs much less than
    /// one by one.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn receive(
        &mut self,
        changes: Vec<(Envelope, Examined)>,
        ops: &mut Vec<StoreOp>,
    ) -> Result<Received, StoreError> {
        let mut by_doc: BTreeMap<DocId, Vec<(Envelope, Examined)>> = BTreeMap::new();
        for (envelope, change) in changes {
            by_doc.entry(envelope.doc.clone()).or_default().push((envelope, change));
        }
        let mut received = Received::default();
        for (id, changes) in by_doc {
            self.receive_into(&id, changes, ops, &mut received)?;
        }
        Ok(received)
    }

    fn receive_into(
        &mut self,
        id: &DocId,
        mut changes: Vec<(Envelope, Examined)>,
        ops: &mut Vec<StoreOp>,
        received: &mut Received,
    ) -> Result<(), StoreError> {
        loop {
            let before = received.applied.len();
            let early = self.apply_ready(id, changes, ops, received)?;
            if received.applied.len() == before {
                received.early += early.len();
                self.keep_early(id, early);
                return Ok(());
            }
            // What was applied may be what others waited for.
            changes = early;
            changes.extend(self.take_early(id));
            if changes.is_empty() {
                return Ok(());
            }
        }
    }

    /// Applies what is new and builds on nothing that is missing; returns what does.
    fn apply_ready(
        &mut self,
        id: &DocId,
        changes: Vec<(Envelope, Examined)>,
        ops: &mut Vec<StoreOp>,
        received: &mut Received,
    ) -> Result<Vec<(Envelope, Examined)>, StoreError> {
        let mut open = self.opened(id)?;
        let (mut early, mut ready) = (Vec::new(), Vec::new());
        let mut taken: BTreeMap<Hash, Position> = BTreeMap::new();
        let mut next = open.versions.clone();
        for (envelope, change) in changes {
            if change.overwrites() && !ready.is_empty() {
                // What it overwrites may be among them.
                self.enter(id, std::mem::take(&mut ready), next.clone(), ops, received)?;
                taken.clear();
                open = self.opened(id)?;
            }
            if taken.contains_key(&change.hash) || open.doc.has(&change.hash) {
                continue;
            }
            match open.doc.check_place(&change, &taken) {
                Ok(()) => {}
                Err(ChangeProblem::Early) => {
                    early.push((envelope, change));
                    continue;
                }
                Err(_) => {
                    received.misplaced += 1;
                    continue;
                }
            }
            let newest = next.entry(ByteBuf::from(envelope.actor.clone())).or_insert(0);
            if envelope.seq <= *newest {
                received.duplicate += 1;
                continue;
            }
            if envelope.seq > *newest + 1 {
                early.push((envelope, change));
                continue;
            }
            *newest = envelope.seq;
            taken.insert(change.hash, change.position());
            ready.push((envelope, change));
        }
        if !ready.is_empty() {
            self.enter(id, ready, next, ops, received)?;
        }
        Ok(early)
    }

    /// Applies changes that were found fit, after which `versions` are those of the document.
    fn enter(
        &mut self,
        id: &DocId,
        ready: Vec<(Envelope, Examined)>,
        versions: Versions,
        ops: &mut Vec<StoreOp>,
        received: &mut Received,
    ) -> Result<(), StoreError> {
        let open = self.opened(id)?;
        let (envelopes, changes): (Vec<_>, Vec<_>) = ready.into_iter().unzip();
        // Everything automerge asks of a change was checked, so memory and disk would part here.
        let parted = |problem| StoreError::Damaged(format!("{id} took no changes: {problem}"));
        let facts = open.doc.apply_all(changes).map_err(parted)?;
        open.versions = versions;
        for envelope in &envelopes {
            self.stored(envelope, ops);
        }
        let applied = envelopes.into_iter().zip(facts).map(|(envelope, facts)| Applied { envelope, facts });
        received.applied.extend(applied);
        Ok(())
    }

    fn stored(&mut self, envelope: &Envelope, ops: &mut Vec<StoreOp>) {
        ops.push(StoreOp::Envelope(envelope.clone()));
        let highest = self.highest.entry(envelope.author).or_insert(0);
        if envelope.n > *highest {
            *highest = envelope.n;
            self.unsettled.authors.insert(envelope.author);
        }
        self.unsettled.documents.insert(envelope.doc.clone());
        self.uncommitted.insert(envelope.doc.clone());
    }

    /// Everything given to be stored so far is on disk.
    pub fn committed(&mut self) {
        self.uncommitted.clear();
    }

    /// Whether nothing of the document waits for the next commit.
    pub fn is_committed(&self, id: &DocId) -> bool {
        !self.uncommitted.contains(id)
    }

    /// Forgets a document. Whoever calls this sees to it that it is not taken again.
    pub fn forget(&mut self, id: &DocId, ops: &mut Vec<StoreOp>) {
        if let Some(old) = self.held.remove(id)
            && let Some(print) = self.prints.get_mut(id.family().as_str())
        {
            *print = xor(print, &fingerprint(id, &old));
        }
        self.open.remove(id);
        self.take_early(id);
        self.unsettled.documents.remove(id);
        self.uncommitted.remove(id);
        ops.extend([StoreOp::Forget(id.clone()), StoreOp::Meta { key: format!("{HEADS}{id}"), value: None }]);
    }

    /// Brings the rows beside the envelopes up to date: once for many changes. Until then [`Documents::held`] and what
    /// follows from it speak of the time before them.
    pub fn settle(&mut self, ops: &mut Vec<StoreOp>) {
        let Unsettled { documents, authors, authored } = std::mem::take(&mut self.unsettled);
        let row = |key: String, n: u64| StoreOp::Meta { key, value: Some(n.to_be_bytes().to_vec()) };
        ops.extend(authored.then(|| row(AUTHORED.into(), self.authored)));
        ops.extend(authors.iter().map(|author| row(format!("{HIGHEST}{author}"), self.authored_by(author))));
        for doc in documents {
            let open = self.open.get_mut(&doc).expect("a document that was just changed is open");
            let digest = open.doc.heads_digest();
            ops.push(heads_row(&doc, &digest));
            self.note(doc, digest);
        }
    }

    fn note(&mut self, doc: DocId, digest: Hash) {
        let print = self.prints.entry(doc.family().as_str().to_owned()).or_insert([0; 32]);
        if let Some(old) = self.held.get(&doc) {
            *print = xor(print, &fingerprint(&doc, old));
        }
        *print = xor(print, &fingerprint(&doc, &digest));
        self.held.insert(doc, digest);
    }

    fn keep_early(&mut self, id: &DocId, early: Vec<(Envelope, Examined)>) {
        for (envelope, change) in early {
            let bytes = self.early_bytes + change.weight();
            if self.early_count < MAX_EARLY && bytes <= MAX_EARLY_BYTES {
                self.early_count += 1;
                self.early_bytes = bytes;
                self.early.entry(id.clone()).or_default().push((envelope, change));
            }
        }
    }

    fn take_early(&mut self, id: &DocId) -> Vec<(Envelope, Examined)> {
        let waiting = self.early.remove(id).unwrap_or_default();
        self.early_count -= waiting.len();
        self.early_bytes -= waiting.iter().map(|(_, change)| change.weight()).sum::<usize>();
        waiting
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
            // What is not on disk yet cannot be read from there.
            let clean = self.open.iter().filter(|(id, _)| !self.uncommitted.contains(*id));
            let oldest = clean.min_by_key(|(_, o)| o.used).map(|(id, _)| id.clone());
            let Some(oldest) = oldest else { break };
            self.open.remove(&oldest);
        }
    }
}

/// As many facts at a time as one change should hold, at least one.
fn parts(mut facts: &[(String, String)]) -> impl Iterator<Item = &[(String, String)]> {
    std::iter::from_fn(move || {
        let mut room = MAX_FACT_BYTES;
        let fitting = facts.iter().take(MAX_FACTS).take_while(|(key, text)| {
            let fits = room.checked_sub(key.len() + text.len());
            room = fits.unwrap_or(0);
            fits.is_some()
        });
        let (part, rest) = facts.split_at(fitting.count().max(1).min(facts.len()));
        facts = rest;
        (!part.is_empty()).then_some(part)
    })
}

/// Whether the meta row `key` only says again what the stored envelopes of others say.
pub(super) fn follows_envelopes(key: &str) -> bool {
    key.starts_with(HEADS) || key.starts_with(HIGHEST)
}

/// What the store keeps of a document's heads, so that a start need not open it.
pub(crate) fn heads_row(doc: &DocId, digest: &Hash) -> StoreOp {
    StoreOp::Meta { key: format!("{HEADS}{doc}"), value: Some(digest.to_vec()) }
}

/// A document from its compacted part and the changes since. They were checked when they came in.
fn rebuilt(id: &DocId, stored: &StoredDoc, actor: &Actor) -> Result<FactDoc, ChangeProblem> {
    let mut doc = match &stored.snapshot {
        Some(bytes) => FactDoc::load(id, bytes, actor)?,
        None => FactDoc::new(id, actor),
    };
    let changes: Vec<Examined> =
        stored.envelopes.iter().map(|e| examine(&e.change, &e.author)).collect::<Result<_, _>>()?;
    let hashes: Vec<Hash> = changes.iter().map(|change| change.hash).collect();
    doc.apply_all(changes)?;
    if hashes.iter().all(|hash| doc.has(hash)) { Ok(doc) } else { Err(ChangeProblem::Early) }
}

#[cfg(test)]
mod tests {
    use branchmesh_model::document::MAX_CHANGE_BYTES;

    use super::*;
    use crate::storage::{Opened, StoreOptions};

    fn documents(folder: &std::path::Path, n: u8) -> (Documents, Signer) {
        let signer = Signer::new(&[n; 32], DeviceId([9; 32]));
        let Ok(Opened::Ready(store)) = Store::open(&folder.join(n.to_string()), &StoreOptions::default()) else {
            panic!("a new folder is no damaged store");
        };
        let actor = Actor::new(&signer.device, [n; 8]);
        (Documents::open(Arc::new(store), actor).expect("an empty store"), signer)
    }

    fn read(envelopes: &[Envelope]) -> Vec<(Envelope, Examined)> {
        envelopes.iter().map(|e| (e.clone(), examine(&e.change, &e.author).expect("honest"))).collect()
    }

    #[test]
    fn changes_that_overwrite_each_other_enter_together_in_any_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let ((mut writer, signer), id) = (documents(folder.path(), 1), DocId::config());
        let mut written = Vec::new();
        for n in 0..6 {
            let facts = [("section/a".to_owned(), format!("{n}")), (format!("section/b{n}"), String::new())];
            written.extend(writer.write(&id, &facts, UnixMs(0), &signer, &mut Vec::new()).expect("written"));
        }
        assert_eq!(written.len(), 6);
        let orders = [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 0, 5, 1, 4, 2]];
        for (n, order) in (2..).zip(orders) {
            let (mut reader, _) = documents(folder.path(), n);
            for some in [&order[..4], &order[4..]] {
                let some: Vec<Envelope> = some.iter().map(|n: &usize| written[*n].clone()).collect();
                let received = reader.receive(read(&some), &mut Vec::new()).expect("a sound store");
                assert_eq!((received.duplicate, received.misplaced), (0, 0));
            }
            assert_eq!(reader.facts(&id).expect("read"), writer.facts(&id).expect("read"));
            assert_eq!((reader.in_memory().1, reader.early_bytes), (0, 0), "nothing waits any more");
        }
    }

    #[test]
    fn what_waits_is_bounded_by_its_bytes() {
        let folder = tempfile::tempdir().expect("a folder");
        let ((mut writer, signer), id) = (documents(folder.path(), 1), "queue/2026-11-21/0".parse().expect("a name"));
        let text = "x".repeat(MAX_CHANGE_BYTES - 1_000);
        let mut write =
            |n: usize| writer.write(&id, &[(format!("f:{n}"), text.clone())], UnixMs(0), &signer, &mut Vec::new());
        let written: Vec<Envelope> = (0..100).flat_map(|n| write(n).expect("written")).collect();
        let (mut reader, _) = documents(folder.path(), 2);
        reader.receive(read(&written[1..]), &mut Vec::new()).expect("a sound store");
        let waiting = reader.in_memory().1;
        assert!((10..99).contains(&waiting) && reader.early_bytes <= MAX_EARLY_BYTES, "{waiting}");
        reader.receive(read(&written[..1]), &mut Vec::new()).expect("a sound store");
        assert_eq!(reader.facts(&id).expect("read").len(), waiting + 1);
        assert_eq!((reader.in_memory().1, reader.early_bytes), (0, 0));
    }

    #[test]
    fn many_facts_make_several_changes() {
        let sizes = |texts: &[usize]| {
            let facts: Vec<_> = texts.iter().map(|len| ("k".to_owned(), "x".repeat(len - 1))).collect();
            parts(&facts).map(<[_]>::len).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&[1; 2_500]), [1_000, 1_000, 500]);
        assert_eq!(sizes(&[MAX_FACT_BYTES / 2; 3]), [2, 1]);
        assert_eq!(sizes(&[9, MAX_FACT_BYTES + 1, 9, 9]), [1, 1, 2], "one that fits nowhere goes alone");
    }
}
