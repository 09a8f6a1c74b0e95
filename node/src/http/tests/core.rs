//! A node's core of one device with the real rules and no disk, mesh or quorum: what the API is tested against.

use std::collections::BTreeMap;
use std::sync::Arc;

use branchmesh_model::command::{Ask, Command, Done, Rejection};
use branchmesh_model::config::{Founder, Staff, StaffRole, founding};
use branchmesh_model::decide::{self, Book, Context};
use branchmesh_model::ids::{DeviceId, EpochId, RecordId, TicketId};
use branchmesh_model::roster::Enrolment;
use branchmesh_model::schema::{DocId, Family, Role, Write};
use branchmesh_model::ticket::Act;
use branchmesh_model::time::{BusinessDate, UnixMs, business_date};
use branchmesh_model::view::BranchView;
use branchmesh_model::visit::Visit;
use jiff::tz::TimeZone;
use tokio::sync::{mpsc, watch};

use crate::handle::{Answer, Event, Feed, Identity, InvitationText, MeshStatus, NodeHandle, Request, Snapshot};

pub(super) const NOW: UnixMs = UnixMs(1_795_000_000_000);
pub(super) const DEVICE: DeviceId = DeviceId([7; 32]);
/// The manager's PIN.
pub(super) const PIN: &str = "135790";

pub(super) struct Core {
    view: BranchView,
    book: Book,
    next: u32,
    revision: u64,
    feed: Arc<Feed>,
    visits: BTreeMap<DocId, Vec<Write>>,
    published: watch::Sender<Arc<Snapshot>>,
    /// Whether answers come before the tickets they speak of.
    answers_early: bool,
}

fn today() -> BusinessDate {
    business_date(NOW, &TimeZone::UTC, jiff::civil::Time::midnight())
}

fn staff(id: &str, roles: &[StaffRole], hash: &str) -> Staff {
    Staff { id: id.into(), name: id.into(), roles: roles.to_vec(), pin_hash: hash.into(), disabled: false }
}

impl Core {
    /// Starts a core of a device with `role`; besides the manager there are `teller` and `lobby` with the same PIN.
    pub(super) fn start(role: Role, answers_early: bool) -> NodeHandle {
        static HASH: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| crate::http::pin::hash(PIN));
        let enrolment = Enrolment {
            device: DEVICE,
            role,
            name: "Window 1".into(),
            counter: None,
            lane: "K".into(),
            at: NOW,
            by: DEVICE,
        };
        let all = [StaffRole::Teller, StaffRole::LobbyManager, StaffRole::BranchHead, StaffRole::Admin];
        let founder = Founder { branch_name: "Test branch".into(), enrolment, manager: staff("manager", &all, &HASH) };
        let file = serde_json::json!({ "branch": { "time_zone": "UTC" } });
        let mut writes = founding(&founder, Some(file)).expect("a sound foundation");
        for member in [staff("teller", &[StaffRole::Teller], &HASH), staff("lobby", &[StaffRole::LobbyManager], &HASH)]
        {
            let value = serde_json::to_string(&member).expect("plain data");
            let doc = DocId::config();
            writes.push(Write { doc, key: format!("staff/{}", member.id), value });
        }
        let mut view = BranchView::new(DEVICE);
        writes.iter().for_each(|w| view.apply(&w.doc, &w.key, &w.value));
        view.refresh();
        let feed = Arc::new(Feed::new("boot".into()));
        let published = watch::Sender::new(Arc::new(picture(&view, 1)));
        let identity = Identity { branch: DEVICE, device: DEVICE, role, name: "Window 1".into(), counter: None };
        let (requests, inbox) = mpsc::channel(16);
        let handle = NodeHandle::new(Arc::new(identity), feed.clone(), requests, published.subscribe());
        let book = Book::new();
        let core = Self { view, book, next: 1, revision: 1, feed, visits: BTreeMap::new(), published, answers_early };
        tokio::spawn(core.run(inbox));
        handle
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Request>) {
        while let Some(request) = inbox.recv().await {
            match request {
                Request::Command(command, reply) => drop(reply.send(self.command(&command))),
                Request::TakeOver(caller, _, reply) => drop(reply.send(decide::permit_take_over(&caller))),
                Request::Invite(_, _, _, ttl, reply) => {
                    let expires_at = UnixMs(NOW.0 + i64::try_from(ttl.as_millis()).expect("a short time"));
                    drop(reply.send(Ok(InvitationText { text: "invitation".into(), expires_at })));
                }
                Request::HandOver(what, reply) => {
                    let by = what.caller.actor(NOW);
                    self.write(&[decide::taken_with(&what.ticket, &what.cmd, by, what.told)]);
                    drop(reply.send(Ok(())));
                }
                Request::ReadVisit(tickets, reply) => drop(reply.send(self.visit(&tickets))),
                Request::Backup(_, reply) => drop(reply.send(Ok(0))),
                Request::Stop(reply) => drop(reply.send(())),
            }
        }
    }

    fn command(&mut self, command: &Command) -> Result<Answer, Rejection> {
        let ctx = Context { zone: TimeZone::UTC };
        let done = match &command.ask {
            Ask::Ordinary(_) => {
                let (writes, done) = decide::ordinary(&self.view, command, NOW, &ctx)?;
                self.write(&writes);
                done
            }
            Ask::Guarded(_) => self.guarded(command, &ctx)?,
        };
        let mut snapshot = self.published.borrow().clone();
        if self.answers_early {
            let days = Arc::make_mut(&mut snapshot).days.values_mut();
            days.for_each(|day| Arc::make_mut(day).tickets.clear());
        }
        Ok(Answer { done, snapshot })
    }

    fn guarded(&mut self, command: &Command, ctx: &Context) -> Result<Done, Rejection> {
        if let Some(prior) = self.view.find_command(&command.id) {
            return if command.ask.fits(prior.verb, &prior.done) { Ok(prior.done) } else { Err(Rejection::KeyReused) };
        }
        let Some(entry) = decide::guarded(&self.view, &mut self.book, "", command, NOW, ctx)? else {
            return Ok(Done::NobodyWaits);
        };
        let record = RecordId { epoch: EpochId::genesis(DEVICE), index: self.next };
        self.next += 1;
        self.book.fold(record, &entry, false);
        self.write(&decide::materialise(record, &entry));
        Ok(match entry.act {
            Act::Issue { .. } => Done::Ticket(record.key()),
            Act::Move { ticket, .. } => Done::Moved { from: ticket, to: record.key() },
            Act::Grant { ticket, .. }
            | Act::Abandon { ticket, .. }
            | Act::Reinstate { ticket, .. }
            | Act::Requeue { ticket, .. } => Done::Ticket(ticket),
            Act::CloseDay { .. } => Done::Changed,
        })
    }

    fn visit(&self, tickets: &[TicketId]) -> Option<Visit> {
        let writes = tickets.iter().filter_map(|t| self.visits.get(&DocId::visit(t))).flatten();
        Visit::fold(writes.map(|w| (w.key.as_str(), w.value.as_str())))
    }

    fn write(&mut self, writes: &[Write]) {
        for write in writes.iter().filter(|w| w.doc.family() == Family::Visit) {
            self.visits.entry(write.doc.clone()).or_default().push(write.clone());
        }
        writes.iter().for_each(|w| self.view.apply(&w.doc, &w.key, &w.value));
        let events = self.view.refresh();
        self.revision += 1;
        self.published.send_replace(Arc::new(picture(&self.view, self.revision)));
        for (index, draft) in (0..).zip(events) {
            self.feed.publish(Event { revision: self.revision, index, draft });
        }
    }
}

fn picture(view: &BranchView, revision: u64) -> Snapshot {
    let mut days: BTreeMap<_, _> = view.days().clone();
    days.entry(today()).or_default();
    let mesh = MeshStatus {
        group: vec![DEVICE],
        steward: Some(DEVICE),
        epoch: Some("0.a.0.0".into()),
        ..MeshStatus::default()
    };
    Snapshot {
        revision,
        date: today(),
        days,
        config: view.config().clone(),
        roster: view.roster().clone(),
        mesh: Arc::new(mesh),
        anomalies: view.anomalies(),
    }
}
