//! Events to other programs: signed, in order per webhook, retried with back-off from a durable outbox.
//!
//! Every node sees every event, so only the device where it happened sends it. An event is put into the outbox as soon
//! as this node publishes it and leaves it once the receiver answered with success; a receiver may see one twice (its
//! `id` tells), never in another order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use branchmesh_model::config::Webhook;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::ApiState;
use super::events::EventDto;
use crate::handle::Event;

/// Header that carries the signature: `sha256=` and the HMAC-SHA256 of the body in hex.
pub const SIGNATURE_HEADER: &str = "X-Branchmesh-Signature";
/// First wait after a failure; doubles with every further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest wait between tries.
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Deliveries kept at most; beyond it the oldest of the fullest webhook would block the rest, so new ones are dropped.
pub const MAX_KEPT: usize = 20_000;
/// Deliveries read from the outbox at once.
const BATCH: usize = 64;

/// One event for one webhook.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// Its place in the outbox: sorts in the order of events, unique per webhook.
    pub key: String,
    /// Id of the webhook; address and secret are read from the configuration when it is sent.
    pub webhook: String,
    /// Type of the event.
    pub kind: String,
    /// The body, exactly as it is signed.
    pub body: String,
}

/// Where deliveries wait, durably. Calls may block; they are made off the serving threads.
#[expect(clippy::len_without_is_empty, reason = "only the bound asks how many there are")]
pub trait Outbox: Send + Sync + 'static {
    /// Keeps a delivery; the same key again replaces it.
    ///
    /// # Errors
    /// What went wrong, for the log.
    fn put(&self, delivery: &Delivery) -> Result<(), String>;
    /// Forgets a delivery; one that is not there is no error.
    ///
    /// # Errors
    /// What went wrong, for the log.
    fn remove(&self, key: &str) -> Result<(), String>;
    /// Deliveries of `webhook` in the order of their keys, at most `limit`.
    ///
    /// # Errors
    /// What went wrong, for the log.
    fn scan(&self, webhook: &str, limit: usize) -> Result<Vec<Delivery>, String>;
    /// How many deliveries are kept.
    ///
    /// # Errors
    /// What went wrong, for the log.
    fn len(&self) -> Result<usize, String>;
    /// Forgets every delivery of webhooks other than these.
    ///
    /// # Errors
    /// What went wrong, for the log.
    fn retain(&self, webhooks: &[String]) -> Result<(), String>;
}

/// The signature of a body.
pub fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha256={}", data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()))
}

/// When a webhook may be tried next.
struct Backoff {
    failures: u32,
    until: tokio::time::Instant,
}

/// Sends events to the configured webhooks until the node stops; those published from this call on, not from the first
/// poll of the future.
pub fn run(api: ApiState, outbox: Arc<dyn Outbox>) -> impl Future<Output = ()> + Send {
    let live = api.handle.feed.subscribe();
    let client = crate::http_client()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .expect("a plain HTTP client needs nothing from the machine");
    let mut sender = Sender { api, outbox, client, backoffs: BTreeMap::new(), known: None };
    async move {
        let stopping = sender.api.options.shutdown.clone();
        tokio::select! {
            () = collect(sender.api.clone(), sender.outbox.clone(), live) => {}
            () = sender.run() => {}
            () = stopping.cancelled() => {}
        }
    }
}

/// Puts this device's events into the outbox as they are published.
async fn collect(api: ApiState, outbox: Arc<dyn Outbox>, mut live: broadcast::Receiver<Arc<Event>>) {
    let mut last = None;
    loop {
        let events = match live.recv().await {
            Ok(event) => vec![event],
            Err(RecvError::Lagged(_)) => match last.and_then(|(r, i)| api.handle.feed.resume(r, i)) {
                Some((missed, fresh)) => {
                    live = fresh;
                    missed
                }
                None => {
                    if !api.handle.snapshot().config.webhooks.is_empty() {
                        tracing::warn!("events passed faster than they could be kept for webhooks; some are lost");
                    }
                    continue;
                }
            },
            Err(RecvError::Closed) => return,
        };
        for event in events {
            last = Some((event.revision, event.index));
            let deliveries = deliveries(&api, &event);
            keep(&outbox, deliveries).await;
        }
    }
}

fn deliveries(api: &ApiState, event: &Event) -> Vec<Delivery> {
    if event.draft.device != api.handle.identity.device {
        return vec![];
    }
    let config = &api.handle.snapshot().config;
    let kind = event.draft.kind.as_str();
    let wanted = |hook: &&Webhook| hook.events.is_empty() || hook.events.iter().any(|e| e == kind);
    let body = || serde_json::to_string(&EventDto::new(api, event)).expect("an event is plain data");
    let started = format!("{:015}", api.started_at.0.max(0));
    let hooks = config.webhooks.iter().filter(wanted);
    hooks
        .map(|hook| Delivery {
            key: format!("{}/{started}/{:020}.{:010}", hook.id, event.revision, event.index),
            webhook: hook.id.clone(),
            kind: kind.to_owned(),
            body: body(),
        })
        .collect()
}

async fn keep(outbox: &Arc<dyn Outbox>, deliveries: Vec<Delivery>) {
    if deliveries.is_empty() {
        return;
    }
    let store = outbox.clone();
    let kept = blocking(move || {
        if store.len()? + deliveries.len() > MAX_KEPT {
            return Err(format!("the outbox holds {MAX_KEPT} deliveries; new ones are dropped"));
        }
        deliveries.iter().try_for_each(|d| store.put(d))
    });
    if let Err(problem) = kept.await {
        tracing::warn!(%problem, "an event could not be kept for webhooks");
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err("the outbox failed".into()))
}

struct Sender {
    api: ApiState,
    outbox: Arc<dyn Outbox>,
    client: reqwest::Client,
    backoffs: BTreeMap<String, Backoff>,
    /// Ids of the webhooks in the last round.
    known: Option<Vec<String>>,
}

impl Sender {
    async fn run(&mut self) {
        let mut look = tokio::time::interval(Duration::from_millis(500));
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            self.round().await;
        }
    }

    /// Sends what is due, all webhooks side by side, each in order.
    async fn round(&mut self) {
        let hooks = self.api.handle.snapshot().config.webhooks.clone();
        self.forget_removed(&hooks).await;
        let now = tokio::time::Instant::now();
        let due = hooks.into_iter().filter(|h| self.backoffs.get(&h.id).is_none_or(|b| b.until <= now));
        let sending: Vec<_> = due.map(|hook| deliver(self.client.clone(), self.outbox.clone(), hook)).collect();
        for (hook, sent) in futures_util::future::join_all(sending).await {
            self.note(hook, sent);
        }
    }

    async fn forget_removed(&mut self, hooks: &[Webhook]) {
        let ids: Vec<String> = hooks.iter().map(|h| h.id.clone()).collect();
        if self.known.as_ref() == Some(&ids) {
            return;
        }
        self.backoffs.retain(|id, _| ids.contains(id));
        let (store, kept) = (self.outbox.clone(), ids.clone());
        match blocking(move || store.retain(&kept)).await {
            Ok(()) => self.known = Some(ids),
            Err(problem) => tracing::warn!(%problem, "deliveries of a removed webhook could not be forgotten"),
        }
    }

    fn note(&mut self, hook: String, sent: Result<(), String>) {
        let now = tokio::time::Instant::now();
        let backoff = self.backoffs.entry(hook.clone()).or_insert(Backoff { failures: 0, until: now });
        let Err(problem) = sent else {
            *backoff = Backoff { failures: 0, until: now };
            return;
        };
        let wait = wait_after(backoff.failures);
        backoff.failures = backoff.failures.saturating_add(1);
        backoff.until = now + wait;
        tracing::warn!(webhook = %hook, %problem, wait_s = wait.as_secs(), "a webhook did not take an event");
    }
}

fn wait_after(failures: u32) -> Duration {
    FIRST_WAIT.saturating_mul(1 << failures.min(16)).min(LONGEST_WAIT)
}

/// Sends one webhook's deliveries in order until one fails or none is left of the batch.
async fn deliver(client: reqwest::Client, outbox: Arc<dyn Outbox>, hook: Webhook) -> (String, Result<(), String>) {
    let sent = async {
        let (store, id) = (outbox.clone(), hook.id.clone());
        for delivery in blocking(move || store.scan(&id, BATCH)).await? {
            send(&client, &hook, &delivery).await?;
            let store = outbox.clone();
            blocking(move || store.remove(&delivery.key)).await?;
        }
        Ok(())
    };
    let sent = sent.await;
    (hook.id, sent)
}

async fn send(client: &reqwest::Client, hook: &Webhook, delivery: &Delivery) -> Result<(), String> {
    let answer = client
        .post(&hook.url)
        .header("Content-Type", "application/json")
        .header(SIGNATURE_HEADER, signature(&hook.secret, delivery.body.as_bytes()))
        .header("X-Branchmesh-Event", &delivery.kind)
        .body(delivery.body.clone())
        .send()
        .await
        .map_err(|error| error.without_url().to_string())?;
    if answer.status().is_success() { Ok(()) } else { Err(format!("answered {}", answer.status())) }
}
