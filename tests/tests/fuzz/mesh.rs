//! What peers and newcomers send: frames, envelopes, stewardship, invitations.

use std::cell::RefCell;

use branchmesh_model::document::examine;
use branchmesh_model::ids::DeviceId;
use branchmesh_model::roster::Roster;
use branchmesh_model::schema::Role;
use branchmesh_node::replication::enrol::{Invitation, JoinReply, JoinRequest, OpenInvitation};
use branchmesh_node::replication::envelope::Envelope;
use branchmesh_node::replication::frame::{Frame, Hello};
use branchmesh_node::replication::trust::{TrustFlaws, admit};
use branchmesh_tests::sim::plan::{Act, Plan};
use branchmesh_tests::sim::world::World;
use branchmesh_tests::sim::{Kind, draw};

use super::hold;

/// A simulated branch that has worked for a while, and the frames its devices sent.
fn busy_branch() -> (World, Vec<Frame>) {
    let mut plan: Plan = draw::draw(11, Kind::Any);
    plan.setup.weather = plan.setup.weather.calm();
    plan.setup.liar = None;
    plan.steps.retain(|step| matches!(step.act, Act::Start(_) | Act::Work { .. } | Act::Visit { .. }));
    let mut world = World::new(&plan, None, false);
    world.audit.keep_frames();
    assert!(world.play(&plan), "{:?}", world.checker.violations);
    world.run_until(world.now + 3_000);
    let frames = world.audit.kept_frames();
    (world, frames)
}

fn encoded(frames: &[Frame]) -> Vec<Vec<u8>> {
    frames.iter().map(Frame::encode).collect()
}

/// A broken frame that can still be read comes from an enrolled peer: the node may believe it or not, but goes on.
fn frames_are_survived(wanted: fn(&Frame) -> bool, cases: u32) {
    let (world, frames) = busy_branch();
    let frames: Vec<Frame> = frames.into_iter().filter(wanted).collect();
    let world = RefCell::new(world);
    hold(encoded(&frames), cases, |bytes| {
        let Ok(frame) = Frame::decode(bytes) else { return };
        assert_eq!(Frame::decode(&frame.encode()).as_ref(), Ok(&frame), "what was read can be passed on");
        let mut world = world.borrow_mut();
        world.checker.violations.clear();
        world.feed(1, 0, frame);
        let soon = world.now + 150;
        world.run_until(soon);
        let stopped = world.checker.violations.iter().find(|what| what.contains(" stops: "));
        assert_eq!(stopped, None, "the node goes on");
    });
}

#[test]
fn frames() {
    frames_are_survived(|frame| !matches!(frame, Frame::Steward(_)), 1_500);
}

#[test]
fn stewardship() {
    frames_are_survived(|frame| matches!(frame, Frame::Steward(_)), 1_500);
}

#[test]
fn envelopes() {
    let (world, frames) = busy_branch();
    let roster: Roster = (*world.roster()).clone();
    let branch = roster.branch;
    let of = |frame: &Frame| match frame {
        Frame::Live(envelopes) | Frame::Repair(envelopes) => envelopes.clone(),
        _ => vec![],
    };
    let genuine: Vec<Envelope> = frames.iter().flat_map(of).collect();
    let examples: Vec<Vec<u8>> = genuine.iter().map(|e| postcard::to_stdvec(e).expect("plain data")).collect();
    // What is signed is the change's hash: automerge reads some changes in more than one spelling.
    let signed = |e: &Envelope| {
        let hash = examine(&e.change, &e.author).map(|change| change.hash).ok();
        (e.doc.clone(), e.author, e.n, hash)
    };
    let genuine: Vec<_> = genuine.iter().map(signed).collect();
    hold(examples, 4_000, |bytes| {
        let Ok(envelope) = postcard::from_bytes::<Envelope>(bytes) else { return };
        for me in Role::ALL {
            if admit(&envelope, &branch, &roster, me, TrustFlaws::default()).is_ok() {
                assert!(genuine.contains(&signed(&envelope)), "admitted, and not what was signed: {envelope:?}");
            }
        }
    });
}

#[test]
fn invitations() {
    let invitation = Invitation {
        branch: DeviceId([7; 32]),
        admin: DeviceId([8; 32]),
        addresses: vec!["192.168.1.5:7443".parse().expect("valid"), "[fe80::1]:7443".parse().expect("valid")],
        secret: [9; 16],
    };
    let text = invitation.to_text();
    hold(vec![text.clone().into_bytes(), text.to_lowercase().into_bytes()], 5_000, |bytes| {
        let said = String::from_utf8_lossy(bytes);
        if let Ok(read) = Invitation::from_text(&said) {
            assert_eq!(Invitation::from_text(&read.to_text()), Ok(read));
        }
    });
}

#[test]
fn words_of_newcomers() {
    let hello =
        Hello { branch: DeviceId([7; 32]), generation: 3, addresses: vec!["10.0.0.1:1".parse().expect("valid")] };
    let examples = vec![
        postcard::to_stdvec(&hello).expect("plain data"),
        postcard::to_stdvec(&JoinRequest { secret: [1; 16] }).expect("plain data"),
        postcard::to_stdvec(&JoinReply::Failed("no".into())).expect("plain data"),
        postcard::to_stdvec(&JoinReply::Expired).expect("plain data"),
    ];
    hold(examples, 5_000, |bytes| {
        let _ = postcard::from_bytes::<Hello>(bytes);
        let _ = postcard::from_bytes::<JoinRequest>(bytes);
        let _ = postcard::from_bytes::<JoinReply>(bytes);
        let _ = postcard::from_bytes::<OpenInvitation>(bytes);
    });
}
