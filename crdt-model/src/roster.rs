//! The roster: which devices belong to the branch, in what role, who may administer, and who was revoked.
//!
//! Keys of the `roster` document: `e/{device}` an [`Enrolment`], `v/{device}` a [`Revocation`], `a/{device}` an
//! [`AdminGrant`]. The founder's own enrolment is the first change; only admin devices write here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{BranchId, CounterNo, DeviceId};
use crate::schema::Role;
use crate::time::UnixMs;

/// A device was accepted into the branch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Enrolment {
    /// The device.
    pub device: DeviceId,
    /// Its role.
    pub role: Role,
    /// Its name, such as "Window 3".
    pub name: String,
    /// The counter it stands at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<CounterNo>,
    /// Letters of its side lane, unique in the branch (see [`Roster::next_lane`]).
    pub lane: String,
    /// When, on the admin device's clock.
    pub at: UnixMs,
    /// The admin device that accepted it.
    pub by: DeviceId,
}

/// A device no longer belongs to the branch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Revocation {
    /// The device.
    pub device: DeviceId,
    /// The number of its last envelope that counts.
    pub last: u64,
    /// When, on the admin device's clock.
    pub at: UnixMs,
    /// The admin device that revoked it.
    pub by: DeviceId,
}

/// A device was given the admin right.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AdminGrant {
    /// The device.
    pub device: DeviceId,
    /// When, on the granting device's clock.
    pub at: UnixMs,
    /// The admin device that gave it.
    pub by: DeviceId,
}

/// A device as the roster knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device {
    /// How it was enrolled.
    pub enrolment: Enrolment,
    /// Whether it may write the roster.
    pub admin: bool,
    /// Set once it was revoked.
    pub revoked: Option<Revocation>,
}

/// All devices of a branch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Roster {
    /// The branch: its founder.
    pub branch: BranchId,
    /// By id.
    pub devices: BTreeMap<DeviceId, Device>,
}
