//! Disks that fail, lose data, or are replaced by an older copy of themselves.

use std::sync::Arc;

use branchmesh_model::document::Actor;
use branchmesh_model::ids::{BranchId, RecordId, VoterId};
use branchmesh_model::steward::{Durable, Record};
use branchmesh_node::replication::documents::Documents;
use branchmesh_node::storage::testing::{self, CrashingDisk};
use branchmesh_node::storage::{self, Store, StoreError, StoreOptions};

use super::{Event, World};
use crate::sim::check::Elsewhere;
use crate::sim::member::{Member, store_options};
use crate::sim::{Flaw, Rng};

/// Changes kept one by one before a document is compacted: few, so that it happens in short runs.
const LOOSE: u32 = 8;

impl World {
    /// The disk has no room beyond what it holds.
    pub(super) fn fill_disk(&mut self, index: usize) {
        self.tell(|w| format!("the disk of {} is full", w.name(index)));
        let disk = &self.members[index].disk;
        disk.set_capacity(Some(disk.image().len() as u64));
    }

    pub(super) fn free_disk(&mut self, index: usize) {
        self.tell(|w| format!("the disk of {} has room", w.name(index)));
        self.members[index].disk.set_capacity(None);
    }

    pub(super) fn fail_sync(&mut self, index: usize) {
        self.tell(|w| format!("a sync of the disk of {} will fail", w.name(index)));
        self.members[index].disk.fail_syncs(1);
    }

    /// Some bits turn round while the device is off. Opening finds them, or they were in nothing that is used.
    pub(super) fn flip_bits(&mut self, index: usize, dice: u64) {
        self.crash(index);
        self.tell(|w| format!("bits turn round on the disk of {}", w.name(index)));
        let mut rng = Rng(dice);
        let mut image = self.members[index].disk.image();
        if image.is_empty() {
            return;
        }
        for _ in 0..rng.range(1, 64) {
            let at = rng.index(image.len());
            image[at] ^= 1 << rng.below(8);
        }
        let member = &mut self.members[index];
        member.disk = CrashingDisk::with_image(image);
        member.suspect = true;
        self.at(rng.range(500, 3_000), Event::Start { member: index });
    }

    /// The damaged database is put away whole; the device begins anew, as another voter.
    pub(super) fn set_aside(&mut self, index: usize) {
        self.forget(index, false);
        let member = &mut self.members[index];
        member.disk = CrashingDisk::new();
        member.suspect = false;
        member.generation += 1 + member.rng.below(8) as u32;
    }

    pub(super) fn back_up(&mut self, index: usize) {
        let Some(process) = &self.members[index].process else { return };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("backup");
        process.store.backup(&file, |_, _| {}).expect("a backup is written while the node runs");
        self.members[index].backup = Some(std::fs::read(&file).expect("it was just written"));
        self.tell(|w| format!("a backup of {} is made", w.name(index)));
    }

    /// The device is switched off, its disk replaced by the backup, and it is switched on again.
    pub(super) fn restore(&mut self, index: usize) {
        let Some(backup) = self.members[index].backup.take() else { return };
        self.crash(index);
        self.tell(|w| format!("{} is restored from its backup", w.name(index)));
        let keeps_vote = self.flaw == Some(Flaw::RestoredDiskKeepsVote);
        let generation = self.members[index].generation;
        let next = if keeps_vote { generation } else { generation + 1 + self.members[index].rng.below(8) as u32 };
        self.members[index].disk = restored(&backup, next);
        self.members[index].generation = next;
        self.forget(index, true);
        let delay = self.rng.range(500, 3_000);
        self.at(delay, Event::Start { member: index });
    }

    /// What only this device's disk held is lost, and nobody could have kept it; unless it is on the disk that the device
    /// has by now.
    pub(super) fn forget(&mut self, index: usize, restored: bool) {
        self.checker.excuse_gaps();
        let remains = |i: usize| restored || i != index;
        let elsewhere = self.elsewhere(remains);
        self.checker.forgive(index, &elsewhere);
        self.forget_revocations(remains, &elsewhere);
        self.doubt_enrolment(remains);
    }

    /// Nor is anybody thrown out of whose revocation nobody else had heard who would tell of it.
    fn forget_revocations(&mut self, remains: impl Fn(usize) -> bool, elsewhere: &Elsewhere) {
        let withholder = self.setup.withholder();
        let told = withholder.map(|withholder| self.elsewhere(|i| remains(i) && i != withholder));
        let told = told.as_ref().unwrap_or(elsewhere);
        let mut knows_alone = false;
        for member in &mut self.members {
            let revocation = format!("v/{}", member.device);
            knows_alone |= member.revoked && elsewhere.keys.contains(&revocation) && !told.keys.contains(&revocation);
            member.revoked &= told.keys.contains(&revocation);
        }
        if let Some(withholder) = withholder {
            self.members[withholder].knows_alone |= knows_alone;
        }
    }

    /// A guest of whom nobody but itself may know any more that it was enrolled is perhaps a stranger, who must be invited
    /// again.
    fn doubt_enrolment(&mut self, remains: impl Fn(usize) -> bool) {
        let guest = self.setup.size;
        let member = &self.members[guest];
        if !remains(guest) || !member.enrolled {
            return;
        }
        let enrolment = format!("e/{}", member.device);
        let told = self.elsewhere(|i| remains(i) && i != guest);
        self.members[guest].perhaps_stranger |= !told.keys.contains(&enrolment);
    }

    /// What only a revoked device holds is lost with it, since nobody takes it any more; and what only one holds that passes
    /// nothing on might as well be.
    pub fn let_those_go_who_share_nothing(&mut self) {
        let withholder = self.setup.withholder();
        let shares_nothing = |i: &usize| self.members[*i].revoked || self.is_stranger(*i) || withholder == Some(*i);
        for index in (0..self.members.len()).filter(shares_nothing).collect::<Vec<_>>() {
            self.checker.excuse_gaps();
            self.checker.forgive(index, &self.elsewhere(|i| i != index));
        }
    }

    pub(super) fn compact(&mut self, index: usize) {
        let Some(process) = &self.members[index].process else { return };
        let long = |doc: &_| process.store.loose(doc).is_ok_and(|loose| loose > LOOSE);
        let documents: Vec<_> = process.store.documents().unwrap_or_default().into_iter().filter(long).collect();
        // A disk that fails now fails the next commit too, and the node stops then.
        let done = documents.iter().filter(|doc| process.store.compact(doc).is_ok()).count();
        self.tell(|w| format!("{} compacts {done} documents", w.name(index)));
    }

    /// What the disks of these devices hold, as far as they belong to the branch.
    fn elsewhere(&self, counts: impl Fn(usize) -> bool) -> Elsewhere {
        let others: Vec<&Member> = self.enrolled().filter(|i| counts(*i)).map(|i| &self.members[i]).collect();
        let voters: Vec<VoterId> =
            others.iter().map(|m| VoterId { device: m.device, generation: m.generation }).collect();
        let mut elsewhere = Elsewhere::default();
        for store in others.iter().filter_map(|m| readable(m)) {
            // A store that just failed is read again once its device has started anew; it counts as holding nothing.
            let _ = note_held(&store, self.branch, &voters, &mut elsewhere);
        }
        elsewhere
    }
}

fn note_held(
    store: &Arc<Store>,
    branch: BranchId,
    voters: &[VoterId],
    elsewhere: &mut Elsewhere,
) -> Result<(), StoreError> {
    let mut documents = Documents::open(store.clone(), Actor::new(&branch, [8; 8]))?;
    for doc in documents.held().keys().cloned().collect::<Vec<_>>() {
        elsewhere.keys.extend(documents.facts(&doc)?.into_iter().map(|(key, _)| key));
    }
    if let Ok(durable) = Durable::from_rows(store.steward_rows()?.into_iter()) {
        elsewhere.records.extend(lasting(&durable, voters).map(|record| record.key()));
    }
    Ok(())
}

/// The store of a device as its disk is now.
fn readable(member: &Member) -> Option<Arc<Store>> {
    if let Some(process) = &member.process {
        return Some(process.store.clone());
    }
    let copy = CrashingDisk::with_image(member.disk.image());
    // Where bits were turned round, all is checked first, as it will be when the device starts.
    let options = StoreOptions { verify: member.suspect, ..store_options(member.generation) };
    Store::with_backend(copy.backend(), &options).ok().map(Arc::new)
}

/// Records that count, and those that will because their epoch can still be closed by these voters.
fn lasting(durable: &Durable, voters: &[VoterId]) -> impl Iterator<Item = RecordId> {
    durable.epochs.values().flat_map(move |held| {
        let closable = held.epoch.is_quorum(|voter| voters.contains(voter));
        let upto = if closable { held.len() } else { held.commit };
        let entries = (1..=upto).zip(&held.log).filter(|(_, record)| matches!(record, Record::Entry { .. }));
        entries.map(move |(index, _)| RecordId { epoch: held.epoch.id, index })
    })
}

/// A disk filled from a backup by the shipping restore.
fn restored(backup: &[u8], generation: u32) -> CrashingDisk {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (file, data) = (folder.path().join("backup"), folder.path().join("data"));
    std::fs::write(&file, backup).expect("a temporary file");
    storage::restore(&file, &data, false, |_, _| {}).expect("a whole backup can be restored");
    let image = std::fs::read(data.join("branchmesh.redb")).expect("a restored database");
    let disk = CrashingDisk::with_image(image);
    let store = Store::with_backend(disk.backend(), &store_options(0)).expect("a restored database opens");
    testing::set_generation(store, generation).expect("a restored database has room");
    disk
}
