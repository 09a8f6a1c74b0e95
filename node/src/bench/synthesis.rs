//! Tickets as if a branch had worked: every fact in a signed change of its own, written through the model straight into
//! a device's store.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use branchmesh_model::document::Actor as DocumentActor;
use branchmesh_model::ids::{CommandId, RecordKey, TicketId};
use branchmesh_model::schema::DocId;
use branchmesh_model::ticket::{Act, Actor, Entry, Fact, FactKind, Issue, Number, RatingFact};
use branchmesh_model::time::{BusinessDate, UnixMs};

use crate::driver::wall_clock;
use crate::node::IdentityFile;
use crate::replication::documents::Documents;
use crate::replication::trust::Signer;
use crate::storage::{DeviceKey, Opened, Store, StoreOp, StoreOptions};

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
        let identity = IdentityFile::read(data)?;
        let Some(key) = DeviceKey::load(data)? else { bail!("{} has no device key", data.display()) };
        let store = match Store::open(data, &StoreOptions::default())? {
            Opened::Ready(store) => Arc::new(store),
            Opened::Damaged { reason } => bail!("the database of {} is damaged: {reason}", data.display()),
        };
        let documents = Documents::open(store.clone(), DocumentActor::new(&key.device(), rand::random()))?;
        Ok(Self { store, documents, signer: Signer::new(&key.secret(), identity.branch), ops: Vec::new() })
    }

    /// `count` tickets of `date`, numbered in `lane`.
    pub(super) fn tickets(&mut self, date: BusinessDate, lane: &str, count: u32, fate: Fate) -> Result<Vec<TicketId>> {
        (1..=count).map(|n| self.ticket(date, Number { prefix: 'A', lane: lane.into(), count: n }, fate)).collect()
    }

    fn ticket(&mut self, date: BusinessDate, number: Number, fate: Fate) -> Result<TicketId> {
        let counter = (number.count % 6 + 1) as u8;
        let (ticket, grant) = (RecordKey(rand::random()), RecordKey(rand::random()));
        let doc = DocId::queue(date, &ticket);
        let now = wall_clock();
        let issue = Issue {
            date,
            number,
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
        self.record(&doc, ticket, Act::Issue { issue }, now)?;
        let act = Act::Grant { ticket, date, turn: 1, counter, forced: false, reason: None };
        self.record(&doc, grant, act, now)?;
        if fate == Fate::Served {
            self.fact(&doc, ticket, grant, 1, FactKind::Start)?;
            self.fact(&doc, ticket, grant, 2, FactKind::Finish { outcome: None })?;
            let rating = RatingFact { cmd: command(), by: self.by(now), level: 3 };
            self.write(&doc, format!("t:{ticket}:{}", rating.cmd.digest()), &rating)?;
        }
        Ok(ticket)
    }

    fn record(&mut self, doc: &DocId, key: RecordKey, act: Act, at: UnixMs) -> Result<()> {
        let entry = Entry { cmd: command(), by: self.by(at), act };
        self.write(doc, format!("r:{key}"), &entry)
    }

    fn fact(&mut self, doc: &DocId, ticket: TicketId, grant: RecordKey, seq: u32, kind: FactKind) -> Result<()> {
        let fact = Fact { cmd: command(), by: self.by(wall_clock()), grant, seq, kind };
        self.write(doc, format!("f:{ticket}:{}", fact.cmd.digest()), &fact)
    }

    fn by(&self, at: UnixMs) -> Actor {
        Actor { device: self.signer.device, staff: Some("manager".into()), at }
    }

    fn write(&mut self, doc: &DocId, key: String, value: &impl serde::Serialize) -> Result<()> {
        let value = serde_json::to_string(value)?;
        self.documents.write(doc, &[(key, value)], wall_clock(), &self.signer, &mut self.ops)?;
        if self.ops.len() >= BATCH {
            self.commit()?;
        }
        Ok(())
    }

    /// Makes everything written durable.
    pub(super) fn commit(&mut self) -> Result<()> {
        Ok(self.store.commit(&std::mem::take(&mut self.ops))?)
    }
}

fn command() -> CommandId {
    CommandId::try_from(uuid::Uuid::now_v7().to_string()).expect("a UUID is a valid command id")
}
