//! Identifiers. All of them are opaque to people and to other programs.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An identifier's text could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a valid {1} id")]
pub struct BadId(pub String, pub &'static str);

fn base32(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

fn unbase32<const N: usize>(text: &str, what: &'static str) -> Result<[u8; N], BadId> {
    let bad = || BadId(text.chars().take(80).collect(), what);
    if text.len() > 64 {
        return Err(bad());
    }
    let bytes = BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).map_err(|_| bad())?;
    bytes.try_into().map_err(|_| bad())
}

macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident, $len:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&base32(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), &base32(&self.0)[..6])
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                unbase32(text, $what).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                if s.is_human_readable() { s.collect_str(self) } else { self.0.serialize(s) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                if d.is_human_readable() {
                    String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
                } else {
                    <[u8; $len]>::deserialize(d).map(Self)
                }
            }
        }
    };
}

bytes_id!(
    /// A device: its ed25519 public key, which is also its iroh endpoint id.
    DeviceId, 32, "device"
);
bytes_id!(
    /// A record of a stewardship log, named by a hash of its place; the id of a ticket is that of the record that issued it.
    RecordKey, 10, "ticket"
);

/// A ticket is named by the log record that issued it.
pub type TicketId = RecordKey;

/// A branch is named by the device that founded it, whose signature is the root of the roster.
pub type BranchId = DeviceId;

impl DeviceId {
    /// The first ten characters: enough for a person to tell the devices of a branch apart.
    pub fn short(&self) -> String {
        base32(&self.0)[..10].to_owned()
    }
}

/// A device as a voter. A restored or replaced disk may have forgotten promises, so it votes under a new generation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VoterId {
    /// The device.
    pub device: DeviceId,
    /// How many times its storage was restored or replaced.
    pub generation: u32,
}

impl fmt::Debug for VoterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", &self.device.short()[..6], self.generation)
    }
}

/// An epoch of stewardship. Ordered: a higher epoch may succeed a lower one, never the other way round.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EpochId {
    /// One more than the highest its creator knew.
    pub height: u32,
    /// Its only steward, for life.
    pub creator: VoterId,
    /// The creator's own durable count of epochs.
    pub n: u32,
}

impl EpochId {
    /// The epoch every branch starts with: its founder alone.
    pub fn genesis(founder: DeviceId) -> Self {
        Self { height: 0, creator: VoterId { device: founder, generation: 0 }, n: 0 }
    }
}

impl fmt::Debug for EpochId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "E{}.{:?}.{}", self.height, self.creator, self.n)
    }
}

impl fmt::Display for EpochId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.{}", self.height, self.creator.device.short(), self.creator.generation, self.n)
    }
}

/// The place of a record: the epoch whose log holds it and its index there, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct RecordId {
    /// The epoch.
    pub epoch: EpochId,
    /// Position in its log, counted from 1.
    pub index: u32,
}

impl RecordId {
    /// The short name of this record, unique in the branch for all practical purposes (80 bits of BLAKE3).
    pub fn key(&self) -> RecordKey {
        let mut h = blake3::Hasher::new();
        h.update(b"branchmesh record 1");
        h.update(&self.epoch.height.to_be_bytes());
        h.update(&self.epoch.creator.device.0);
        h.update(&self.epoch.creator.generation.to_be_bytes());
        h.update(&self.epoch.n.to_be_bytes());
        h.update(&self.index.to_be_bytes());
        let mut key = [0; 10];
        key.copy_from_slice(&h.finalize().as_bytes()[..10]);
        RecordKey(key)
    }
}

/// The caller's idempotency key: any text of 1 to 64 characters. The same key gives the same answer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommandId(String);

impl CommandId {
    /// Longest accepted key, in characters.
    pub const MAX_CHARS: usize = 64;

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A fixed-length name for document keys, so that hostile text never becomes part of one.
    pub fn digest(&self) -> String {
        base32(&blake3::hash(self.0.as_bytes()).as_bytes()[..10])
    }
}

impl TryFrom<String> for CommandId {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        let chars = text.chars().count();
        if chars == 0 || chars > Self::MAX_CHARS || text.chars().any(char::is_control) {
            return Err(BadId(text.chars().take(80).collect(), "command"));
        }
        Ok(Self(text))
    }
}

impl From<CommandId> for String {
    fn from(id: CommandId) -> Self {
        id.0
    }
}

/// A staff member's short sign-in name, such as `manager` or `t07`.
pub type StaffId = String;
/// A service's id from the configuration, such as `cash`.
pub type ServiceId = String;
/// A counter's number, 1 to 255.
pub type CounterNo = u8;
