//! The QUIC endpoint: bound to the local network only, with times that suit it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use branchmesh_model::ids::DeviceId;
use iroh::endpoint::{BindOpts, Builder, Connection, IdleTimeout, QuicTransportConfig, VarInt, presets};
use iroh::{Endpoint, EndpointAddr, EndpointId, RelayMode, SecretKey, TransportAddr, Watcher};

use super::MeshError;
use super::addresses::dialable;
use super::config::{Limits, MeshConfig};
use super::gate::{Gate, GateHook};
use super::wire::{ALPN_JOIN, ALPN_MESH};

/// First guess of the round trip. A LAN's is far below; a low guess repeats a lost first packet soon.
const INITIAL_RTT: Duration = Duration::from_millis(100);
/// Bytes sent but not acknowledged, and bytes received but not read, of one connection.
/// Small enough that lost packets leave fewer gaps than QUIC's reassembly bears (it ends the connection beyond that).
const WINDOW_BYTES: u32 = 2 << 20;
/// Longest wait for the first look at the machine's interfaces.
const ADDRS_TIMEOUT: Duration = Duration::from_secs(1);

/// An endpoint that serves sessions and requests to join.
pub(super) async fn bind(config: &MeshConfig, gate: Arc<Gate>) -> Result<Endpoint, MeshError> {
    let builder =
        base(&config.secret, &config.limits).alpns(vec![ALPN_MESH.to_vec(), ALPN_JOIN.to_vec()]).hooks(GateHook(gate));
    let failed = |cause: String| MeshError::Bind { addresses: list(&config.listen), cause };
    let builder = listen_on(builder, &config.listen).map_err(failed)?;
    let endpoint = builder.bind().await.map_err(|error| failed(format!("{error:#}")))?;
    wait_for_addrs(&endpoint).await;
    Ok(endpoint)
}

/// An endpoint that only dials, for a device that has no mesh yet.
pub(super) async fn bind_dialler(secret: &[u8; 32], limits: &Limits) -> Result<Endpoint, String> {
    base(secret, limits).bind().await.map_err(|error| format!("{error:#}"))
}

fn base(secret: &[u8; 32], limits: &Limits) -> Builder {
    Endpoint::builder(presets::Minimal)
        .relay_mode(RelayMode::Disabled)
        .secret_key(SecretKey::from_bytes(secret))
        .transport_config(transport(limits))
}

fn transport(limits: &Limits) -> QuicTransportConfig {
    let idle = IdleTimeout::try_from(limits.idle_timeout).ok();
    QuicTransportConfig::builder()
        .max_idle_timeout(idle)
        .keep_alive_interval(limits.keep_alive)
        .default_path_max_idle_timeout(limits.idle_timeout)
        .default_path_keep_alive_interval(limits.keep_alive)
        .initial_rtt(INITIAL_RTT)
        // One stream for the session and one for bulk frames from each side; strangers get none.
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(1))
        .stream_receive_window(VarInt::from_u32(WINDOW_BYTES / 2))
        .receive_window(VarInt::from_u32(WINDOW_BYTES))
        .send_window(u64::from(WINDOW_BYTES) / 4)
        .datagram_receive_buffer_size(None)
        .build()
}

fn listen_on(builder: Builder, listen: &[SocketAddr]) -> Result<Builder, String> {
    if listen.is_empty() {
        return Ok(builder);
    }
    let mut builder = builder.clear_ip_transports();
    for (i, addr) in listen.iter().enumerate() {
        // The first address of a family also carries what leaves for elsewhere; a further one only its own subnet.
        let first = !listen[..i].iter().any(|earlier| earlier.is_ipv4() == addr.is_ipv4());
        let opts = if first { BindOpts::default() } else { BindOpts::default().set_prefix_len(subnet(addr.ip())) };
        builder = builder.bind_addr_with_opts(*addr, opts).map_err(|error| format!("{error:#}"))?;
    }
    Ok(builder)
}

/// The usual length of the network prefix around an address.
fn subnet(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(ip) if ip.is_loopback() => 8,
        IpAddr::V4(_) => 24,
        IpAddr::V6(ip) if ip.is_loopback() => 128,
        IpAddr::V6(_) => 64,
    }
}

fn list(addrs: &[SocketAddr]) -> String {
    if addrs.is_empty() {
        return "any address".to_owned();
    }
    addrs.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(", ")
}

/// Waits until the interfaces were looked at once, so that the first announcement of addresses is complete.
async fn wait_for_addrs(endpoint: &Endpoint) {
    let mut addrs = endpoint.watch_addr();
    let known = async {
        while addrs.get().is_empty() {
            if addrs.updated().await.is_err() {
                return;
            }
        }
    };
    if tokio::time::timeout(ADDRS_TIMEOUT, known).await.is_err() {
        tracing::debug!("no address of this machine is known yet");
    }
}

/// Addresses at which others may reach the endpoint.
pub(super) fn local_addrs(endpoint: &Endpoint) -> Vec<SocketAddr> {
    let mut addrs: Vec<SocketAddr> =
        endpoint.bound_sockets().into_iter().filter(|a| !a.ip().is_unspecified()).collect();
    for addr in endpoint.addr().ip_addrs() {
        if dialable(addr) && !addrs.contains(addr) {
            addrs.push(*addr);
        }
    }
    if addrs.is_empty() {
        // Interfaces may still be coming up; this machine at least is reached.
        addrs.extend(endpoint.bound_sockets().iter().map(loopback));
    }
    addrs
}

fn loopback(bound: &SocketAddr) -> SocketAddr {
    let ip = if bound.is_ipv4() { IpAddr::from(Ipv4Addr::LOCALHOST) } else { IpAddr::from(Ipv6Addr::LOCALHOST) };
    SocketAddr::new(ip, bound.port())
}

/// What to dial for a device; `None` if its id is not a key.
pub(super) fn dial_address(device: &DeviceId, addrs: &[SocketAddr]) -> Option<EndpointAddr> {
    let id = EndpointId::from_bytes(&device.0).ok()?;
    Some(EndpointAddr::from_parts(id, addrs.iter().copied().map(TransportAddr::Ip)))
}

/// Where a connection's packets go now, and how long they take there and back.
pub(super) fn path(conn: &Connection) -> (Option<SocketAddr>, Option<Duration>) {
    let paths = conn.paths();
    let Some(path) = paths.iter().find(|p| p.is_selected()).or_else(|| paths.iter().next()) else {
        return (None, None);
    };
    let address = match path.remote_addr() {
        TransportAddr::Ip(addr) => Some(*addr),
        _ => None,
    };
    (address, Some(path.rtt()))
}
