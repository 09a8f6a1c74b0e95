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
        ("roster", "26cb82f837bb31fdeabe7a1baaafa3307e0a4352bae632947d78da7f0e65eaea"),
        ("config", "f06174ca7b9b1eff97d473135677bdde2b616206e32f255defcb5419a817a880"),
        ("queue/2026-11-21/0", "ad82c50b9efbedd7af161184c759627ccfa0e7aa91573a6f4689c59391e48d56"),
        ("visit/x", "dfcf70b5ba6533f833f442399b6a2dd750ff8f5dbfb4d9e5b0027381f2461ddd"),
        ("lead/x", "8c8a0b61ca5cb160f35b4635b14e8f7a4b78114d8ced5a2aa05f69d9760a4a6e"),
        ("customer/x", "3be74037f6e3584686dd3b9817f7a4edd9a1bc83d65aad6229ab76164fa05cef"),
        ("journal/2026-11", "6b345bc6cc00d5cb18e1ca6435c81e0c6409b29f8be49d43a17bb710e486ee46"),
        ("catalogue/rates", "1af800f1ba8ec28882dbcfcffe73177b0a4a2270eef41186b2fb41b29067e08b"),
        ("settlement/2026-11-21", "6d117f69c95dbb618925b1b8e0a5d8c35c91ffacb0167c42a171980ecd304410"),
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
    let ticket = record().key();
    let found = [
        ticket.to_string(),
        conflict_id(&ticket, 1).to_string(),
        cmd("c").digest(),
        DocId::queue(date(), &ticket).to_string(),
    ];
    assert_eq!(found, ["7jk7lvea3hqh6b5o", "mydodohf7jikkceh", "5j5kd7e67w7ba3n3", "queue/2026-11-21/2"]);
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
    let position = Position::Arrival;
    let parent = Issue { parent: Some(ticket), ..issue.clone() };
    let requeue =
        Act::Requeue { ticket, date, turn: 1, service: "cash".into(), counter: Some(2), staff: None, position };
    let found = [
        Act::Issue { issue },
        Act::Move { ticket, date, issue: parent },
        Act::Grant { ticket, date, turn: 1, counter: 3, forced: true, reason: Some("split".into()) },
        Act::Abandon { ticket, date, reason: None },
        Act::Reinstate { ticket, date, turn: 1 },
        requeue,
        Act::CloseDay { date },
    ]
    .map(|act| entry(act).replace(&ticket.to_string(), "TICKET"));
    let expected = [
        r#""act":"issue","issue":{"date":"2026-11-21","number":{"prefix":"A","lane":"K","count":1},"service":"cash","category":"deposit","arrived":5,"identified":true,"ahead":2,"estimate":{"low_s":60,"high_s":120}}"#,
        r#""act":"move","ticket":"TICKET","date":"2026-11-21","issue":{"date":"2026-11-21","number":{"prefix":"A","lane":"K","count":1},"service":"cash","category":"deposit","parent":"TICKET","arrived":5,"identified":true,"ahead":2,"estimate":{"low_s":60,"high_s":120}}"#,
        r#""act":"grant","ticket":"TICKET","date":"2026-11-21","turn":1,"counter":3,"forced":true,"reason":"split""#,
        r#""act":"abandon","ticket":"TICKET","date":"2026-11-21""#,
        r#""act":"reinstate","ticket":"TICKET","date":"2026-11-21","turn":1"#,
        r#""act":"requeue","ticket":"TICKET","date":"2026-11-21","turn":1,"service":"cash","counter":2,"position":"arrival""#,
        r#""act":"close_day","date":"2026-11-21""#,
    ]
    .map(|rest| format!(r#"{{"cmd":"c","by":BY,{rest}}}"#));
    assert_eq!(found, expected);
}

#[test]
fn facts() {
    let grant = record().key();
    let fact = |kind| json(&Fact { cmd: cmd("c"), by: by(), grant, seq: 1, kind }).replace(&grant.to_string(), "GRANT");
    let counter = |kind| json(&CounterFact { cmd: cmd("c"), by: by(), seq: 1, kind });
    let found = [
        fact(FactKind::Recall),
        fact(FactKind::Finish { outcome: Some("done".into()) }),
        json(&RatingFact { cmd: cmd("c"), by: by(), level: 3 }),
        counter(CounterFactKind::Pause { reason: "tea".into() }),
        counter(CounterFactKind::Open { services: Some(vec!["cash".into()]), profile: None }),
    ];
    let expected = [
        r#""grant":"GRANT","seq":1,"fact":"recall""#,
        r#""grant":"GRANT","seq":1,"fact":"finish","outcome":"done""#,
        r#""level":3"#,
        r#""seq":1,"fact":"pause","reason":"tea""#,
        r#""seq":1,"fact":"open","services":["cash"]"#,
    ]
    .map(|rest| format!(r#"{{"cmd":"c","by":BY,{rest}}}"#));
    assert_eq!(found, expected);
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("serialises").replace(BY, "BY")
}

#[test]
fn a_record_goes_to_the_documents_of_all_its_tickets() {
    let close = Entry { cmd: cmd("c"), by: by(), act: Act::CloseDay { date: date() } };
    let docs: Vec<String> = materialise(record(), &close).iter().map(|w| w.doc.to_string()).collect();
    assert_eq!((docs.len(), docs[8].as_str()), (9, "queue/2026-11-21/c"));
    assert!(materialise(record(), &close).iter().all(|w| w.key == format!("d:{}", record().key())));
}
