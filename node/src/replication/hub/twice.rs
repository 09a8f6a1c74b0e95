//! Devices whose identity two machines use: the copy of a disk was started beside the original.
//!
//! Both would vote with one voice and hand out the same numbers, so the others let neither in
//! ([`crate::mesh`]), and one that hears this of itself stands still until it is alone: it votes for nothing and decides
//! nothing.

use std::collections::BTreeMap;

use branchmesh_model::command::Rejection;
use branchmesh_model::ids::DeviceId;

use super::Hub;
use crate::replication::input::{Effects, Now};

/// So long after it was last noticed a device counts as running twice; both try to connect every few seconds.
const LASTS_MS: u64 = 15_000;

/// Which devices run twice, who says so, and when it was last said (monotonic clock).
pub(super) type Twice = BTreeMap<DeviceId, BTreeMap<DeviceId, u64>>;

impl Hub {
    /// Notes that two machines use the identity of a device.
    pub(super) fn note_twice(&mut self, now: Now, device: DeviceId, told_by: DeviceId, fx: &mut Effects) {
        let known = self.runs_twice(&device);
        self.twice.entry(device).or_default().insert(told_by, now.mono_ms);
        if self.runs_twice(&device) && !known {
            tracing::error!(
                device = %device.short(),
                "two machines use the identity of one device: switch one of them off, empty its data folder and enrol it anew"
            );
            self.mesh_changed = true;
            fx.publish = true;
            if self.stands_still() {
                self.refuse_all_waiting(&Rejection::RunsTwice, fx);
            }
        }
    }

    /// Forgets what was not noticed again for a while.
    pub(super) fn forget_twice(&mut self, now: Now) {
        self.twice.retain(|_, told| {
            told.retain(|_, at| now.mono_ms < *at + LASTS_MS);
            !told.is_empty()
        });
    }

    /// Whether stewardship stands still here, as in a paused process: another machine votes with this device's voice.
    pub(super) fn stands_still(&self) -> bool {
        self.runs_twice(&self.signer.device)
    }

    /// Whether two machines use the identity of a device. Of itself a node believes it once more devices shut it out than
    /// are connected: one alone may lie.
    pub(super) fn runs_twice(&self, device: &DeviceId) -> bool {
        let Some(told) = self.twice.get(device) else { return false };
        if *device == self.signer.device {
            told.keys().filter(|by| self.role_of(by).is_some()).count() > self.peers.len()
        } else {
            told.contains_key(&self.signer.device)
        }
    }
}
