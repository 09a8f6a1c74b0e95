//! Merging is a union of sets: any order, any repetition, the same view; and nothing closed comes back.

use std::collections::BTreeSet;

use branchmesh_model::anomaly::Anomaly;
use branchmesh_model::decide::materialise;
use branchmesh_model::ids::{EpochId, RecordId, RecordKey, TicketId, VoterId};
use branchmesh_model::schema::{DocId, Write};
use branchmesh_model::ticket::{
    Act, Actor, CounterFact, CounterFactKind, Entry, Fact, FactKind, Issue, Number, Position, RatingFact, TicketState,
};
use branchmesh_model::time::UnixMs;
use branchmesh_model::view::{BranchView, DayView, conflict_id};
use proptest::prelude::*;

use crate::support::{cmd, date, device};

fn record(n: u32) -> RecordId {
    let creator = VoterId { device: device((n % 3) as u8), generation: 0 };
    RecordId { epoch: EpochId { height: n % 4, creator, n: 1 }, index: n }
}

fn actor(n: u32) -> Actor {
    Actor { device: device((n % 5) as u8), staff: Some(format!("t{}", n % 4)), at: UnixMs(i64::from(n) * 977 % 50_000) }
}

fn entry(n: u32, act: Act) -> Vec<Write> {
    materialise(record(n), &Entry { cmd: cmd(&format!("r{n}")), by: actor(n), act })
}

fn new_ticket(count: u32, parent: Option<TicketId>) -> Issue {
    Issue {
        date: date(),
        number: Number { prefix: 'A', lane: String::new(), count },
        service: "cash".into(),
        category: None,
        language: None,
        parent,
        arrived: UnixMs(7),
        identified: false,
        status_digest: None,
        ahead: 0,
        estimate: None,
    }
}

fn ticket() -> TicketId {
    record(0).key()
}

fn fact(n: u32, grant: RecordKey, seq: u32, kind: FactKind) -> Vec<Write> {
    let command = cmd(&format!("f{n}"));
    let key = format!("f:{}:{}", ticket(), command.digest());
    let fact = Fact { cmd: command, by: actor(n), grant, seq, kind };
    vec![write(key, &fact)]
}

fn write(key: String, value: &impl serde::Serialize) -> Write {
    Write { doc: DocId::queue(date(), &ticket()), key, value: serde_json::to_string(value).expect("serialises") }
}

/// What may be said about one ticket, by anybody, sensible or not. `n` makes its names unique.
#[derive(Clone, Debug)]
enum Said {
    Grant { turn: u32, counter: u8, forced: bool },
    Fact { grant: u32, seq: u32, kind: u8 },
    Requeue { turn: u32, position: u8 },
    Reinstate { turn: u32 },
    Abandon,
    Move,
    CloseDay,
    Rate { level: u8 },
    Acknowledge { turn: u32 },
    Counter { seq: u32, kind: u8 },
    Nonsense,
}

impl Said {
    fn writes(&self, n: u32) -> Vec<Write> {
        let (ticket, date) = (ticket(), date());
        match *self {
            Said::Grant { turn, counter, forced } => {
                entry(n, Act::Grant { ticket, date, turn, counter, forced, reason: None })
            }
            Said::Fact { grant, seq, kind } => {
                let kind = match kind {
                    0 => FactKind::Recall,
                    1 | 2 => FactKind::Start,
                    3 => FactKind::NoShow,
                    4 => FactKind::Park { reason: None },
                    _ => FactKind::Finish { outcome: None },
                };
                fact(n, record(grant).key(), seq, kind)
            }
            Said::Requeue { turn, position } => {
                let position = [Position::Front, Position::End, Position::Arrival][usize::from(position % 3)];
                let service = "non_cash".into();
                entry(n, Act::Requeue { ticket, date, turn, service, counter: None, staff: None, position })
            }
            Said::Reinstate { turn } => entry(n, Act::Reinstate { ticket, date, turn }),
            Said::Abandon => entry(n, Act::Abandon { ticket, date, reason: None }),
            Said::Move => entry(n, Act::Move { ticket, date, issue: new_ticket(n, Some(ticket)) }),
            Said::CloseDay => entry(n, Act::CloseDay { date }),
            Said::Rate { level } => {
                let command = cmd(&format!("t{n}"));
                let key = format!("t:{ticket}:{}", command.digest());
                vec![write(key, &RatingFact { cmd: command, by: actor(n), level })]
            }
            Said::Acknowledge { turn } => vec![write(format!("k:{}", conflict_id(&ticket, turn)), &actor(turn))],
            Said::Counter { seq, kind } => {
                let kind = match kind {
                    0 => CounterFactKind::Close,
                    1 => CounterFactKind::Pause { reason: "tea".into() },
                    2 => CounterFactKind::Resume,
                    _ => CounterFactKind::Open { services: None, profile: None },
                };
                let command = cmd(&format!("c{n}"));
                let key = format!("c:1:{}", command.digest());
                let fact = CounterFact { cmd: command, by: actor(n), seq, kind };
                vec![Write { doc: DocId::queue_counters(date), ..write(key, &fact) }]
            }
            Said::Nonsense => vec![Write { value: "{\"newer\":1}".into(), ..write(format!("f:{ticket}:{n}"), &0) }],
        }
    }
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        6 => (1..4_u32, 1..4_u8, any::<bool>()).prop_map(|(turn, counter, forced)| Said::Grant { turn, counter, forced }),
        12 => (1..8_u32, 1..5_u32, 0..6_u8).prop_map(|(grant, seq, kind)| Said::Fact { grant, seq, kind }),
        1 => (1..4_u32, any::<u8>()).prop_map(|(turn, position)| Said::Requeue { turn, position }),
        1 => (1..4_u32).prop_map(|turn| Said::Reinstate { turn }),
        1 => Just(Said::Abandon),
        1 => Just(Said::Move),
        1 => Just(Said::CloseDay),
        1 => (0..5_u8).prop_map(|level| Said::Rate { level }),
        1 => (1..4_u32).prop_map(|turn| Said::Acknowledge { turn }),
        2 => (1..4_u32, 0..5_u8).prop_map(|(seq, kind)| Said::Counter { seq, kind }),
        1 => Just(Said::Nonsense),
    ]
}

/// A set of facts about one ticket, the one that issues it included.
fn facts() -> impl Strategy<Value = Vec<Write>> {
    let granted =
        (1..4_u32, 1..4_u8, any::<bool>()).prop_map(|(turn, counter, forced)| Said::Grant { turn, counter, forced });
    let all = (prop::collection::vec(granted, 0..5), prop::collection::vec(said(), 0..20));
    all.prop_map(|(grants, others)| {
        let all = [grants, others].concat();
        let issued = entry(0, Act::Issue { issue: new_ticket(1, None) });
        issued.into_iter().chain((1..).zip(&all).flat_map(|(n, said)| said.writes(n))).collect()
    })
}

/// The facts, and the same in another order with some of them twice.
fn shuffled() -> impl Strategy<Value = (Vec<Write>, Vec<Write>)> {
    facts().prop_flat_map(|facts| {
        let twice: Vec<Write> = facts.iter().chain(facts.iter().step_by(3)).cloned().collect();
        (Just(facts), Just(twice).prop_shuffle())
    })
}

fn apply(view: &mut BranchView, facts: &[Write]) {
    for w in facts {
        view.apply(&w.doc, &w.key, &w.value);
    }
}

fn day(view: &BranchView) -> DayView {
    view.days().get(&date()).map(|d| (**d).clone()).unwrap_or_default()
}

fn strength(state: TicketState) -> u8 {
    match state {
        TicketState::Moved => 4,
        TicketState::Abandoned => 3,
        TicketState::Served => 2,
        TicketState::Expired => 1,
        _ => 0,
    }
}

/// One call and what tellers who do not see one another may say about it: nothing but a finish closes here.
fn race() -> impl Strategy<Value = Vec<Write>> {
    let said = (1..5_u32, 1..6_u8).prop_map(|(seq, kind)| Said::Fact { grant: 1, seq, kind });
    prop::collection::vec(said, 1..6).prop_map(|said| {
        let issued = entry(0, Act::Issue { issue: new_ticket(1, None) });
        let called = Said::Grant { turn: 1, counter: 1, forced: false }.writes(1);
        issued.into_iter().chain(called).chain((2..).zip(&said).flat_map(|(n, said)| said.writes(n))).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_served_ticket_stays_served(facts in race()) {
        let mut view = BranchView::new(device(1));
        let mut served = false;
        for w in &facts {
            apply(&mut view, std::slice::from_ref(w));
            view.refresh();
            let now = view.ticket(&ticket()).is_some_and(|t| t.state == TicketState::Served);
            prop_assert!(now || !served);
            served = now;
        }
    }

    #[test]
    fn equal_sets_give_equal_views((facts, other) in shuffled(), pause in 0..20_usize) {
        let mut a = BranchView::new(device(1));
        apply(&mut a, &facts);
        a.refresh();
        let mut b = BranchView::new(device(1));
        // Refreshing halfway must not leave a trace of what was not known then.
        for (i, w) in other.iter().enumerate() {
            apply(&mut b, std::slice::from_ref(w));
            if i % (pause + 1) == 0 {
                b.refresh();
            }
        }
        b.refresh();
        prop_assert_eq!(day(&a), day(&b));
        let anomalies = |v: &BranchView| -> Vec<Anomaly> { v.anomalies().to_vec() };
        prop_assert_eq!(anomalies(&a), anomalies(&b));
        let known = |v: &BranchView| -> Vec<_> { (0..40).map(|n| v.find_command(&cmd(&format!("r{n}")))).collect() };
        prop_assert_eq!(known(&a), known(&b));
    }

    #[test]
    fn nothing_closed_comes_back((_, order) in shuffled()) {
        let mut view = BranchView::new(device(1));
        let mut closed = 0;
        for w in &order {
            apply(&mut view, std::slice::from_ref(w));
            view.refresh();
            let now = view.ticket(&ticket()).map_or(0, |t| strength(t.state));
            prop_assert!(now >= closed, "strength {closed} became {now}");
            closed = now;
        }
    }

    #[test]
    fn a_turn_with_several_grants_is_one_conflict((facts, order) in shuffled()) {
        let mut view = BranchView::new(device(1));
        apply(&mut view, &order);
        view.refresh();
        let grants = facts.iter().filter_map(|w| serde_json::from_str::<Entry>(&w.value).ok()).filter_map(|e| match e.act {
            Act::Grant { turn, .. } => Some(turn),
            _ => None,
        });
        let turns: Vec<u32> = grants.collect();
        let double: BTreeSet<RecordKey> = turns
            .iter()
            .filter(|t| turns.iter().filter(|o| o == t).count() > 1)
            .map(|t| conflict_id(&ticket(), *t))
            .collect();
        let day = day(&view);
        prop_assert_eq!(day.conflicts.keys().copied().collect::<BTreeSet<_>>(), double);
        let open = day.conflicts.values().any(|c| c.acknowledged.is_none());
        prop_assert_eq!(day.tickets[&ticket()].conflict.is_some(), open);
    }

    #[test]
    fn every_step_that_counts_is_told_once((facts, order) in shuffled()) {
        let mut view = BranchView::new(device(1));
        apply(&mut view, &facts);
        let told = view.refresh().len();
        apply(&mut view, &order);
        prop_assert_eq!(view.refresh(), vec![]);
        prop_assert!(told >= 1, "at least that it was issued");
    }

    #[test]
    fn hostile_keys_and_values_never_stop_a_view(key in "\\PC{0,40}", value in "\\PC{0,80}", prefix in 0..7_usize) {
        let prefix = ["r:", "f:", "t:", "c:", "k:", "d:", ""][prefix];
        let mut view = BranchView::new(device(1));
        for doc in [DocId::queue_counters(date()), DocId::config(), DocId::roster(), DocId::queue(date(), &ticket())] {
            view.apply(&doc, &format!("{prefix}{key}"), &value);
        }
        view.refresh();
        prop_assert!(day(&view).tickets.is_empty());
        prop_assert!(!view.anomalies().is_empty());
    }
}

#[test]
fn two_different_closings_are_settled_and_reported() {
    let grant = record(1).key();
    let mut view = BranchView::new(device(1));
    apply(&mut view, &entry(0, Act::Issue { issue: new_ticket(1, None) }));
    apply(&mut view, &Said::Grant { turn: 1, counter: 1, forced: false }.writes(1));
    apply(&mut view, &fact(2, grant, 1, FactKind::Start));
    apply(&mut view, &fact(3, grant, 2, FactKind::Finish { outcome: Some("done".into()) }));
    view.refresh();
    assert_eq!(view.ticket(&ticket()).map(|t| t.state), Some(TicketState::Served));
    apply(&mut view, &Said::Abandon.writes(4));
    view.refresh();
    let ticket = view.ticket(&ticket()).expect("issued");
    assert_eq!(ticket.state, TicketState::Abandoned);
    let history: Vec<&str> = ticket.history.iter().map(|h| &*h.what).collect();
    assert_eq!(history, ["issued", "called", "started", "!finished", "abandoned"]);
    assert_eq!(view.anomalies().len(), 1);
}

#[test]
fn a_step_out_of_order_stays_in_the_history_without_effect() {
    let grant = record(1).key();
    let mut view = BranchView::new(device(1));
    apply(&mut view, &entry(0, Act::Issue { issue: new_ticket(1, None) }));
    apply(&mut view, &Said::Grant { turn: 1, counter: 1, forced: false }.writes(1));
    apply(&mut view, &fact(2, grant, 1, FactKind::NoShow));
    apply(&mut view, &fact(3, grant, 2, FactKind::Start));
    view.refresh();
    let ticket = view.ticket(&ticket()).expect("issued");
    assert_eq!(ticket.state, TicketState::NoShow);
    assert_eq!(ticket.history.last().map(|h| &*h.what), Some("!started"));
}

#[test]
fn a_day_that_was_dropped_leaves_nothing() {
    let mut view = BranchView::new(device(1));
    apply(&mut view, &entry(0, Act::Issue { issue: new_ticket(1, None) }));
    apply(&mut view, &Said::Nonsense.writes(1));
    view.refresh();
    assert!(view.find_command(&cmd("r0")).is_some());
    view.drop_day(date());
    assert!(view.days().is_empty() && view.ticket(&ticket()).is_none() && view.find_command(&cmd("r0")).is_none());
    assert!(view.anomalies().is_empty());
}

/// Two machines ran as one steward and filled a place of its log twice; whoever had shown the other text shows no trace of it.
#[test]
fn a_place_of_a_log_that_was_filled_twice_shows_what_the_document_chose() {
    let doc = DocId::queue(date(), &ticket());
    let n = (1..).find(|n| DocId::queue(date(), &record(*n).key()) == doc).expect("shards are few");
    let issued = entry(0, Act::Issue { issue: new_ticket(1, None) });
    let lost = entry(n, Act::Issue { issue: new_ticket(2, None) });
    let chosen = entry(n, Act::Abandon { ticket: ticket(), date: date(), reason: None });
    assert_eq!(lost[0].key, chosen[0].key, "it is one place");

    let (mut early, mut late) = (BranchView::new(device(1)), BranchView::new(device(1)));
    apply(&mut early, &[issued.clone(), lost].concat());
    early.refresh();
    early.retract(&doc, &chosen[0].key);
    apply(&mut early, &chosen);
    early.refresh();
    apply(&mut late, &[issued, chosen].concat());
    late.refresh();
    assert_eq!(early.days(), late.days());
    assert_eq!(early.ticket(&ticket()).map(|t| t.state), Some(TicketState::Abandoned));
}

/// Two machines ran as one steward and closed the day in one place of its log; each document chose by itself between the two.
#[test]
fn a_day_that_was_closed_twice_in_one_place_reads_alike_in_any_order() {
    let issued = entry(0, Act::Issue { issue: new_ticket(1, None) });
    let closed_by = |n| {
        let close = Entry { cmd: cmd("close"), by: actor(n), act: Act::CloseDay { date: date() } };
        materialise(record(9), &close)
    };
    let both = closed_by(1).into_iter().zip(closed_by(2)).enumerate();
    let mut chosen: Vec<Write> = both.map(|(place, (a, b))| if place < 4 { a } else { b }).collect();
    let (mut forwards, mut backwards) = (BranchView::new(device(1)), BranchView::new(device(1)));
    apply(&mut forwards, &[issued.clone(), chosen.clone()].concat());
    forwards.refresh();
    chosen.reverse();
    apply(&mut backwards, &[issued, chosen].concat());
    backwards.refresh();
    assert_eq!(forwards.days(), backwards.days());
    assert_eq!(forwards.ticket(&ticket()).map(|t| t.state), Some(TicketState::Expired));
}

#[test]
fn a_late_no_show_from_elsewhere_does_not_open_a_served_ticket() {
    let grant = record(1).key();
    let mut view = BranchView::new(device(1));
    apply(&mut view, &entry(0, Act::Issue { issue: new_ticket(1, None) }));
    apply(&mut view, &Said::Grant { turn: 1, counter: 1, forced: false }.writes(1));
    apply(&mut view, &fact(2, grant, 2, FactKind::Start));
    apply(&mut view, &fact(3, grant, 3, FactKind::Finish { outcome: None }));
    view.refresh();
    assert_eq!(view.ticket(&ticket()).map(|t| t.state), Some(TicketState::Served));
    // By its sequence it comes before the start, which then has no effect; the finish has one all the same.
    apply(&mut view, &fact(4, grant, 1, FactKind::NoShow));
    view.refresh();
    assert_eq!(view.ticket(&ticket()).map(|t| t.state), Some(TicketState::Served));
}
