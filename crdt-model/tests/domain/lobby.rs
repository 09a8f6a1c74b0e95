//! Calls for assistance, long waits and printers: raised, told, seen to once.

use branchmesh_model::command::{Caller, Done, Ordinary, Rejection};
use branchmesh_model::config::DeviceSettings;
use branchmesh_model::ids::RecordKey;
use branchmesh_model::lobby::PrinterState;
use branchmesh_model::schema::{KeyKind, Role};
use branchmesh_model::time::UnixMs;
use branchmesh_model::view::DayView;
use branchmesh_model::view::reminders::{About, OverWaits, Reminder, reminders};

use crate::support::{KIOSK, RATING, Side, TABLET, date, device, kiosk, manager};

fn call(side: &mut Side, caller: Caller, reason: &str) -> Result<RecordKey, Rejection> {
    let ask = Ordinary::CallAssistance { counter: None, reason: Some(reason.into()) };
    match side.ordinary(caller, ask)? {
        Done::Reminder(id) => Ok(id),
        other => panic!("{other:?}"),
    }
}

fn speaks(n: u8, role: Role) -> Caller {
    Caller { device: device(n), device_role: Some(role), staff: None, roles: vec![] }
}

fn acknowledge(side: &mut Side, reminder: RecordKey) -> Result<Done, Rejection> {
    side.ordinary(manager(), Ordinary::AcknowledgeReminder { reminder })
}

fn day(side: &Side) -> DayView {
    side.view.days().get(&date()).map(|d| DayView::clone(d)).unwrap_or_default()
}

fn present(side: &Side) -> Vec<Reminder> {
    reminders(&day(side), device(TABLET), &DeviceSettings::default(), side.now)
}

#[test]
fn a_call_for_assistance_is_raised_once_and_seen_to_once() {
    let mut side = Side::new();
    let id = call(&mut side, kiosk(), "wheelchair").expect("a kiosk may call");
    assert_eq!(side.event_names(), ["reminder.raised"]);
    assert_eq!(call(&mut side, kiosk(), "wheelchair"), Ok(id), "pressed again");
    let other = call(&mut side, manager(), "wheelchair").expect("from another device it is another call");
    assert_ne!(other, id);
    side.event_names();

    acknowledge(&mut side, id).expect("staff may");
    assert_eq!(side.event_names(), ["reminder.acknowledged"]);
    let first = present(&side).into_iter().find(|r| r.id == id).and_then(|r| r.acknowledged).expect("seen to");
    acknowledge(&mut side, id).expect("again is no error");
    assert_eq!(side.event_names(), Vec::<&str>::new());
    let list = present(&side);
    assert_eq!(list.iter().map(|r| r.id).collect::<Vec<_>>(), [other, id], "what nobody has seen to comes first");
    assert_eq!(list[1].acknowledged.as_ref(), Some(&first), "the first who said so stays");
    assert_ne!(call(&mut side, kiosk(), "wheelchair"), Ok(id), "a new call after somebody came");
}

#[test]
fn who_may_call_and_who_may_not() {
    let mut side = Side::new();
    assert_eq!(call(&mut side, speaks(RATING, Role::Rating), "x"), Err(Rejection::NotSignedIn));
    let nobody = Caller { device_role: None, ..kiosk() };
    assert_eq!(call(&mut side, nobody, "x"), Err(Rejection::NotSignedIn));
    let missing = Ordinary::CallAssistance { counter: Some(99), reason: None };
    assert!(matches!(side.ordinary(manager(), missing), Err(Rejection::NotFound { .. })));
    assert!(matches!(acknowledge(&mut side, RecordKey([9; 10])), Err(Rejection::NotFound { .. })));
    let id = call(&mut side, kiosk(), "x").expect("may");
    let ask = Ordinary::AcknowledgeReminder { reminder: id };
    assert_eq!(side.ordinary(kiosk(), ask), Err(Rejection::NotSignedIn));
    let report = Ordinary::ReportPrinter { state: PrinterState::Ok };
    assert!(side.ordinary(Caller { device_role: None, ..kiosk() }, report).is_err(), "only the node knows its printer");
}

#[test]
fn the_view_is_the_same_in_whatever_order_the_facts_come() {
    let mut side = Side::new();
    let ticket = side.issue("cash");
    let id = call(&mut side, kiosk(), "x").expect("may");
    acknowledge(&mut side, id).expect("may");
    acknowledge(&mut side, ticket).expect("may");
    for state in [PrinterState::PaperLow, PrinterState::Ok, PrinterState::Offline] {
        side.ordinary(speaks(KIOSK, Role::Kiosk), Ordinary::ReportPrinter { state }).expect("its own");
    }
    let mut other = Side::new();
    for write in side.written.iter().rev() {
        other.take(std::slice::from_ref(write));
    }
    assert_eq!(day(&other), day(&side));
}

#[test]
fn a_printer_that_needs_a_hand_is_a_reminder_until_it_works() {
    let mut side = Side::new();
    let mut report = |state| {
        side.ordinary(speaks(KIOSK, Role::Kiosk), Ordinary::ReportPrinter { state }).expect("its own");
        (side.event_names(), present(&side))
    };
    let (events, list) = report(PrinterState::Ok);
    assert!(events.is_empty() && list.is_empty(), "nothing to tell: {events:?}");
    let (events, list) = report(PrinterState::PaperLow);
    assert_eq!(events, ["device.printer", "reminder.raised"]);
    let about = About::Printer { device: device(KIOSK), state: PrinterState::PaperLow };
    assert_eq!(list.iter().map(|r| &r.about).collect::<Vec<_>>(), [&about]);
    assert_eq!(report(PrinterState::PaperLow).0, Vec::<&str>::new(), "the same state is nothing new");
    let (events, list) = report(PrinterState::Ok);
    assert_eq!((events, list.len()), (vec!["device.printer"], 0));
}

#[test]
fn a_long_wait_is_told_once_by_each_devices_own_setting() {
    let mut side = Side::new();
    let early = side.issue("cash");
    let mut told = OverWaits::default();
    let minutes = |waiting_reminder_min| DeviceSettings { waiting_reminder_min, ..DeviceSettings::default() };
    let start = side.now;
    let after = |min: i64| UnixMs(start.0 + min * 60_000);
    let tablet = device(TABLET);
    assert_eq!(told.newly(&day(&side), tablet, &minutes(5), after(6)), [], "the first look tells nothing");
    side.now = after(6);
    let late = side.issue("cash");
    assert_eq!(told.newly(&day(&side), tablet, &minutes(5), after(10)), []);
    let events = told.newly(&day(&side), tablet, &minutes(5), after(12));
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].kind.as_str(), &events[0].data.to_json()["kind"]), ("reminder.raised", &"over_wait".into()));
    assert_eq!(events[0].data.to_json()["ticket"], late.to_string());
    assert_eq!(events[0].at, UnixMs(side.ticket(&late).arrived.0 + 300_000), "when it happened, not when it was seen");
    assert_eq!(told.newly(&day(&side), tablet, &minutes(5), after(13)), [], "told once");

    let list = |minutes, at| reminders(&day(&side), tablet, &minutes, at).len();
    assert_eq!((list(minutes(5), after(13)), list(minutes(10), after(13)), list(minutes(120), after(13))), (2, 1, 0));
    acknowledge(&mut side, early).expect("staff may");
    side.open(1);
    side.call_next(1).expect("free").expect("somebody waits");
    let left: Vec<RecordKey> =
        reminders(&day(&side), tablet, &minutes(5), after(13)).into_iter().map(|r| r.id).collect();
    assert_eq!(left, [late], "who was called waits no more");
}

#[test]
fn every_kind_of_device_may_write_only_what_is_its_own() {
    use branchmesh_model::schema::Family;
    for (key, allowed) in [
        ("a:x", vec![Role::Counter, Role::Kiosk, Role::Tablet]),
        ("n:x", vec![Role::Counter, Role::Tablet]),
        ("p:x:1", vec![Role::Counter, Role::Kiosk, Role::Display, Role::Tablet, Role::Rating]),
    ] {
        let may: Vec<Role> = Role::ALL.into_iter().filter(|r| Family::Queue.may_write(*r, false, key)).collect();
        assert_eq!(may, allowed, "{key}");
        assert_ne!(KeyKind::of(key), KeyKind::Other);
    }
}
