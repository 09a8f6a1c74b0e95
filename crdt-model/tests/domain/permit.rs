//! Who may ask for what.

use branchmesh_model::command::{Ask, Caller, Command, Guarded, Ordinary, Rejection};
use branchmesh_model::config::{DeviceSettings, StaffRole};
use branchmesh_model::decide::{materialise, permit, permit_take_over};
use branchmesh_model::ids::{EpochId, RecordId, TicketId};
use branchmesh_model::schema::Role;
use branchmesh_model::ticket::{Act, Entry};

use crate::support::{COUNTER_2, FOUNDER, RATING, Side, at, cmd, device, issue, kiosk, manager, staff};

fn speaks(n: u8, role: Role) -> Caller {
    Caller { device: device(n), device_role: Some(role), staff: None, roles: vec![] }
}

fn asked(side: &Side, caller: Caller, ask: Ask) -> Result<(), Rejection> {
    permit(&side.view, &Command { id: cmd("x"), caller, ask })
}

fn refused(result: Result<(), Rejection>) -> bool {
    matches!(result, Err(Rejection::NotPermitted { .. } | Rejection::NotSignedIn))
}

#[test]
fn a_kiosk_issues_and_nothing_else() {
    let mut side = Side::new();
    let id = side.issue("cash");
    let guarded = |ask| asked(&side, kiosk(), Ask::Guarded(ask));
    assert_eq!(guarded(issue("cash")), Ok(()));
    assert_eq!(guarded(Guarded::CallNext { counter: 1 }), Err(Rejection::NotSignedIn));
    assert_eq!(guarded(Guarded::Move { ticket: id, service: "wealth".into() }), Err(Rejection::NotSignedIn));
    assert_eq!(guarded(Guarded::Reinstate { ticket: id }), Err(Rejection::NotSignedIn));
}

/// The ticket that the same command got on the other side of a split.
fn twin_of(side: &mut Side) -> TicketId {
    let issued = side.written.last().expect("a ticket was issued").clone();
    let mut entry: Entry = serde_json::from_str(&issued.value).expect("a record");
    if let Act::Issue { issue } = &mut entry.act {
        issue.number.lane = "B".into();
    }
    let other = EpochId { height: 9, ..EpochId::genesis(device(COUNTER_2)) };
    let record = RecordId { epoch: other, index: 1 };
    side.take(&materialise(record, &entry));
    record.key()
}

#[test]
fn a_device_gives_up_only_a_ghost_that_nobody_called() {
    let mut side = Side::new();
    side.open(1);
    let abandon = |ticket| Ask::Guarded(Guarded::Abandon { ticket, reason: None });
    let given = side.issue("cash");
    assert!(refused(asked(&side, kiosk(), abandon(given))), "a ticket like any other");
    let ghost = twin_of(&mut side);
    assert_eq!(asked(&side, kiosk(), abandon(ghost)), Ok(()));
    side.call(given, 1).expect("free");
    assert!(refused(asked(&side, kiosk(), abandon(given))), "the customer was called");
}

#[test]
fn a_device_has_only_the_role_of_the_roster() {
    let side = Side::new();
    assert!(refused(asked(&side, speaks(RATING, Role::Kiosk), Ask::Guarded(issue("cash")))));
    assert!(refused(asked(&side, speaks(77, Role::Kiosk), Ask::Guarded(issue("cash")))));
    assert!(refused(asked(&side, speaks(COUNTER_2, Role::Counter), Ask::Guarded(Guarded::CallNext { counter: 2 }))));
}

#[test]
fn the_lobby_is_for_the_lobby_manager_and_above() {
    let mut side = Side::new();
    let ticket = side.issue("cash");
    for (role, may) in [
        (StaffRole::Teller, false),
        (StaffRole::WealthManager, false),
        (StaffRole::LobbyManager, true),
        (StaffRole::BranchHead, true),
        (StaffRole::Admin, true),
    ] {
        let caller = || at(COUNTER_2, "somebody", &[role]);
        let move_it = Ask::Guarded(Guarded::Move { ticket, service: "wealth".into() });
        assert_eq!(asked(&side, caller(), move_it).is_ok(), may, "{role:?}");
        assert_eq!(permit_take_over(&caller()).is_ok(), may, "{role:?}");
        assert_eq!(asked(&side, caller(), Ask::Guarded(Guarded::CallNext { counter: 2 })), Ok(()), "{role:?}");
    }
}

#[test]
fn configuration_and_staff_need_their_roles() {
    let side = Side::new();
    let config = || Ask::Ordinary(Ordinary::PutConfig { section: "zones".into(), value: serde_json::json!([]) });
    let put_staff = || Ask::Ordinary(Ordinary::PutStaff { staff: staff("x", &[StaffRole::Teller]) });
    for (role, may_configure, may_staff) in [
        (StaffRole::Teller, false, false),
        (StaffRole::LobbyManager, false, false),
        (StaffRole::BranchHead, true, false),
        (StaffRole::Admin, true, true),
    ] {
        let caller = || at(COUNTER_2, "somebody", &[role]);
        assert_eq!(asked(&side, caller(), config()).is_ok(), may_configure, "{role:?}");
        assert_eq!(asked(&side, caller(), put_staff()).is_ok(), may_staff, "{role:?}");
    }
}

#[test]
fn a_disabled_sign_in_may_nothing() {
    let mut side = Side::new();
    let mut gone = staff("gone", &[StaffRole::Teller]);
    gone.disabled = true;
    side.ordinary(manager(), Ordinary::PutStaff { staff: gone }).expect("admin");
    let caller = at(COUNTER_2, "gone", &[StaffRole::Teller]);
    assert!(refused(asked(&side, caller, Ask::Guarded(issue("cash")))));
}

#[test]
fn the_last_administrator_stays() {
    let mut side = Side::new();
    let demoted = Ordinary::PutStaff { staff: staff("manager", &[StaffRole::Teller]) };
    assert!(matches!(side.ordinary(manager(), demoted.clone()), Err(Rejection::Invalid { .. })));
    side.ordinary(manager(), Ordinary::PutStaff { staff: staff("second", &[StaffRole::Admin]) }).expect("admin");
    side.ordinary(manager(), demoted).expect("another administrator is left");
}

#[test]
fn facts_that_peers_would_drop_are_refused_at_once() {
    let mut side = Side::new();
    let at_kiosk = at(crate::support::KIOSK, "manager", &crate::support::EVERY_ROLE);
    let open = Ordinary::OpenCounter { counter: 1, services: None, profile: None };
    assert!(refused(side.ordinary(at_kiosk, open).map(drop)));
    let settings = DeviceSettings { sound: false, ..DeviceSettings::default() };
    side.ordinary(kiosk(), Ordinary::PutDeviceSettings { settings: settings.clone() }).expect("its own settings");
    assert_eq!(side.view.config().settings(&kiosk().device), settings);
}

#[test]
fn only_admin_devices_write_the_roster() {
    let mut side = Side::new();
    let enrol = |n| Ordinary::Enrol { device: device(n), role: Role::Display, name: "Wall".into(), counter: None };
    let admin_at = |n| at(n, "manager", &crate::support::EVERY_ROLE);
    assert!(refused(side.ordinary(admin_at(COUNTER_2), enrol(20)).map(drop)));
    side.ordinary(admin_at(FOUNDER), enrol(20)).expect("the founder");
    assert_eq!(side.view.roster().devices[&device(20)].enrolment.lane, "F");
    side.ordinary(admin_at(FOUNDER), Ordinary::GrantAdmin { device: device(COUNTER_2) }).expect("the founder");
    side.ordinary(admin_at(COUNTER_2), enrol(21)).expect("admin now");
    assert_eq!(side.view.roster().devices[&device(21)].enrolment.lane, "BA");
    side.event_names();
    side.ordinary(admin_at(COUNTER_2), Ordinary::Revoke { device: device(20), last: 3 }).expect("admin");
    assert_eq!(side.event_names(), ["device.revoked"]);
    assert!(side.view.roster().active(&device(20)).is_none());
    assert!(matches!(side.ordinary(admin_at(FOUNDER), enrol(20)), Err(Rejection::Invalid { .. })), "never again");
}

#[test]
fn the_only_admin_device_cannot_be_revoked() {
    let mut side = Side::new();
    let caller = at(FOUNDER, "manager", &crate::support::EVERY_ROLE);
    let ask = Ordinary::Revoke { device: device(FOUNDER), last: 9 };
    assert!(matches!(side.ordinary(caller, ask), Err(Rejection::Invalid { .. })));
}
