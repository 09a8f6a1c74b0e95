//! The view of a whole branch: takes facts as they come, folds again what they touched.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::anomaly::{Anomaly, AnomalyKind};
use crate::command::Done;
use crate::config::Config;
use crate::event::EventDraft;
use crate::ids::{BranchId, CommandId, CounterNo, RecordKey, TicketId};
use crate::roster::Roster;
use crate::schema::{DocId, Family};
use crate::ticket::{Actor, Entry, TicketState};
use crate::time::BusinessDate;

use super::facts::{DayFacts, TicketFacts, Touched, Trace};
use super::fold::{self, Folded, GrantView};
use super::{DayView, Ticket, counters, diff, lobby};

/// Anomalies shown at most; those beyond are counted by nobody, since one bad writer makes any number of them.
const MAX_ANOMALIES: usize = 256;

/// A command that is already part of the data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prior {
    /// What it asked for, as [`crate::command::Ask::verb`] says it.
    pub verb: &'static str,
    /// What it did.
    pub done: Done,
}

/// Everything a branch's roster, configuration and queue documents say.
pub struct BranchView {
    branch: BranchId,
    facts: BTreeMap<BusinessDate, DayFacts>,
    days: BTreeMap<BusinessDate, Arc<DayView>>,
    dates: BTreeMap<TicketId, BusinessDate>,
    /// Tickets that are not closed: a steward that looks for the next passes by the hundreds that are.
    unfinished: BTreeMap<BusinessDate, BTreeSet<TicketId>>,
    /// How often something was taken back.
    taken_back: u64,
    /// Those of tickets at a counter, as last folded: each step of the service asks for them.
    grants: BTreeMap<TicketId, Vec<GrantView>>,
    commands: BTreeMap<CommandId, (BusinessDate, String, Prior)>,
    touched: BTreeMap<BusinessDate, Touched>,
    config_facts: BTreeMap<String, String>,
    config: Arc<Config>,
    config_touched: BTreeSet<String>,
    roster_facts: BTreeMap<String, String>,
    roster: Arc<Roster>,
    roster_touched: bool,
    unreadable: BTreeSet<Anomaly>,
    settled: BTreeMap<Subject, Vec<Anomaly>>,
    anomalies: Arc<Vec<Anomaly>>,
}

/// What a fold's anomalies belong to, so that the next fold of the same thing replaces them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Ticket(BusinessDate, TicketId),
    Counter(BusinessDate, CounterNo),
    Config,
    Roster,
}

impl Subject {
    fn doc(&self) -> DocId {
        match self {
            Subject::Ticket(date, id) => DocId::queue(*date, id),
            Subject::Counter(date, _) => DocId::queue_counters(*date),
            Subject::Config => DocId::config(),
            Subject::Roster => DocId::roster(),
        }
    }
}

impl BranchView {
    /// A branch of which nothing is known yet.
    pub fn new(branch: BranchId) -> Self {
        Self {
            branch,
            facts: BTreeMap::new(),
            days: BTreeMap::new(),
            dates: BTreeMap::new(),
            unfinished: BTreeMap::new(),
            taken_back: 0,
            grants: BTreeMap::new(),
            commands: BTreeMap::new(),
            touched: BTreeMap::new(),
            config_facts: BTreeMap::new(),
            config: Arc::new(Config::default()),
            config_touched: BTreeSet::new(),
            roster_facts: BTreeMap::new(),
            roster: Arc::new(Roster::fold(branch, &BTreeMap::new()).0),
            roster_touched: false,
            unreadable: BTreeSet::new(),
            settled: BTreeMap::new(),
            anomalies: Arc::new(vec![]),
        }
    }

    /// Takes back what was told under the key of a log record that two machines wrote at once, as one steward: the document
    /// chose one of the texts, which may speak of other tickets. [`BranchView::apply`] it next.
    pub fn retract(&mut self, doc: &DocId, key: &str) {
        let Some(date) = doc.date() else { return };
        self.taken_back += 1;
        if let Some(facts) = self.facts.get_mut(&date) {
            facts.retract(doc, key, self.touched.entry(date).or_default());
        }
    }

    /// Takes one fact; in any order, any number of times. `value` must be what the document holds under `key` now: where
    /// a key was overwritten, the document chooses the same winner everywhere. What cannot be read becomes an anomaly.
    pub fn apply(&mut self, doc: &DocId, key: &str, value: &str) {
        let outcome = match doc.family() {
            Family::Config => {
                self.config_facts.insert(key.into(), value.into());
                self.config_touched.insert(key.into());
                Ok(())
            }
            Family::Roster => {
                self.roster_facts.insert(key.into(), value.into());
                self.roster_touched = true;
                Ok(())
            }
            Family::Queue => self.apply_queue(doc, key, value),
            _ => Ok(()),
        };
        let anomaly = |kind| Anomaly { doc: doc.clone(), key: key.into(), kind };
        match outcome {
            Err(kind) => {
                self.unreadable.insert(anomaly(kind));
                if self.unreadable.len() > MAX_ANOMALIES {
                    self.unreadable.pop_last();
                }
            }
            Ok(()) if !self.unreadable.is_empty() => {
                self.unreadable.remove(&anomaly(AnomalyKind::Unreadable));
                self.unreadable.remove(&anomaly(AnomalyKind::Dangling));
            }
            Ok(()) => {}
        }
    }

    fn apply_queue(&mut self, doc: &DocId, key: &str, value: &str) -> Result<(), AnomalyKind> {
        let date = doc.date().ok_or(AnomalyKind::Unreadable)?;
        let touched = self.touched.entry(date).or_default();
        let trace = self.facts.entry(date).or_default().take((doc, date), key, value, touched)?;
        if let Some(Trace { cmd, verb, done }) = trace {
            self.remember(cmd, date, key, Prior { verb, done });
        }
        Ok(())
    }

    /// A lost answer and a split can make one command run twice; the lowest key then answers on every node.
    fn remember(&mut self, cmd: CommandId, date: BusinessDate, key: &str, prior: Prior) {
        let known = self.commands.get(&cmd);
        if known.is_none_or(|(d, k, _)| (date, key) < (*d, k.as_str())) {
            self.commands.insert(cmd, (date, key.into(), prior));
        }
    }

    /// Folds again what was touched since the last time; the events are the difference between before and after.
    pub fn refresh(&mut self) -> Vec<EventDraft> {
        let mut events = vec![];
        self.fold_again(Some(&mut events));
        events
    }

    /// The same for whoever has just read what is there: nothing happened, so no events are made.
    pub fn open(&mut self) {
        self.fold_again(None);
    }

    fn fold_again(&mut self, mut events: Option<&mut Vec<EventDraft>>) {
        self.refresh_roster(events.as_deref_mut());
        self.refresh_config(events.as_deref_mut());
        for (date, touched) in std::mem::take(&mut self.touched) {
            self.refresh_day(date, touched, events.as_deref_mut());
        }
        self.refresh_anomalies();
    }

    fn refresh_roster(&mut self, events: Option<&mut Vec<EventDraft>>) {
        if !std::mem::take(&mut self.roster_touched) {
            return;
        }
        let (roster, bad) = Roster::fold(self.branch, &self.roster_facts);
        if let Some(events) = events {
            diff::roster(&self.roster, &roster, events);
        }
        self.roster = Arc::new(roster);
        self.settle(Subject::Roster, bad.into_iter().map(|k| (k, AnomalyKind::Unreadable)).collect());
    }

    fn refresh_config(&mut self, events: Option<&mut Vec<EventDraft>>) {
        let touched = std::mem::take(&mut self.config_touched);
        if touched.is_empty() {
            return;
        }
        let (config, bad) = Config::fold(&self.config_facts);
        if let Some(events) = events
            && config != *self.config
        {
            events.push(diff::config(self.branch, &touched));
        }
        self.config = Arc::new(config);
        self.settle(Subject::Config, bad.into_iter().map(|k| (k, AnomalyKind::Unreadable)).collect());
    }

    fn refresh_day(&mut self, date: BusinessDate, touched: Touched, mut events: Option<&mut Vec<EventDraft>>) {
        let Some(facts) = self.facts.get(&date) else { return };
        let mut day = self.days.remove(&date).unwrap_or_default();
        let view = Arc::make_mut(&mut day);
        let mut tickets = touched.tickets;
        tickets.extend(touched.conflicts.iter().filter_map(|c| view.conflicts.get(c)).map(|c| c.ticket));
        if touched.whole_day {
            tickets.extend(facts.tickets.keys().copied());
        }
        view.closed = !facts.closed.is_empty();
        let mut settled = vec![];
        for id in tickets {
            let mut folded = fold_known(id, facts);
            if let Some(events) = events.as_deref_mut() {
                diff::ticket(view, &folded, events);
            }
            settled.push((Subject::Ticket(date, id), std::mem::take(&mut folded.anomalies)));
            if folded.ticket.is_some() {
                self.dates.insert(id, date);
            }
            if folded.ticket.as_ref().is_some_and(|t| !t.state.is_closed()) {
                self.unfinished.entry(date).or_default().insert(id);
            } else if let Some(unfinished) = self.unfinished.get_mut(&date) {
                unfinished.remove(&id);
            }
            let is_at_counter = |t: &Ticket| matches!(t.state, TicketState::Called | TicketState::Serving);
            if folded.ticket.as_ref().is_some_and(is_at_counter) {
                self.grants.insert(id, std::mem::take(&mut folded.grants));
            } else {
                self.grants.remove(&id);
            }
            put_ticket(view, id, folded);
        }
        for number in touched.counters {
            let Some(facts) = facts.counters.get(&number) else { continue };
            let (counter, idle) = counters::fold_counter(facts);
            let idle = idle.into_iter().map(|(digest, kind)| (format!("c:{number}:{digest}"), kind)).collect();
            if let Some(events) = events.as_deref_mut() {
                diff::counter(number, view.counters.get(&number), &counter, facts, events);
            }
            view.counters.insert(number, counter);
            settled.push((Subject::Counter(date, number), idle));
        }
        if touched.lobby {
            lobby::fold(view, facts, events.unwrap_or(&mut vec![]));
        }
        self.days.insert(date, day);
        for (subject, found) in settled {
            self.settle(subject, found);
        }
    }

    fn settle(&mut self, subject: Subject, found: Vec<(String, AnomalyKind)>) {
        if found.is_empty() {
            self.settled.remove(&subject);
        } else {
            let doc = subject.doc();
            let anomalies = found.into_iter().map(|(key, kind)| Anomaly { doc: doc.clone(), key, kind });
            self.settled.insert(subject, anomalies.take(MAX_ANOMALIES).collect());
        }
    }

    fn refresh_anomalies(&mut self) {
        let all: BTreeSet<&Anomaly> = self.unreadable.iter().chain(self.settled.values().flatten()).collect();
        if !all.iter().take(MAX_ANOMALIES).copied().eq(self.anomalies.iter()) {
            self.anomalies = Arc::new(all.into_iter().take(MAX_ANOMALIES).cloned().collect());
        }
    }

    /// Business days held, oldest first; cheap to clone for publishing.
    pub fn days(&self) -> &BTreeMap<BusinessDate, Arc<DayView>> {
        &self.days
    }

    /// The configuration, defaults filled in.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// The roster.
    pub fn roster(&self) -> &Arc<Roster> {
        &self.roster
    }

    /// What was odd in merged data: the first of them, in the order of documents and keys.
    pub fn anomalies(&self) -> Arc<Vec<Anomaly>> {
        self.anomalies.clone()
    }

    /// Forgets a business day that has gone to the archive.
    pub fn drop_day(&mut self, date: BusinessDate) {
        self.taken_back += 1;
        self.facts.remove(&date);
        self.days.remove(&date);
        self.unfinished.remove(&date);
        self.touched.remove(&date);
        self.grants.retain(|id, _| self.dates.get(id).is_some_and(|d| *d != date));
        self.dates.retain(|_, d| *d != date);
        self.commands.retain(|_, (d, _, _)| *d != date);
        self.unreadable.retain(|a| a.doc.date() != Some(date));
        self.settled.retain(|s, _| !matches!(s, Subject::Ticket(d, _) | Subject::Counter(d, _) if *d == date));
        self.refresh_anomalies();
    }

    /// What a command has already done, on whatever node that was.
    pub fn find_command(&self, cmd: &CommandId) -> Option<Prior> {
        self.commands.get(cmd).map(|(_, _, prior)| prior.clone())
    }

    /// A ticket of any day held.
    pub fn ticket(&self, id: &TicketId) -> Option<&Arc<Ticket>> {
        self.days.get(self.dates.get(id)?)?.tickets.get(id)
    }

    /// The grants of a ticket and how far each got, by (turn, record key).
    pub fn grants(&self, id: &TicketId) -> Cow<'_, [GrantView]> {
        let Some(date) = self.dates.get(id) else { return Cow::default() };
        let is_touched = self.touched.get(date).is_some_and(|t| t.whole_day || t.tickets.contains(id));
        match self.grants.get(id).filter(|_| !is_touched) {
            Some(folded) => Cow::Borrowed(folded),
            None => self.facts.get(date).map(|facts| Cow::Owned(fold_known(*id, facts).grants)).unwrap_or_default(),
        }
    }

    /// The business date and ticket of a conflict.
    pub fn find_conflict(&self, id: &RecordKey) -> Option<(BusinessDate, &super::Conflict)> {
        self.days.iter().find_map(|(date, day)| day.conflicts.get(id).map(|c| (*date, c)))
    }

    /// A ticket as it will be once `pending` log records are materialised.
    pub(crate) fn fold_with(
        &self,
        id: TicketId,
        date: BusinessDate,
        pending: &BTreeMap<RecordKey, Box<Entry>>,
    ) -> Folded {
        let none = (TicketFacts::default(), DayFacts::default());
        let day = self.facts.get(&date).unwrap_or(&none.1);
        let facts = day.tickets.get(&id).unwrap_or(&none.0);
        fold::fold(id, facts, Some(pending), day.closed.values().next(), &day.acknowledged)
    }

    /// Whether every one of `records` about a ticket is part of the view.
    pub(crate) fn shows(&self, id: &TicketId, date: BusinessDate, records: &BTreeMap<RecordKey, Box<Entry>>) -> bool {
        let facts = self.facts.get(&date).and_then(|d| d.tickets.get(id));
        facts.is_some_and(|f| f.hold(records))
    }

    /// The tickets of a day that are not closed, in order of their ids, as they were when last refreshed.
    pub(crate) fn unfinished(&self, date: BusinessDate) -> impl Iterator<Item = &Arc<Ticket>> {
        let tickets = self.days.get(&date).map(|day| &day.tickets);
        let ids = self.unfinished.get(&date).into_iter().flatten();
        ids.filter_map(move |id| tickets?.get(id))
    }

    /// Grows whenever facts that were shown are shown no longer.
    pub(crate) fn taken_back(&self) -> u64 {
        self.taken_back
    }
}

fn fold_known(id: TicketId, facts: &DayFacts) -> Folded {
    let none = TicketFacts::default();
    let ticket = facts.tickets.get(&id).unwrap_or(&none);
    let closed: Option<&Actor> = facts.closed.values().next();
    fold::fold(id, ticket, None, closed, &facts.acknowledged)
}

fn put_ticket(view: &mut DayView, id: TicketId, folded: Folded) {
    match folded.ticket {
        Some(ticket) => view.tickets.insert(id, Arc::new(ticket)),
        // The record that issued it was taken back.
        None => view.tickets.remove(&id),
    };
    view.conflicts.retain(|_, conflict| conflict.ticket != id);
    for conflict in folded.conflicts {
        view.conflicts.insert(conflict.id, conflict);
    }
}
