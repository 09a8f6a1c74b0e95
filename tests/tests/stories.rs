//! Directed runs in the simulator: situations that random plans meet too seldom.

use std::collections::{BTreeMap, BTreeSet};

use branchmesh_model::command::{Ask, Caller, Command, Guarded, Ordinary};
use branchmesh_model::config::StaffRole;
use branchmesh_model::ids::{CommandId, CounterNo, TicketId};
use branchmesh_model::schema::Family;
use branchmesh_model::ticket::TicketState;
use branchmesh_node::replication::envelope::Envelope;
use branchmesh_node::replication::frame::Frame;
use branchmesh_tests::report;
use branchmesh_tests::sim::network::Ms;
use branchmesh_tests::sim::plan::Clock;
use branchmesh_tests::sim::world::World;
use branchmesh_tests::sim::{Kind, Plan, draw::draw};

/// The founder, an admin device.
const FOUNDER: usize = 0;
/// A kiosk: steward of the other side.
const KIOSK: usize = 2;
/// A tablet; it may be stolen.
const TABLET: usize = 4;
/// The counter it works at.
const COUNTER: CounterNo = 5;

fn branch_of_five() -> World {
    told_branch_of_five(false)
}

/// The same; `tell` keeps the story of what happens.
fn told_branch_of_five(tell: bool) -> World {
    let fits = |plan: &Plan| plan.setup.size == 5 && !plan.setup.night;
    let mut plan = (0..).map(|seed| draw(seed, Kind::Any)).find(fits).expect("some seed draws five devices");
    plan.setup.liar = None;
    plan.setup.weather = plan.setup.weather.calm();
    plan.setup.clocks.fill(Clock::default());
    let mut world = World::new(&plan, None, tell);
    for index in 0..5 {
        world.start(index);
    }
    world
}

fn give(world: &mut World, index: usize, id: &str, ask: Ask) {
    let device = &world.members[index];
    let caller = Caller {
        device: device.device,
        device_role: Some(device.role),
        staff: Some("manager".into()),
        roles: vec![StaffRole::Admin],
    };
    let id = CommandId::try_from(id.to_owned()).expect("a good key");
    world.command(index, Command { id, caller, ask });
}

fn issue(world: &mut World, index: usize, id: &str) {
    let service = "non_cash".to_owned();
    let ask = Guarded::Issue { service, category: None, language: None, identified: false, status_digest: None };
    give(world, index, id, Ask::Guarded(ask));
}

fn pass(world: &mut World, ms: Ms) {
    let until = world.now + ms;
    assert!(world.run_until(until), "violated: {:?}", world.checker.violations);
}

fn ticket_in(world: &World, index: usize, state: TicketState) -> Option<TicketId> {
    let snapshot = &world.members[index].process.as_ref().expect("it runs").snapshot;
    let tickets = snapshot.days.values().flat_map(|d| d.tickets.values());
    tickets.into_iter().find(|t| t.state == state && t.counter == Some(COUNTER)).map(|t| t.id)
}

#[test]
fn what_a_split_side_built_upon_a_revoked_device_enters_everywhere() {
    let mut world = branch_of_five();
    pass(&mut world, 8_000);
    world.rewire(|n| n.split(&[0, 0, 1, 1, 1]));
    pass(&mut world, 12_000);

    let device = world.members[TABLET].device;
    give(&mut world, FOUNDER, "revoke", Ask::Ordinary(Ordinary::Revoke { device, last: 0 }));
    let counter = COUNTER;
    give(&mut world, TABLET, "open", Ask::Ordinary(Ordinary::OpenCounter { counter, services: None, profile: None }));
    for n in 0..8 {
        issue(&mut world, KIOSK, &format!("before {n}"));
        pass(&mut world, 200);
    }
    for n in 0..4 {
        give(&mut world, TABLET, &format!("call {n}"), Ask::Guarded(Guarded::CallNext { counter }));
        pass(&mut world, 2_000);
        let ticket = ticket_in(&world, TABLET, TicketState::Called).expect("a ticket was called");
        give(&mut world, TABLET, &format!("start {n}"), Ask::Ordinary(Ordinary::Start { ticket }));
        give(&mut world, TABLET, &format!("finish {n}"), Ask::Ordinary(Ordinary::Finish { ticket, outcome: None }));
        pass(&mut world, 500);
    }
    // Honest work in the same documents: what it builds upon includes the stolen device's changes.
    for n in 0..24 {
        issue(&mut world, KIOSK, &format!("after {n}"));
        pass(&mut world, 200);
    }

    world.rewire(|n| n.split(&[0, 0, 0, 0, 1]));
    let equal = |w: &World| {
        let honest: Vec<_> =
            w.members[..TABLET].iter().filter_map(|m| m.process.as_ref()).map(|p| &p.snapshot).collect();
        honest.iter().all(|s| s.days == honest[0].days && s.roster == honest[0].roster)
            && honest[0].days.values().map(|d| d.tickets.len()).sum::<usize>() == 32
    };
    let healed = world.now;
    while !equal(&world) && world.now < healed + 45_000 {
        pass(&mut world, 250);
    }
    assert!(equal(&world), "the honest devices do not become equal");
    report::figure("honest devices equal after healing, ms", world.now - healed);
    let roster = &world.members[FOUNDER].process.as_ref().expect("it runs").snapshot.roster;
    let counted = roster.devices[&device].revoked.as_ref().expect("it is revoked").last;

    // What the stolen device makes from now on is refused by everybody who hears it.
    give(&mut world, TABLET, "close", Ask::Ordinary(Ordinary::CloseCounter { counter }));
    pass(&mut world, 2_000);
    world.rewire(|n| n.split(&[0, 0, 0, 0, 0]));
    pass(&mut world, 10_000);
    assert!(equal(&world));
    for member in &world.members[..TABLET] {
        let snapshot = &member.process.as_ref().expect("it runs").snapshot;
        assert_eq!(snapshot.roster.devices[&device].revoked.as_ref().map(|r| r.last), Some(counted), "{}", member.name);
        let refused = member.counted("envelopes_refused_revoked");
        report::figure(&format!("changes of the revoked device refused by {}", member.name), refused);
    }
}

#[test]
fn a_command_carried_out_on_both_sides_reads_the_same_everywhere() {
    let mut world = branch_of_five();
    pass(&mut world, 8_000);
    let open = Ordinary::OpenCounter { counter: COUNTER, services: None, profile: None };
    give(&mut world, TABLET, "open", Ask::Ordinary(open));
    issue(&mut world, KIOSK, "issue");
    pass(&mut world, 1_000);
    give(&mut world, TABLET, "call", Ask::Guarded(Guarded::CallNext { counter: COUNTER }));
    pass(&mut world, 2_000);
    let ticket = ticket_in(&world, FOUNDER, TicketState::Called).expect("the call is known everywhere");

    // A page that lost its answer gives the same command to another device, across the cut and a little later.
    world.rewire(|n| n.split(&[0, 0, 1, 1, 1]));
    pass(&mut world, 1_000);
    give(&mut world, TABLET, "start", Ask::Ordinary(Ordinary::Start { ticket }));
    pass(&mut world, 1_000);
    give(&mut world, FOUNDER, "start", Ask::Ordinary(Ordinary::Start { ticket }));
    pass(&mut world, 10_000);
    world.rewire(|n| n.split(&[0; 5]));
    pass(&mut world, 20_000);
    let started: Vec<_> = (0..5)
        .map(|i| world.members[i].process.as_ref().expect("it runs").snapshot.days.clone())
        .map(|days| {
            days.values().find_map(|d| d.tickets.get(&ticket).map(|t| (t.state, t.started_at, t.history.len())))
        })
        .collect();
    assert_eq!(started[0].map(|(state, ..)| state), Some(TicketState::Serving));
    assert!(started.iter().all(|s| *s == started[0]), "{started:?}");
}

/// Whether a device shows the same business days as the tablet.
fn shows_what_the_tablet_shows(world: &World, index: usize) -> bool {
    let days = |i: usize| &world.members[i].process.as_ref().expect("it runs").snapshot.days;
    days(index) == days(TABLET)
}

#[test]
fn many_changes_enter_by_their_newest_signature_and_wrong_ones_go_no_further() {
    let mut world = branch_of_five();
    pass(&mut world, 8_000);
    world.rewire(|n| n.split(&[0, 0, 1, 1, 1]));
    let counter = COUNTER;
    for n in 0..21 {
        let open = Ordinary::OpenCounter { counter, services: None, profile: None };
        let ask = if n % 2 == 0 { open } else { Ordinary::CloseCounter { counter } };
        give(&mut world, TABLET, &format!("change {n}"), Ask::Ordinary(ask));
        pass(&mut world, 300);
    }
    let tablet = world.members[TABLET].device;
    let of_counters = |e: &&Envelope| e.author == tablet && e.doc.family() == Family::Queue;
    let genuine: Vec<Envelope> = world.audit.genuine.iter().filter(of_counters).cloned().collect();
    assert_eq!(genuine.len(), 21);
    let signed_wrongly = |e: &Envelope| {
        let mut wrong = e.clone();
        wrong.signature[7] ^= 1;
        wrong
    };

    // Device 1 passes them on, every signature spoilt: nothing enters.
    let spoilt: Vec<Envelope> = genuine.iter().map(signed_wrongly).collect();
    world.say(1, FOUNDER, Frame::Repair(spoilt.clone()));
    pass(&mut world, 1_100);
    assert_eq!(world.members[FOUNDER].counted("envelopes_refused_signature"), 21);
    assert!(!shows_what_the_tablet_shows(&world, FOUNDER));

    // The newest as it was made: all of them enter, and the spoilt signatures are found soon and go no further.
    let newest = genuine.last().expect("there are some").clone();
    let vouched: Vec<Envelope> = spoilt[..20].iter().cloned().chain([newest]).collect();
    world.say(1, FOUNDER, Frame::Repair(vouched));
    pass(&mut world, 200);
    assert!(shows_what_the_tablet_shows(&world, FOUNDER));
    pass(&mut world, 8_000);
    assert_eq!(world.members[FOUNDER].counted("signatures_found_wrong"), 20);
    assert!(shows_what_the_tablet_shows(&world, 1), "a device that heard of nothing else takes them from the founder");
    assert_eq!(world.members[1].counted("envelopes_refused_signature"), 0);
    world.rewire(|n| n.split(&[0; 5]));
    pass(&mut world, 10_000);
    assert!((0..5).all(|index| shows_what_the_tablet_shows(&world, index)));

    // Told to a device that holds them as they were made, the spoilt ones take nothing away.
    let newest = genuine.last().expect("there are some").clone();
    world.say(1, KIOSK, Frame::Repair(spoilt[..20].iter().cloned().chain([newest]).collect()));
    pass(&mut world, 1_000);
    assert_eq!(world.members[KIOSK].counted("signatures_found_wrong"), 20);
    let store = &world.members[KIOSK].process.as_ref().expect("it runs").store;
    let held = store.envelopes_after(&genuine[0].doc, &BTreeMap::new(), usize::MAX).expect("readable");
    assert!(genuine.iter().all(|e| held.contains(e)), "every signature is still there");
}

/// Log records in the documents on a device's disk.
fn records_on_disk(world: &World, index: usize) -> usize {
    let store = &world.members[index].process.as_ref().expect("it runs").store;
    let documents = store.documents().expect("readable");
    let keys = documents.iter().flat_map(|doc| store.facts(doc).expect("readable")).map(|(key, _)| key);
    keys.filter(|key| key.starts_with("r:")).count()
}

fn tickets_shown(world: &World, index: usize) -> usize {
    let process = world.members[index].process.as_ref();
    process.map_or(0, |p| p.snapshot.days.values().map(|day| day.tickets.len()).sum())
}

#[test]
fn a_record_that_counts_is_shown_before_it_is_in_any_document_and_stays() {
    let mut world = branch_of_five();
    pass(&mut world, 8_000);
    issue(&mut world, TABLET, "issue");
    let step_until = |world: &mut World, what: &dyn Fn(&World) -> bool| {
        let begun = world.now;
        while !what(world) && world.now < begun + 2_000 {
            pass(world, 1);
        }
        assert!(what(world));
    };
    step_until(&mut world, &|world| (0..5).any(|index| tickets_shown(world, index) == 1));
    assert!((0..5).all(|index| records_on_disk(&world, index) == 0));

    // The tablet is alone from the moment it told its customer the number, and loses its power too.
    step_until(&mut world, &|world| world.checker.issued() == 1);
    assert_eq!(records_on_disk(&world, TABLET), 0);
    world.rewire(|n| n.split(&[0, 0, 0, 0, 1]));
    world.crash(TABLET);
    pass(&mut world, 500);
    world.start(TABLET);
    pass(&mut world, 100);
    assert_eq!((tickets_shown(&world, TABLET), records_on_disk(&world, TABLET)), (1, 0));

    pass(&mut world, 12_000);
    assert_eq!(records_on_disk(&world, TABLET), 1, "whoever finds it missing writes it");
    world.rewire(|n| n.split(&[0; 5]));
    pass(&mut world, 20_000);
    assert!((0..5).all(|index| tickets_shown(&world, index) == 1 && shows_what_the_tablet_shows(&world, index)));
    assert!((0..5).all(|index| world.members[index].counted("records_ahead") == 0));
}

#[test]
fn a_command_repeated_when_its_day_is_out_of_sight_is_answered_at_once() {
    const THREE_DAYS_MS: i64 = 3 * 24 * 3_600_000;
    let mut world = told_branch_of_five(true);
    pass(&mut world, 8_000);
    issue(&mut world, TABLET, "issue");
    pass(&mut world, 2_000);
    assert_eq!(tickets_shown(&world, TABLET), 1);
    world.members.iter_mut().for_each(|member| member.clock.skew += THREE_DAYS_MS);
    pass(&mut world, 10_000);
    issue(&mut world, TABLET, "another");
    pass(&mut world, 5_000);
    assert_eq!(tickets_shown(&world, TABLET), 1, "the first day is out of sight");
    issue(&mut world, TABLET, "issue");
    pass(&mut world, 1_000);
    let story = world.into_report().story;
    let answers: Vec<&String> = story.iter().filter(|line| line.contains(" issue: ")).collect();
    assert_eq!(answers.len(), 2, "{story:?}");
    assert!(answers[0].contains("Ticket(") && answers[1].contains("refused: "), "{answers:?}");
}

#[test]
fn a_day_goes_on_where_it_was_after_a_steward_whose_clock_is_a_year_ahead_was_alone_with_it() {
    const A_YEAR_MS: i64 = 365 * 24 * 3_600_000;
    let mut world = branch_of_five();
    world.members[KIOSK].clock.skew = A_YEAR_MS;
    pass(&mut world, 8_000);
    (0..3).for_each(|n| issue(&mut world, TABLET, &format!("before{n}")));
    pass(&mut world, 2_000);
    assert_eq!(tickets_shown(&world, TABLET), 3);
    let first_day = world.members[TABLET].process.as_ref().expect("it runs").snapshot.date;

    // The kiosk goes on with two others before it has heard their clocks, and customers come meanwhile.
    (0..5).for_each(|index| world.crash(index));
    pass(&mut world, 2_000);
    [KIOSK, 3, TABLET].into_iter().for_each(|index| world.start(index));
    for n in 0..100 {
        issue(&mut world, KIOSK, &format!("after{n}"));
        pass(&mut world, 50);
    }
    [0, 1].into_iter().for_each(|index| world.start(index));
    pass(&mut world, 20_000);
    let snapshot = world.members[TABLET].process.as_ref().expect("it runs").snapshot.clone();
    let tickets = &snapshot.days[&first_day].tickets;
    let numbers: BTreeSet<String> = tickets.values().map(|ticket| ticket.number.to_string()).collect();
    assert!(tickets.len() > 3 && numbers.len() == tickets.len(), "{numbers:?}");

    // Who was issued a number before is still somebody's to call.
    let oldest = tickets.values().min_by_key(|ticket| ticket.arrived).expect("there are some").id;
    give(&mut world, TABLET, "gone", Ask::Guarded(Guarded::Abandon { ticket: oldest, reason: None }));
    pass(&mut world, 2_000);
    let snapshot = &world.members[TABLET].process.as_ref().expect("it runs").snapshot;
    assert_eq!(snapshot.days[&first_day].tickets[&oldest].state, TicketState::Abandoned);
}
