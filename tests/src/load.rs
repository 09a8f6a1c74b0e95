//! Customers and tellers who keep coming while a scenario breaks things, and what they were promised meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::branch::{Branch, next_ticket, serve};
use crate::client::{Client, Ticket, insist};
use crate::node::Node;
use crate::report;
use crate::table::Table;

/// Pause between two customers.
const BETWEEN_CUSTOMERS: Duration = Duration::from_millis(40);

/// An answer somebody was given.
#[derive(Debug, Clone)]
pub struct Promise {
    /// When.
    pub at: Instant,
    /// The ticket as answered.
    pub ticket: Ticket,
    /// The counter, for calls.
    pub counter: Option<u32>,
}

/// All that was acknowledged.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Tickets issued.
    pub issued: Vec<Promise>,
    /// Calls granted, each served to its finish as far as `finished` tells.
    pub called: Vec<Promise>,
    /// Ids of tickets whose finish was acknowledged.
    pub finished: Vec<String>,
}

/// A load on a branch.
pub struct Load<'a> {
    branch: &'a Branch,
    stop: AtomicBool,
    ledger: Mutex<Ledger>,
}

impl<'a> Load<'a> {
    /// Runs issuing at `kiosks` and calling at counters 1 and 2 while `during` does its worst; each request is repeated
    /// with its key at other devices until it is answered.
    ///
    /// # Errors
    /// If `during` fails or a request is refused or never answered.
    pub fn run(branch: &'a Branch, kiosks: &[&str], during: impl FnOnce(&Self) -> Result<()>) -> Result<Ledger> {
        let load = Self { branch, stop: AtomicBool::new(false), ledger: Mutex::default() };
        std::thread::scope(|scope| {
            let load = &load;
            let issuers: Vec<_> = kiosks.iter().map(|k| scope.spawn(|| load.keep_issuing(k))).collect();
            let tellers = [("counter1", 1), ("counter2", 2)];
            let tellers: Vec<_> = tellers.map(|(at, n)| scope.spawn(move || load.keep_calling(at, n))).into();
            let outcome = {
                let _stop = StopWhenDone(&load.stop);
                during(load)
            };
            for worker in issuers.into_iter().chain(tellers) {
                worker.join().ok().context("a customer or teller panicked")??;
            }
            outcome
        })?;
        let ledger = load.ledger.into_inner().unwrap_or_else(PoisonError::into_inner);
        report::figure("tickets acknowledged", ledger.issued.len());
        report::figure("calls acknowledged", ledger.called.len());
        Ok(ledger)
    }

    /// Waits until `count` more tickets were issued and `count` more calls granted than now.
    ///
    /// # Errors
    /// If service does not go on in time.
    pub fn wait_for_more(&self, count: usize) -> Result<()> {
        let (issued, called) = self.so_far();
        self.branch.wait_until("further tickets and calls", || {
            let (now_issued, now_called) = self.so_far();
            ensure!(now_issued >= issued + count, "{now_issued} tickets after {issued}");
            ensure!(now_called >= called + count, "{now_called} calls after {called}");
            Ok(())
        })?;
        Ok(())
    }

    /// Tickets and calls acknowledged so far.
    pub fn so_far(&self) -> (usize, usize) {
        let ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        (ledger.issued.len(), ledger.called.len())
    }

    /// The devices that `may` do it, `first` first: a caller asks its own and then the others.
    fn callers(&self, first: &str, may: impl Fn(&Node) -> bool) -> Vec<&'a Client> {
        let own = [&self.branch.node(first).client].into_iter();
        let others = self.branch.nodes().iter().filter(|node| node.spec.name != first && may(node));
        own.chain(others.map(|node| &node.client)).collect()
    }

    fn note(&self, write: impl FnOnce(&mut Ledger)) {
        write(&mut self.ledger.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn keep_issuing(&self, at: &str) -> Result<()> {
        let nodes = self.callers(at, |_| true);
        while !self.stop.load(Ordering::Relaxed) {
            let ticket = insist(&nodes, "/tickets", &json!({ "service": "cash" }))?.ticket(201)?;
            self.note(|l| l.issued.push(Promise { at: Instant::now(), ticket, counter: None }));
            std::thread::sleep(BETWEEN_CUSTOMERS);
        }
        Ok(())
    }

    fn keep_calling(&self, at: &str, counter: u32) -> Result<()> {
        let nodes = self.callers(at, |node| matches!(node.spec.role, "counter" | "tablet"));
        let mut served = BTreeSet::new();
        while !self.stop.load(Ordering::Relaxed) {
            let Some(ticket) = next_ticket(&nodes, counter, &served)? else {
                std::thread::sleep(BETWEEN_CUSTOMERS);
                continue;
            };
            let id = ticket.id.clone();
            self.note(|l| l.called.push(Promise { at: Instant::now(), ticket, counter: Some(counter) }));
            serve(&nodes, &id)?;
            served.insert(id.clone());
            self.note(|l| l.finished.push(id));
        }
        Ok(())
    }
}

/// Stops the workers even if the scenario panics; the scope would wait for them for ever.
struct StopWhenDone<'a>(&'a AtomicBool);

impl Drop for StopWhenDone<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Ledger {
    /// Prints how long after `moment` the first ticket and the first call were acknowledged.
    pub fn report_resumed(&self, what: &str, moment: Instant) {
        for (kind, promises) in [("ticket", &self.issued), ("call", &self.called)] {
            if let Some(first) = promises.iter().map(|p| p.at).filter(|at| *at > moment).min() {
                report::time(&format!("{what}: until the next {kind}"), first - moment);
            }
        }
    }

    /// Checks what everybody was promised against `table`: every ticket is there with its number, every call too, no
    /// ticket was given or granted to two, and nothing else is there but what a customer gave up (a command whose
    /// answer was lost in a split may have run on both sides; the asking device abandons the one it was not given). Of
    /// those, at most `called_ghosts` may have been called before that, by a teller who then finds nobody.
    ///
    /// # Errors
    /// Names what is wrong.
    pub fn check(&self, table: &Table, called_ghosts: usize) -> Result<()> {
        self.check_promises(table)?;
        let issued: BTreeSet<&str> = self.issued.iter().map(|p| p.ticket.id.as_str()).collect();
        ensure!(issued.len() == self.issued.len(), "a ticket was given to two customers");
        let nobodys = table.tickets()?.into_iter().filter(|t| !issued.contains(t.id.as_str()));
        let nobodys: Vec<_> = nobodys.filter(|t| t.state != "abandoned").collect();
        report::figure("tickets called that nobody was given", nobodys.len());
        ensure!(nobodys.len() <= called_ghosts, "tickets that nobody was given: {nobodys:?}");
        let mut granted: BTreeMap<&str, Vec<Option<u32>>> = BTreeMap::new();
        for promise in &self.called {
            granted.entry(&promise.ticket.id).or_default().push(promise.counter);
        }
        granted.retain(|_, counters| counters.len() > 1);
        ensure!(granted.is_empty(), "tickets granted twice: {granted:?}");
        Ok(())
    }

    /// The part of [`Ledger::check`] that concerns what was promised, for scenarios that issue besides the load.
    ///
    /// # Errors
    /// Names what is missing.
    pub fn check_promises(&self, table: &Table) -> Result<()> {
        for promise in self.issued.iter().chain(&self.called) {
            let found = table.ticket(&promise.ticket.id)?;
            let found = found.with_context(|| format!("acknowledged and lost: {promise:?}"))?;
            ensure!(found.number == promise.ticket.number, "{promise:?} has another number: {found:?}");
            let same_counter = promise.counter.is_none() || promise.counter == found.counter;
            ensure!(same_counter, "{promise:?} was called elsewhere: {found:?}");
        }
        for id in &self.finished {
            let state = table.ticket(id)?.map(|t| t.state);
            ensure!(state.as_deref() == Some("served"), "{id} was finished and is {state:?}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn row(id: &str, state: &str, counter: Option<u32>) -> Value {
        json!({ "id": id, "number": format!("A00{id}"), "service": "cash", "state": state, "counter": counter })
    }

    fn promise(id: &str, counter: Option<u32>) -> Promise {
        let ticket = serde_json::from_value(row(id, "waiting", counter)).expect("a ticket");
        Promise { at: Instant::now(), ticket, counter }
    }

    /// One customer, called to counter 1 and served.
    fn ledger() -> Ledger {
        Ledger { issued: vec![promise("1", None)], called: vec![promise("1", Some(1))], finished: vec!["1".into()] }
    }

    #[test]
    fn broken_promises_are_found() {
        let check =
            |ledger: &Ledger, rows: Vec<Value>| ledger.check(&Table::of_rows(rows).expect("good rows"), 0).is_ok();
        let kept = || row("1", "served", Some(1));
        assert!(check(&ledger(), vec![kept()]));
        assert!(check(&ledger(), vec![kept(), row("2", "abandoned", None)]), "given up by the device that asked");
        assert!(!check(&ledger(), vec![]), "lost");
        assert!(!check(&ledger(), vec![row("1", "serving", Some(1))]), "the finish is lost");
        assert!(!check(&ledger(), vec![row("1", "served", Some(2))]), "called elsewhere");
        assert!(!check(&ledger(), vec![kept(), row("2", "waiting", None)]), "nobody's ticket");
        let mut twice = ledger();
        twice.called.push(promise("1", Some(1)));
        assert!(!check(&twice, vec![kept()]), "granted twice");
        let mut same = ledger();
        same.issued.push(promise("1", None));
        assert!(!check(&same, vec![kept()]), "one ticket for two customers");
    }
}
