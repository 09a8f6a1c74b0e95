//! The facts of a business day as they arrived: read, sorted by what they are about, not yet folded.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;

use crate::anomaly::AnomalyKind;
use crate::command::Done;
use crate::ids::{CommandId, CounterNo, DeviceId, RecordKey, TicketId};
use crate::lobby::{AssistanceFact, PrinterFact};
use crate::schema::{DocId, KeyKind};
use crate::ticket::{Act, Actor, CounterFact, CounterFactKind, Entry, Fact, FactKind, IdentifiedFact, RatingFact};
use crate::time::BusinessDate;

/// What is known about one ticket.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct TicketFacts {
    // In boxes, since a map of one sets aside room for eleven: 13 of the 22 KB of a ticket were seen to be such room.
    pub(crate) records: BTreeMap<RecordKey, Box<Entry>>,
    /// By command digest.
    pub(crate) facts: BTreeMap<String, Box<Fact>>,
    /// By command digest.
    pub(crate) ratings: BTreeMap<String, Box<RatingFact>>,
    /// By command digest.
    pub(crate) identified: BTreeMap<String, Box<IdentifiedFact>>,
}

impl TicketFacts {
    /// Whether every one of `records` is known.
    pub(crate) fn hold(&self, records: &BTreeMap<RecordKey, Box<Entry>>) -> bool {
        records.keys().all(|key| self.records.contains_key(key))
    }
}

/// What is known about one business day.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct DayFacts {
    pub(crate) tickets: BTreeMap<TicketId, TicketFacts>,
    /// By counter and command digest.
    pub(crate) counters: BTreeMap<CounterNo, BTreeMap<String, CounterFact>>,
    pub(crate) acknowledged: BTreeMap<RecordKey, Actor>,
    /// By record and document: two machines that ran as one steward may both have closed the day in one place of the log, and
    /// each document chooses between them by itself.
    pub(crate) closed: BTreeMap<(RecordKey, DocId), Actor>,
    /// By command digest, which names the reminder.
    pub(crate) assistance: BTreeMap<RecordKey, AssistanceFact>,
    pub(crate) seen_to: BTreeMap<RecordKey, Actor>,
    /// By device and `seq`.
    pub(crate) printers: BTreeMap<DeviceId, BTreeMap<u32, PrinterFact>>,
}

/// What has to be folded again.
#[derive(Default, Debug)]
pub(crate) struct Touched {
    pub(crate) tickets: BTreeSet<TicketId>,
    pub(crate) counters: BTreeSet<CounterNo>,
    pub(crate) conflicts: BTreeSet<RecordKey>,
    pub(crate) whole_day: bool,
    pub(crate) lobby: bool,
}

/// A command found in a fact: its id, what it asked for and what it did.
pub(crate) struct Trace {
    pub(crate) cmd: CommandId,
    pub(crate) verb: &'static str,
    pub(crate) done: Done,
}

impl DayFacts {
    /// Takes one fact of document `doc`, whose date is `date`.
    pub(crate) fn take(
        &mut self,
        (doc, date): (&DocId, BusinessDate),
        key: &str,
        value: &str,
        touched: &mut Touched,
    ) -> Result<Option<Trace>, AnomalyKind> {
        match KeyKind::of(key) {
            KeyKind::Record => self.take_record(doc, key, value, touched),
            KeyKind::Fact => self.take_fact((doc, date), key, value, touched),
            KeyKind::Rating => self.take_rating((doc, date), key, value, touched),
            KeyKind::Identified => self.take_identified((doc, date), key, value, touched),
            KeyKind::CounterFact => self.take_counter((doc, date), key, value, touched),
            KeyKind::Acknowledgement => {
                let conflict: RecordKey = parse_name(&key[2..])?;
                self.acknowledged.insert(conflict, json(value)?);
                touched.conflicts.insert(conflict);
                Ok(None)
            }
            KeyKind::DayClosed => {
                let entry: Entry = json(value)?;
                if !matches!(entry.act, Act::CloseDay { date: d } if d == date) {
                    return Err(AnomalyKind::Dangling);
                }
                self.closed.insert((parse_name(&key[2..])?, doc.clone()), entry.by);
                touched.whole_day = true;
                Ok(None)
            }
            KeyKind::Assistance | KeyKind::SeenTo | KeyKind::Printer => {
                if *doc != DocId::queue_counters(date) {
                    return Err(AnomalyKind::Dangling);
                }
                touched.lobby = true;
                self.take_lobby(key, value)
            }
            KeyKind::Other => Err(AnomalyKind::Unreadable),
        }
    }

    fn take_lobby(&mut self, key: &str, value: &str) -> Result<Option<Trace>, AnomalyKind> {
        let name = &key[2..];
        match KeyKind::of(key) {
            KeyKind::Assistance => {
                let fact: AssistanceFact = json(value)?;
                require_own_digest(&fact.cmd, name)?;
                let id: RecordKey = parse_name(name)?;
                let trace = Trace { cmd: fact.cmd.clone(), verb: "assistance", done: Done::Reminder(id) };
                self.assistance.insert(id, fact);
                return Ok(Some(trace));
            }
            KeyKind::SeenTo => {
                self.seen_to.insert(parse_name(name)?, json(value)?);
            }
            _ => {
                let fact: PrinterFact = json(value)?;
                if name != format!("{}:{}", fact.by.device, fact.seq) {
                    return Err(AnomalyKind::Unreadable);
                }
                self.printers.entry(fact.by.device).or_default().insert(fact.seq, fact);
            }
        }
        Ok(None)
    }

    /// Takes a record out of all tickets whose facts `doc` holds.
    pub(crate) fn retract(&mut self, doc: &DocId, key: &str, touched: &mut Touched) {
        let (Some(date), Ok(record)) = (doc.date(), parse_name(&key[2..])) else { return };
        for (id, ticket) in &mut self.tickets {
            if DocId::queue(date, id) == *doc && ticket.records.remove(&record).is_some() {
                touched.tickets.insert(*id);
            }
        }
        self.tickets.retain(|_, ticket| *ticket != TicketFacts::default());
    }

    fn take_record(
        &mut self,
        doc: &DocId,
        key: &str,
        value: &str,
        touched: &mut Touched,
    ) -> Result<Option<Trace>, AnomalyKind> {
        let record: RecordKey = parse_name(&key[2..])?;
        let entry: Entry = json(value)?;
        // A record in a foreign document has no effect, or one record could say different things in two places.
        let here: Vec<TicketId> =
            entry.act.tickets(record).into_iter().filter(|(t, d)| DocId::queue(*d, t) == *doc).map(|t| t.0).collect();
        if here.is_empty() {
            return Err(AnomalyKind::Dangling);
        }
        for ticket in here {
            self.tickets.entry(ticket).or_default().records.insert(record, Box::new(entry.clone()));
            touched.tickets.insert(ticket);
        }
        Ok(trace(record, &entry))
    }

    fn take_fact(
        &mut self,
        place: (&DocId, BusinessDate),
        key: &str,
        value: &str,
        touched: &mut Touched,
    ) -> Result<Option<Trace>, AnomalyKind> {
        let (ticket, digest, fact) = ticket_fact(place, key, value, |fact: &Fact| &fact.cmd)?;
        let verb = match fact.kind {
            FactKind::Recall => "recall",
            FactKind::Start => "start",
            FactKind::Finish { .. } => "finish",
            FactKind::NoShow => "no_show",
            FactKind::Park { .. } => "park",
        };
        let trace = Trace { cmd: fact.cmd.clone(), verb, done: Done::Ticket(ticket) };
        self.tickets.entry(ticket).or_default().facts.insert(digest, Box::new(fact));
        touched.tickets.insert(ticket);
        Ok(Some(trace))
    }

    fn take_rating(
        &mut self,
        place: (&DocId, BusinessDate),
        key: &str,
        value: &str,
        touched: &mut Touched,
    ) -> Result<Option<Trace>, AnomalyKind> {
        let (ticket, digest, rating) = ticket_fact(place, key, value, |rating: &RatingFact| &rating.cmd)?;
        if !(1..=3).contains(&rating.level) {
            return Err(AnomalyKind::Unreadable);
        }
        let trace = Trace { cmd: rating.cmd.clone(), verb: "rate", done: Done::Ticket(ticket) };
        self.tickets.entry(ticket).or_default().ratings.insert(digest, Box::new(rating));
        touched.tickets.insert(ticket);
        Ok(Some(trace))
    }

    fn take_identified(
        &mut self,
        place: (&DocId, BusinessDate),
        key: &str,
        value: &str,
        touched: &mut Touched,
    ) -> Result<Option<Trace>, AnomalyKind> {
        let (ticket, digest, fact) = ticket_fact(place, key, value, |fact: &IdentifiedFact| &fact.cmd)?;
        let trace = Trace { cmd: fact.cmd.clone(), verb: "identify", done: Done::Ticket(ticket) };
        self.tickets.entry(ticket).or_default().identified.insert(digest, Box::new(fact));
        touched.tickets.insert(ticket);
        Ok(Some(trace))
    }

    fn take_counter(
        &mut self,
        (doc, date): (&DocId, BusinessDate),
        key: &str,
        value: &str,
        touched: &mut Touched,
    ) -> Result<Option<Trace>, AnomalyKind> {
        if *doc != DocId::queue_counters(date) {
            return Err(AnomalyKind::Dangling);
        }
        let (number, digest) = key[2..].split_once(':').ok_or(AnomalyKind::Unreadable)?;
        let counter: CounterNo = number.parse().map_err(|_| AnomalyKind::Unreadable)?;
        let fact: CounterFact = json(value)?;
        require_own_digest(&fact.cmd, digest)?;
        let verb = match fact.kind {
            CounterFactKind::Open { .. } => "open",
            CounterFactKind::Close => "close",
            CounterFactKind::Pause { .. } => "pause",
            CounterFactKind::Resume => "resume",
        };
        let trace = Trace { cmd: fact.cmd.clone(), verb, done: Done::Counter(counter) };
        self.counters.entry(counter).or_default().insert(digest.into(), fact);
        touched.counters.insert(counter);
        Ok(Some(trace))
    }
}

/// What the command of a record asked for and did.
pub(crate) fn trace(record: RecordKey, entry: &Entry) -> Option<Trace> {
    let (verb, done) = match &entry.act {
        Act::Issue { .. } => ("issue", Done::Ticket(record)),
        Act::Move { ticket, .. } => ("move", Done::Moved { from: *ticket, to: record }),
        Act::Grant { ticket, .. } => ("call", Done::Ticket(*ticket)),
        Act::Abandon { ticket, .. } => ("abandon", Done::Ticket(*ticket)),
        Act::Reinstate { ticket, .. } => ("reinstate", Done::Ticket(*ticket)),
        Act::Requeue { ticket, .. } => ("transfer", Done::Ticket(*ticket)),
        Act::CloseDay { .. } => return None,
    };
    Some(Trace { cmd: entry.cmd.clone(), verb, done })
}

/// A fact that is about one ticket, with that ticket and the digest of its command `cmd`, both named by its key.
fn ticket_fact<T: DeserializeOwned>(
    (doc, date): (&DocId, BusinessDate),
    key: &str,
    value: &str,
    cmd: impl Fn(&T) -> &CommandId,
) -> Result<(TicketId, String, T), AnomalyKind> {
    let (ticket, digest) = key[2..].split_once(':').ok_or(AnomalyKind::Unreadable)?;
    let ticket: TicketId = parse_name(ticket)?;
    if DocId::queue(date, &ticket) != *doc {
        return Err(AnomalyKind::Dangling);
    }
    let fact: T = json(value)?;
    require_own_digest(cmd(&fact), digest)?;
    Ok((ticket, digest.to_owned(), fact))
}

/// A fact under another command's key would let one command have two effects.
fn require_own_digest(cmd: &CommandId, digest: &str) -> Result<(), AnomalyKind> {
    if cmd.digest() == digest { Ok(()) } else { Err(AnomalyKind::Unreadable) }
}

fn parse_name(text: &str) -> Result<RecordKey, AnomalyKind> {
    let key: RecordKey = text.parse().map_err(|_| AnomalyKind::Unreadable)?;
    // One name has one spelling, or the same record could stand under two keys.
    if key.to_string() == text { Ok(key) } else { Err(AnomalyKind::Unreadable) }
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T, AnomalyKind> {
    serde_json::from_str(text).map_err(|_| AnomalyKind::Unreadable)
}
