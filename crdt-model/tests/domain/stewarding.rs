//! What the steward decides: numbers, who is next, rights across a split, and double calls.

use branchmesh_model::command::{Ask, Command, Done, Guarded, Ordinary, Rejection};
use branchmesh_model::decide;
use branchmesh_model::ids::{EpochId, RecordId, TicketId, VoterId};
use branchmesh_model::ticket::{Act, Position, TicketState};
use branchmesh_model::view::conflict_id;

use crate::support::{COUNTER_2, KIOSK, Side, at, cmd, ctx, date, device, finish, issue, kiosk, manager};

fn serve(side: &mut Side, counter: u8) -> TicketId {
    let id = side.call_next(counter).expect("free").expect("somebody waits");
    side.ordinary(manager(), Ordinary::Start { ticket: id }).expect("called");
    side.ordinary(manager(), finish(id)).expect("serving");
    id
}

#[test]
fn numbers_are_consecutive_per_letter_and_lane() {
    let mut side = Side::new();
    let ids = ["cash", "cash", "non_cash", "cash"].map(|s| side.issue(s));
    assert_eq!(ids.map(|id| side.number(&id)), ["A001", "A002", "B001", "A003"]);
    let mut other = Side::with_lane("K", KIOSK);
    let id = other.issue("cash");
    assert_eq!(other.number(&id), "AK001");
}

#[test]
fn a_number_is_not_given_twice_before_the_first_is_shown() {
    let mut side = Side::new();
    let numbers: Vec<String> = (0..3)
        .map(|_| match side.append(kiosk(), issue("cash")).expect("permitted").expect("a record").1.act {
            Act::Issue { issue } => issue.number.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(numbers, ["A001", "A002", "A003"]);
}

#[test]
fn an_own_lane_goes_on_after_an_epoch_that_was_not_inherited() {
    let mut first = Side::with_lane("K", KIOSK);
    let (_, entry) = first.append(kiosk(), issue("cash")).expect("permitted").expect("a record");
    let mut second = Side::with_lane("K", KIOSK);
    second.book.fold_own(&entry);
    let id = second.issue("cash");
    assert_eq!(second.number(&id), "AK002");
}

#[test]
fn the_main_lane_goes_on_from_what_was_inherited() {
    let mut first = Side::new();
    let (record, void) = first.append(kiosk(), issue("cash")).expect("permitted").expect("a record");
    let mut second = Side::new();
    second.book.fold_own(&void);
    second.book.fold(record, &void, true);
    let id = second.issue("cash");
    assert_eq!(second.number(&id), "A001", "a record that never counted leaves no gap");
}

#[test]
fn call_next_follows_priority_then_arrival() {
    let mut side = Side::new();
    side.open(1);
    let (b, a1, a2) = (side.issue("non_cash"), side.issue("cash"), side.issue("cash"));
    side.issue("wealth");
    assert_eq!([serve(&mut side, 1), serve(&mut side, 1), serve(&mut side, 1)], [a1, a2, b]);
    assert_eq!(side.call_next(1), Ok(None), "a cash counter serves no wealth");
}

#[test]
fn waiting_long_raises_a_ticket() {
    let mut side = Side::new();
    side.open(1);
    let old = side.issue("non_cash");
    side.now.0 += 900_000;
    side.issue("cash");
    assert_eq!(serve(&mut side, 1), old);
}

#[test]
fn a_queue_with_a_condition_is_taken_only_once_it_waited_long_enough() {
    let mut side = Side::new();
    let profiles = serde_json::json!([{
        "id": "cash_first", "name": {"zh": "现金", "en": "Cash"},
        "queues": [{"queue": "cash", "priority": 1}, {"queue": "non_cash", "priority": 2, "after_wait_s": 300}],
    }, {"id": "non_cash_only", "name": {"zh": "非", "en": "Non"}, "queues": [{"queue": "non_cash", "priority": 1}]},
       {"id": "wealth_only", "name": {"zh": "理", "en": "W"}, "queues": [{"queue": "wealth", "priority": 1}]}]);
    side.ordinary(manager(), Ordinary::PutConfig { section: "profiles".into(), value: profiles }).expect("valid");
    side.open(1);
    let id = side.issue("non_cash");
    assert_eq!(side.call_next(1), Ok(None));
    side.now.0 += 300_000;
    assert_eq!(side.call_next(1), Ok(Some(id)));
}

#[test]
fn a_ticket_sent_to_a_counter_comes_first_there_and_never_elsewhere() {
    let mut side = Side::new();
    side.open(1);
    side.open(2);
    let sent = side.issue("cash");
    side.call(sent, 1).expect("free");
    side.ordinary(manager(), Ordinary::Start { ticket: sent }).expect("called");
    let other = side.issue("cash");
    let ask = Guarded::Transfer { ticket: sent, service: None, counter: Some(2), staff: None, position: Position::End };
    side.guarded(manager(), ask).expect("serving");
    assert_eq!(side.call_next(1), Ok(Some(other)));
    assert_eq!(side.call_next(2), Ok(Some(sent)));
}

#[test]
fn transfers_join_at_the_front_the_end_or_by_arrival() {
    for (position, expected) in [(Position::Front, 0), (Position::Arrival, 1), (Position::End, 2)] {
        let mut side = Side::new();
        side.open(1);
        let early = side.issue("non_cash");
        let sent = side.issue("cash");
        let late = side.issue("non_cash");
        side.call(sent, 1).expect("free");
        side.ordinary(manager(), Ordinary::Start { ticket: sent }).expect("called");
        let service = Some("non_cash".into());
        let ask = Guarded::Transfer { ticket: sent, service, counter: None, staff: None, position };
        side.guarded(manager(), ask).expect("serving");
        let mut queue = [early, sent, late];
        queue.sort_by_key(|id| side.ticket(id).order);
        assert_eq!(queue.iter().position(|id| *id == sent), Some(expected), "{position:?}");
    }
}

#[test]
fn a_counter_calls_only_when_open_and_free() {
    let mut side = Side::new();
    side.issue("cash");
    side.issue("cash");
    let refused = |r| matches!(r, Err(Rejection::CounterState { .. }));
    assert!(refused(side.call_next(1)), "closed");
    side.open(1);
    side.call_next(1).expect("open").expect("somebody waits");
    assert!(refused(side.call_next(1)), "has a ticket");
    side.open(2);
    let reason = side.view.config().thresholds.pause_reasons[0].clone();
    side.ordinary(manager(), Ordinary::PauseCounter { counter: 2, reason }).expect("open");
    assert!(refused(side.call_next(2)), "paused");
    side.ordinary(manager(), Ordinary::ResumeCounter { counter: 2 }).expect("paused");
    assert!(side.call_next(2).expect("open again").is_some());
    assert!(matches!(side.call_next(99), Err(Rejection::NotFound { .. })));
}

#[test]
fn a_grant_that_is_not_shown_yet_counts() {
    let mut side = Side::new();
    side.open(1);
    side.open(2);
    let id = side.issue("cash");
    side.append(manager(), Guarded::CallNext { counter: 1 }).expect("free").expect("somebody waits");
    assert_eq!(side.append(manager(), Guarded::CallNext { counter: 2 }), Ok(None));
    let again = Guarded::Call { ticket: id, counter: 2, override_reason: None };
    assert_eq!(side.append(manager(), again).map(drop), Err(Rejection::AlreadyCalled { counter: 1 }));
    assert!(matches!(side.append(manager(), Guarded::CallNext { counter: 1 }), Err(Rejection::CounterState { .. })));
}

#[test]
fn the_other_sides_tickets_are_refused_and_left_alone() {
    let mut main = Side::new();
    let id = main.issue("cash");
    let mut other = main.split("B", COUNTER_2);
    other.open(2);
    assert_eq!(other.call_next(2), Ok(None));
    let none = Rejection::NoAuthority { holders: vec![] };
    assert_eq!(other.call(id, 2).map(drop), Err(none.clone()));
    assert_eq!(other.guarded(manager(), Guarded::Abandon { ticket: id, reason: None }).map(drop), Err(none));
}

#[test]
fn a_take_over_marks_its_grants() {
    let mut main = Side::new();
    let (record, entry) = main.append(kiosk(), issue("cash")).expect("permitted").expect("a record");
    main.take(&decide::materialise(record, &entry));
    let mut other = main.split("B", COUNTER_2);
    other.book.fold(record, &entry, true);
    other.open(2);
    let id = other.call_next(2).expect("open").expect("taken over");
    assert!(other.ticket(&id).overridden);
    assert_eq!(other.number(&id), "A001");
    let new = other.issue("cash");
    assert_eq!(other.number(&new), "AB001", "never the main lane");
}

/// Two sides call the same ticket, the second by override.
fn double_call() -> (Side, TicketId) {
    let mut main = Side::new();
    main.open(1);
    let id = main.issue("cash");
    let mut other = main.split("B", COUNTER_2);
    other.open(2);
    main.call(id, 1).expect("by right");
    other.override_call(id, 2).expect("by override");
    let theirs = other.written.clone();
    main.take(&theirs);
    (main, id)
}

#[test]
fn a_double_call_is_one_conflict_until_acknowledged() {
    let (mut side, id) = double_call();
    let conflict = conflict_id(&id, 1);
    let shown = |s: &Side| s.view.days()[&date()].conflicts.clone();
    assert_eq!(shown(&side).keys().copied().collect::<Vec<_>>(), [conflict]);
    let counters: Vec<u8> = shown(&side)[&conflict].calls.iter().map(|c| c.counter).collect();
    assert_eq!(counters.len(), 2);
    assert_eq!((side.ticket(&id).conflict, side.ticket(&id).overridden), (Some(conflict), true));
    assert_eq!(side.event_names().iter().filter(|n| **n == "conflict.raised").count(), 1);
    let ask = Ordinary::AcknowledgeConflict { conflict };
    assert_eq!(side.ordinary(manager(), ask.clone()), Ok(Done::Conflict(conflict)));
    assert_eq!(side.event_names(), ["conflict.acknowledged"]);
    assert_eq!(side.ticket(&id).conflict, None);
    assert_eq!(shown(&side)[&conflict].acknowledged.as_ref().and_then(|a| a.staff.as_deref()), Some("manager"));
    assert_eq!(side.ordinary(manager(), ask), Ok(Done::Conflict(conflict)), "once is enough");
}

#[test]
fn after_a_double_call_each_counter_goes_on_with_its_own() {
    let (mut side, id) = double_call();
    let teller = |n, name: &str| at(n, name, &[branchmesh_model::config::StaffRole::Teller]);
    side.ordinary(teller(COUNTER_2, "t2"), Ordinary::NoShow { ticket: id }).expect("called there");
    assert_eq!(side.state(&id), TicketState::Called, "counter 1 still waits for the customer");
    assert!(!side.ticket(&id).released);
    side.ordinary(teller(1, "t1"), Ordinary::Start { ticket: id }).expect("called there");
    side.ordinary(teller(1, "t1"), finish(id)).expect("serving there");
    assert_eq!(side.state(&id), TicketState::Served);
}

#[test]
fn an_override_of_a_call_nobody_released_is_the_same_turn() {
    let mut side = Side::new();
    side.open(1);
    side.open(2);
    let id = side.issue("cash");
    side.call(id, 1).expect("free");
    assert_eq!(side.call(id, 2).map(drop), Err(Rejection::AlreadyCalled { counter: 1 }));
    let empty = Guarded::Call { ticket: id, counter: 2, override_reason: Some("  ".into()) };
    assert!(matches!(side.guarded(manager(), empty), Err(Rejection::Invalid { .. })), "a reason is asked");
    side.override_call(id, 2).expect("a person decided");
    assert!(side.ticket(&id).conflict.is_some());
}

#[test]
fn an_ordinary_command_that_comes_again_answers_the_same() {
    let mut side = Side::new();
    side.open(1);
    let id = side.issue("cash");
    side.call(id, 1).expect("free");
    let ask = Ask::Ordinary(Ordinary::Start { ticket: id });
    let command = Command { id: cmd("again"), caller: manager(), ask };
    let (writes, done) = decide::ordinary(&side.view, &command, side.now, &ctx()).expect("called");
    side.take(&writes);
    assert_eq!(decide::ordinary(&side.view, &command, side.now, &ctx()), Ok((vec![], done)));
    let other = Command { ask: Ask::Ordinary(finish(id)), ..command };
    assert_eq!(decide::ordinary(&side.view, &other, side.now, &ctx()), Err(Rejection::KeyReused));
}

#[test]
fn the_log_answers_a_repeated_command() {
    let mut side = Side::new();
    let (record, entry) = side.append(kiosk(), issue("cash")).expect("permitted").expect("a record");
    assert_eq!(side.book.find_command(&entry.cmd), Some(&Done::Ticket(record.key())));
    side.book.drop_before(date());
    assert_eq!(side.book.find_command(&entry.cmd), Some(&Done::Ticket(record.key())));
    side.book.drop_before(date().tomorrow().expect("not the last day"));
    assert_eq!(side.book.find_command(&entry.cmd), None);
}

#[test]
fn a_call_that_the_view_shows_no_longer_still_stands_in_the_log() {
    let mut side = Side::new();
    side.open(1);
    side.open(2);
    let [first, second] = ["cash", "cash"].map(|service| side.issue(service));
    let (record, entry) = side.append(manager(), Guarded::CallNext { counter: 1 }).expect("free").expect("one waits");
    let writes = decide::materialise(record, &entry);
    side.take(&writes);
    assert_eq!((side.state(&first), side.state(&second)), (TicketState::Called, TicketState::Waiting));
    assert_eq!(
        side.append(manager(), Guarded::Abandon { ticket: second, reason: None }).map(|done| done.is_some()),
        Ok(true)
    );
    side.view.retract(&writes[0].doc, &writes[0].key);
    side.view.refresh();
    assert_eq!(side.state(&first), TicketState::Waiting, "its document chose another text");
    assert_eq!(side.call_next(2), Ok(None), "one was called and the other went, by the log");
    side.take(&writes);
    assert_eq!(side.call_next(2), Ok(None));
}

#[test]
fn a_ticket_of_a_day_out_of_sight_is_not_found_whatever_the_log_says_of_it() {
    let mut side = Side::new();
    let ticket = side.issue("cash");
    side.view.drop_day(date());
    side.now.0 += 3 * 24 * 3_600_000;
    let gone = side.guarded(manager(), Guarded::Abandon { ticket, reason: None });
    assert!(matches!(gone, Err(Rejection::NotFound { .. })));
}

#[test]
fn a_fact_in_a_foreign_document_has_no_effect() {
    let mut side = Side::new();
    let epoch = EpochId { height: 9, creator: VoterId { device: device(9), generation: 0 }, n: 1 };
    let record = RecordId { epoch, index: 1 };
    let (_, entry) = side.append(kiosk(), issue("cash")).expect("permitted").expect("a record");
    let mut write = decide::materialise(record, &entry).remove(0);
    write.doc = branchmesh_model::schema::DocId::queue_counters(date());
    side.take(&[write]);
    assert!(side.view.ticket(&record.key()).is_none());
    assert_eq!(side.view.anomalies().len(), 1);
}
