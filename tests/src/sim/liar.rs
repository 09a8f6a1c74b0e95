//! An enrolled device whose software lies: it sends changes that no honest replica may ever hold.

use branchmesh_model::document::{Actor, FactDoc};
use branchmesh_model::ids::{BranchId, CommandId, DeviceId};
use branchmesh_model::schema::DocId;
use branchmesh_model::ticket::{self, CounterFact, CounterFactKind};
use branchmesh_model::time::{BusinessDate, UnixMs};
use branchmesh_node::replication::envelope::Envelope;
use branchmesh_node::replication::trust::Signer;

/// Every lie's key holds this, and no honest key does.
pub const MARK: &str = "!lie";

/// Kinds of lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lie {
    /// In another device's name, with the liar's signature.
    Forged,
    /// Signed as it should be, but not for the liar's role: a statement of the roster.
    WrongRole,
    /// The same in a family that no device of a branch may write.
    WrongFamily,
    /// Says that another device did it.
    Impostor,
    /// By a device that nobody enrolled.
    Stranger,
}

impl Lie {
    /// All of them.
    pub const ALL: [Lie; 5] = [Lie::Forged, Lie::WrongRole, Lie::WrongFamily, Lie::Impostor, Lie::Stranger];
}

/// Where and when a lie is told.
pub struct Occasion<'a> {
    /// The branch.
    pub branch: BranchId,
    /// The liar's secret key.
    pub secret: &'a [u8; 32],
    /// An honest device.
    pub victim: DeviceId,
    /// The business day lied about.
    pub date: BusinessDate,
    /// What the liar's clock says.
    pub at: UnixMs,
    /// Makes it unlike all others.
    pub nonce: u64,
}

impl Occasion<'_> {
    /// The envelope of a lie.
    pub fn envelope(&self, lie: Lie) -> Envelope {
        let stranger = [self.nonce as u8 ^ 0x5a; 32];
        let secret = if lie == Lie::Stranger { &stranger } else { self.secret };
        let signer = Signer::new(secret, self.branch);
        let author = if lie == Lie::Forged { self.victim } else { signer.device };
        let doc: DocId = match lie {
            Lie::WrongRole => DocId::roster(),
            Lie::WrongFamily => format!("settlement/{}", self.date).parse().expect("a valid name"),
            _ => format!("queue/{}/0", self.date).parse().expect("a valid name"),
        };
        let key = match lie {
            Lie::WrongRole => format!("e/{MARK}{}", self.nonce),
            _ => format!("f:{MARK}:{}", self.nonce),
        };
        let value = match lie {
            Lie::Impostor => format!(r#"{{"by":{{"device":"{}","at":0}}}}"#, self.victim),
            _ => "{}".to_owned(),
        };
        let mut document = FactDoc::new(&doc, &Actor::new(&author, self.nonce.to_be_bytes()));
        let change = document.write(&[(key, value)], self.at).expect("a new fact is a change");
        let mut envelope = signer.seal(&doc, 1_000_000 + self.nonce % 1_000_000, change);
        envelope.author = author;
        envelope
    }
}

/// A customer's data as a staff device would write it.
pub fn visit(branch: BranchId, secret: &[u8; 32], at: UnixMs, nonce: u64) -> Envelope {
    let signer = Signer::new(secret, branch);
    let doc: DocId = format!("visit/sim{nonce}").parse().expect("a valid name");
    let mut document = FactDoc::new(&doc, &Actor::new(&signer.device, nonce.to_be_bytes()));
    let change = document.write(&[("customer".into(), "\"Ouyang\"".into())], at).expect("a new fact is a change");
    signer.seal(&doc, 2_000_000 + nonce % 1_000_000, change)
}

/// What a staff device of a later version might write: a family of its own, and a field more in a fact that both know.
pub fn of_a_later_version(
    branch: BranchId,
    secret: &[u8; 32],
    date: BusinessDate,
    at: UnixMs,
    nonce: u64,
) -> [Envelope; 2] {
    let signer = Signer::new(secret, branch);
    let actor = Actor::new(&signer.device, nonce.to_be_bytes());
    let seal = |doc: &DocId, n: u64, fact: (String, String)| {
        let change = FactDoc::new(doc, &actor).write(&[fact], at).expect("a new fact is a change");
        signer.seal(doc, 3_000_000 + nonce % 1_000_000 + n, change)
    };
    let unknown: DocId = format!("gadget/sim{nonce}").parse().expect("a valid name");
    let cmd = CommandId::try_from(format!("newer{nonce}")).expect("short plain text");
    let key = format!("c:1:{}", cmd.digest());
    let by = ticket::Actor { device: signer.device, staff: Some("manager".into()), at };
    let fact = CounterFact { cmd, by, seq: 1, kind: CounterFactKind::Open { services: None, profile: None } };
    let mut value = serde_json::to_value(fact).expect("plain data");
    value["mood"] = "a field of a later version".into();
    [seal(&unknown, 0, ("spin".into(), "7".into())), seal(&DocId::queue_counters(date), 1, (key, value.to_string()))]
}
