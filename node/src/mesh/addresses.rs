//! Where devices may be reached.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use branchmesh_model::ids::DeviceId;

/// Addresses kept of one device; the newest push the oldest out.
const KEPT: usize = 8;
/// Devices whose addresses are kept although they are not (yet) allowed.
const MAX_DEVICES: usize = 1_024;

/// Addresses told, remembered, announced or proven, newest first.
#[derive(Debug, Default)]
pub(super) struct AddressBook {
    learnt: BTreeMap<DeviceId, VecDeque<SocketAddr>>,
    fixed: Vec<SocketAddr>,
}

impl AddressBook {
    /// A book with the addresses of the configuration, whose devices are not known.
    pub(super) fn new(fixed: Vec<SocketAddr>) -> Self {
        Self { learnt: BTreeMap::new(), fixed }
    }

    /// Notes addresses of a device; says whether one of them is new.
    pub(super) fn learn(&mut self, device: DeviceId, addrs: &[SocketAddr]) -> bool {
        if self.learnt.len() >= MAX_DEVICES && !self.learnt.contains_key(&device) {
            return false;
        }
        let known = self.learnt.entry(device).or_default();
        let mut new = false;
        for addr in addrs.iter().rev().filter(|a| dialable(a)) {
            let len = known.len();
            known.retain(|a| a != addr);
            new |= known.len() == len;
            known.push_front(*addr);
        }
        known.truncate(KEPT);
        new
    }

    /// Where to try a device: what was learnt of it, and the configured addresses except those where, as `taken` says,
    /// another device is.
    pub(super) fn candidates(&self, device: &DeviceId, taken: impl Fn(&SocketAddr) -> bool) -> Vec<SocketAddr> {
        let mut addrs: Vec<SocketAddr> = self.learnt.get(device).into_iter().flatten().copied().collect();
        for addr in self.fixed.iter().filter(|a| dialable(a) && !taken(a)) {
            if !addrs.contains(addr) {
                addrs.push(*addr);
            }
        }
        addrs
    }
}

/// Whether an address can be dialled at all. Link-local IPv6 needs an interface, which is not told with it.
pub(super) fn dialable(addr: &SocketAddr) -> bool {
    let local_link = matches!(addr.ip(), IpAddr::V6(ip) if ip.is_unicast_link_local());
    addr.port() != 0 && !addr.ip().is_unspecified() && !addr.ip().is_multicast() && !local_link
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([10, 7, 0, 2], port))
    }

    #[test]
    fn the_newest_addresses_are_kept() {
        let (mut book, device) = (AddressBook::default(), DeviceId([1; 32]));
        for port in 1..=20 {
            assert!(book.learn(device, &[at(port)]));
        }
        assert!(!book.learn(device, &[at(15)]), "known already");
        let kept = book.candidates(&device, |_| false);
        assert_eq!(kept, [15, 20, 19, 18, 17, 16, 14, 13].map(at));
    }

    #[test]
    fn configured_addresses_are_tried_for_every_device_until_taken() {
        let mut book = AddressBook::new(vec![at(1), at(2)]);
        let (one, other) = (DeviceId([1; 32]), DeviceId([2; 32]));
        book.learn(one, &[at(2), at(3)]);
        assert_eq!(book.candidates(&one, |_| false), [at(2), at(3), at(1)]);
        assert_eq!(book.candidates(&other, |a| *a == at(2)), [at(1)]);
    }

    #[test]
    fn what_cannot_be_dialled_is_not_kept() {
        let mut book = AddressBook::default();
        let bad = ["0.0.0.0:1", "10.7.0.2:0", "224.0.0.251:5353", "[fe80::1]:7443", "[::]:7443"];
        assert!(!book.learn(DeviceId([1; 32]), &bad.map(|a| a.parse().unwrap())));
    }
}
