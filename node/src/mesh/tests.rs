//! Real endpoints on loopback. Waiting is generous; nothing is asserted about time.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use branchmesh_model::ids::DeviceId;
use bytes::Bytes;
use iroh::endpoint::{Connection, VarInt};
use iroh::{Endpoint, SecretKey};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::wire::{ALPN_MESH, Close, Hello, MAX_FRAME_BYTES, read_hello, write_hello};
use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

/// A device's key: devices are ordered by their ids, which tests that care about order look up.
fn device(n: u8) -> ([u8; 32], DeviceId) {
    let secret = [n; 32];
    (secret, DeviceId(*SecretKey::from_bytes(&secret).public().as_bytes()))
}

struct Node {
    id: DeviceId,
    mesh: Mesh,
    events: mpsc::Receiver<MeshEvent>,
}

impl Node {
    async fn start(n: u8) -> Self {
        Self::start_with(n, |_| {}).await
    }

    /// A node whose owner has room for few events before it must take some.
    async fn start_with_room(n: u8, events: usize) -> Self {
        Self::start_as(n, |_| {}, events).await
    }

    async fn start_with(n: u8, change: impl FnOnce(&mut MeshConfig)) -> Self {
        Self::start_as(n, change, 1024).await
    }

    async fn start_as(n: u8, change: impl FnOnce(&mut MeshConfig), room: usize) -> Self {
        let (secret, id) = device(n);
        let mut config = MeshConfig::new(secret);
        config.listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
        change(&mut config);
        let (tx, events) = mpsc::channel(room);
        let started = async {
            // A port that was just given back may be another test's for a moment.
            loop {
                match Mesh::start(config.clone(), format!("hello of {n}").into_bytes(), tx.clone()).await {
                    Err(MeshError::Bind { .. }) => tokio::time::sleep(Duration::from_millis(50)).await,
                    started => break started.unwrap(),
                }
            }
        };
        let mesh = timeout(PATIENCE, started).await.expect("the address becomes free");
        assert_eq!(mesh.shared.me, id);
        Self { id, mesh, events }
    }

    fn allow(&self, others: &[DeviceId]) {
        self.mesh.set_allowed(others.iter().copied().collect());
    }

    fn knows(&self, other: &Node) {
        self.mesh.learn(other.id, other.mesh.local_addrs());
    }

    async fn next(&mut self) -> MeshEvent {
        timeout(PATIENCE, self.events.recv()).await.expect("an event comes").expect("the mesh runs")
    }

    /// The next event about a session. Refusals come between, as devices are allowed one after the other.
    async fn session(&mut self) -> MeshEvent {
        loop {
            match self.next().await {
                MeshEvent::Refused { .. } => {}
                event => break event,
            }
        }
    }

    async fn refused(&mut self, name: &str) {
        match self.next().await {
            MeshEvent::Refused { reason } => assert_eq!(reason, name),
            event => panic!("expected a refusal, got {event:?}"),
        }
    }

    async fn up(&mut self, other: &DeviceId) -> Vec<u8> {
        match self.session().await {
            MeshEvent::Up { peer, hello, address } => {
                assert_eq!(peer, *other);
                assert!(address.is_some());
                hello
            }
            event => panic!("expected Up, got {event:?}"),
        }
    }

    async fn down(&mut self, other: &DeviceId) -> DownReason {
        match self.session().await {
            MeshEvent::Down { peer, reason } => {
                assert_eq!(peer, *other);
                reason
            }
            event => panic!("expected Down, got {event:?}"),
        }
    }

    async fn frame(&mut self, other: &DeviceId) -> Bytes {
        match self.session().await {
            MeshEvent::Frame { peer, bytes } => {
                assert_eq!(peer, *other);
                bytes
            }
            event => panic!("expected a frame, got {event:?}"),
        }
    }

    /// Sends a frame as the hub would, trying again while the queue is full.
    async fn send(&self, to: &DeviceId, frame: &Bytes) {
        while let Err(error) = self.mesh.send(to, frame.clone()) {
            assert_eq!(error, SendError::Full);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Proves that the session works in both directions and that no other event came before.
    async fn ping(&mut self, other: &mut Node) {
        self.send(&other.id, &Bytes::from_static(b"ping")).await;
        assert_eq!(other.frame(&self.id).await, "ping");
        other.send(&self.id, &Bytes::from_static(b"pong")).await;
        assert_eq!(self.frame(&other.id).await, "pong");
    }
}

async fn pair() -> (Node, Node) {
    let (mut a, mut b) = (Node::start(1).await, Node::start(2).await);
    a.allow(&[b.id]);
    b.allow(&[a.id]);
    a.knows(&b);
    assert_eq!(a.up(&b.id).await, b"hello of 2");
    assert_eq!(b.up(&a.id).await, b"hello of 1");
    (a, b)
}

/// A device that speaks QUIC but is no mesh.
async fn raw(n: u8, alpns: &[&[u8]]) -> Endpoint {
    Endpoint::builder(iroh::endpoint::presets::Minimal)
        .secret_key(SecretKey::from_bytes(&device(n).0))
        .clear_ip_transports()
        .bind_addr(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .unwrap()
        .alpns(alpns.iter().map(|alpn| alpn.to_vec()).collect())
        .bind()
        .await
        .unwrap()
}

async fn dial_raw(from: &Endpoint, to: &Node, alpn: &[u8]) -> Result<Connection, String> {
    let target = endpoint::dial_address(&to.id, &to.mesh.local_addrs()).unwrap();
    timeout(PATIENCE, from.connect(target, alpn)).await.unwrap().map_err(|error| format!("{error:#}"))
}

fn closed_with(error: &iroh::endpoint::ConnectionError) -> Option<VarInt> {
    match error {
        iroh::endpoint::ConnectionError::ApplicationClosed(close) => Some(close.error_code),
        _ => None,
    }
}

async fn wait_for(what: &str, holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(timeout(PATIENCE, wait).await.is_ok(), "never: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_exchange_frames_in_order() {
    let (mut a, mut b) = pair().await;
    a.ping(&mut b).await;
    let frames: Vec<Bytes> = (0..2_000u32).map(|i| vec![i as u8; (i as usize * 37) % 9_000].into()).collect();
    for frame in &frames {
        a.send(&b.id, frame).await;
    }
    for frame in &frames {
        assert_eq!(b.frame(&a.id).await, frame);
    }
    let longest: Bytes = vec![7; MAX_FRAME_BYTES].into();
    a.mesh.send_bulk(&b.id, longest.clone()).unwrap();
    assert_eq!(b.frame(&a.id).await, longest);
    assert_eq!(a.mesh.send(&b.id, vec![0; MAX_FRAME_BYTES + 1].into()), Err(SendError::TooLong));
    assert_eq!(a.mesh.send(&device(9).1, Bytes::new()), Err(SendError::NotConnected));

    let sent: u64 = 4 + 4 + frames.iter().chain([&longest]).map(|f| 4 + f.len() as u64).sum::<u64>();
    let link = |node: &Node| node.mesh.peers().pop().unwrap();
    assert_eq!(link(&b).bytes_in, sent);
    assert_eq!(link(&a).device, b.id);
    assert!(link(&a).rtt_ms.is_some());
    assert_eq!(link(&a).address, Some(b.mesh.local_addrs()[0]));
    a.mesh.shutdown().await;
    assert_eq!(b.down(&a.id).await, DownReason::ClosedByPeer);
    b.mesh.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bulk_frames_do_not_hold_up_live_ones() {
    let (mut a, mut b) = pair().await;
    // More than the windows and the event channel take: the bulk stream is stuck until the receiver reads.
    for _ in 0..4 {
        a.mesh.send_bulk(&b.id, vec![1; MAX_FRAME_BYTES].into()).unwrap();
    }
    a.mesh.send(&b.id, Bytes::from_static(b"heartbeat")).unwrap();
    let mut seen = Vec::new();
    while seen.len() < 5 {
        seen.push(b.frame(&a.id).await.len());
    }
    assert!(seen.contains(&b"heartbeat".len()));
    assert_ne!(seen.last(), Some(&b"heartbeat".len()), "it overtook what was queued before it");
    a.ping(&mut b).await;
    a.mesh.shutdown().await;
    b.mesh.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simultaneous_dials_give_one_session() {
    for _ in 0..10 {
        let (mut a, mut b) = (Node::start(1).await, Node::start(2).await);
        a.knows(&b);
        b.knows(&a);
        a.allow(&[b.id]);
        b.allow(&[a.id]);
        a.up(&b.id).await;
        b.up(&a.id).await;
        // `ping` fails on any further Up or Down.
        a.ping(&mut b).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        a.ping(&mut b).await;
        assert_eq!((a.mesh.peers().len(), b.mesh.peers().len()), (1, 1));
        a.mesh.shutdown().await;
        b.mesh.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_refused_at_the_handshake() {
    let (mut a, mut b) = pair().await;
    let stranger = raw(66, &[]).await;
    let conn = dial_raw(&stranger, &a, ALPN_MESH).await.unwrap();
    let error = timeout(PATIENCE, conn.closed()).await.unwrap();
    assert_eq!(closed_with(&error), Some(Close::Stranger.code()));
    a.refused("mesh_strangers_refused").await;
    assert!(dial_raw(&stranger, &a, b"something/else").await.is_err());
    a.ping(&mut b).await;
    stranger.close().await;
    a.mesh.shutdown().await;
    b.mesh.shutdown().await;
}

/// Plays device `n`, allowed at `node`, up to the point where frames may flow.
async fn play(n: u8, node: &Node, hello: Hello) -> (Endpoint, Connection, iroh::endpoint::SendStream) {
    let endpoint = raw(n, &[]).await;
    let conn = dial_raw(&endpoint, node, ALPN_MESH).await.unwrap();
    let (mut send, mut recv) = conn.open_bi().await.unwrap();
    write_hello(&mut send, &hello).await.unwrap();
    timeout(PATIENCE, read_hello(&mut recv)).await.unwrap().unwrap();
    (endpoint, conn, send)
}

fn hello_of_boot(boot: u8) -> Hello {
    Hello { boot: [boot; 16], order: 1, node: b"played".to_vec() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_oversized_frame_ends_that_session_only() {
    let (mut a, mut b) = pair().await;
    let bad = device(3).1;
    a.allow(&[b.id, bad]);
    let (endpoint, conn, mut send) = play(3, &a, hello_of_boot(1)).await;
    a.up(&bad).await;
    send.write_all(&(MAX_FRAME_BYTES as u32 + 1).to_be_bytes()).await.unwrap();
    let error = timeout(PATIENCE, conn.closed()).await.unwrap();
    assert_eq!(closed_with(&error), Some(Close::Protocol.code()));
    a.refused("mesh_frames_refused_too_long").await;
    assert_eq!(a.down(&bad).await, DownReason::Misbehaved);
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
    let (first, _conn, _send) = play(3, &a, hello_of_boot(1)).await;
    a.up(&peer).await;
    // The first start never says goodbye: only the second's hello can tell.
    let (second, conn, _send) = play(3, &a, hello_of_boot(2)).await;
    assert_eq!(a.down(&peer).await, DownReason::Replaced);
    assert_eq!(a.up(&peer).await, b"played");
    assert_eq!(conn.close_reason(), None);

    // A connection that this start of the peer made before the current one is not taken for a newer one.
    let (third, mut late) = (raw(3, &[]).await, hello_of_boot(2));
    late.order = 0;
    let conn = dial_raw(&third, &a, ALPN_MESH).await.unwrap();
    let (mut send, _recv) = conn.open_bi().await.unwrap();
    write_hello(&mut send, &late).await.unwrap();
    let error = timeout(PATIENCE, conn.closed()).await.unwrap();
    assert_eq!(closed_with(&error), Some(Close::Duplicate.code()));
    assert_eq!(a.mesh.peers().len(), 1);
    for endpoint in [first, second, third] {
        endpoint.close().await;
    }
    a.mesh.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_machines_with_one_identity_are_shut_out_and_told() {
    let mut a = Node::start(1).await;
    let peer = device(3).1;
    a.allow(&[peer]);
    let mut played = vec![play(3, &a, hello_of_boot(1)).await];
    a.up(&peer).await;
    for boot in [2, 1] {
        played.push(play(3, &a, hello_of_boot(boot)).await);
        assert_eq!(a.down(&peer).await, DownReason::Replaced);
        a.up(&peer).await;
    }
    // Both starts took turns: whichever comes next is refused, and the other loses its session.
    for boot in [2, 1] {
        let refused = raw(3, &[]).await;
        let conn = dial_raw(&refused, &a, ALPN_MESH).await.unwrap();
        let (mut send, _recv) = conn.open_bi().await.unwrap();
        write_hello(&mut send, &hello_of_boot(boot)).await.unwrap();
        let error = timeout(PATIENCE, conn.closed()).await.unwrap();
        assert_eq!(closed_with(&error), Some(Close::RunsTwice.code()));
        refused.close().await;
    }
    let error = timeout(PATIENCE, played[2].1.closed()).await.unwrap();
    assert_eq!(closed_with(&error), Some(Close::RunsTwice.code()));
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_with_the_same_key_and_port_comes_back() {
    let (mut a, b) = pair().await;
    let address = b.mesh.local_addrs()[0];
    b.mesh.shutdown().await;
    a.down(&b.id).await;
    let mut b = Node::start_with(2, |config| config.listen = vec![address]).await;
    b.allow(&[a.id]);
    a.up(&b.id).await;
    b.up(&a.id).await;
    a.ping(&mut b).await;
    a.mesh.shutdown().await;
    b.mesh.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_device_is_cut_off_at_once_and_stays_out() {
    let (mut a, mut b) = pair().await;
    a.allow(&[]);
    assert_eq!(a.down(&b.id).await, DownReason::Revoked);
    assert_eq!(b.down(&a.id).await, DownReason::ClosedByPeer);
    assert_eq!(a.mesh.send(&b.id, Bytes::new()), Err(SendError::NotConnected));
    // It keeps dialling and is refused each time.
    wait_for("refused", || a.mesh.counts().get("mesh_strangers_refused").is_some_and(|n| *n >= 2)).await;
    assert!(a.mesh.peers().is_empty());
    while let Ok(event) = a.events.try_recv() {
        assert!(matches!(event, MeshEvent::Refused { .. }), "{event:?}");
    }
    // Allowed again, it is back.
    a.allow(&[b.id]);
    a.up(&b.id).await;
    b.up(&a.id).await;
    a.mesh.shutdown().await;
    b.mesh.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_peer_fills_its_queue_and_nobody_waits() {
    let (mut a, mut b) = (Node::start(1).await, Node::start_with_room(2, 8).await);
    let mut c = Node::start(3).await;
    a.allow(&[b.id, c.id]);
    b.allow(&[a.id]);
    c.allow(&[a.id]);
    a.knows(&b);
    a.up(&b.id).await;
    b.up(&a.id).await;
    a.knows(&c);
    a.up(&c.id).await;
    c.up(&a.id).await;
    // `b` takes no events: its channel, then the windows, then the queue at `a` fill up.
    let frame: Bytes = vec![5; 256 << 10].into();
    let mut sent = 0;
    let full = async {
        loop {
            match a.mesh.send(&b.id, frame.clone()) {
                Ok(()) => sent += 1,
                Err(error) => {
                    assert_eq!(error, SendError::Full);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    if a.mesh.send(&b.id, frame.clone()) == Err(SendError::Full) {
                        break;
                    }
                    sent += 1;
                }
            }
        }
    };
    timeout(Duration::from_secs(120), full).await.expect("the queue is bounded");
    let queued = a.mesh.peers().into_iter().find(|link| link.device == b.id).unwrap();
    assert!(queued.queued_bytes <= Limits::default().queue_bytes && queued.queued_frames > 0);
    a.ping(&mut c).await;
    for _ in 0..sent {
        assert_eq!(b.frame(&a.id).await.len(), frame.len());
    }
    a.ping(&mut b).await;
    for node in [a, b, c] {
        node.mesh.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joining_needs_an_open_door() {
    let mut admin = Node::start(1).await;
    let (secret, joiner) = device(9);
    // One of the addresses leads to another device, one to nobody.
    let (other, silent) = (Node::start(2).await, UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let mut addrs = vec![silent.local_addr().unwrap(), other.mesh.local_addrs()[0]];
    addrs.extend(admin.mesh.local_addrs());
    let (id, to) = (admin.id, addrs.clone());
    let ask = move |request: &[u8]| join(secret, to.clone(), id, request.to_vec(), PATIENCE);

    assert_eq!(ask(b"let me in").await, Err(JoinError::Refused));
    admin.refused("mesh_joins_refused_no_invitation").await;

    admin.mesh.set_joinable(true);
    let asking = tokio::spawn(ask(b"let me in"));
    let MeshEvent::Join(request) = admin.next().await else { panic!("expected a request to join") };
    assert_eq!((request.from, &request.bytes[..]), (joiner, &b"let me in"[..]));
    request.reply.send(b"welcome".to_vec()).unwrap();
    assert_eq!(asking.await.unwrap(), Ok(b"welcome".to_vec()));

    let asking = tokio::spawn(ask(b"forged"));
    let MeshEvent::Join(request) = admin.next().await else { panic!("expected a request to join") };
    drop(request.reply);
    assert_eq!(asking.await.unwrap(), Err(JoinError::Refused));
    assert_eq!(ask(&vec![0; 1 << 20]).await, Err(JoinError::TooLong));
    admin.mesh.shutdown().await;
    other.mesh.shutdown().await;
    let admin_gone = device(1).1;
    let nobody = join(secret, addrs, admin_gone, Vec::new(), Duration::from_millis(10)).await;
    assert_eq!(nobody, Err(JoinError::Unreachable));
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
    let endpoint = raw(3, &[]).await;
    let conn = dial_raw(&endpoint, &a, ALPN_MESH).await.unwrap();
    let _stream = conn.open_bi().await.unwrap();
    let error = timeout(PATIENCE, conn.closed()).await.unwrap();
    assert_eq!(closed_with(&error), Some(Close::Protocol.code()));
    a.refused("mesh_hellos_refused").await;
    a.ping(&mut b).await;
    endpoint.close().await;
    a.mesh.shutdown().await;
    b.mesh.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn configured_addresses_need_no_names() {
    // Each knows the addresses of both others, but not whose is whose; the dialled one of a wrong pair keeps silent.
    let ports: Vec<SocketAddr> = (0..3)
        .map(|_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap())
        .collect::<Vec<_>>()
        .iter()
        .map(|socket| socket.local_addr().unwrap())
        .collect();
    let all: Vec<DeviceId> = (1..=3).map(|n| device(n).1).collect();
    let mut nodes = Vec::new();
    for n in 1..=3u8 {
        let node = Node::start_with(n, |config| {
            config.listen = vec![ports[usize::from(n) - 1]];
            config.static_peers = ports.clone();
        })
        .await;
        node.allow(&all);
        nodes.push(node);
    }
    for node in &nodes {
        wait_for("both others are up", || node.mesh.peers().len() == 2).await;
    }
    for node in nodes {
        node.mesh.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_devices_form_a_full_mesh() {
    let mut nodes = Vec::new();
    for n in 1..=10 {
        nodes.push(Node::start(n).await);
    }
    let all: BTreeSet<DeviceId> = nodes.iter().map(|node| node.id).collect();
    for node in &nodes {
        nodes.iter().for_each(|other| node.knows(other));
    }
    nodes.iter().for_each(|node| node.mesh.set_allowed(all.clone()));
    let mut ups = vec![BTreeSet::new(); nodes.len()];
    for (node, up) in nodes.iter_mut().zip(&mut ups) {
        while up.len() < all.len() - 1 {
            match node.session().await {
                MeshEvent::Up { peer, .. } => assert!(up.insert(peer), "up twice"),
                event => panic!("{event:?}"),
            }
        }
    }
    for node in &nodes {
        all.iter().filter(|id| **id != node.id).for_each(|id| node.mesh.send(id, Bytes::from_static(b"hi")).unwrap());
    }
    for node in &mut nodes {
        let mut from = BTreeSet::new();
        while from.len() < all.len() - 1 {
            let MeshEvent::Frame { peer, bytes } = node.session().await else { panic!("a session ended") };
            assert_eq!(bytes, "hi");
            from.insert(peer);
        }
    }
    for node in nodes {
        node.mesh.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_address_is_named_in_the_error() {
    let a = Node::start(1).await;
    let taken = a.mesh.local_addrs()[0];
    let mut config = MeshConfig::new(device(2).0);
    config.listen = vec![taken];
    let error = Mesh::start(config, Vec::new(), mpsc::channel(1).0).await.unwrap_err();
    assert!(error.to_string().contains(&taken.to_string()), "{error}");
    a.mesh.shutdown().await;
}
