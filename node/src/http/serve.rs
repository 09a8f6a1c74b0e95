//! The listening end: connections are bounded, and a stop lets running requests finish for a bounded time.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// How long running requests may take once the node stops.
const DRAIN: Duration = Duration::from_secs(5);
/// Connections from this machine, and from all others: idle strangers must not lock the device's own screens out.
const MAX_OWN: usize = 256;
const MAX_OTHERS: usize = 512;

/// Where a request comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientAddr(pub SocketAddr);

impl Connected<IncomingStream<'_, Bounded>> for ClientAddr {
    fn connect_info(stream: IncomingStream<'_, Bounded>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// Serves until `shutdown`, then lets running requests finish for at most five seconds.
///
/// # Errors
/// If the listener fails for good.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) -> io::Result<()> {
    let listener =
        Bounded { listener, own: Arc::new(Semaphore::new(MAX_OWN)), others: Arc::new(Semaphore::new(MAX_OTHERS)) };
    let service = router.into_make_service_with_connect_info::<ClientAddr>();
    let stopping = shutdown.clone();
    let serving = axum::serve(listener, service).with_graceful_shutdown(async move { stopping.cancelled().await });
    let drained = async {
        shutdown.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        ended = async { serving.await } => ended,
        () = drained => Ok(()),
    }
}

/// A listener that closes what comes beyond the bounds.
struct Bounded {
    listener: TcpListener,
    own: Arc<Semaphore>,
    others: Arc<Semaphore>,
}

impl Listener for Bounded {
    type Io = Counted;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Counted, SocketAddr) {
        loop {
            // This accept waits out errors such as too many open files by itself.
            let (stream, from) = Listener::accept(&mut self.listener).await;
            let places = if from.ip().to_canonical().is_loopback() { &self.own } else { &self.others };
            // A command is one small packet each way; waiting to fill one would double the time of a call.
            let _ = stream.set_nodelay(true);
            match Arc::clone(places).try_acquire_owned() {
                Ok(place) => return (Counted { stream, _place: place }, from),
                Err(_) => tracing::debug!(%from, "a connection beyond the bound was closed"),
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that gives its place back when it ends.
struct Counted {
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
