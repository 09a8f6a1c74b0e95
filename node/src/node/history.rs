//! What past days were like by the hour, read from the archive a day at a time and remembered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use branchmesh_model::ids::BranchId;
use branchmesh_model::schema::{DocId, Family};
use branchmesh_model::time::BusinessDate;
use branchmesh_model::view::BranchView;
use branchmesh_model::view::history::{DayTally, PastHours, tally};
use jiff::ToSpan;
use jiff::tz::TimeZone;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::handle::NodeHandle;
use crate::storage::{Store, StoreError, StoreOp};

/// Past days looked at.
const DAYS: i64 = 28;
/// How often it is looked whether a day has passed.
const EVERY: Duration = Duration::from_secs(60);
/// Names of the rows that hold tallies.
const ROWS: &str = "hours/";

/// Keeps `told` up to date until the node stops.
pub(super) async fn run(
    store: Arc<Store>,
    handle: NodeHandle,
    told: watch::Sender<Arc<PastHours>>,
    stop: CancellationToken,
) {
    let mut known: Option<BusinessDate> = None;
    let mut look = tokio::time::interval(EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(look.tick()).await.is_some() {
        let snapshot = handle.snapshot();
        let today = snapshot.date;
        if known == Some(today) || snapshot.roster.devices.is_empty() {
            continue;
        }
        let (store, branch, zone) = (store.clone(), handle.identity.branch, crate::http::dto::zone_of(&snapshot));
        match tokio::task::spawn_blocking(move || past(&store, branch, today, &zone)).await {
            Ok(Ok(days)) => {
                known = Some(today);
                told.send_replace(Arc::new(PastHours::of(&days, today)));
            }
            Ok(Err(error)) => tracing::warn!("past days cannot be read: {error}"),
            Err(_) => return,
        }
    }
}

/// The tallies of the past days held here. A day before yesterday no longer changes, so its tally is kept.
fn past(
    store: &Store,
    branch: BranchId,
    today: BusinessDate,
    zone: &TimeZone,
) -> Result<Vec<(BusinessDate, DayTally)>, StoreError> {
    let oldest = today.saturating_sub(DAYS.days());
    let docs = store.documents()?.into_iter().filter(|d| d.family() == Family::Queue);
    let mut dates: Vec<BusinessDate> = docs.filter_map(|d| d.date()).filter(|d| (oldest..today).contains(d)).collect();
    dates.sort_unstable();
    dates.dedup();
    let mut kept = kept(store)?;
    let mut days = vec![];
    for date in dates {
        let known = kept.remove(&date);
        let tally = match known {
            Some(tally) => tally,
            None => of_day(store, branch, date, zone)?,
        };
        if known.is_none() && date < today.saturating_sub(1.days()) {
            let value = Some(serde_json::to_vec(&tally).expect("a tally is plain data"));
            store.commit(&[StoreOp::Meta { key: format!("{ROWS}{date}"), value }])?;
        }
        days.push((date, tally));
    }
    // What is left is too old to be asked for again.
    for date in kept.into_keys() {
        store.commit(&[StoreOp::Meta { key: format!("{ROWS}{date}"), value: None }])?;
    }
    Ok(days)
}

fn kept(store: &Store) -> Result<BTreeMap<BusinessDate, DayTally>, StoreError> {
    let row = |(key, value): (String, Vec<u8>)| {
        Some((key.strip_prefix(ROWS)?.parse().ok()?, serde_json::from_slice(&value).ok()?))
    };
    Ok(store.meta_scan(ROWS)?.into_iter().filter_map(row).collect())
}

fn of_day(store: &Store, branch: BranchId, date: BusinessDate, zone: &TimeZone) -> Result<DayTally, StoreError> {
    let mut hours = DayTally::default();
    // All of a ticket stands in one document, so that one at a time need be in memory.
    for doc in DocId::queue_day(date) {
        let mut view = BranchView::new(branch);
        for (key, value) in store.facts(&doc)? {
            view.apply(&doc, &key, &value);
        }
        view.open();
        let here = view.days().get(&date).map(|day| tally(day, zone)).unwrap_or_default();
        hours.iter_mut().zip(here).for_each(|(hour, here)| *hour += here);
    }
    Ok(hours)
}
