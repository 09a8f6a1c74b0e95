//! Which connection of a pair stays.
//!
//! Both devices of a pair may dial at the same moment, and after an interruption or a restart one side may still hold a
//! connection the other has given up. The rules, the same on both sides:
//!
//! * A side dials only while it has no session with the device, and numbers every hello it sends (`order`). So of two
//!   connections of the same start of a node, the one with its later hello is the one it believes in; a hello of another
//!   start always is.
//! * While its own dial is under way, the device with the lower id keeps an incoming connection of that peer waiting. If
//!   the dial succeeds, the waiting one is a duplicate; if not, it takes its place. The higher id accepts at once. So of
//!   two simultaneous dials the lower device's stays, and nobody sees the other.
//! * Two starts of a device that take turns are two machines with one identity; neither is let in for a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use branchmesh_model::ids::DeviceId;
use tokio::sync::Notify;

use super::boots::Boots;
use super::event::DownReason;
use super::link::{Link, Traffic};

/// The place of a connection among those of its pair, from the other side's hello.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mark {
    /// The start of the peer's node.
    pub(super) boot: [u8; 16],
    /// The peer's count of hellos.
    pub(super) order: u64,
}

impl Mark {
    /// Whether the peer believes in this connection rather than in `other`.
    fn supersedes(&self, other: &Mark) -> bool {
        self.boot != other.boot || self.order > other.order
    }
}

/// How far an own dial is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dial {
    /// No hello was sent yet, so it can be given up without the other side ever knowing.
    Connecting,
    /// The other side may have accepted already.
    HelloSent,
}

#[derive(Debug, Default)]
struct Slot {
    link: Option<Arc<Link>>,
    dial: Option<Dial>,
    boots: Boots,
    /// Sessions registered so far; names them for [`Registry::remove`].
    sessions: u64,
    changed: Arc<Notify>,
    traffic: Arc<Traffic>,
}

/// The sessions and own dials of all peers.
#[derive(Debug)]
pub(super) struct Registry {
    slots: Mutex<BTreeMap<DeviceId, Slot>>,
}

impl Registry {
    pub(super) fn new() -> Self {
        Self { slots: Mutex::default() }
    }

    /// The session with a device.
    pub(super) fn link(&self, peer: &DeviceId) -> Option<Arc<Link>> {
        self.lock().get(peer)?.link.clone()
    }

    /// All sessions.
    pub(super) fn links(&self) -> Vec<Arc<Link>> {
        self.lock().values().filter_map(|slot| slot.link.clone()).collect()
    }

    /// Notified when a device's session or dial begins or ends.
    pub(super) fn changed(&self, peer: &DeviceId) -> Arc<Notify> {
        self.lock().entry(*peer).or_default().changed.clone()
    }

    /// The byte counts of a device over all its sessions.
    pub(super) fn traffic(&self, peer: &DeviceId) -> Arc<Traffic> {
        self.lock().entry(*peer).or_default().traffic.clone()
    }

    /// Notes that an own dial begins, unless there is a session.
    pub(super) fn begin_dial(&self, peer: &DeviceId) -> bool {
        let mut slots = self.lock();
        let slot = slots.entry(*peer).or_default();
        if slot.link.is_some() {
            return false;
        }
        slot.dial = Some(Dial::Connecting);
        true
    }

    /// Draws the number of the hello of an own dial with `draw`; `None` if an incoming connection was faster.
    pub(super) fn send_hello(&self, peer: &DeviceId, draw: impl FnOnce() -> u64) -> Option<u64> {
        let mut slots = self.lock();
        let slot = slots.get_mut(peer)?;
        if slot.link.is_some() || slot.dial.is_none() {
            return None;
        }
        slot.dial = Some(Dial::HelloSent);
        Some(draw())
    }

    /// Notes that an own dial ended, one way or the other.
    pub(super) fn end_dial(&self, peer: &DeviceId) {
        if let Some(slot) = self.lock().get_mut(peer) {
            slot.dial = None;
            slot.changed.notify_waiters();
        }
    }

    /// How far an own dial to a device is.
    pub(super) fn dial(&self, peer: &DeviceId) -> Option<Dial> {
        self.lock().get(peer)?.dial
    }

    /// Registers a session, closing the one it supersedes; the error says why it is not kept. `draw` runs under the same
    /// lock, so that the order of hellos is the order of registrations.
    pub(super) fn insert<T>(&self, link: Arc<Link>, draw: impl FnOnce() -> T) -> Result<Inserted<T>, NotKept> {
        let mut slots = self.lock();
        let slot = slots.entry(link.peer).or_default();
        if !slot.boots.admits(link.mark.boot, Instant::now()) {
            if let Some(other) = &slot.link {
                other.end(DownReason::RunsTwice);
            }
            return Err(NotKept::RunsTwice);
        }
        let former = slot.link.take();
        if let Some(existing) = &former
            && !link.mark.supersedes(&existing.mark)
        {
            slot.link = former;
            return Err(NotKept::Older);
        }
        if let Some(stale) = &former {
            stale.end(DownReason::Replaced);
        }
        slot.sessions += 1;
        slot.link = Some(link);
        slot.changed.notify_waiters();
        Ok(Inserted { former, session: slot.sessions, drawn: draw() })
    }

    /// Forgets a session that ended, if it is still the current one.
    pub(super) fn remove(&self, peer: &DeviceId, session: u64) {
        if let Some(slot) = self.lock().get_mut(peer)
            && slot.sessions == session
        {
            slot.link = None;
            slot.changed.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<DeviceId, Slot>> {
        self.slots.lock().expect("no holder of this lock panics")
    }
}

/// Why a session was not registered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NotKept {
    /// The existing one is newer.
    Older,
    /// Two machines use the peer's identity.
    RunsTwice,
}

/// A session was registered.
#[derive(Debug)]
pub(super) struct Inserted<T> {
    /// The session it took the place of; its `Down` comes before the new one's `Up`.
    pub(super) former: Option<Arc<Link>>,
    /// The name of the new one for [`Registry::remove`].
    pub(super) session: u64,
    /// What `draw` gave.
    pub(super) drawn: T,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_hello_of_a_start_or_any_of_another_start_wins() {
        let mark = |boot, order| Mark { boot: [boot; 16], order };
        assert!(mark(1, 8).supersedes(&mark(1, 7)));
        assert!(!mark(1, 6).supersedes(&mark(1, 7)));
        assert!(mark(2, 1).supersedes(&mark(1, 7)), "a restarted peer does not wait for its old connection");
    }

    #[test]
    fn a_dial_is_given_up_only_before_its_hello() {
        let (registry, peer) = (Registry::new(), DeviceId([1; 32]));
        assert!(registry.begin_dial(&peer));
        assert_eq!(registry.dial(&peer), Some(Dial::Connecting));
        assert_eq!(registry.send_hello(&peer, || 5), Some(5));
        assert_eq!(registry.dial(&peer), Some(Dial::HelloSent));
        registry.end_dial(&peer);
        assert_eq!(registry.dial(&peer), None);
        assert_eq!(registry.send_hello(&peer, || 6), None);
    }
}
