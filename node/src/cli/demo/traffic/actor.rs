//! Somebody at a device: asks it as a screen would, and asks again with the same key when no answer came.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::super::super::api::{Api, Refusal, new_key};
use super::super::Stage;
use super::super::cast::{Device, Person};
use super::super::people::sign_in;
use super::counts::{Counts, add};
use super::day::Clock;

/// How often a lost or busy answer is asked for again.
const TRIES: u32 = 8;

/// Somebody at a device.
pub(super) struct Actor {
    at: Api,
    signed_in: Option<Api>,
    /// The time of day.
    pub clock: Clock,
    /// What happened so far.
    pub counts: Arc<Counts>,
}

impl Actor {
    /// Somebody in front of `device`.
    pub(super) fn new(stage: &Stage, device: &Device, clock: Clock, counts: Arc<Counts>) -> Self {
        Self { at: Api::new(stage.url(device), stage.terminal.lang), signed_in: None, clock, counts }
    }

    /// Signs in, as often as it takes: the device may be away for a while.
    pub(super) async fn sign_in(&mut self, person: &Person) {
        loop {
            match sign_in(&self.at, person).await {
                Ok(api) => {
                    self.signed_in = Some(api);
                    return;
                }
                Err(_) => {
                    add(&self.counts.retries);
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Carries out a command. A device that is away or a branch without a steward is asked again under the same key, so
    /// that whatever happened happens once.
    ///
    /// # Errors
    /// A refusal that asking again does not change.
    pub(super) async fn ask(&self, path: &str, body: Value) -> Result<Value, Refusal> {
        let key = new_key();
        let mut pause = Duration::from_millis(200);
        for _ in 1..TRIES {
            match self.api().post(path, &body, &key).await {
                Err(Refusal::Unreachable | Refusal::Problem { status: 429 | 503, .. }) => add(&self.counts.retries),
                answer => return answer,
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
        self.api().post(path, &body, &key).await
    }

    /// Reads something.
    ///
    /// # Errors
    /// As [`Refusal`] says.
    pub(super) async fn read(&self, path: &str) -> Result<Value, Refusal> {
        self.api().get(path).await
    }

    /// How many wait in the whole branch, as far as this device can tell.
    pub(super) async fn waiting(&self) -> Option<u64> {
        let answer = self.read("/queues").await.ok()?;
        let rows = rows(&answer, "queues");
        Some(rows.iter().filter_map(|row| row["waiting"].as_u64()).sum())
    }

    /// Whether the last refusal means that the session is over.
    pub(super) fn is_signed_out(refusal: &Refusal) -> bool {
        matches!(refusal, Refusal::Problem { status: 401, .. })
    }

    fn api(&self) -> &Api {
        self.signed_in.as_ref().unwrap_or(&self.at)
    }
}

/// The rows of an answer that is a list or holds one.
pub(super) fn rows<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    let list = answer.as_array().or_else(|| answer[name].as_array()).or_else(|| answer["items"].as_array());
    list.map(Vec::as_slice).unwrap_or_default()
}
