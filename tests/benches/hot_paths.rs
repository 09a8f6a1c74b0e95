//! What every change and every command goes through, piece by piece: `cargo bench -p branchmesh-tests`.
//!
//! The whole of it, over real networks and disks, is what `branchmesh bench` measures.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use branchmesh_model::command::{Ask, Caller, Command, Guarded, Ordinary};
use branchmesh_model::config::StaffRole;
use branchmesh_model::decide::{self, Book, Context};
use branchmesh_model::document::{Actor, FactDoc, NewChange, examine};
use branchmesh_model::ids::{CommandId, DeviceId, EpochId, RecordId, VoterId};
use branchmesh_model::roster::{Enrolment, Roster};
use branchmesh_model::schema::{DocId, Role};
use branchmesh_model::steward::{
    Census, Desk, Durable, Lane, Machine, Note, Output, Packet, Refused, Request, Right, Settings, Standing,
};
use branchmesh_model::time::{UnixMs, business_date};
use branchmesh_model::view::BranchView;
use branchmesh_node::bench::served_ticket;
use branchmesh_node::replication::envelope::Envelope;
use branchmesh_node::replication::reconcile::{RangePrint, Span, compare, describe, lacking, list};
use branchmesh_node::replication::trust::{Signer, TrustFlaws, admit};
use branchmesh_node::storage::testing::CrashingDisk;
use branchmesh_node::storage::{Opened, Store, StoreOp, StoreOptions};
use divan::{Bencher, black_box};
use jiff::tz::TimeZone;

/// Tickets of a shard on a busy day.
const TICKETS: usize = 250;
/// Changes that come together under load.
const BATCH: usize = 100;

fn main() {
    divan::main();
}

/// A device that is enrolled, and what it takes to check what it signs.
struct Author {
    signer: Signer,
    roster: Roster,
    doc: DocId,
}

fn author() -> Author {
    let branch = DeviceId([7; 32]);
    let signer = Signer::new(&[1; 32], branch);
    let value = serde_json::to_string(&enrolment(signer.device)).expect("plain data");
    let facts = BTreeMap::from([(format!("e/{}", signer.device), value)]);
    let roster = Roster::fold(signer.device, &facts).0;
    Author { signer, roster, doc: "queue/2026-11-21/3".parse().expect("a document") }
}

/// A counter that founded its branch.
fn enrolment(device: DeviceId) -> Enrolment {
    Enrolment {
        device,
        role: Role::Counter,
        name: "counter1".into(),
        counter: Some(1),
        lane: "A".into(),
        at: UnixMs(0),
        by: device,
    }
}

/// The facts of so many served tickets, one after the other.
fn facts(tickets: usize) -> Vec<(String, String)> {
    let day = jiff::civil::date(2026, 11, 21);
    (1..=tickets).flat_map(|n| served_ticket(day, n as u32, DeviceId([1; 32])).1).collect()
}

/// A document of a shard's size by one device, and the changes it came of.
fn shard(author: &Author) -> (FactDoc, Vec<NewChange>) {
    let actor = Actor::new(&author.signer.device, [0; 8]);
    let mut doc = FactDoc::new(&author.doc, &actor);
    let changes = facts(TICKETS).into_iter().filter_map(|fact| doc.write(&[fact], UnixMs(0))).collect();
    (doc, changes)
}

fn envelopes(author: &Author) -> Vec<Envelope> {
    let seal = |(n, change)| author.signer.seal(&author.doc, n, change);
    (1..).zip(shard(author).1).map(seal).collect()
}

#[divan::bench]
fn sign_an_envelope(bencher: Bencher) {
    let author = author();
    let change = shard(&author).1.remove(0);
    bencher.with_inputs(|| change.clone()).bench_values(|change| author.signer.seal(&author.doc, 1, change));
}

#[divan::bench]
fn admit_an_envelope(bencher: Bencher) {
    let author = author();
    let envelope = envelopes(&author).remove(0);
    let branch = DeviceId([7; 32]);
    let check = || admit(&envelope, &branch, &author.roster, Role::Kiosk, TrustFlaws::default());
    check().expect("its author is enrolled");
    bencher.bench_local(check);
}

/// The newest `together` changes applied at once to a document that holds all before them.
#[divan::bench(args = [1, BATCH])]
fn apply_changes_to_a_shard(bencher: Bencher, together: usize) {
    let author = author();
    let (_, changes) = shard(&author);
    let read = |change: &NewChange| examine(&change.bytes, &author.signer.device).expect("an own change");
    let (before, after) = changes.split_at(changes.len() - together);
    let mut doc = FactDoc::new(&author.doc, &Actor::new(&DeviceId([2; 32]), [0; 8]));
    doc.apply_all(before.iter().map(read)).expect("in order");
    let (saved, actor) = (doc.save(), Actor::new(&DeviceId([2; 32]), [1; 8]));
    bencher
        .with_inputs(|| {
            (
                FactDoc::load(&author.doc, &saved, &actor).expect("just saved"),
                after.iter().map(read).collect::<Vec<_>>(),
            )
        })
        .bench_values(|(mut doc, changes)| {
            doc.apply_all(changes).expect("in order");
            doc
        });
}

/// A fact of one ticket more in a day of [`TICKETS`].
#[divan::bench]
fn fold_a_ticket(bencher: Bencher) {
    let author = author();
    let mut view = BranchView::new(DeviceId([7; 32]));
    let mut all = facts(TICKETS);
    let last = all.split_off(all.len() - 1);
    let doc: DocId = author.doc.clone();
    all.iter().for_each(|(key, value)| view.apply(&doc, key, value));
    view.refresh();
    bencher.bench_local(|| {
        last.iter().for_each(|(key, value)| view.apply(&doc, key, value));
        view.refresh()
    });
}

/// The steward decides which of so many waiting tickets is called next.
#[divan::bench(args = [60, 600])]
fn decide_the_next_call(bencher: Bencher, waiting: u32) {
    let me = DeviceId([1; 32]);
    let context = Context { zone: TimeZone::UTC };
    let now = jiff::civil::date(2026, 11, 21).at(10, 0, 0, 0).to_zoned(TimeZone::UTC).expect("a moment").timestamp();
    let now = UnixMs(now.as_millisecond());
    let (mut view, mut book) = (BranchView::new(me), Book::new());
    let enrolment = serde_json::to_string(&enrolment(me)).expect("plain data");
    view.apply(&DocId::roster(), &format!("e/{me}"), &enrolment);
    view.refresh();
    let caller = Caller {
        device: me,
        device_role: Some(Role::Counter),
        staff: Some("manager".into()),
        roles: vec![StaffRole::Teller, StaffRole::LobbyManager],
    };
    let command = |id: &str, ask| Command { id: id.to_owned().try_into().expect("short"), caller: caller.clone(), ask };
    let open = command("open", Ask::Ordinary(Ordinary::OpenCounter { counter: 1, services: None, profile: None }));
    let (writes, _) = decide::ordinary(&view, &open, now, &context).expect("a manager may open a counter");
    writes.iter().for_each(|write| view.apply(&write.doc, &write.key, &write.value));
    view.refresh();
    for index in 1..=waiting {
        let record = RecordId { epoch: EpochId::genesis(me), index };
        let take = Guarded::Issue {
            service: "cash".into(),
            category: None,
            language: None,
            identified: false,
            status_digest: None,
        };
        let take = command(&format!("c{index}"), Ask::Guarded(take));
        let entry = decide::guarded(&view, &mut book, "", &take, now, &context).expect("room").expect("a ticket");
        book.fold(record, &entry, false);
        let key = record.key();
        let doc = DocId::queue(business_date(now, &context.zone, view.config().branch.cut_off), &key);
        view.apply(&doc, &format!("r:{key}"), &serde_json::to_string(&entry).expect("plain data"));
        view.refresh();
    }
    let next = command("next", Ask::Guarded(Guarded::CallNext { counter: 1 }));
    let decide = || decide::guarded(&view, &mut book, "", &next, now, &context).expect("an open counter");
    bencher.bench_local(decide);
    assert!(decide::guarded(&view, &mut book, "", &next, now, &context).expect("an open counter").is_some());
}

/// Two devices that hold so many documents and differ in one find out in which.
#[divan::bench(args = [1_000, 20_000])]
fn reconcile(bencher: Bencher, documents: usize) {
    let name = |n: usize| format!("customer/{n:08}").parse::<DocId>().expect("a document");
    let mine: BTreeMap<DocId, [u8; 32]> = (0..documents).map(|n| (name(n), [n as u8; 32])).collect();
    let mut theirs = mine.clone();
    theirs.insert(name(documents / 3), [255; 32]);
    bencher.bench_local(|| {
        let (mut differing, mut from_me) = (Vec::new(), true);
        let mut ranges: Vec<RangePrint> = vec![describe(&theirs, Span::all())];
        while !ranges.is_empty() {
            let (here, there) = if from_me { (&mine, &theirs) } else { (&theirs, &mine) };
            let next = compare(here, &ranges);
            for items in next.items {
                differing.extend(lacking(there, &items));
                differing.extend(lacking(here, &list(there, items.span.clone(), false)));
            }
            (ranges, from_me) = (next.ranges, !from_me);
        }
        assert!(!differing.is_empty(), "they differ in one");
        differing
    });
}

/// A batch made durable: in memory, where only the work counts, and in a file, where the disk does.
#[divan::bench(args = [1, BATCH])]
fn commit_to_memory(bencher: Bencher, together: usize) {
    commits(bencher, together, || {
        let options = StoreOptions { verify: false, ..StoreOptions::default() };
        Store::with_backend(CrashingDisk::new().backend(), &options).expect("an empty disk")
    });
}

#[divan::bench(args = [1, BATCH])]
fn commit_to_disk(bencher: Bencher, together: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut count = 0;
    commits(bencher, together, || {
        count += 1;
        match Store::open(&folder.path().join(count.to_string()), &StoreOptions::default()) {
            Ok(Opened::Ready(store)) => store,
            other => unreachable!("a new folder, but {other:?}"),
        }
    });
}

fn commits(bencher: Bencher, together: usize, mut open: impl FnMut() -> Store) {
    let all = envelopes(&author());
    let mut batches = all.chunks_exact(together);
    let mut store = Rc::new(open());
    let meta = |n: u64| StoreOp::Meta { key: "heads/queue".into(), value: Some(n.to_be_bytes().to_vec()) };
    let mut n = 0;
    bencher
        .with_inputs(|| {
            n += 1;
            // What is stored already costs nothing, so whatever comes again goes into a new store.
            let batch = batches.next().unwrap_or_else(|| {
                (batches, store) = (all.chunks_exact(together), Rc::new(open()));
                batches.next().expect("there are more changes than in a batch")
            });
            let ops: Vec<StoreOp> = batch.iter().cloned().map(StoreOp::Envelope).chain([meta(n)]).collect();
            (store.clone(), ops)
        })
        .bench_local_values(|(store, ops)| store.commit(&ops).expect("room"));
}

/// A desk that appends what it is asked to.
struct Yes;

impl Desk for Yes {
    fn reset(&mut self) {}
    fn fold_own(&mut self, _: &[u8]) {}
    fn fold(&mut self, _: RecordId, _: &[u8], _: Right) {}
    fn decide(&mut self, request: &Request, _: Lane) -> Result<Vec<u8>, Refused> {
        Ok(request.body.clone())
    }
}

/// Three voters and the packets between them, without disk and network.
struct Group {
    machines: BTreeMap<VoterId, Machine>,
    now: u64,
    answered: u64,
}

impl Group {
    fn new() -> Self {
        let voters: Vec<VoterId> = (1..=3).map(|n| VoterId { device: DeviceId([n; 32]), generation: 0 }).collect();
        let standing = Standing { rank: 0, preferred: true };
        let census = Census { voters: voters.iter().map(|voter| (voter.device, standing)).collect() };
        let genesis = EpochId::genesis(voters[0].device);
        let mut group = Self { machines: BTreeMap::new(), now: 0, answered: 0 };
        for me in &voters {
            let (settings, census) = (Settings::default(), census.clone());
            let (mut machine, _) = Machine::new(*me, genesis, Durable::default(), settings, census, 0, 1, 1, &mut Yes);
            voters.iter().for_each(|peer| machine.link_opened(0, *peer));
            group.machines.insert(*me, machine);
        }
        while group.now < 20_000 {
            group.tick();
        }
        group
    }

    fn tick(&mut self) {
        self.now += 100;
        for me in self.machines.keys().copied().collect::<Vec<_>>() {
            let (now, machine) = self.machine(me);
            let output = machine.tick(now, &mut Yes);
            self.carry(me, output);
        }
    }

    fn machine(&mut self, me: VoterId) -> (u64, &mut Machine) {
        (self.now, self.machines.get_mut(&me).expect("a voter"))
    }

    fn carry(&mut self, from: VoterId, output: Output) {
        let mut passing: VecDeque<(VoterId, VoterId, Packet)> = VecDeque::new();
        let mut outputs = vec![(from, output)];
        loop {
            for (from, output) in outputs.drain(..) {
                self.answered += output.notes.iter().filter(|n| matches!(n, Note::Answered { .. })).count() as u64;
                passing.extend(output.send.into_iter().map(|(hop, packet)| (from, hop, packet)));
            }
            let Some((from, to, packet)) = passing.pop_front() else { return };
            let (now, machine) = self.machine(to);
            outputs.push((to, machine.handle(now, from, packet, &mut Yes)));
        }
    }

    fn ask(&mut self, n: u64) {
        let cmd = CommandId::try_from(format!("c{n}")).expect("short plain text");
        let asks = VoterId { device: DeviceId([2; 32]), generation: 0 };
        let (now, machine) = self.machine(asks);
        let output = machine.request(now, cmd, vec![0; 200], now + 8_000);
        self.carry(asks, output);
    }
}

/// A request at a member: appended, acknowledged by the others, committed, answered. Three machines' work together.
#[divan::bench]
fn append_and_acknowledge(bencher: Bencher) {
    let mut group = Group::new();
    let mut n = 0;
    bencher.bench_local(|| {
        n += 1;
        group.ask(n);
    });
    assert_eq!(black_box(group.answered), n, "every request was answered at once");
}
