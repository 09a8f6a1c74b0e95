//! Tickets as if a branch had worked: every fact in a signed change of its own, written through the model straight into
//! a device's store.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use branchmesh_model::document::{Actor as DocumentActor, FactDoc};
use branchmesh_model::ids::{CommandId, DeviceId, RecordKey, TicketId};
use branchmesh_model::roster::{Enrolment, Roster};
use branchmesh_model::schema::DocId;
use branchmesh_model::ticket::{Act, Actor, Entry, Fact, FactKind, Issue, Number, RatingFact};
use branchmesh_model::time::BusinessDate;

use super::branch::Station;
use crate::driver::wall_clock;
use crate::node::IdentityFile;
use crate::replication::documents::{Documents, heads_row};
use crate::replication::envelope::Envelope;
use crate::replication::trust::{self, Signer};
use crate::storage::{DeviceKey, Opened, Stats, Store, StoreError, StoreOp, StoreOptions};

/// Longest wait for a node to give back its folder.
const PATIENCE: Duration = Duration::from_secs(5);
/// Changes made durable together.
const BATCH: usize = 2_048;

/// How far the tickets come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Issued and called: two changes.
    Called,
    /// Issued, called, started, finished and rated: five changes.
    Served,
}

/// Writes into the store of a device that does not run.
pub(super) struct Synthesis {
    store: Arc<Store>,
    documents: Documents,
    signer: Signer,
    ops: Vec<StoreOp>,
}

impl Synthesis {
    /// Opens the store in `data`.
    pub(super) fn open(data: &Path) -> Result<Self> {
        let (store, signer) = open(data)?;
        let documents = Documents::open(store.clone(), DocumentActor::new(&signer.device, rand::random()))?;
        Ok(Self { store, documents, signer, ops: Vec::new() })
    }

    /// `count` tickets of `date`, numbered in `lane`.
    pub(super) fn tickets(&mut self, date: BusinessDate, lane: &str, count: u32, fate: Fate) -> Result<Vec<TicketId>> {
        let by = |_: Hand| self.signer.device;
        let lives: Vec<Life> = (1..=count).map(|n| life(date, (lane, n), fate, by)).collect();
        for Life { doc, facts, .. } in &lives {
            for (_, fact) in facts {
                self.documents.write(doc, std::slice::from_ref(fact), wall_clock(), &self.signer, &mut self.ops)?;
                if self.ops.len() >= BATCH {
                    self.commit()?;
                }
            }
        }
        Ok(lives.iter().map(|life| life.ticket).collect())
    }

    /// Makes everything written durable.
    pub(super) fn commit(&mut self) -> Result<()> {
        self.documents.settle(&mut self.ops);
        self.store.commit(&std::mem::take(&mut self.ops))?;
        self.documents.committed();
        Ok(())
    }
}

/// Enrols devices as if each had joined by an invitation of the device in `admin`, which takes them only a few a minute.
pub(super) fn enrol(admin: &Path, stations: &[Station]) -> Result<()> {
    let (store, signer) = open(admin)?;
    let mut documents = Documents::open(store.clone(), DocumentActor::new(&signer.device, rand::random()))?;
    let mut roster: BTreeMap<String, String> = documents.facts(&DocId::roster())?.into_iter().collect();
    let mut enrolments = Vec::new();
    for (n, Station { data, post: (role, counter) }) in (1..).zip(stations) {
        let device = DeviceKey::create(data)?.device();
        let (name, role, counter) = (format!("Device {n}"), *role, *counter);
        let lane = Roster::fold(signer.branch, &roster).0.next_lane(&signer.device);
        let enrolment =
            Enrolment { device, role, name: name.clone(), counter, lane, at: wall_clock(), by: signer.device };
        let fact = (format!("e/{device}"), json(&enrolment));
        roster.insert(fact.0.clone(), fact.1.clone());
        enrolments.push(fact);
        IdentityFile { branch: signer.branch, role, name, counter, known: BTreeMap::new() }.write(data)?;
    }
    let mut ops = Vec::new();
    documents.write(&DocId::roster(), &enrolments, wall_clock(), &signer, &mut ops)?;
    documents.settle(&mut ops);
    store.commit(&ops)?;
    for station in stations {
        take_over(&store, &station.data)?;
    }
    Ok(())
}

/// Copies roster and configuration into the store of a new device.
fn take_over(from: &Store, data: &Path) -> Result<()> {
    let (store, signer) = open(data)?;
    let mut documents = Documents::open(store.clone(), DocumentActor::new(&signer.device, rand::random()))?;
    let mut ops = Vec::new();
    for doc in [DocId::roster(), DocId::config()] {
        let envelopes = from.envelopes_after(&doc, &BTreeMap::new(), usize::MAX)?;
        let read = |envelope: Envelope| trust::read(&envelope).map(|change| (envelope, change));
        documents.receive(envelopes.into_iter().map(read).collect::<Result<_, _>>()?, &mut ops)?;
    }
    documents.settle(&mut ops);
    Ok(store.commit(&ops)?)
}

/// Opens store and signer of a data folder that no node uses now.
fn open(data: &Path) -> Result<(Arc<Store>, Signer)> {
    let identity = IdentityFile::read(data)?;
    let Some(key) = DeviceKey::load(data)? else { bail!("{} has no device key", data.display()) };
    let store = match opened(data)? {
        Opened::Ready(store) => Arc::new(store),
        Opened::Damaged { reason } => bail!("the database of {} is damaged: {reason}", data.display()),
    };
    Ok((store, Signer::new(&key.secret(), identity.branch)))
}

/// A node that was just stopped may hold its folder a moment longer.
fn opened(data: &Path) -> Result<Opened, StoreError> {
    let begun = Instant::now();
    loop {
        match Store::open(data, &StoreOptions::default()) {
            Err(StoreError::InUse(_)) if begun.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(20)),
            other => return other,
        }
    }
}

/// Whose hand a fact is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hand {
    /// The steward's.
    Steward,
    /// That of the device at a counter.
    Counter(u8),
    /// A rating device's.
    Customer,
}

/// A ticket's document and facts, in the order they come about.
struct Life {
    ticket: TicketId,
    doc: DocId,
    facts: Vec<(Hand, (String, String))>,
}

/// A ticket that was issued, called, served and rated by one device: its document, and its facts in the order they came about.
pub fn served_ticket(date: BusinessDate, count: u32, by: DeviceId) -> (DocId, Vec<(String, String)>) {
    let Life { doc, facts, .. } = life(date, ("", count), Fate::Served, |_| by);
    (doc, facts.into_iter().map(|(_, fact)| fact).collect())
}

fn life(date: BusinessDate, (lane, count): (&str, u32), fate: Fate, by: impl Fn(Hand) -> DeviceId) -> Life {
    let counter = (count % u32::from(COUNTERS) + 1) as u8;
    let (ticket, grant) = (RecordKey(rand::random()), RecordKey(rand::random()));
    let now = wall_clock();
    let at = |hand| Actor { device: by(hand), staff: Some(format!("teller{counter}")), at: now };
    let issue = Issue {
        date,
        number: Number { prefix: 'A', lane: lane.into(), count },
        service: "cash".into(),
        category: None,
        language: None,
        parent: None,
        arrived: now,
        identified: false,
        status_digest: None,
        ahead: 3,
        estimate: None,
    };
    let mut facts = Vec::new();
    let mut record = |key: RecordKey, act: Act| {
        let entry = Entry { cmd: command(), by: at(Hand::Steward), act };
        facts.push((Hand::Steward, (format!("r:{key}"), json(&entry))));
    };
    record(ticket, Act::Issue { issue });
    record(grant, Act::Grant { ticket, date, turn: 1, counter, forced: false, reason: None });
    if fate == Fate::Served {
        let hand = Hand::Counter(counter);
        for (seq, kind) in [(1, FactKind::Start), (2, FactKind::Finish { outcome: None })] {
            let fact = Fact { cmd: command(), by: at(hand), grant, seq, kind };
            facts.push((hand, (format!("f:{ticket}:{}", fact.cmd.digest()), json(&fact))));
        }
        let rating = RatingFact { cmd: command(), by: at(Hand::Customer), level: 3 };
        facts.push((Hand::Customer, (format!("t:{ticket}:{}", rating.cmd.digest()), json(&rating))));
    }
    Life { ticket, doc: DocId::queue(date, &ticket), facts }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("facts are plain data")
}

fn command() -> CommandId {
    CommandId::try_from(uuid::Uuid::now_v7().to_string()).expect("a UUID is a valid command id")
}

/// Counters whose devices write.
const COUNTERS: u8 = 6;

/// The past of a branch: days that were worked by a steward, counters and a rating device, and small documents.
pub(super) struct Past {
    store: Arc<Store>,
    authors: Vec<Author>,
}

struct Author {
    signer: Signer,
    actor: DocumentActor,
    count: u64,
}

impl Past {
    /// In the store of the device of `data`, which is not running.
    pub(super) fn open(data: &Path) -> Result<Self> {
        let (store, signer) = open(data)?;
        let others = (0..=COUNTERS).map(|_| Signer::new(&rand::random(), signer.branch));
        let author =
            |signer: Signer| Author { actor: DocumentActor::new(&signer.device, rand::random()), signer, count: 0 };
        let authors = std::iter::once(Signer::new(&rand::random(), signer.branch)).chain(others).map(author).collect();
        Ok(Self { store, authors })
    }

    fn place(hand: Hand) -> usize {
        match hand {
            Hand::Steward => 0,
            Hand::Counter(n) => usize::from(n),
            Hand::Customer => usize::from(COUNTERS) + 1,
        }
    }

    /// A business day of `tickets` served tickets, archived.
    pub(super) fn day(&mut self, date: BusinessDate, tickets: u32) -> Result<()> {
        let lives: Vec<Life> = {
            let by = |hand| self.authors[Self::place(hand)].signer.device;
            (1..=tickets).map(|n| life(date, ("", n), Fate::Served, by)).collect()
        };
        let mut docs: BTreeMap<DocId, FactDoc> = BTreeMap::new();
        let mut ops = Vec::new();
        // Three customers are at the counters at any time, so the devices' changes alternate.
        for together in lives.chunks(3) {
            let longest = together.iter().map(|life| life.facts.len()).max().unwrap_or(0);
            for step in 0..longest {
                for Life { doc, facts, .. } in together {
                    let Some((hand, fact)) = facts.get(step) else { continue };
                    let open = docs.entry(doc.clone()).or_insert_with(|| FactDoc::new(doc, &self.authors[0].actor));
                    ops.extend(self.authors[Self::place(*hand)].write(doc, open, fact.clone()));
                }
            }
        }
        ops.extend(docs.iter_mut().map(|(id, doc)| heads_row(id, &doc.heads_digest())));
        self.store.commit(&ops)?;
        self.store.archive_day(date)?;
        Ok(())
    }

    /// `count` documents of five changes each, such as customers' files.
    pub(super) fn small_documents(&mut self, count: usize) -> Result<()> {
        let mut ops = Vec::new();
        for n in 0..count {
            let id: DocId = format!("customer/{}", uuid::Uuid::now_v7()).parse()?;
            let author = &mut self.authors[n % usize::from(COUNTERS)];
            let mut doc = FactDoc::new(&id, &author.actor);
            for change in 0..5 {
                let note = format!(r#"{{"cmd":"{}","note":"{n}-{change}"}}"#, uuid::Uuid::now_v7());
                ops.extend(author.write(&id, &mut doc, (format!("n:{}", uuid::Uuid::now_v7().simple()), note)));
            }
            ops.push(heads_row(&id, &doc.heads_digest()));
            if ops.len() >= BATCH {
                self.store.commit(&std::mem::take(&mut ops))?;
            }
        }
        Ok(self.store.commit(&ops)?)
    }

    /// As a device does after it archived days.
    pub(super) fn note_freed_room(&self) -> Result<()> {
        Ok(self.store.note_freed_room()?)
    }

    /// How much the store holds.
    pub(super) fn stats(&self) -> Result<Stats> {
        Ok(self.store.stats()?)
    }
}

impl Author {
    fn write(&mut self, id: &DocId, doc: &mut FactDoc, fact: (String, String)) -> Option<StoreOp> {
        doc.act_as(&self.actor);
        let change = doc.write(&[fact], wall_clock())?;
        self.count += 1;
        Some(StoreOp::Envelope(self.signer.seal(id, self.count, change)))
    }
}
