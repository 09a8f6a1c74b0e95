//! What the store promises, told as tests. Envelopes here are real changes with made-up signatures.

mod backups;
mod crashes;
mod damage;
mod documents;
mod folders;
mod journal;

use std::path::Path;

use branchmesh_model::document::{Actor, FactDoc, examine};
use branchmesh_model::ids::DeviceId;
use branchmesh_model::schema::DocId;
use branchmesh_model::time::UnixMs;

use super::testing::CrashingDisk;
use super::{Opened, Store, StoreError, StoreOp, StoreOptions, tables};
use crate::replication::envelope::Envelope;

fn doc(name: &str) -> DocId {
    name.parse().expect("a document name")
}

/// Some devices that write to one document, each on its own replica.
struct Writers {
    doc: DocId,
    replicas: Vec<FactDoc>,
    counts: Vec<u64>,
    /// Everything written, in the order it was written; dependencies first.
    all: Vec<Envelope>,
    seen: Vec<usize>,
}

impl Writers {
    fn new(doc: DocId, count: u8) -> Self {
        let replica = |i| FactDoc::new(&doc, &Actor::new(&DeviceId([i + 1; 32]), [i; 8]));
        let replicas: Vec<_> = (0..count).map(replica).collect();
        let (counts, seen) = (vec![0; replicas.len()], vec![0; replicas.len()]);
        Self { doc, replicas, counts, all: Vec::new(), seen }
    }

    /// Writer `i` writes a fact without hearing the others.
    fn write(&mut self, i: usize) -> Envelope {
        let i = i % self.replicas.len();
        let n = self.all.len();
        let fact = (format!("f:{n}"), format!("{{\"text\":\"fact {n}\"}}"));
        let made = self.replicas[i].write(&[fact], UnixMs(n as i64 * 1000)).expect("a new fact");
        self.counts[i] += 1;
        let signature = [made.hash, made.hash].concat();
        let (doc, author) = (self.doc.clone(), DeviceId([i as u8 + 1; 32]));
        let (actor, seq, change) = (made.actor, made.seq, made.bytes);
        let envelope = Envelope { doc, author, n: self.counts[i], actor, seq, change, signature };
        self.all.push(envelope.clone());
        envelope
    }

    /// Writer `i` hears everything written so far.
    fn hear(&mut self, i: usize) {
        let i = i % self.replicas.len();
        for e in &self.all[self.seen[i]..] {
            let change = examine(&e.change, &e.author).expect("own change");
            if !self.replicas[i].has(&change.hash) {
                self.replicas[i].apply(change).expect("dependencies came before");
            }
        }
        self.seen[i] = self.all.len();
    }

    /// `count` envelopes by all in turn, everybody hearing everything now and then.
    fn mixed(doc: DocId, count: usize) -> Vec<Envelope> {
        let mut writers = Self::new(doc, 3);
        for n in 0..count {
            writers.write(n * 7 / 3);
            if n % 4 == 0 {
                writers.hear(n);
            }
        }
        writers.all
    }
}

fn ops(envelopes: &[Envelope]) -> Vec<StoreOp> {
    envelopes.iter().cloned().map(StoreOp::Envelope).collect()
}

fn meta(key: &str, value: &[u8]) -> StoreOp {
    StoreOp::Meta { key: key.into(), value: Some(value.to_vec()) }
}

fn steward(key: &[u8], value: &[u8]) -> StoreOp {
    StoreOp::Steward { key: key.to_vec(), value: Some(value.to_vec()) }
}

fn outbox(key: &[u8], value: &[u8]) -> StoreOp {
    StoreOp::Outbox { key: key.to_vec(), value: Some(value.to_vec()) }
}

fn open(dir: &Path) -> Store {
    let opened = Store::open(dir, &StoreOptions::default()).expect("opens");
    let Opened::Ready(store) = opened else { unreachable!("sound, but {opened:?}") };
    store
}

fn on(disk: &CrashingDisk) -> Result<Store, StoreError> {
    Store::with_backend(
        disk.backend(),
        &StoreOptions { cache_bytes: 1 << 20, verify: false, first_generation: 0, journal_bytes: 8 << 10 },
    )
}

fn in_memory() -> Store {
    on(&CrashingDisk::new()).expect("an empty disk")
}

fn all_of(store: &Store, doc: &DocId) -> Vec<Envelope> {
    store.envelopes_after(doc, &Default::default(), usize::MAX).expect("readable")
}
