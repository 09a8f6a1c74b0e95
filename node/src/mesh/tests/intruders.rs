//! Devices that do not behave: strangers, garbage, silence, one identity that comes twice.

use iroh::Endpoint;
use iroh::endpoint::{Connection, ConnectionError, RecvStream, SendStream, VarInt};

use super::super::wire::{ALPN_MESH, Close, Hello, read_hello, write_hello};
use super::*;

/// A device that speaks QUIC but is no mesh.
async fn raw(n: u8) -> Endpoint {
    Endpoint::builder(iroh::endpoint::presets::Minimal)
        .secret_key(SecretKey::from_bytes(&device(n).0))
        .clear_ip_transports()
        .bind_addr(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .unwrap()
        .bind()
        .await
        .unwrap()
}

async fn dial_raw(from: &Endpoint, to: &Node, alpn: &[u8]) -> Result<Connection, String> {
    let target = endpoint::dial_address(&to.id, &to.mesh.local_addrs()).unwrap();
    timeout(PATIENCE, from.connect(target, alpn)).await.unwrap().map_err(|error| format!("{error:#}"))
}

/// Waits until the node closes the connection; the code it gives, if it closed on purpose.
async fn close_code(conn: &Connection) -> Option<VarInt> {
    match timeout(PATIENCE, conn.closed()).await.unwrap() {
        ConnectionError::ApplicationClosed(close) => Some(close.error_code),
        _ => None,
    }
}

fn hello_of_boot(boot: u8) -> Hello {
    Hello { boot: [boot; 16], order: 1, node: b"played".to_vec() }
}

/// A device played by a test, which ends with it.
struct Played {
    endpoint: Endpoint,
    conn: Connection,
    send: SendStream,
    recv: RecvStream,
}

/// Dials `node` as device `n` and says hello.
async fn greet(n: u8, node: &Node, hello: &Hello) -> Played {
    let endpoint = raw(n).await;
    let conn = dial_raw(&endpoint, node, ALPN_MESH).await.unwrap();
    let (mut send, recv) = conn.open_bi().await.unwrap();
    write_hello(&mut send, hello).await.unwrap();
    Played { endpoint, conn, send, recv }
}

/// Plays device `n`, allowed at `node`, up to the point where frames may flow.
async fn play(n: u8, node: &Node, hello: &Hello) -> Played {
    let mut played = greet(n, node, hello).await;
    timeout(PATIENCE, read_hello(&mut played.recv)).await.unwrap().unwrap();
    played
}

/// Plays device `n`, whose hello `node` does not like; the code with which it closes.
async fn turned_away(n: u8, node: &Node, hello: &Hello) -> Option<VarInt> {
    let played = greet(n, node, hello).await;
    let code = close_code(&played.conn).await;
    played.endpoint.close().await;
    code
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_refused_at_the_handshake() {
    let (mut a, mut b) = pair().await;
    let stranger = raw(66).await;
    let conn = dial_raw(&stranger, &a, ALPN_MESH).await.unwrap();
    assert_eq!(close_code(&conn).await, Some(Close::Stranger.code()));
    a.refused("mesh_strangers_refused").await;
    assert!(dial_raw(&stranger, &a, b"something/else").await.is_err());
    a.ping(&mut b).await;
    stranger.close().await;
    a.mesh.shutdown().await;
    b.mesh.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_oversized_frame_ends_that_session_only() {
    let (mut a, mut b) = pair().await;
    let bad = device(3).1;
    a.allow(&[b.id, bad]);
    let mut played = play(3, &a, &hello_of_boot(1)).await;
    a.up(&bad).await;
    played.send.write_all(&(MAX_FRAME_BYTES as u32 + 1).to_be_bytes()).await.unwrap();
    assert_eq!(close_code(&played.conn).await, Some(Close::Protocol.code()));
    a.refused("mesh_frames_refused_too_long").await;
    assert_eq!(a.down(&bad).await, DownReason::Misbehaved);
    a.ping(&mut b).await;
    played.endpoint.close().await;
    a.mesh.shutdown().await;
    b.mesh.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_half_open_connections_and_silence_leave_a_node_healthy() {
    let (mut a, mut b) = pair().await;
    let target = a.mesh.local_addrs()[0];
    let noise = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    for i in 0..5_000usize {
        let mut bytes = vec![0; 1 + i % 1_300];
        rand::fill(&mut bytes[..]);
        if i % 2 == 0 {
            // Looks like the first packet of a QUIC connection.
            bytes[0] |= 0xc0;
            bytes.splice(1..1, [0, 0, 0, 1, 8]);
        }
        noise.send_to(&bytes, target).unwrap();
    }
    // An allowed device that connects and says nothing is given up.
    let mute = device(3).1;
    a.allow(&[b.id, mute]);
    let endpoint = raw(3).await;
    let conn = dial_raw(&endpoint, &a, ALPN_MESH).await.unwrap();
    let _stream = conn.open_bi().await.unwrap();
    assert_eq!(close_code(&conn).await, Some(Close::Protocol.code()));
    a.refused("mesh_hellos_refused").await;
    a.ping(&mut b).await;
    endpoint.close().await;
    a.mesh.shutdown().await;
    b.mesh.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_peer_does_not_wait_for_its_old_connection() {
    let mut a = Node::start_with(1, |config| config.limits.idle_timeout = Duration::from_secs(600)).await;
    let peer = device(3).1;
    a.allow(&[peer]);
    let first = play(3, &a, &hello_of_boot(1)).await;
    a.up(&peer).await;
    // The first start never says goodbye: only the second's hello can tell.
    let second = play(3, &a, &hello_of_boot(2)).await;
    assert_eq!(a.down(&peer).await, DownReason::Replaced);
    assert_eq!(a.up(&peer).await, b"played");
    assert_eq!(second.conn.close_reason(), None);

    // A connection that this start of the peer made before the current one is not taken for a newer one.
    let late = Hello { order: 0, ..hello_of_boot(2) };
    assert_eq!(turned_away(3, &a, &late).await, Some(Close::Duplicate.code()));
    assert_eq!(a.mesh.peers().len(), 1);
    for played in [first, second] {
        played.endpoint.close().await;
    }
    a.mesh.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_machines_with_one_identity_are_shut_out_and_told() {
    let mut a = Node::start(1).await;
    let peer = device(3).1;
    a.allow(&[peer]);
    let mut played = vec![play(3, &a, &hello_of_boot(1)).await];
    a.up(&peer).await;
    for boot in [2, 1] {
        played.push(play(3, &a, &hello_of_boot(boot)).await);
        assert_eq!(a.down(&peer).await, DownReason::Replaced);
        a.up(&peer).await;
    }
    // Both starts took turns: whichever comes next is refused, and the other loses its session.
    for boot in [2, 1] {
        assert_eq!(turned_away(3, &a, &hello_of_boot(boot)).await, Some(Close::RunsTwice.code()));
    }
    assert_eq!(close_code(&played[2].conn).await, Some(Close::RunsTwice.code()));
    let (mut downs, mut told) = (vec![], 0);
    while downs.is_empty() || told < 2 {
        match a.session().await {
            MeshEvent::Down { reason, .. } => downs.push(reason),
            MeshEvent::RunsTwice { device, told_by } => {
                assert_eq!((device, told_by), (peer, a.id));
                told += 1;
            }
            event => panic!("expected nothing else, got {event:?}"),
        }
    }
    assert_eq!(downs, [DownReason::RunsTwice]);
    assert!(a.mesh.peers().is_empty());
    a.mesh.shutdown().await;
}
