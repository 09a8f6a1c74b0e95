//! Bytes that other nodes, other versions and old files depend on. A change here is a change of the format: it needs a
//! new schema version, not a new expectation.

use branchmesh_model::decide::materialise;
use branchmesh_model::document::{Actor as Writer, FactDoc};
use branchmesh_model::ids::{EpochId, RecordId, VoterId};
use branchmesh_model::schema::DocId;
use branchmesh_model::ticket::{
    Act, Actor, CounterFact, CounterFactKind, Entry, EstimateRange, Fact, FactKind, Issue, Number, Position, RatingFact,
};
use branchmesh_model::time::UnixMs;
use branchmesh_model::view::conflict_id;

use crate::support::{cmd, date, device};

fn record() -> RecordId {
    let creator = VoterId { device: device(1), generation: 0 };
    RecordId { epoch: EpochId { height: 1, creator, n: 2 }, index: 3 }
}

fn by() -> Actor {
    Actor { device: device(1), staff: Some("t07".into()), at: UnixMs(1_795_248_000_000) }
}

fn entry(act: Act) -> String {
    let text = serde_json::to_string(&Entry { cmd: cmd("c"), by: by(), act }).expect("serialises");
    let back: Entry = serde_json::from_str(&text).expect("own bytes");
    assert_eq!(serde_json::to_string(&back).expect("serialises"), text, "reading and writing again changes nothing");
    text.replace(BY, "BY")
}

const BY: &str =
    r#"{"device":"aeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaq","staff":"t07","at":1795248000000}"#;

#[test]
fn genesis_of_every_family() {
    let expected = [
        ("roster", "GENESIS"),
        ("config", "GENESIS"),
        ("queue/2026-11-21/0", "GENESIS"),
        ("visit/x", "GENESIS"),
        ("lead/x", "GENESIS"),
        ("customer/x", "GENESIS"),
        ("journal/2026-11", "GENESIS"),
        ("catalogue/rates", "GENESIS"),
        ("settlement/2026-11-21", "GENESIS"),
    ];
    let found: Vec<(&str, String)> = expected
        .iter()
        .map(|(name, _)| {
            let id: DocId = name.parse().expect("a valid name");
            let heads = FactDoc::new(&id, &Writer::new(&device(1), [0; 8])).heads();
            assert_eq!(heads.len(), 1);
            (*name, data_encoding::HEXLOWER.encode(&heads[0]))
        })
        .collect();
    assert_eq!(found, expected.map(|(name, hash)| (name, hash.to_owned())));
}

#[test]
fn names() {
    assert_eq!(record().key().to_string(), "RECORD");
    assert_eq!(conflict_id(&record().key(), 1).to_string(), "CONFLICT");
    assert_eq!(cmd("c").digest(), "DIGEST");
    assert_eq!(DocId::queue(date(), &record().key()).as_str(), "SHARD");
}

#[test]
fn entries() {
    let ticket = record().key();
    let issue = Issue {
        date: date(),
        number: Number { prefix: 'A', lane: "K".into(), count: 1 },
        service: "cash".into(),
        category: Some("deposit".into()),
        language: None,
        parent: None,
        arrived: UnixMs(5),
        identified: true,
        status_digest: None,
        ahead: 2,
        estimate: Some(EstimateRange { low_s: 60, high_s: 120 }),
    };
    let date = date();
    assert_eq!(entry(Act::Issue { issue: issue.clone() }), "");
    assert_eq!(entry(Act::Move { ticket, date, issue: Issue { parent: Some(ticket), ..issue } }), "");
    assert_eq!(entry(Act::Grant { ticket, date, turn: 1, counter: 3, forced: true, reason: Some("split".into()) }), "");
    assert_eq!(entry(Act::Abandon { ticket, date, reason: None }), "");
    assert_eq!(entry(Act::Reinstate { ticket, date, turn: 1 }), "");
    let position = Position::Arrival;
    let requeue =
        Act::Requeue { ticket, date, turn: 1, service: "cash".into(), counter: Some(2), staff: None, position };
    assert_eq!(entry(requeue), "");
    assert_eq!(entry(Act::CloseDay { date }), "");
}

#[test]
fn facts() {
    let fact = |kind| {
        let fact = Fact { cmd: cmd("c"), by: by(), grant: record().key(), seq: 1, kind };
        serde_json::to_string(&fact).expect("serialises").replace(BY, "BY")
    };
    assert_eq!(fact(FactKind::Recall), "");
    assert_eq!(fact(FactKind::Finish { outcome: Some("done".into()) }), "");
    let rating = RatingFact { cmd: cmd("c"), by: by(), level: 3 };
    assert_eq!(serde_json::to_string(&rating).expect("serialises").replace(BY, "BY"), "");
    let pause = CounterFact { cmd: cmd("c"), by: by(), seq: 1, kind: CounterFactKind::Pause { reason: "tea".into() } };
    assert_eq!(serde_json::to_string(&pause).expect("serialises").replace(BY, "BY"), "");
    let open = CounterFactKind::Open { services: Some(vec!["cash".into()]), profile: None };
    let open = CounterFact { cmd: cmd("c"), by: by(), seq: 1, kind: open };
    assert_eq!(serde_json::to_string(&open).expect("serialises").replace(BY, "BY"), "");
}

#[test]
fn a_record_goes_to_the_documents_of_all_its_tickets() {
    let close = Entry { cmd: cmd("c"), by: by(), act: Act::CloseDay { date: date() } };
    let docs: Vec<String> = materialise(record(), &close).iter().map(|w| w.doc.to_string()).collect();
    assert_eq!((docs.len(), docs[8].as_str()), (9, "queue/2026-11-21/c"));
    assert!(materialise(record(), &close).iter().all(|w| w.key == format!("d:{}", record().key())));
}
