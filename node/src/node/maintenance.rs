//! Background work on the store: documents are compacted when they have grown, past business days are archived.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use branchmesh_model::schema::Family;
use branchmesh_model::time::BusinessDate;
use jiff::ToSpan;
use tokio_util::sync::CancellationToken;

use crate::handle::NodeHandle;
use crate::storage::{Store, StoreError};

/// How often the store is looked through.
const EVERY: Duration = Duration::from_secs(60);
/// Changes kept one by one before a document is compacted.
const LOOSE: u32 = 512;

/// Works until the node stops.
pub(super) async fn run(store: Arc<Store>, handle: NodeHandle, stop: CancellationToken) {
    let mut archived = BTreeSet::new();
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        let (store, today) = (store.clone(), handle.snapshot().date);
        let known = archived.clone();
        let done = tokio::task::spawn_blocking(move || tend(&store, today, &known)).await;
        match done {
            Ok(Ok(days)) => archived = days,
            Ok(Err(error)) => tracing::warn!("the store was not compacted: {error}"),
            Err(error) if error.is_panic() => tracing::error!("looking after the store ended with a panic: {error}"),
            Err(_) => return,
        }
    }
}

/// Compacts what has grown and archives the days before yesterday; returns the days that need no further look, given those
/// of the last time.
///
/// # Errors
/// If the store cannot say what it holds. One document that fails is told in the log, and its turn comes again.
pub fn tend(
    store: &Store,
    today: BusinessDate,
    archived: &BTreeSet<BusinessDate>,
) -> Result<BTreeSet<BusinessDate>, StoreError> {
    let recent = today.saturating_sub(1.days());
    let (mut past, mut failed) = (BTreeSet::new(), BTreeSet::new());
    for doc in store.documents()? {
        let past_day = doc.date().filter(|date| doc.family() == Family::Queue && *date < recent);
        if let Some(date) = past_day {
            if past.insert(date) && !archived.contains(&date) {
                match store.archive_day(date) {
                    Ok(documents) => tracing::info!(%date, documents, "a business day was archived"),
                    Err(error) => {
                        tracing::warn!(%date, "a business day could not be archived: {error}");
                        failed.insert(date);
                    }
                }
            }
        } else if store.loose(&doc)? > LOOSE {
            match store.compact(&doc) {
                Ok(_) => tracing::debug!(%doc, "compacted"),
                Err(error) => tracing::warn!(%doc, "could not be compacted: {error}"),
            }
        }
    }
    store.settle()?;
    let done = &past - &failed;
    // A day was archived or forgotten, perhaps before this start.
    if done != *archived
        && let Err(error) = store.note_freed_room()
    {
        tracing::warn!("how much room was freed is not known: {error}");
    }
    Ok(done)
}
