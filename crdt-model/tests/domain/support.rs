//! A branch in memory: commands go in, facts and views come out, as a node would drive it.

use branchmesh_model::command::{Ask, Caller, Command, Done, Guarded, Ordinary, Rejection};
use branchmesh_model::config::{Founder, Staff, StaffRole, founding};
use branchmesh_model::decide::{self, Book, Context};
use branchmesh_model::event::EventDraft;
use branchmesh_model::ids::{CommandId, CounterNo, DeviceId, EpochId, RecordId, TicketId, VoterId};
use branchmesh_model::roster::Enrolment;
use branchmesh_model::schema::{DocId, Role, Write};
use branchmesh_model::ticket::{Entry, TicketState};
use branchmesh_model::time::{BusinessDate, UnixMs};
use branchmesh_model::view::{BranchView, Ticket};
use jiff::tz::TimeZone;

pub(crate) const FOUNDER: u8 = 1;
pub(crate) const COUNTER_2: u8 = 2;
pub(crate) const KIOSK: u8 = 3;
pub(crate) const RATING: u8 = 4;
pub(crate) const TABLET: u8 = 5;

/// 2026-11-21 08:00 UTC.
pub(crate) const MORNING: i64 = 1_795_248_000_000;

pub(crate) fn device(n: u8) -> DeviceId {
    DeviceId([n; 32])
}

pub(crate) fn cmd(text: &str) -> CommandId {
    CommandId::try_from(text.to_owned()).expect("a short text")
}

pub(crate) fn ctx() -> Context {
    Context { zone: TimeZone::UTC }
}

pub(crate) fn date() -> BusinessDate {
    BusinessDate::constant(2026, 11, 21)
}

pub(crate) fn staff(id: &str, roles: &[StaffRole]) -> Staff {
    Staff {
        id: id.into(),
        name: id.into(),
        roles: roles.to_vec(),
        pin_hash: "$argon2id$v=19$m=16,t=1,p=1$c2FsdHNhbHQ$aGFzaA".into(),
        disabled: false,
    }
}

pub(crate) const EVERY_ROLE: [StaffRole; 5] =
    [StaffRole::Teller, StaffRole::LobbyManager, StaffRole::WealthManager, StaffRole::BranchHead, StaffRole::Admin];

/// Somebody with `roles` at device `n`.
pub(crate) fn at(n: u8, name: &str, roles: &[StaffRole]) -> Caller {
    Caller { device: device(n), device_role: None, staff: Some(name.into()), roles: roles.to_vec() }
}

pub(crate) fn manager() -> Caller {
    at(TABLET, "manager", &EVERY_ROLE)
}

pub(crate) fn kiosk() -> Caller {
    Caller { device: device(KIOSK), device_role: Some(Role::Kiosk), staff: None, roles: vec![] }
}

pub(crate) fn enrolment(n: u8, role: Role, counter: Option<CounterNo>, lane: &str) -> Enrolment {
    Enrolment {
        device: device(n),
        role,
        name: format!("Device {n}"),
        counter,
        lane: lane.into(),
        at: UnixMs(0),
        by: device(FOUNDER),
    }
}

/// The facts every test branch begins with: five devices and a manager.
pub(crate) fn first_facts() -> Vec<Write> {
    let founder = Founder {
        branch_name: "Test".into(),
        enrolment: enrolment(FOUNDER, Role::Counter, Some(1), "A"),
        manager: staff("manager", &EVERY_ROLE),
    };
    let mut writes = founding(&founder, None).expect("a valid founding");
    let more = [
        enrolment(COUNTER_2, Role::Counter, Some(2), "B"),
        enrolment(KIOSK, Role::Kiosk, None, "C"),
        enrolment(RATING, Role::Rating, None, "D"),
        enrolment(TABLET, Role::Tablet, None, "E"),
    ];
    writes.extend(more.iter().map(|e| Write {
        doc: DocId::roster(),
        key: format!("e/{}", e.device),
        value: serde_json::to_string(e).expect("serialises"),
    }));
    writes
}

/// One side of a branch: its view, the log of its steward, and all facts it wrote.
pub(crate) struct Side {
    pub(crate) view: BranchView,
    pub(crate) book: Book,
    pub(crate) written: Vec<Write>,
    pub(crate) events: Vec<EventDraft>,
    pub(crate) now: UnixMs,
    lane: String,
    epoch: EpochId,
    index: u32,
    commands: u32,
}

impl Side {
    /// The whole branch, in the main lane.
    pub(crate) fn new() -> Self {
        Self::with_lane("", FOUNDER)
    }

    pub(crate) fn with_lane(lane: &str, steward: u8) -> Self {
        let voter = VoterId { device: device(steward), generation: 0 };
        let mut side = Self {
            view: BranchView::new(device(FOUNDER)),
            book: Book::new(),
            written: vec![],
            events: vec![],
            now: UnixMs(MORNING),
            lane: lane.into(),
            epoch: EpochId { height: 1, creator: voter, n: 1 },
            index: 0,
            commands: 0,
        };
        side.take(&first_facts());
        side.written.clear();
        side.events.clear();
        side
    }

    /// A new side that has seen the same facts but has no right over their tickets.
    pub(crate) fn split(&self, lane: &str, steward: u8) -> Self {
        let mut side = Self::with_lane(lane, steward);
        side.take(&self.written);
        side.now = self.now;
        side
    }

    pub(crate) fn take(&mut self, writes: &[Write]) {
        for w in writes {
            self.view.apply(&w.doc, &w.key, &w.value);
        }
        self.written.extend_from_slice(writes);
        self.events.extend(self.view.refresh());
    }

    fn command(&mut self, caller: Caller, ask: Ask) -> Command {
        self.commands += 1;
        self.now.0 += 1000;
        Command { id: cmd(&format!("{:?}-{}", self.epoch, self.commands)), caller, ask }
    }

    /// Decides and appends, without showing it yet.
    pub(crate) fn append(&mut self, caller: Caller, ask: Guarded) -> Result<Option<(RecordId, Entry)>, Rejection> {
        let command = self.command(caller, Ask::Guarded(ask));
        let entry = decide::guarded(&self.view, &mut self.book, &self.lane, &command, self.now, &ctx())?;
        let Some(entry) = entry else { return Ok(None) };
        self.index += 1;
        let record = RecordId { epoch: self.epoch, index: self.index };
        self.book.fold(record, &entry, false);
        Ok(Some((record, entry)))
    }

    pub(crate) fn guarded(&mut self, caller: Caller, ask: Guarded) -> Result<Option<RecordId>, Rejection> {
        let Some((record, entry)) = self.append(caller, ask)? else { return Ok(None) };
        self.take(&decide::materialise(record, &entry));
        Ok(Some(record))
    }

    pub(crate) fn ordinary(&mut self, caller: Caller, ask: Ordinary) -> Result<Done, Rejection> {
        let command = self.command(caller, Ask::Ordinary(ask));
        let (writes, done) = decide::ordinary(&self.view, &command, self.now, &ctx())?;
        self.take(&writes);
        Ok(done)
    }

    pub(crate) fn issue(&mut self, service: &str) -> TicketId {
        self.guarded(kiosk(), issue(service)).expect("permitted").expect("a record").key()
    }

    pub(crate) fn open(&mut self, counter: CounterNo) {
        let ask = Ordinary::OpenCounter { counter, services: None, profile: None };
        self.ordinary(manager(), ask).expect("may open");
    }

    pub(crate) fn call(&mut self, ticket: TicketId, counter: CounterNo) -> Result<Option<RecordId>, Rejection> {
        self.guarded(manager(), Guarded::Call { ticket, counter, override_reason: None })
    }

    pub(crate) fn override_call(
        &mut self,
        ticket: TicketId,
        counter: CounterNo,
    ) -> Result<Option<RecordId>, Rejection> {
        let override_reason = Some("split".to_owned());
        self.guarded(manager(), Guarded::Call { ticket, counter, override_reason })
    }

    /// The ticket that `counter` is given, if any.
    pub(crate) fn call_next(&mut self, counter: CounterNo) -> Result<Option<TicketId>, Rejection> {
        let record = self.guarded(manager(), Guarded::CallNext { counter })?;
        Ok(record.map(|_| {
            let called = |t: &&std::sync::Arc<Ticket>| t.counter == Some(counter) && t.state == TicketState::Called;
            self.view.days()[&date()].tickets.values().find(called).expect("it was called").id
        }))
    }

    pub(crate) fn ticket(&self, id: &TicketId) -> &Ticket {
        self.view.ticket(id).expect("the ticket is known")
    }

    pub(crate) fn state(&self, id: &TicketId) -> TicketState {
        self.ticket(id).state
    }

    pub(crate) fn number(&self, id: &TicketId) -> String {
        self.ticket(id).number.to_string()
    }

    pub(crate) fn event_names(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.events).iter().map(|e| e.kind.as_str()).collect()
    }
}

pub(crate) fn issue(service: &str) -> Guarded {
    Guarded::Issue { service: service.into(), category: None, language: None, identified: false, status_digest: None }
}

pub(crate) fn park(ticket: TicketId) -> Ordinary {
    Ordinary::Park { ticket, reason: None }
}

pub(crate) fn finish(ticket: TicketId) -> Ordinary {
    Ordinary::Finish { ticket, outcome: None }
}
