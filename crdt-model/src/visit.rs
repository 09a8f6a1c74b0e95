//! What is known of the customer behind a ticket: held by staff devices only.
//!
//! Keys of a `visit/{ticket}` document: `i:{command}` an [`Identification`]. A kiosk writes the first one and hands it to a
//! staff device; staff may identify the customer again, and what was told later counts.

use serde::{Deserialize, Serialize};

use crate::command::Rejection;
use crate::ids::{CommandId, StaffId};
use crate::ticket::Actor;
use crate::time::UnixMs;

/// What the keys of identifications begin with.
const IDENTIFICATION: &str = "i:";

/// What a customer told or swiped. Never printed by `Debug`.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Told {
    /// Card or id number, as read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// Phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Told(withheld)")
    }
}

impl Told {
    /// Whether nothing was told.
    pub fn is_empty(&self) -> bool {
        self.identity.is_none() && self.phone.is_none()
    }

    /// # Errors
    /// [`Rejection::Invalid`] names the field that is no identity or phone number.
    pub fn check(&self) -> Result<(), Rejection> {
        let good =
            |i: &String| (4..=32).contains(&i.len()) && i.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if self.identity.as_ref().is_some_and(|i| !good(i)) {
            return Err(Rejection::invalid("identity", "4 to 32 letters, digits and dashes"));
        }
        let digits = self.phone.as_deref().map(|p| p.strip_prefix('+').unwrap_or(p));
        if digits.is_some_and(|d| !(5..=20).contains(&d.len()) || !d.bytes().all(|b| b.is_ascii_digit())) {
            return Err(Rejection::invalid("phone", "5 to 20 digits, may begin with +"));
        }
        Ok(())
    }
}

/// Somebody learnt who the customer is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Identification {
    /// The command that told it.
    pub cmd: CommandId,
    /// Who learnt it, where and when.
    pub by: Actor,
    /// 0 when the ticket was taken; one more than the identifications known when staff identify again.
    pub seq: u32,
    /// What was told.
    #[serde(flatten)]
    pub told: Told,
}

impl Identification {
    /// Its key in the visit document.
    pub fn key(&self) -> String {
        format!("{IDENTIFICATION}{}", self.cmd.digest())
    }

    /// As the document keeps it.
    pub fn value(&self) -> String {
        serde_json::to_string(self).expect("plain data")
    }
}

/// The customer behind a ticket, as told last.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Visit {
    /// What was told.
    pub told: Told,
    /// The staff member who identified the customer, if one did.
    pub staff: Option<StaffId>,
}

impl Visit {
    /// Folds the facts of a visit document: of each field the latest counts, where later means a higher count and, of
    /// two equal ones, the higher command digest. `None` if nobody was identified.
    pub fn fold<'a>(facts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let mut known: Vec<(u32, String, Identification)> = facts
            .into_iter()
            .filter(|(key, _)| key.starts_with(IDENTIFICATION))
            .filter_map(|(key, value)| Some((key, serde_json::from_str::<Identification>(value).ok()?)))
            .filter(|(key, i)| i.key() == *key && i.told.check().is_ok())
            .map(|(key, i)| (i.seq, key.to_owned(), i))
            .collect();
        known.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        known
            .into_iter()
            .map(|(.., i)| Self { told: i.told, staff: i.by.staff })
            .reduce(|older, newer| newer.over(older))
    }

    /// When something was last told, by the clock of whoever was told; `None` if nothing readable was.
    pub fn told_last<'a>(facts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<UnixMs> {
        let told = facts.into_iter().filter(|(key, _)| key.starts_with(IDENTIFICATION));
        told.filter_map(|(_, value)| Some(serde_json::from_str::<Identification>(value).ok()?.by.at)).max()
    }

    /// What this visit tells and, where it tells nothing, what an `older` one told.
    pub fn over(self, older: Self) -> Self {
        let told =
            Told { identity: self.told.identity.or(older.told.identity), phone: self.told.phone.or(older.told.phone) };
        Self { told, staff: self.staff.or(older.staff) }
    }
}

/// Shows just enough of a number to compare it with a card in the hand: the last four characters, never more than half.
pub fn masked(number: &str) -> String {
    let shown = (number.chars().count() / 2).min(4);
    let hidden = number.chars().count() - shown;
    number.chars().enumerate().map(|(i, c)| if i < hidden { '•' } else { c }).collect()
}
