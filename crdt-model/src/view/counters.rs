//! A counter's state from its facts of one day.

use std::collections::BTreeMap;

use crate::anomaly::AnomalyKind;
use crate::ticket::{CounterFact, CounterFactKind};

use super::{CounterState, CounterView};

/// Folds a counter's facts in the order (seq, device, command digest); names those that had no effect.
pub(super) fn fold_counter(facts: &BTreeMap<String, CounterFact>) -> (CounterView, Vec<(String, AnomalyKind)>) {
    let mut ordered: Vec<(&String, &CounterFact)> = facts.iter().collect();
    ordered.sort_by(|(d1, f1), (d2, f2)| (f1.seq, f1.by.device, d1).cmp(&(f2.seq, f2.by.device, d2)));
    let mut view = CounterView::default();
    let mut idle = vec![];
    for (digest, fact) in ordered {
        view.seq = view.seq.max(fact.seq);
        if step(&mut view, fact) {
            view.since = Some(fact.by.at);
        } else {
            idle.push((digest.clone(), AnomalyKind::OutOfOrder));
        }
    }
    (view, idle)
}

fn step(view: &mut CounterView, fact: &CounterFact) -> bool {
    match (&fact.kind, view.state) {
        (CounterFactKind::Open { services, profile }, _) => {
            view.state = CounterState::Open;
            view.services.clone_from(services);
            view.profile.clone_from(profile);
            view.staff.clone_from(&fact.by.staff);
            view.device = Some(fact.by.device);
            view.reason = None;
        }
        (CounterFactKind::Close, CounterState::Open | CounterState::Paused) => {
            *view = CounterView { seq: view.seq, ..CounterView::default() };
        }
        (CounterFactKind::Pause { reason }, CounterState::Open) => {
            view.state = CounterState::Paused;
            view.reason = Some(reason.clone());
        }
        (CounterFactKind::Resume, CounterState::Paused) => {
            view.state = CounterState::Open;
            view.reason = None;
        }
        _ => return false,
    }
    true
}
