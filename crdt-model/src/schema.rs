//! Every document family, document name and key prefix, and who may hold and write each: the whole schema on one page.
//!
//! A document is a flat map from key to text in one automerge document. A key is written once; writing it again
//! with the same text changes nothing that anybody sees, so two nodes that materialise the same log record do no harm.
//! Only `config` keys are overwritten (last writer wins, chosen alike everywhere by automerge).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{BadId, RecordKey};
use crate::roster::is_holding;
use crate::time::BusinessDate;

/// What a device is for; decides what it may hold, write and show.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A teller's counter.
    Counter,
    /// A ticket kiosk.
    Kiosk,
    /// A display or voice unit.
    Display,
    /// A tablet of a lobby manager or wealth manager.
    Tablet,
    /// A rating device.
    Rating,
    /// Head office.
    Hq,
}

impl Role {
    /// All roles, in the order documents list them.
    pub const ALL: [Role; 6] = [Role::Counter, Role::Kiosk, Role::Display, Role::Tablet, Role::Rating, Role::Hq];

    /// The name used on the command line, in the API and in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Counter => "counter",
            Role::Kiosk => "kiosk",
            Role::Display => "display",
            Role::Tablet => "tablet",
            Role::Rating => "rating",
            Role::Hq => "hq",
        }
    }

    /// Staff devices hold customers' data; customers stand in front of all others.
    pub fn is_staff_device(self) -> bool {
        matches!(self, Role::Counter | Role::Tablet)
    }

    /// Default rank as steward, lower first: counters must go on calling when a kiosk dies; tablets roam.
    pub fn default_rank(self) -> u32 {
        match self {
            Role::Counter => 0,
            Role::Kiosk => 1,
            Role::Display | Role::Rating => 2,
            Role::Tablet => 3,
            Role::Hq => 4,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        Role::ALL.into_iter().find(|r| r.as_str() == text).ok_or_else(|| BadId(text.chars().take(80).collect(), "role"))
    }
}

/// What the keys of device settings begin with in the `config` document.
pub const DEVICE_SETTINGS: &str = "device/";

/// A family of documents: the unit of "who may hold this".
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Family {
    /// Devices, their roles and revocations. One document a branch.
    Roster,
    /// Services, counters, staff, device settings. One document a branch.
    Config,
    /// Numbers and states, never a customer's identity. A document per business day and shard.
    Queue,
    /// A ticket's identified customer or pre-filled form. A document per ticket.
    Visit,
    /// A care or referral lead. A document per lead.
    Lead,
    /// Profile, notes, contacts, cases, consent. A document per customer.
    Customer,
    /// Lobby log, patrols, meetings, drills. A document per month.
    Journal,
    /// Products, rates, articles, templates. A document per kind.
    Catalogue,
    /// T+1 results, points, ledger. A document per business day.
    Settlement,
    /// A family this version does not know: held and passed on by staff devices, never read.
    Unknown(String),
}

impl Family {
    /// The families this version knows.
    pub const KNOWN: [Family; 9] = [
        Family::Roster,
        Family::Config,
        Family::Queue,
        Family::Visit,
        Family::Lead,
        Family::Customer,
        Family::Journal,
        Family::Catalogue,
        Family::Settlement,
    ];

    /// The family's name, which begins every document name.
    pub fn as_str(&self) -> &str {
        match self {
            Family::Roster => "roster",
            Family::Config => "config",
            Family::Queue => "queue",
            Family::Visit => "visit",
            Family::Lead => "lead",
            Family::Customer => "customer",
            Family::Journal => "journal",
            Family::Catalogue => "catalogue",
            Family::Settlement => "settlement",
            Family::Unknown(name) => name,
        }
    }

    /// Whether a device of `role` may hold documents of this family. The sender asks this, not only the screen.
    pub fn may_hold(&self, role: Role) -> bool {
        match self {
            Family::Roster | Family::Config | Family::Queue | Family::Catalogue => true,
            Family::Visit | Family::Lead | Family::Customer | Family::Journal | Family::Settlement => {
                role.is_staff_device() || role == Role::Hq
            }
            Family::Unknown(_) => role.is_staff_device() || role == Role::Hq,
        }
    }

    /// Whether facts are only ever added, never written anew, so that a change may bundle its own: what a bundle says cannot
    /// be overwritten. Of families of a later version that is not known; what they bundle is held as it is.
    pub fn is_added_to(&self) -> bool {
        matches!(self, Family::Queue | Family::Unknown(_))
    }

    /// Whether a device of `role` (with or without the admin right) may write `key` in this family.
    pub fn may_write(&self, role: Role, admin: bool, key: &str) -> bool {
        match self {
            Family::Roster => admin || is_holding(key),
            // Every device keeps its own settings; what they say concerns its screen and sound only.
            Family::Config => admin || role.is_staff_device() || role == Role::Hq || key.starts_with(DEVICE_SETTINGS),
            Family::Queue if role == Role::Hq => false,
            Family::Queue => match KeyKind::of(key) {
                // Every device tells how its own printer is.
                KeyKind::Record | KeyKind::DayClosed | KeyKind::Printer => true,
                KeyKind::Assistance => role.is_staff_device() || role == Role::Kiosk,
                KeyKind::Rating => role.is_staff_device() || role == Role::Rating,
                // What a later version keeps here is held and passed on, so that this one does not lose what builds on it.
                KeyKind::Fact
                | KeyKind::Identified
                | KeyKind::CounterFact
                | KeyKind::Acknowledgement
                | KeyKind::SeenTo
                | KeyKind::Other => role.is_staff_device(),
            },
            Family::Visit => role.is_staff_device() || role == Role::Kiosk,
            Family::Lead | Family::Customer | Family::Journal => role.is_staff_device(),
            Family::Catalogue => role == Role::Hq || role.is_staff_device(),
            Family::Settlement => role == Role::Hq,
            Family::Unknown(_) => role.is_staff_device() || role == Role::Hq,
        }
    }
}

impl From<&str> for Family {
    fn from(name: &str) -> Self {
        Family::KNOWN.into_iter().find(|f| f.as_str() == name).unwrap_or_else(|| Family::Unknown(name.to_owned()))
    }
}

/// What a key of a queue document holds, told by its prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
    /// `r:{record}` a stewardship record, copied from the log by whoever gets there first.
    Record,
    /// `f:{ticket}:{command}` something that happened to a ticket.
    Fact,
    /// `t:{ticket}:{command}` a customer's rating.
    Rating,
    /// `i:{ticket}:{command}` staff identified the customer; who it is stands in the visit document only.
    Identified,
    /// `c:{counter}:{command}` a counter opened, closed, paused or resumed.
    CounterFact,
    /// `k:{conflict}` a conflict was acknowledged.
    Acknowledgement,
    /// `d:{record}` the business day ended.
    DayClosed,
    /// `a:{command}` somebody called for the lobby manager.
    Assistance,
    /// `n:{reminder}` somebody has seen to a reminder.
    SeenTo,
    /// `p:{device}:{seq}` a device's printer came into another state.
    Printer,
    /// Not a key of this version.
    Other,
}

impl KeyKind {
    /// Reads the prefix of `key`.
    pub fn of(key: &str) -> KeyKind {
        match key.get(..2) {
            Some("r:") => KeyKind::Record,
            Some("f:") => KeyKind::Fact,
            Some("t:") => KeyKind::Rating,
            Some("i:") => KeyKind::Identified,
            Some("c:") => KeyKind::CounterFact,
            Some("k:") => KeyKind::Acknowledgement,
            Some("d:") => KeyKind::DayClosed,
            Some("a:") => KeyKind::Assistance,
            Some("n:") => KeyKind::SeenTo,
            Some("p:") => KeyKind::Printer,
            _ => KeyKind::Other,
        }
    }

    /// Whether two devices may write the same key with different texts at once; the document then chooses one of them alike
    /// everywhere, and that one counts.
    pub fn is_contested(self) -> bool {
        // Records are the same bytes whoever copies them, unless two machines ran as one steward; a command whose answer was
        // lost may be carried out at two devices.
        !matches!(self, Self::Other)
    }
}

/// Shards of a business day; about 250 tickets each on a very busy day.
pub const QUEUE_SHARDS: u8 = 8;

/// A document's name: family, then what makes it one of many, such as `queue/2026-11-21/3` or `config`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DocId(String);

impl DocId {
    /// Longest accepted name, in bytes.
    pub const MAX_BYTES: usize = 120;

    /// The branch's roster.
    pub fn roster() -> Self {
        Self("roster".into())
    }

    /// The branch's configuration.
    pub fn config() -> Self {
        Self("config".into())
    }

    /// The shard of `date` that holds `ticket`. Stable: a transfer does not move a ticket.
    pub fn queue(date: BusinessDate, ticket: &RecordKey) -> Self {
        Self(format!("queue/{date}/{}", ticket.0[0] % QUEUE_SHARDS))
    }

    /// The document of `date` that holds what belongs to no ticket: counters' states, calls for assistance, printers.
    pub fn queue_counters(date: BusinessDate) -> Self {
        Self(format!("queue/{date}/c"))
    }

    /// All queue documents of `date`.
    pub fn queue_day(date: BusinessDate) -> impl Iterator<Item = DocId> {
        (0..QUEUE_SHARDS).map(move |s| Self(format!("queue/{date}/{s}"))).chain([Self::queue_counters(date)])
    }

    /// Between these two lie the names of all queue documents, in the order of their days.
    pub fn queue_names() -> (DocId, DocId) {
        (Self("queue/".into()), Self("queue0".into()))
    }

    /// Between these two lie the names of all visit documents.
    pub fn visit_names() -> (DocId, DocId) {
        (Self("visit/".into()), Self("visit0".into()))
    }

    /// The document of a ticket's identified customer.
    pub fn visit(ticket: &RecordKey) -> Self {
        Self(format!("visit/{ticket}"))
    }

    /// The family this document belongs to.
    pub fn family(&self) -> Family {
        Family::from(self.0.split('/').next().unwrap_or_default())
    }

    /// The business date of a queue or settlement document.
    pub fn date(&self) -> Option<BusinessDate> {
        let mut parts = self.0.split('/');
        match parts.next() {
            Some("queue" | "settlement") => parts.next()?.parse().ok(),
            _ => None,
        }
    }

    /// The ticket of a visit document.
    pub fn ticket(&self) -> Option<RecordKey> {
        self.0.strip_prefix("visit/")?.parse().ok()
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DocId {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let ok = !text.is_empty()
            && text.len() <= Self::MAX_BYTES
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"/-_.".contains(&b))
            && text.split('/').all(|part| !part.is_empty());
        if ok { Ok(Self(text.to_owned())) } else { Err(BadId(text.chars().take(80).collect(), "document")) }
    }
}

impl TryFrom<String> for DocId {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}

impl Serialize for DocId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DocId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for DocId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A fact to put into a document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Write {
    /// The document.
    pub doc: DocId,
    /// The fact's key in it.
    pub key: String,
    /// The fact itself, JSON text.
    pub value: String,
}
