//! Every state of a ticket against every command: the table of the API contract is the law.

use branchmesh_model::command::{Guarded, Ordinary, Rejection};
use branchmesh_model::ids::TicketId;
use branchmesh_model::ticket::{Position, TicketState};
use branchmesh_model::time::BusinessDate;
use jiff::ToSpan;

use crate::support::{MORNING, Side, date, finish, manager, park};

const STATES: [TicketState; 9] = [
    TicketState::Waiting,
    TicketState::Called,
    TicketState::Serving,
    TicketState::NoShow,
    TicketState::Parked,
    TicketState::Served,
    TicketState::Moved,
    TicketState::Abandoned,
    TicketState::Expired,
];

/// A branch with one ticket in `state`.
fn ticket_in(state: TicketState) -> (Side, TicketId) {
    let mut side = Side::new();
    side.open(1);
    let id = side.issue("cash");
    let called =
        !matches!(state, TicketState::Waiting | TicketState::Moved | TicketState::Abandoned | TicketState::Expired);
    if called {
        side.call(id, 1).expect("free");
    }
    if matches!(state, TicketState::Serving | TicketState::Parked | TicketState::Served) {
        side.ordinary(manager(), Ordinary::Start { ticket: id }).expect("called");
    }
    match state {
        TicketState::NoShow => drop(side.ordinary(manager(), Ordinary::NoShow { ticket: id }).expect("called")),
        TicketState::Parked => drop(side.ordinary(manager(), park(id)).expect("serving")),
        TicketState::Served => drop(side.ordinary(manager(), finish(id)).expect("serving")),
        TicketState::Moved => drop(side.guarded(manager(), move_to(id, "wealth")).expect("waiting")),
        TicketState::Abandoned => drop(side.guarded(manager(), abandon(id)).expect("waiting")),
        TicketState::Expired => close_day(&mut side, date()),
        TicketState::Waiting | TicketState::Called | TicketState::Serving => {}
    }
    assert_eq!(side.state(&id), state);
    (side, id)
}

fn close_day(side: &mut Side, date: BusinessDate) {
    side.now.0 = MORNING + 24 * 3_600_000;
    side.guarded(manager(), Guarded::CloseDay { date }).expect("yesterday");
    side.now.0 = MORNING;
}

fn move_to(ticket: TicketId, service: &str) -> Guarded {
    Guarded::Move { ticket, service: service.into() }
}

fn abandon(ticket: TicketId) -> Guarded {
    Guarded::Abandon { ticket, reason: None }
}

fn transfer(ticket: TicketId) -> Guarded {
    let service = Some("non_cash".into());
    Guarded::Transfer { ticket, service, counter: None, staff: None, position: Position::End }
}

/// The name of a step, what it does, and the state after it for each state it is allowed in.
fn check(allowed: &[(TicketState, TicketState)], step: impl Fn(&mut Side, TicketId) -> Result<(), Rejection>) {
    for from in STATES {
        let (mut side, id) = ticket_in(from);
        let before = side.view.days()[&date()].clone();
        let outcome = step(&mut side, id);
        match allowed.iter().find(|(state, _)| *state == from) {
            Some((_, to)) => {
                outcome.unwrap_or_else(|e| panic!("{from:?} was refused: {e}"));
                assert_eq!(side.state(&id), *to, "from {from:?}");
            }
            None => {
                outcome.expect_err(&format!("{from:?} must be refused"));
                assert_eq!(side.view.days()[&date()], before, "a refusal changes nothing");
            }
        }
    }
}

#[test]
fn call() {
    use TicketState::{Called, NoShow, Parked, Waiting};
    check(&[(Waiting, Called), (NoShow, Called), (Parked, Called)], |s, id| s.call(id, 1).map(drop));
}

#[test]
fn recall_start_and_no_show() {
    use TicketState::{Called, NoShow, Serving};
    let step = |ask: fn(TicketId) -> Ordinary| move |s: &mut Side, id| s.ordinary(manager(), ask(id)).map(drop);
    check(&[(Called, Called)], step(|ticket| Ordinary::Recall { ticket }));
    check(&[(Called, Serving)], step(|ticket| Ordinary::Start { ticket }));
    check(&[(Called, NoShow)], step(|ticket| Ordinary::NoShow { ticket }));
}

#[test]
fn park_finish_and_transfer() {
    use TicketState::{Parked, Served, Serving, Waiting};
    check(&[(Serving, Parked)], |s, id| s.ordinary(manager(), park(id)).map(drop));
    check(&[(Serving, Served)], |s, id| s.ordinary(manager(), finish(id)).map(drop));
    check(&[(Serving, Waiting)], |s, id| s.guarded(manager(), transfer(id)).map(drop));
}

#[test]
fn reinstate_move_and_abandon() {
    use TicketState::{Abandoned, Called, Moved, NoShow, Parked, Waiting};
    check(&[(NoShow, Waiting)], |s, id| s.guarded(manager(), Guarded::Reinstate { ticket: id }).map(drop));
    let open = [Waiting, Called, NoShow, Parked];
    check(&open.map(|s| (s, Moved)), |s, id| s.guarded(manager(), move_to(id, "non_cash")).map(drop));
    check(&open.map(|s| (s, Abandoned)), |s, id| s.guarded(manager(), abandon(id)).map(drop));
}

#[test]
fn the_end_of_the_day_expires_what_is_unfinished() {
    for from in STATES {
        if from == TicketState::Expired {
            continue;
        }
        let (mut side, id) = ticket_in(from);
        close_day(&mut side, date());
        let expected = if from.is_closed() { from } else { TicketState::Expired };
        assert_eq!(side.state(&id), expected, "from {from:?}");
    }
}

#[test]
fn a_day_is_closed_once_and_not_before_it_ended() {
    let (mut side, _) = ticket_in(TicketState::Waiting);
    let today = side.guarded(manager(), Guarded::CloseDay { date: date() });
    assert!(matches!(today, Err(Rejection::Invalid { .. })));
    side.now.0 += 24 * 3_600_000;
    let ctx = crate::support::ctx();
    let due = |s: &Side| branchmesh_model::decide::day_close_due(&s.view, &s.book, s.now, &ctx);
    assert_eq!(due(&side), Some(date()));
    side.guarded(manager(), Guarded::CloseDay { date: date() }).expect("ended");
    assert_eq!(due(&side), None);
    assert!(side.guarded(manager(), Guarded::CloseDay { date: date() }).is_err());
    assert!(side.guarded(manager(), Guarded::CloseDay { date: date().saturating_add(1.day()) }).is_err());
}

#[test]
fn steps_speak_as_events_and_count_calls() {
    let mut side = Side::new();
    side.open(1);
    let id = side.issue("cash");
    side.call(id, 1).expect("free");
    side.ordinary(manager(), Ordinary::Recall { ticket: id }).expect("called");
    side.ordinary(manager(), Ordinary::NoShow { ticket: id }).expect("called");
    side.guarded(manager(), Guarded::Reinstate { ticket: id }).expect("no-show");
    side.call(id, 1).expect("waiting");
    side.ordinary(manager(), Ordinary::Start { ticket: id }).expect("called");
    side.ordinary(manager(), finish(id)).expect("serving");
    side.ordinary(manager(), Ordinary::Rate { ticket: id, level: 3 }).expect("served");
    let names = [
        "counter.opened",
        "ticket.issued",
        "ticket.called",
        "ticket.recalled",
        "ticket.no_show",
        "ticket.reinstated",
        "ticket.called",
        "ticket.started",
        "ticket.finished",
        "ticket.rated",
    ];
    assert_eq!(side.event_names(), names);
    let ticket = side.ticket(&id);
    assert_eq!((ticket.calls, ticket.rating, ticket.grant.map(|g| g.1)), (3, Some(3), Some(2)));
    assert!(side.view.anomalies().is_empty());
}

#[test]
fn a_parked_ticket_is_called_by_who_holds_it_and_never_by_call_next() {
    let (mut side, id) = ticket_in(TicketState::Parked);
    side.open(2);
    assert_eq!(side.call_next(1), Ok(None));
    let teller = crate::support::at(2, "t07", &[branchmesh_model::config::StaffRole::Teller]);
    let elsewhere = Guarded::Call { ticket: id, counter: 2, override_reason: None };
    assert!(matches!(side.guarded(teller, elsewhere.clone()), Err(Rejection::NotPermitted { .. })));
    side.guarded(manager(), elsewhere).expect("the same staff member");
    assert_eq!(side.state(&id), TicketState::Called);
}

#[test]
fn a_move_keeps_the_arrival_and_gives_a_new_number() {
    let mut side = Side::new();
    let first = side.issue("cash");
    let later = side.issue("wealth");
    let moved = side.guarded(manager(), move_to(first, "wealth")).expect("another queue").expect("a record").key();
    assert!(matches!(side.guarded(manager(), move_to(later, "wealth")), Err(Rejection::Invalid { .. })));
    let (old, new) = (side.ticket(&first).clone(), side.ticket(&moved).clone());
    assert_eq!((old.state, old.moved_to), (TicketState::Moved, Some(moved)));
    assert_eq!((new.parent, new.arrived, new.number.to_string()), (Some(first), old.arrived, "V002".into()));
    assert!(new.order < side.ticket(&later).order, "placed by arrival, not blindly last");
    assert_eq!(new.ahead_at_issue, 0);
}
