//! Real endpoints on loopback. Waiting is generous; nothing is asserted about time.

mod intruders;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use branchmesh_model::ids::DeviceId;
use bytes::Bytes;
use iroh::SecretKey;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::wire::MAX_FRAME_BYTES;
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
