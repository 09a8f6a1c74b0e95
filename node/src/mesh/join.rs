//! Joining: one request and one answer between a device with an invitation and a node that opened the door.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use branchmesh_model::ids::DeviceId;
use iroh::Endpoint;
use iroh::endpoint::{Connection, ConnectionError};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::config::Limits;
use super::event::{JoinRequest, MeshEvent};
use super::shared::Shared;
use super::wire::{ALPN_JOIN, Close, MAX_MESSAGE_BYTES, WireError, read_message, write_message};
use super::{dialer, endpoint, link};

/// Pause between two attempts to reach the admin device.
const RETRY_PAUSE: Duration = Duration::from_millis(300);
/// Longest wait for the other side to have read the answer, and for the farewell of the joining device's endpoint.
const FAREWELL: Duration = Duration::from_secs(2);

/// A request to join came to nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JoinError {
    /// The request is longer than a message may be.
    #[error("the request to join is too long")]
    TooLong,
    /// This device's network could not be used at all.
    #[error("no UDP socket could be opened")]
    NoNetwork,
    /// Nobody with the admin device's key answered at any of the addresses in time.
    #[error("the admin device does not answer; check that both are on the same network and that its address is right")]
    Unreachable,
    /// The admin device answered, but no invitation is open or it turned the request down.
    #[error("the admin device refused; ask for a new invitation")]
    Refused,
    /// The admin device answered, but too many devices ask at once.
    #[error("too many devices are joining at once; try again in a minute")]
    Busy,
    /// The admin device accepted the request but gave no answer in time.
    #[error("the admin device took too long to answer")]
    NoAnswer,
}

/// Asks the admin device to let the holder of `secret` join: sends `request` and returns the answer. Tries all addresses
/// until one answers or `limit` has passed.
///
/// # Errors
/// [`JoinError`], each with what a person can do.
pub async fn join(
    secret: [u8; 32],
    addrs: Vec<SocketAddr>,
    admin: DeviceId,
    request: Vec<u8>,
    limit: Duration,
) -> Result<Vec<u8>, JoinError> {
    if request.len() > MAX_MESSAGE_BYTES {
        return Err(JoinError::TooLong);
    }
    let limits = Limits::default();
    let endpoint = endpoint::bind_dialler(&secret, &limits).await.map_err(|cause| {
        tracing::warn!(cause, "cannot open a UDP socket");
        JoinError::NoNetwork
    })?;
    let mut reached = false;
    let asked = timeout(limit, ask(&endpoint, &addrs, &admin, &request, &limits, &mut reached)).await;
    if timeout(FAREWELL, endpoint.close()).await.is_err() {
        tracing::debug!("the admin device did not acknowledge the end of the connection");
    }
    asked.unwrap_or(Err(if reached { JoinError::NoAnswer } else { JoinError::Unreachable }))
}

async fn ask(
    endpoint: &Endpoint,
    addrs: &[SocketAddr],
    admin: &DeviceId,
    request: &[u8],
    limits: &Limits,
    reached: &mut bool,
) -> Result<Vec<u8>, JoinError> {
    loop {
        let target = endpoint::dial_address(admin, addrs).ok_or(JoinError::Unreachable)?;
        let connecting = dialer::connect(endpoint, admin, target, ALPN_JOIN);
        match timeout(limits.dial_timeout, connecting).await {
            Ok(Ok(conn)) => {
                *reached = true;
                return exchange(&conn, request).await;
            }
            Ok(Err(_)) | Err(_) => tokio::time::sleep(RETRY_PAUSE).await,
        }
    }
}

async fn exchange(conn: &Connection, request: &[u8]) -> Result<Vec<u8>, JoinError> {
    let talk = async {
        let (mut send, mut recv) = conn.open_bi().await.map_err(|_| WireError::Ended)?;
        write_message(&mut send, request).await?;
        read_message(&mut recv, MAX_MESSAGE_BYTES).await
    };
    match talk.await {
        Ok(answer) => {
            conn.close(Close::Done.code(), Close::Done.name());
            Ok(answer)
        }
        Err(_) => Err(refusal(&conn.closed().await)),
    }
}

fn refusal(error: &ConnectionError) -> JoinError {
    match error {
        ConnectionError::ApplicationClosed(close) if close.error_code == Close::Busy.code() => JoinError::Busy,
        ConnectionError::ApplicationClosed(_) => JoinError::Refused,
        _ => JoinError::NoAnswer,
    }
}

/// Serves one request that passed the gate.
pub(super) async fn serve(shared: &Arc<Shared>, conn: Connection) {
    let close = match timeout(shared.limits.join_timeout, answer(shared, &conn)).await {
        Ok(Ok(())) => Close::Done,
        Ok(Err(close)) => close,
        Err(_) => Close::Busy,
    };
    if close != Close::Done {
        shared.counts.refuse("mesh_joins_refused");
    }
    conn.close(close.code(), close.name());
}

async fn answer(shared: &Shared, conn: &Connection) -> Result<(), Close> {
    let request = async {
        let (send, mut recv) = conn.accept_bi().await.map_err(|_| WireError::Ended)?;
        Ok::<_, WireError>((read_message(&mut recv, MAX_MESSAGE_BYTES).await?, send))
    };
    let request = timeout(shared.limits.hello_timeout, request).await;
    let (bytes, mut send) = request.map_err(|_| Close::Protocol)?.map_err(|_| Close::Protocol)?;
    let (reply, replied) = oneshot::channel();
    let from = DeviceId(*conn.remote_id().as_bytes());
    tracing::info!(device = %from.short(), "a device asks to join");
    if !link::tell(shared, MeshEvent::Join(JoinRequest { from, bytes, reply })).await {
        return Err(Close::Busy);
    }
    let answer = replied.await.map_err(|_| Close::NotJoinable)?;
    write_message(&mut send, &answer).await.map_err(|_| Close::Protocol)?;
    // The asking device closes once it has read the answer; closing first could lose it.
    let _ = send.finish();
    let _ = timeout(FAREWELL, conn.closed()).await;
    Ok(())
}
