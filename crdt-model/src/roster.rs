//! The roster: which devices belong to the branch, in what role, who may administer, and who was revoked.
//!
//! Keys of the `roster` document: `e/{device}` an [`Enrolment`], `v/{device}` a [`Revocation`], `a/{device}` an
//! [`AdminGrant`], `h/{device}/{last}/{by}` a [`Holding`]. The founder's own enrolment is the first change; only admin
//! devices write here, except that every device may state what it holds of a revoked one.

use std::collections::{BTreeMap, BTreeSet};

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

/// A device had accepted more of a revoked device than its revocation counts, before it heard of it.
///
/// While the branch was split, the other side could not know of the revocation and built upon such changes. If they
/// were refused for ever, so would be everything honest devices built on them, and the documents would stay unequal. So
/// what an enrolled device had accepted by the time it heard of the revocation counts. Nothing made later can: whoever
/// knows of the revocation accepts nothing beyond what counts, hence has nothing more to state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Holding {
    /// The revoked device.
    pub device: DeviceId,
    /// The number of its newest envelope that the stating device had accepted.
    pub last: u64,
    /// When, on the stating device's clock.
    pub at: UnixMs,
    /// The device that states it.
    pub by: DeviceId,
}

/// What the keys of holdings begin with.
const HOLDING: &str = "h/";

impl Holding {
    /// Its key in the roster document.
    pub fn key(&self) -> String {
        format!("{HOLDING}{}/{}/{}", self.device, self.last, self.by)
    }
}

/// Whether `key` states what a device holds; every device may write such a key, in its own name.
pub fn is_holding(key: &str) -> bool {
    key.starts_with(HOLDING)
}

/// Whether `key` states what `author` holds.
pub fn is_holding_of(key: &str, author: &DeviceId) -> bool {
    is_holding(key) && key.rsplit('/').next().is_some_and(|by| by == author.to_string())
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
    /// Set once it was revoked; its `last` counts what other devices had accepted before they heard of it.
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

/// Letters that are never mistaken for a digit when a number is read aloud or by hand.
const FIRST_LETTERS: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Letters by which a lane names a device below its admin device; `M` goes on.
const CHILD_LETTERS: &str = "ABCDEFGHJKL";
/// Letters by which a lane names a storage generation; `Z` goes on.
const GENERATION_LETTERS: &str = "NPQRSTUVWXY";

impl Roster {
    /// Folds the keys of the roster document; also names the keys that could not be read or do not count.
    pub fn fold(branch: BranchId, facts: &BTreeMap<String, String>) -> (Self, Vec<String>) {
        let mut bad = vec![];
        let enrolments: BTreeMap<DeviceId, Enrolment> = read(facts, "e/", |e: &Enrolment| e.device, &mut bad);
        let revocations: BTreeMap<DeviceId, Revocation> = read(facts, "v/", |r: &Revocation| r.device, &mut bad);
        let grants: BTreeMap<DeviceId, AdminGrant> = read(facts, "a/", |g: &AdminGrant| g.device, &mut bad);
        let admins = admins(branch, &grants);
        let holdings = holdings(facts, &enrolments, &mut bad);
        bad.extend(grants.keys().filter(|d| !admins.contains(d)).map(|d| format!("a/{d}")));
        let device = |(id, enrolment): (DeviceId, Enrolment)| {
            let mut revoked = revocations.get(&id).cloned();
            if let (Some(revocation), Some(held)) = (&mut revoked, holdings.get(&id)) {
                revocation.last = revocation.last.max(*held);
            }
            (id, Device { enrolment, admin: admins.contains(&id) && revoked.is_none(), revoked })
        };
        (Self { branch, devices: enrolments.into_iter().map(device).collect() }, bad)
    }

    /// A device that belongs to the branch and was not revoked.
    pub fn active(&self, device: &DeviceId) -> Option<&Device> {
        self.devices.get(device).filter(|d| d.revoked.is_none())
    }

    /// Whether a device may write the roster now.
    pub fn is_admin(&self, device: &DeviceId) -> bool {
        self.active(device).is_some_and(|d| d.admin)
    }

    /// The lane for the next device that `admin` enrols.
    ///
    /// Every lane of a branch is different, although admin devices enrol without asking one another:
    /// - The founder gives out single letters; when they are used up it goes on below its own lane like any other.
    /// - Any other admin device with lane `L` gives out `L` followed by `A` to `L`, then `MA` to `ML`, `MMA` … Such words
    ///   are prefix-free, so read from the left a lane tells uniquely which device enrolled which; two devices that
    ///   enrol have different lanes, hence give out different ones; and one device never gives out a word twice,
    ///   because it sees every enrolment it has written, revoked devices included.
    /// - Letters after `M` are left to the storage generations of a device ([`lane_of`]), so those meet no device's lane.
    ///
    /// A number is one prefix letter, then the lane, then digits; with different lanes two numbers of a day differ.
    pub fn next_lane(&self, admin: &DeviceId) -> String {
        let used: BTreeSet<&str> = self.devices.values().map(|d| d.enrolment.lane.as_str()).collect();
        if *admin == self.branch
            && let Some(free) = FIRST_LETTERS.chars().map(String::from).find(|l| !used.contains(l.as_str()))
        {
            return free;
        }
        let own = self.devices.get(admin).map_or("A", |d| d.enrolment.lane.as_str());
        (0_usize..)
            .flat_map(|m| CHILD_LETTERS.chars().map(move |c| format!("{own}{}{c}", "M".repeat(m))))
            .find(|lane| !used.contains(lane.as_str()))
            .expect("the words are without end and the roster is not")
    }

    /// The side lane of a device's storage generation; `None` if the device is unknown.
    pub fn lane_of(&self, device: &DeviceId, generation: u32) -> Option<String> {
        self.devices.get(device).map(|d| lane_of(&d.enrolment.lane, generation))
    }
}

/// The side lane of a storage generation: the device's own for the first, then `N`, `P` … `Y`, `ZN`, `ZP` … added to it.
pub fn lane_of(base: &str, generation: u32) -> String {
    let Some(n) = generation.checked_sub(1) else { return base.to_owned() };
    let letters = GENERATION_LETTERS.as_bytes();
    let n = n as usize;
    format!("{base}{}{}", "Z".repeat(n / letters.len()), char::from(letters[n % letters.len()]))
}

/// The highest envelope of each device that another enrolled device states to have accepted.
fn holdings(
    facts: &BTreeMap<String, String>,
    enrolments: &BTreeMap<DeviceId, Enrolment>,
    bad: &mut Vec<String>,
) -> BTreeMap<DeviceId, u64> {
    let mut highest = BTreeMap::new();
    for (key, value) in facts.iter().filter(|(k, _)| is_holding(k)) {
        match serde_json::from_str::<Holding>(value) {
            Ok(h) if h.key() == *key && h.by != h.device && enrolments.contains_key(&h.by) => {
                let last = highest.entry(h.device).or_insert(0);
                *last = h.last.max(*last);
            }
            _ => bad.push(key.clone()),
        }
    }
    highest
}

/// The founder and whoever was given the right by an admin device, directly or through others.
fn admins(branch: BranchId, grants: &BTreeMap<DeviceId, AdminGrant>) -> BTreeSet<DeviceId> {
    let mut admins = BTreeSet::from([branch]);
    loop {
        let more: Vec<DeviceId> = grants
            .values()
            .filter(|g| admins.contains(&g.by) && !admins.contains(&g.device))
            .map(|g| g.device)
            .collect();
        if more.is_empty() {
            return admins;
        }
        admins.extend(more);
    }
}

fn read<T: serde::de::DeserializeOwned>(
    facts: &BTreeMap<String, String>,
    prefix: &str,
    device_of: impl Fn(&T) -> DeviceId,
    bad: &mut Vec<String>,
) -> BTreeMap<DeviceId, T> {
    let mut found = BTreeMap::new();
    for (key, value) in facts.iter().filter(|(k, _)| k.starts_with(prefix)) {
        match serde_json::from_str::<T>(value) {
            Ok(statement) if key[prefix.len()..] == device_of(&statement).to_string() => {
                found.insert(device_of(&statement), statement);
            }
            _ => bad.push(key.clone()),
        }
    }
    found
}
