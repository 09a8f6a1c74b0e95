//! The durable outbox of webhooks, in the node's own store.

use std::sync::Arc;

use crate::http::webhooks::{Delivery, MAX_KEPT, Outbox};
use crate::storage::{Store, StoreError, StoreOp};

/// Deliveries as rows of the store, sorted by their keys.
pub(super) struct StoredOutbox(pub(super) Arc<Store>);

impl StoredOutbox {
    fn all(&self) -> Result<Vec<Delivery>, String> {
        let rows = self.0.outbox_scan(MAX_KEPT * 2).map_err(told)?;
        Ok(rows.into_iter().filter_map(|(_, value)| serde_json::from_slice(&value).ok()).collect())
    }

    fn change(&self, key: &str, value: Option<Vec<u8>>) -> Result<(), String> {
        self.0.commit(&[StoreOp::Outbox { key: key.as_bytes().to_vec(), value }]).map_err(told)
    }
}

impl Outbox for StoredOutbox {
    fn put(&self, delivery: &Delivery) -> Result<(), String> {
        let value = serde_json::to_vec(delivery).expect("a delivery is plain data");
        self.change(&delivery.key, Some(value))
    }

    fn remove(&self, key: &str) -> Result<(), String> {
        self.change(key, None)
    }

    fn scan(&self, webhook: &str, limit: usize) -> Result<Vec<Delivery>, String> {
        Ok(self.all()?.into_iter().filter(|d| d.webhook == webhook).take(limit).collect())
    }

    fn len(&self) -> Result<usize, String> {
        Ok(self.all()?.len())
    }

    fn retain(&self, webhooks: &[String]) -> Result<(), String> {
        let gone = self.all()?.into_iter().filter(|d| !webhooks.contains(&d.webhook));
        gone.map(|d| d.key).try_for_each(|key| self.remove(&key))
    }
}

fn told(error: StoreError) -> String {
    error.to_string()
}
