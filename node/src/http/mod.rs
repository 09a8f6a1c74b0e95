//! The HTTP API and the pages of a node, served from its own replica.
//!
//! The loop: a request is found to come from our own page or none ([`who`]), its caller is identified (device, staff,
//! nobody), its body is read ([`extract`]), and it becomes either a read of the newest [`Snapshot`](crate::handle) or a
//! command to the core. What comes back is a wire type (`dto`) or a [`problem::Problem`]. Nothing here decides what a
//! ticket may do: the model does, and its rejections are mapped in one place.

mod details;
pub(crate) mod dto;
pub mod events;
pub mod extract;
pub(crate) mod figures;
pub mod metrics;
pub mod pin;
pub mod problem;
mod router;
mod routes;
mod serve;
pub(crate) mod session;
pub(crate) mod texts;
pub mod webhooks;
pub mod who;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use branchmesh_model::time::UnixMs;
use branchmesh_model::view::history::PastHours;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::handle::NodeHandle;
use crate::printing::{JobsInMemory, Printing};

pub use router::{openapi, router};
pub(crate) use routes::tickets::status_token;
pub use serve::{ClientAddr, serve};

/// Sign-ins checked at once: each costs tens of milliseconds of CPU and 19 MiB.
const SIGN_INS_AT_ONCE: usize = 2;
/// Sign-ins that may wait for their turn.
const SIGN_INS_WAITING: usize = 32;
/// Event streams open at once.
const MAX_STREAMS: usize = 256;

/// What the API needs beside the core's handle.
pub struct Options {
    /// A secret of this device from which status tokens are derived; the same after a restart.
    pub secret: [u8; 32],
    /// Bearer token of the operator of this machine (`control.json`), who acts as an admin.
    pub operator_token: Option<String>,
    /// The print queue, and the printer that whoever started the node named.
    pub printing: Arc<Printing>,
    /// Where other machines reach these pages, such as `http://192.0.2.7:8080`; none if only this machine does.
    pub reachable: Option<String>,
    /// What past days were like by the hour.
    pub past_hours: watch::Receiver<Arc<PastHours>>,
    /// Whether the node serves; the reason if not.
    pub ready: Arc<dyn Fn() -> Result<(), String> + Send + Sync>,
    /// The clock.
    pub clock: Arc<dyn Fn() -> UnixMs + Send + Sync>,
    /// Ends event streams when the node stops; give [`serve`] the same one.
    pub shutdown: CancellationToken,
}

impl Options {
    /// Options of a node that is always ready.
    pub fn new(secret: [u8; 32], shutdown: CancellationToken) -> Self {
        Self {
            secret,
            operator_token: None,
            printing: Arc::new(Printing::new(Arc::new(JobsInMemory::default()), None)),
            reachable: None,
            past_hours: watch::channel(Arc::default()).1,
            ready: Arc::new(|| Ok(())),
            clock: Arc::new(wall_clock),
            shutdown,
        }
    }
}

/// This machine's clock.
pub fn wall_clock() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The API of one node.
pub struct Api {
    pub(crate) handle: NodeHandle,
    pub(crate) options: Options,
    pub(crate) sessions: session::Sessions,
    pub(crate) metrics: metrics::Metrics,
    pub(crate) sign_ins: Arc<Semaphore>,
    pub(crate) sign_in_queue: Arc<Semaphore>,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) started_at: UnixMs,
    operator: Option<blake3::Hash>,
}

/// What every handler shares.
pub type ApiState = Arc<Api>;

impl Api {
    /// The API over a running core.
    pub fn new(handle: NodeHandle, mut options: Options) -> ApiState {
        let operator = options.operator_token.take().map(|t| blake3::hash(t.as_bytes()));
        let started_at = (options.clock)();
        Arc::new(Self {
            handle,
            started_at,
            options,
            sessions: session::Sessions::default(),
            metrics: metrics::Metrics::default(),
            sign_ins: Arc::new(Semaphore::new(SIGN_INS_AT_ONCE)),
            sign_in_queue: Arc::new(Semaphore::new(SIGN_INS_WAITING)),
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            operator,
        })
    }

    pub(crate) fn past_hours(&self) -> Arc<PastHours> {
        self.options.past_hours.borrow().clone()
    }

    pub(crate) fn now(&self) -> UnixMs {
        (self.options.clock)()
    }

    /// Whether `token` is the operator's; comparing digests takes the same time for every wrong one.
    pub(crate) fn is_operator(&self, token: &str) -> bool {
        self.operator.is_some_and(|digest| digest == blake3::hash(token.as_bytes()))
    }
}
