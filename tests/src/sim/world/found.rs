//! The branch as it is when a run begins: its devices, founded and enrolled.

use std::collections::BTreeMap;
use std::sync::Arc;

use branchmesh_model::config::{Founder, Staff, StaffRole, founding};
use branchmesh_model::document::Actor;
use branchmesh_model::ids::DeviceId;
use branchmesh_model::roster::Enrolment;
use branchmesh_model::schema::{DocId, Role};
use branchmesh_model::time::UnixMs;
use branchmesh_node::replication::documents::Documents;
use branchmesh_node::replication::trust::Signer;
use branchmesh_node::storage::testing::CrashingDisk;
use branchmesh_node::storage::{Store, StoreOp};

use super::{EPOCH, World};
use crate::sim::Rng;
use crate::sim::member::{Member, store_options};
use crate::sim::plan::Setup;

const ROLES: [Role; 7] =
    [Role::Counter, Role::Counter, Role::Kiosk, Role::Display, Role::Tablet, Role::Counter, Role::Counter];
const LANES: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

/// The devices of a run; the last is not enrolled and waits to be invited.
pub(super) fn members(seed: u64, setup: &Setup) -> Vec<Member> {
    let mut members: Vec<Member> = (0..setup.size).map(|i| member(seed, i, ROLES[i], setup)).collect();
    let mut guest = member(seed, setup.size, Role::Counter, setup);
    guest.enrolled = false;
    members.push(guest);
    members
}

fn member(seed: u64, index: usize, role: Role, setup: &Setup) -> Member {
    let mut rng = Rng::branch(seed, 1_000 + index as u64);
    let mut secret = [0; 32];
    for chunk in secret.chunks_mut(8) {
        chunk.copy_from_slice(&rng.draw().to_be_bytes());
    }
    Member {
        name: format!("{role}{index}"),
        role,
        secret,
        device: Signer::new(&secret, DeviceId([0; 32])).device,
        clone_of: None,
        enrolled: true,
        revoked: false,
        disk: CrashingDisk::new(),
        generation: 0,
        suspect: false,
        perhaps_stranger: false,
        knows_alone: false,
        backup: None,
        process: None,
        starts: 0,
        clock: setup.clocks[index],
        backwards: Vec::new(),
        paused_until: 0,
        rng,
    }
}

impl World {
    /// Founds the branch and gives every device its copy of roster and configuration, as enrolment would.
    pub(super) fn found(&mut self) {
        let enrolled: Vec<&Member> = self.members.iter().filter(|m| m.enrolled).collect();
        let ops = founding_ops(&enrolled);
        for member in enrolled {
            let store = Store::with_backend(member.disk.backend(), &store_options(0)).expect("a new disk");
            let mine: Vec<StoreOp> = if member.device == self.branch {
                ops.clone()
            } else {
                ops.iter().filter(|op| !matches!(op, StoreOp::Meta { key, .. } if key == "authored")).cloned().collect()
            };
            store.commit(&mine).expect("a new disk has room");
        }
    }
}

/// What the founder would have on disk after founding the branch and enrolling everybody.
fn founding_ops(members: &[&Member]) -> Vec<StoreOp> {
    let store = Store::with_backend(CrashingDisk::new().backend(), &store_options(0)).expect("a new disk");
    let branch = members[0].device;
    let signer = Signer::new(&members[0].secret, branch);
    let mut documents = Documents::open(Arc::new(store), Actor::new(&branch, [0; 8])).expect("a new disk");
    let at = UnixMs(EPOCH - 3_600_000);
    let enrolment = |m: &Member, lane: &str| Enrolment {
        device: m.device,
        role: m.role,
        name: m.name.clone(),
        counter: None,
        lane: lane.into(),
        at,
        by: branch,
    };
    let manager = Staff {
        id: "manager".into(),
        name: "Manager".into(),
        roles: vec![StaffRole::Admin],
        pin_hash: "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA".into(),
        disabled: false,
    };
    let founder = Founder { branch_name: "Simulated".into(), enrolment: enrolment(members[0], "A"), manager };
    let mut facts: BTreeMap<DocId, Vec<(String, String)>> = BTreeMap::new();
    for write in founding(&founder, None).expect("the default configuration is valid") {
        facts.entry(write.doc).or_default().push((write.key, write.value));
    }
    for (member, lane) in members.iter().zip(LANES).skip(1) {
        let value = serde_json::to_string(&enrolment(member, lane)).expect("plain data");
        facts.entry(DocId::roster()).or_default().push((format!("e/{}", member.device), value));
    }
    let mut ops = Vec::new();
    for doc in [DocId::roster(), DocId::config()] {
        documents.write(&doc, &facts[&doc], at, &signer, &mut ops).expect("a new disk");
    }
    documents.settle(&mut ops);
    ops
}
