//! Invitations and joining: what the new device is given, shows, and is told.

use std::net::SocketAddr;

use branchmesh_model::ids::{BranchId, CounterNo, DeviceId};
use branchmesh_model::schema::Role;
use branchmesh_model::time::UnixMs;
use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};

use super::envelope::Envelope;

/// Prefix of the meta rows that keep open invitations.
pub(crate) const INVITATION: &str = "invitation/";
/// First letters of an invitation's text, with its version.
const PREFIX: &str = "BM1";

/// What an admin device hands to a new device, out of band.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Invitation {
    /// The branch.
    pub branch: BranchId,
    /// The admin device that made it; the new device will talk to no other.
    pub admin: DeviceId,
    /// Where the admin device can be reached.
    pub addresses: Vec<SocketAddr>,
    /// Shown to prove that it holds the invitation.
    pub secret: [u8; 16],
}

/// The text is not an invitation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not an invitation; it is one line that begins with {PREFIX}")]
pub struct NotAnInvitation;

impl Invitation {
    /// The invitation as one line of capital letters and digits, which also makes a small QR code.
    pub fn to_text(&self) -> String {
        let bytes = postcard::to_stdvec(self).expect("an invitation holds only plain data");
        let check = blake3::hash(&bytes);
        format!("{PREFIX}{}", BASE32_NOPAD.encode(&[&check.as_bytes()[..3], &bytes].concat()))
    }

    /// Reads the line; white space and letter case do not matter.
    ///
    /// # Errors
    /// [`NotAnInvitation`] if it is something else, or was copied wrongly.
    pub fn from_text(text: &str) -> Result<Self, NotAnInvitation> {
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).take(4096).collect();
        let compact = compact.to_ascii_uppercase();
        let body = compact.strip_prefix(PREFIX).ok_or(NotAnInvitation)?;
        let all = BASE32_NOPAD.decode(body.as_bytes()).map_err(|_| NotAnInvitation)?;
        let (check, bytes) = all.split_at_checked(3).ok_or(NotAnInvitation)?;
        if check != &blake3::hash(bytes).as_bytes()[..3] {
            return Err(NotAnInvitation);
        }
        postcard::from_bytes(bytes).map_err(|_| NotAnInvitation)
    }
}

/// What the admin device remembers of an invitation, durably, until it lapses.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenInvitation {
    /// BLAKE3 of the secret.
    pub digest: [u8; 32],
    /// The role it gives.
    pub role: Role,
    /// The name it gives.
    pub name: String,
    /// The counter it gives.
    pub counter: Option<CounterNo>,
    /// When it lapses.
    pub expires: UnixMs,
    /// The device that used it.
    pub used_by: Option<DeviceId>,
}

/// What a new device shows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JoinRequest {
    /// The invitation's secret.
    pub secret: [u8; 16],
}

/// What a new device is told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum JoinReply {
    /// It belongs to the branch now.
    Welcome(Box<Welcome>),
    /// The invitation is not known here.
    Unknown,
    /// The invitation has lapsed.
    Expired,
    /// Another device has used it.
    Used,
    /// The device was revoked; it needs a new key.
    Revoked,
    /// The admin device could not do it now.
    Failed(String),
}

/// Everything a new device needs before its first start.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Welcome {
    /// The branch's name, to be shown.
    pub branch_name: String,
    /// The device's role.
    pub role: Role,
    /// Its name.
    pub name: String,
    /// Its counter.
    pub counter: Option<CounterNo>,
    /// The roster and the configuration.
    pub envelopes: Vec<Envelope>,
    /// Where the devices of the branch can be reached.
    pub addresses: Vec<(DeviceId, Vec<SocketAddr>)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_survives_being_copied_by_hand() {
        let invitation = Invitation {
            branch: DeviceId([7; 32]),
            admin: DeviceId([8; 32]),
            addresses: vec!["192.168.1.5:7443".parse().expect("valid")],
            secret: [9; 16],
        };
        let text = invitation.to_text();
        assert_eq!(Invitation::from_text(&format!(" {}\n", text.to_lowercase())), Ok(invitation));
        for wrong in ["", "BM1", "BM1AAAA", "hello", &text[..text.len() - 2], &text.replacen('A', "B", 1)] {
            assert_eq!(Invitation::from_text(wrong), Err(NotAnInvitation), "{wrong}");
        }
    }
}
