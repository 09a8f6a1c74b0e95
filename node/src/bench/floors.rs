//! What disk, network and automerge cost by themselves, on this machine and now.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use branchmesh_model::document::{Actor, FactDoc, examine};
use branchmesh_model::ids::DeviceId;
use branchmesh_model::schema::DocId;
use branchmesh_model::time::UnixMs;
use iroh::endpoint::presets;
use iroh::{Endpoint, RelayMode};

use super::report::{Figure, Measure, Unit, percentile};

/// Bytes of a message about as long as a signed change in its frame.
const MESSAGE_BYTES: usize = 300;
const ALPN: &[u8] = b"branchmesh-bench/1";
/// Facts of a shard on a busy day: 250 tickets of 7.
const FACTS: usize = 1_750;

/// The floors, medians in microseconds.
#[derive(Clone, Copy, Debug)]
pub struct Floors {
    /// Writing 4 KiB and `fdatasync`.
    pub disk_sync_us: f64,
    /// [`MESSAGE_BYTES`] there and back over one QUIC stream.
    pub quic_echo_us: f64,
    /// Applying one change to a document of a shard's size.
    pub raw_apply_us: f64,
}

impl Floors {
    /// Measures them, in `folder`.
    pub(super) async fn measure(folder: &Path, quick: bool) -> Result<Self> {
        let rounds = if quick { 200 } else { 1_000 };
        Ok(Self {
            disk_sync_us: disk_sync(folder, rounds)?,
            quic_echo_us: quic_echo(rounds).await?,
            raw_apply_us: raw_apply(rounds),
        })
    }

    pub(super) fn figures(&self) -> Vec<Figure> {
        vec![
            Figure::new(Measure::DiskSync, self.disk_sync_us, Unit::Us),
            Figure::new(Measure::QuicEcho, self.quic_echo_us, Unit::Us),
            Figure::new(Measure::RawApply, self.raw_apply_us, Unit::Us),
        ]
    }

    /// A change made durable at one node, sent, and applied at both: milliseconds. The other shows it before its own disk has
    /// it.
    pub(super) fn visible_ms(&self) -> f64 {
        (self.disk_sync_us + self.quic_echo_us / 2.0 + 2.0 * self.raw_apply_us) / 1e3
    }

    /// A call granted by a steward elsewhere and shown at a third node: to the steward, its disk, to a member and its disk,
    /// back, and to the third node, milliseconds.
    pub(super) fn granted_ms(&self) -> f64 {
        (2.0 * self.disk_sync_us + 2.0 * self.quic_echo_us) / 1e3
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    percentile(&times, 0.5)
}

fn disk_sync(folder: &Path, rounds: usize) -> Result<f64> {
    let path = folder.join("floor");
    let mut file = File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
    let page = [7; 4096];
    // Pages that exist already, as a database rewrites them.
    for _ in 0..64 {
        file.write_all(&page)?;
    }
    file.sync_all()?;
    let mut times = Vec::with_capacity(rounds);
    for round in 0..rounds {
        let begun = Instant::now();
        file.seek(SeekFrom::Start((round % 64) as u64 * 4096))?;
        file.write_all(&page)?;
        file.sync_data()?;
        times.push(micros(begun.elapsed()));
    }
    drop(file);
    std::fs::remove_file(&path)?;
    Ok(median(times))
}

async fn endpoint() -> Result<Endpoint> {
    let loopback = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    Endpoint::builder(presets::Minimal)
        .relay_mode(RelayMode::Disabled)
        .alpns(vec![ALPN.to_vec()])
        .clear_ip_transports()
        .bind_addr(loopback)
        .map_err(|error| anyhow!("{error:#}"))?
        .bind()
        .await
        .map_err(|error| anyhow!("{error:#}"))
}

async fn quic_echo(rounds: usize) -> Result<f64> {
    let (client, server) = (endpoint().await?, endpoint().await?);
    let to =
        iroh::EndpointAddr::from_parts(server.id(), server.bound_sockets().into_iter().map(iroh::TransportAddr::Ip));
    let accepting = server.clone();
    let echo = tokio::spawn(async move {
        let incoming = accepting.accept().await.ok_or_else(|| anyhow!("nobody came"))?;
        let connection = incoming.await?;
        let (mut send, mut recv) = connection.accept_bi().await?;
        let mut message = [0; MESSAGE_BYTES];
        while recv.read_exact(&mut message).await.is_ok() {
            send.write_all(&message).await?;
        }
        anyhow::Ok(())
    });
    let connection = client.connect(to, ALPN).await.map_err(|error| anyhow!("{error:#}"))?;
    let (mut send, mut recv) = connection.open_bi().await?;
    let mut times = Vec::with_capacity(rounds);
    let mut message = [1; MESSAGE_BYTES];
    for _ in 0..rounds {
        let begun = Instant::now();
        send.write_all(&message).await?;
        recv.read_exact(&mut message).await?;
        times.push(micros(begun.elapsed()));
    }
    send.finish()?;
    echo.await??;
    client.close().await;
    server.close().await;
    Ok(median(times))
}

/// One change of one fact at a time into a document that holds a busy day's shard.
fn raw_apply(rounds: usize) -> f64 {
    let (one, other) = (DeviceId([1; 32]), DeviceId([2; 32]));
    let doc = DocId::config();
    let mut writer = FactDoc::new(&doc, &Actor::new(&one, [1; 8]));
    let mut reader = FactDoc::new(&doc, &Actor::new(&other, [2; 8]));
    let mut times = Vec::with_capacity(rounds);
    for n in 0..FACTS + rounds {
        let key = blake3::hash(&n.to_be_bytes()).to_hex();
        let fact = (format!("f:{}", &key[..32]), format!(r#"{{"cmd":"{key}","fact":"start"}}"#));
        let change = writer.write(&[fact], UnixMs(0)).expect("a new fact is a change");
        let examined = examine(&change.bytes, &one).expect("just made");
        let begun = Instant::now();
        reader.apply(examined).expect("its dependencies are here");
        if n >= FACTS {
            times.push(micros(begun.elapsed()));
        }
    }
    median(times)
}
