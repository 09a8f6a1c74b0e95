//! Lanes are unique in a branch, whoever enrols; the admin right comes from the founder.

use std::collections::{BTreeMap, BTreeSet};

use branchmesh_model::ids::DeviceId;
use branchmesh_model::roster::{AdminGrant, Enrolment, Holding, Revocation, Roster, is_holding_of, lane_of};
use branchmesh_model::schema::Role;
use branchmesh_model::ticket::Number;
use branchmesh_model::time::UnixMs;
use proptest::prelude::*;

use crate::support::{FOUNDER, device, enrolment};

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("serialises")
}

fn numbered(n: u16) -> DeviceId {
    let mut id = [7; 32];
    id[..2].copy_from_slice(&n.to_be_bytes());
    DeviceId(id)
}

/// A roster in which every device is admin, as one of them sees it.
fn roster(facts: &BTreeMap<String, String>) -> Roster {
    Roster::fold(numbered(0), facts).0
}

fn put(facts: &mut BTreeMap<String, String>, id: DeviceId, lane: String, by: DeviceId) {
    let e = Enrolment { device: id, role: Role::Counter, name: "x".into(), counter: None, lane, at: UnixMs(0), by };
    facts.insert(format!("e/{id}"), json(&e));
    facts.insert(format!("a/{id}"), json(&AdminGrant { device: id, at: UnixMs(0), by }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Admin devices enrol without seeing one another's enrolments: each sees only its own and what was there before.
    #[test]
    fn lanes_of_devices_and_generations_never_meet(parents in prop::collection::vec(any::<prop::sample::Index>(), 1..120)) {
        let mut all = BTreeMap::new();
        put(&mut all, numbered(0), "A".into(), numbered(0));
        let mut seen_by: Vec<BTreeMap<String, String>> = vec![all.clone()];
        for (n, parent) in (1_u16..).zip(&parents) {
            let parent = parent.index(seen_by.len());
            let admin = numbered(u16::try_from(parent).expect("small"));
            let lane = roster(&seen_by[parent]).next_lane(&admin);
            for facts in [&mut all, &mut seen_by[parent]] {
                put(facts, numbered(n), lane.clone(), admin);
            }
            let mut own = BTreeMap::new();
            put(&mut own, numbered(n), lane, admin);
            seen_by.push(own);
        }
        let whole = roster(&all);
        let lanes: Vec<String> = whole
            .devices
            .values()
            .flat_map(|d| (0..30).map(|g| lane_of(&d.enrolment.lane, g)))
            .collect();
        let number = |lane: &String| Number { prefix: 'A', lane: lane.clone(), count: 1 }.to_string();
        let numbers: BTreeSet<String> = lanes.iter().map(number).collect();
        prop_assert_eq!(numbers.len(), lanes.len());
        prop_assert!(lanes.iter().all(|l| !l.is_empty() && l.bytes().all(|b| b.is_ascii_uppercase() && b != b'I' && b != b'O')));
    }
}

#[test]
fn the_founder_gives_single_letters_first() {
    let mut facts = BTreeMap::new();
    put(&mut facts, numbered(0), "A".into(), numbered(0));
    let mut given = vec![];
    for n in 1..26 {
        let lane = roster(&facts).next_lane(&numbered(0));
        given.push(lane.clone());
        put(&mut facts, numbered(n), lane, numbered(0));
    }
    assert_eq!(given[..3], ["B", "C", "D"]);
    assert_eq!(given[22..], ["Z", "AA", "AB"]);
    assert_eq!(Roster::fold(numbered(0), &BTreeMap::new()).0.next_lane(&numbered(0)), "A");
}

#[test]
fn a_generation_adds_a_late_letter() {
    let lanes: Vec<String> = [0, 1, 2, 11, 12, 23].iter().map(|g| lane_of("K", *g)).collect();
    assert_eq!(lanes, ["K", "KN", "KP", "KY", "KZN", "KZZN"]);
}

#[test]
fn the_admin_right_comes_from_the_founder_through_admins() {
    let mut facts = BTreeMap::new();
    for n in 1..=4 {
        facts.insert(format!("e/{}", device(n)), json(&enrolment(n, Role::Counter, None, "A")));
    }
    let grant = |to: u8, by: u8| json(&AdminGrant { device: device(to), at: UnixMs(0), by: device(by) });
    facts.insert(format!("a/{}", device(2)), grant(2, FOUNDER));
    facts.insert(format!("a/{}", device(3)), grant(3, 2));
    facts.insert(format!("a/{}", device(4)), grant(4, 4));
    let (roster, bad) = Roster::fold(device(FOUNDER), &facts);
    assert_eq!([1, 2, 3, 4].map(|n| roster.is_admin(&device(n))), [true, true, true, false]);
    assert_eq!(bad, [format!("a/{}", device(4))]);
}

#[test]
fn a_revoked_device_is_out_and_keeps_its_lane() {
    let mut facts = BTreeMap::new();
    facts.insert(format!("e/{}", device(1)), json(&enrolment(1, Role::Counter, None, "A")));
    facts.insert(format!("e/{}", device(2)), json(&enrolment(2, Role::Kiosk, None, "B")));
    let gone = Revocation { device: device(2), last: 5, at: UnixMs(0), by: device(1) };
    facts.insert(format!("v/{}", device(2)), json(&gone));
    let (roster, bad) = Roster::fold(device(FOUNDER), &facts);
    assert!(roster.active(&device(2)).is_none() && bad.is_empty());
    assert_eq!(roster.next_lane(&device(1)), "C");
    assert_eq!(roster.lane_of(&device(2), 1).as_deref(), Some("BN"));
}

#[test]
fn what_others_had_accepted_of_a_revoked_device_counts() {
    let mut facts = BTreeMap::new();
    for (n, role, lane) in [(1, Role::Counter, "A"), (2, Role::Tablet, "B"), (3, Role::Kiosk, "C")] {
        facts.insert(format!("e/{}", device(n)), json(&enrolment(n, role, None, lane)));
    }
    let gone = Revocation { device: device(2), last: 5, at: UnixMs(0), by: device(1) };
    facts.insert(format!("v/{}", device(2)), json(&gone));
    let last = |facts: &BTreeMap<String, String>| {
        Roster::fold(device(FOUNDER), facts).0.devices[&device(2)].revoked.as_ref().map(|r| r.last)
    };
    let hold = |facts: &mut BTreeMap<String, String>, last: u64, by: u8| {
        let holding = Holding { device: device(2), last, at: UnixMs(0), by: device(by) };
        facts.insert(holding.key(), json(&holding));
        holding.key()
    };
    let of_kiosk = hold(&mut facts, 9, 3);
    hold(&mut facts, 3, 1);
    assert_eq!(last(&facts), Some(9));
    // Neither the revoked device itself nor a stranger can raise it.
    let own = hold(&mut facts, 20, 2);
    let strange = hold(&mut facts, 30, 77);
    assert_eq!(last(&facts), Some(9));
    let bad: BTreeSet<String> = Roster::fold(device(FOUNDER), &facts).1.into_iter().collect();
    assert_eq!(bad, BTreeSet::from([own, strange]));
    assert!(is_holding_of(&of_kiosk, &device(3)) && !is_holding_of(&of_kiosk, &device(1)));
}

#[test]
fn a_statement_under_another_devices_key_does_not_count() {
    let key = format!("e/{}", device(3));
    let facts = BTreeMap::from([(key.clone(), json(&enrolment(2, Role::Kiosk, None, "B")))]);
    let (roster, bad) = Roster::fold(device(FOUNDER), &facts);
    assert!(roster.devices.is_empty());
    assert_eq!(bad, [key]);
}
