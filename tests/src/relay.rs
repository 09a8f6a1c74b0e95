//! A UDP relay that delays, reorders and loses what passes between the hosts of a test LAN.
//!
//! The relay is a host of its own with an address for every other host: what host `a` sends to the address of `b` leaves the
//! relay, if at all and after a while, from the address of `a`. So each host meets the others at the relay's addresses and
//! answers there, without knowing that something is between.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::dice::Dice;
use crate::lan::Lan;

/// Largest datagram.
const MAX_BYTES: usize = 65_535;
/// How soon a relay that shall stop does.
const STOPS_WITHIN: Duration = Duration::from_millis(50);

/// What the relay does to datagrams.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// So many of a hundred are lost.
    pub lost_percent: usize,
    /// Each of the others takes between these times, drawn anew, so that they overtake each other.
    pub delay_ms: (usize, usize),
}

/// A datagram on its way: when it is due, the order it came in, from and to which host, and what it says.
type Passing = (Reverse<Instant>, Reverse<u64>, usize, usize, Vec<u8>);

/// A running relay; stopped when dropped.
pub struct Relay {
    stop: Arc<AtomicBool>,
    passed: Arc<AtomicU64>,
    lost: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

impl Relay {
    /// Starts a relay between the hosts of `lan`, all of which listen on `port`.
    ///
    /// # Errors
    /// If the LAN has no host for a relay, or its sockets cannot be opened.
    pub fn start(lan: &Lan, port: u16, weather: Weather) -> Result<Self> {
        let hosts: Vec<Ipv4Addr> = (0..lan.hosts()).map(|host| lan.mesh_ip(host)).collect();
        let open = |host| lan.on_relay(|| Ok(UdpSocket::bind((lan.relay_ip(host), port))?));
        let sockets: Arc<Vec<UdpSocket>> = Arc::new((0..hosts.len()).map(open).collect::<Result<_>>()?);
        let mut relay = Self { stop: Arc::default(), passed: Arc::default(), lost: Arc::default(), threads: vec![] };
        let (arrived, passing) = channel();
        let mut dice = Dice::new();
        for to in 0..hosts.len() {
            let line = Line {
                sockets: sockets.clone(),
                hosts: hosts.clone(),
                to,
                weather,
                stop: relay.stop.clone(),
                lost: relay.lost.clone(),
                dice: Dice::seeded(dice.draw()),
            };
            let arrived = arrived.clone();
            relay.threads.push(std::thread::spawn(move || line.listen(&arrived)));
        }
        let (sockets, passed) = (sockets.clone(), relay.passed.clone());
        let hosts = hosts.iter().map(|ip| SocketAddr::from((*ip, port))).collect::<Vec<_>>();
        relay.threads.push(std::thread::spawn(move || deliver(&passing, &sockets, &hosts, &passed)));
        Ok(relay)
    }

    /// Datagrams passed on, and lost.
    pub fn counts(&self) -> (u64, u64) {
        (self.passed.load(Ordering::Relaxed), self.lost.load(Ordering::Relaxed))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // One that panicked has nothing left to stop.
            let _ = thread.join();
        }
    }
}

/// What comes in for one host.
struct Line {
    sockets: Arc<Vec<UdpSocket>>,
    hosts: Vec<Ipv4Addr>,
    to: usize,
    weather: Weather,
    stop: Arc<AtomicBool>,
    lost: Arc<AtomicU64>,
    dice: Dice,
}

impl Line {
    fn listen(mut self, arrived: &Sender<Passing>) {
        let sockets = self.sockets.clone();
        let socket = &sockets[self.to];
        let (mut buffer, mut order) = (vec![0; MAX_BYTES], 0);
        let Ok(()) = socket.set_read_timeout(Some(STOPS_WITHIN)) else { return };
        while !self.stop.load(Ordering::Relaxed) {
            let Ok((length, source)) = socket.recv_from(&mut buffer) else { continue };
            let Some(from) = self.hosts.iter().position(|ip| source.ip() == *ip) else { continue };
            if self.dice.below(100) < self.weather.lost_percent {
                self.lost.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let (least, most) = self.weather.delay_ms;
            let delay = Duration::from_millis((least + self.dice.below(most - least + 1)) as u64);
            order += 1;
            let due = Reverse(Instant::now() + delay);
            if arrived.send((due, Reverse(order), from, self.to, buffer[..length].to_vec())).is_err() {
                return;
            }
        }
    }
}

/// Sends each datagram when it is due, until nobody brings any more.
fn deliver(passing: &Receiver<Passing>, sockets: &[UdpSocket], hosts: &[SocketAddr], passed: &AtomicU64) {
    let mut waiting: BinaryHeap<Passing> = BinaryHeap::new();
    loop {
        let now = Instant::now();
        while waiting.peek().is_some_and(|(due, ..)| due.0 <= now) {
            if let Some((.., from, to, bytes)) = waiting.pop()
                && sockets[from].send_to(&bytes, hosts[to]).is_ok()
            {
                passed.fetch_add(1, Ordering::Relaxed);
            }
        }
        let wait = waiting.peek().map_or(STOPS_WITHIN, |(due, ..)| due.0.saturating_duration_since(now));
        match passing.recv_timeout(wait) {
            Ok(datagram) => waiting.push(datagram),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
