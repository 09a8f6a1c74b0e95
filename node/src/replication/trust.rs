//! Signing what this device makes, and checking what others claim to have made.

use branchmesh_model::document::{ChangeProblem, Examined, Hash, NewChange, examine};
use branchmesh_model::ids::{BranchId, DeviceId};
use branchmesh_model::roster::{Roster, is_holding, is_holding_of};
use branchmesh_model::schema::{DocId, Family, KeyKind, Role};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::envelope::{Envelope, signed_bytes};
use super::parcel;

/// This device's key, for the branch it belongs to.
pub struct Signer {
    key: SigningKey,
    /// The branch signed for.
    pub branch: BranchId,
    /// This device.
    pub device: DeviceId,
}

impl Signer {
    /// The signer of the device with this secret key.
    pub fn new(secret: &[u8; 32], branch: BranchId) -> Self {
        let key = SigningKey::from_bytes(secret);
        let device = DeviceId(key.verifying_key().to_bytes());
        Self { key, branch, device }
    }

    /// Opens what was sealed for this device; `None` if it was not, or was damaged.
    pub fn open(&self, sealed: &[u8]) -> Option<Envelope> {
        parcel::open(sealed, &self.key)
    }

    /// Puts a change made here into its envelope; `n` is the device's own count of envelopes.
    pub fn seal(&self, doc: &DocId, n: u64, change: NewChange) -> Envelope {
        let signature = self.key.sign(&signed_bytes(&self.branch, doc, n, &change.hash));
        Envelope {
            doc: doc.clone(),
            author: self.device,
            n,
            actor: change.actor,
            seq: change.seq,
            change: change.bytes,
            signature: signature.to_bytes().to_vec(),
        }
    }
}

/// Why an envelope does not enter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The author is not on the roster (as far as it is known here).
    #[error("its author is not enrolled")]
    Stranger,
    /// The author was revoked before it made this.
    #[error("its author was revoked")]
    Revoked,
    /// The signature is not the author's.
    #[error("its signature is not its author's")]
    Signature,
    /// The author's role may not write this.
    #[error("its author's role may not write {0:?}")]
    Role(String),
    /// It claims that another device did what it tells.
    #[error("it speaks for another device than its author")]
    Forged,
    /// The envelope says something else than the change in it, or the change is none.
    #[error("{0}")]
    Change(#[from] ChangeProblem),
    /// The document is not for this device.
    #[error("this device may not hold {0}")]
    NotForMe(DocId),
}

impl Refusal {
    /// The name under which refusals of this kind are counted.
    pub fn count_name(&self) -> &'static str {
        match self {
            Self::Stranger => "envelopes_refused_stranger",
            Self::Revoked => "envelopes_refused_revoked",
            Self::Signature => "envelopes_refused_signature",
            Self::Role(_) => "envelopes_refused_role",
            Self::Forged => "envelopes_refused_forged",
            Self::Change(_) => "envelopes_refused_malformed",
            Self::NotForMe(_) => "envelopes_refused_not_for_me",
        }
    }
}

/// Checks left out on purpose, only for the simulator's test that it would notice.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct TrustFlaws {
    /// Do not look at signatures.
    pub unsigned_accepted: bool,
    /// Do not look at roles.
    pub wrong_role_accepted: bool,
}

/// Checks an envelope from outside: author, revocation, signature, role and honesty. Every hop does this before it
/// applies the change or passes it on.
///
/// # Errors
/// The first reason found.
pub fn admit(
    envelope: &Envelope,
    branch: &BranchId,
    roster: &Roster,
    me: Role,
    flaws: TrustFlaws,
) -> Result<Examined, Refusal> {
    let standing = stands(envelope, envelope.n, branch, roster, me)?;
    let change = read(envelope)?;
    signed_and_honest((envelope, &change), &standing, branch, flaws)?;
    Ok(change)
}

/// The same for an envelope whose change was [`read`].
///
/// # Errors
/// The first reason found.
pub fn admit_change(
    (envelope, change): (&Envelope, &Examined),
    branch: &BranchId,
    roster: &Roster,
    me: Role,
    flaws: TrustFlaws,
) -> Result<(), Refusal> {
    let standing = stands(envelope, envelope.n, branch, roster, me)?;
    signed_and_honest((envelope, change), &standing, branch, flaws)
}

fn signed_and_honest(
    (envelope, change): (&Envelope, &Examined),
    standing: &Standing,
    branch: &BranchId,
    flaws: TrustFlaws,
) -> Result<(), Refusal> {
    if !flaws.unsigned_accepted {
        verify(envelope, branch, &change.hash)?;
    }
    honest(envelope, change, standing, flaws)
}

/// Checks all of an envelope but its signature: a later change of the same actor vouches for it, number `n` of its author
/// (see [`cover`](super::cover)).
///
/// # Errors
/// The first reason found.
pub fn admit_covered(
    (envelope, change): (&Envelope, &Examined),
    n: u64,
    branch: &BranchId,
    roster: &Roster,
    me: Role,
    flaws: TrustFlaws,
) -> Result<(), Refusal> {
    let standing = stands(envelope, n, branch, roster, me)?;
    honest(envelope, change, &standing, flaws)
}

/// Decodes the change and sees that the envelope names its place.
///
/// # Errors
/// [`Refusal::Change`] or [`Refusal::Forged`].
pub fn read(envelope: &Envelope) -> Result<Examined, Refusal> {
    let change = examine(&envelope.change, &envelope.author)?;
    if change.actor != envelope.actor || change.seq != envelope.seq {
        return Err(Refusal::Forged);
    }
    Ok(change)
}

/// Whether its author counts, up to its envelope number `n`.
fn stands(envelope: &Envelope, n: u64, branch: &BranchId, roster: &Roster, me: Role) -> Result<Standing, Refusal> {
    if !envelope.doc.family().may_hold(me) {
        return Err(Refusal::NotForMe(envelope.doc.clone()));
    }
    let standing = Standing::of(&envelope.author, branch, roster)?;
    if roster.devices.get(&envelope.author).and_then(|d| d.revoked.as_ref()).is_some_and(|r| n > r.last) {
        return Err(Refusal::Revoked);
    }
    Ok(standing)
}

/// Whether its author may say this, and speaks for itself.
fn honest(envelope: &Envelope, change: &Examined, standing: &Standing, flaws: TrustFlaws) -> Result<(), Refusal> {
    let family = envelope.doc.family();
    if change.has_bundle() && !family.is_added_to() {
        // What a bundle says could not be overwritten any more.
        return Err(ChangeProblem::Shape.into());
    }
    if change.overwrites() && family == Family::Queue {
        return Err(ChangeProblem::Elsewhere.into());
    }
    for (key, value) in &change.facts {
        if !flaws.wrong_role_accepted && !family.may_write(standing.role, standing.admin, key) {
            return Err(Refusal::Role(key.chars().take(40).collect()));
        }
        if speaks_for_another(&family, key, value, &envelope.author) {
            return Err(Refusal::Forged);
        }
    }
    Ok(())
}

struct Standing {
    role: Role,
    admin: bool,
}

impl Standing {
    fn of(author: &DeviceId, branch: &BranchId, roster: &Roster) -> Result<Self, Refusal> {
        match roster.devices.get(author) {
            Some(device) => Ok(Self { role: device.enrolment.role, admin: device.admin }),
            // The founder's own enrolment is in the very change that is being checked.
            None if author == branch && roster.devices.is_empty() => Ok(Self { role: Role::Counter, admin: true }),
            None => Err(Refusal::Stranger),
        }
    }
}

/// Whether the signature is its author's, for a change with this hash.
///
/// # Errors
/// [`Refusal::Signature`].
pub fn verify(envelope: &Envelope, branch: &BranchId, hash: &Hash) -> Result<(), Refusal> {
    let key = VerifyingKey::from_bytes(&envelope.author.0).map_err(|_| Refusal::Signature)?;
    let signature = Signature::from_slice(&envelope.signature).map_err(|_| Refusal::Signature)?;
    key.verify_strict(&signed_bytes(branch, &envelope.doc, envelope.n, hash), &signature)
        .map_err(|_| Refusal::Signature)
}

/// Facts that name the device where they happened, or that holds something, must name their author; records are copied
/// from the log by anyone.
fn speaks_for_another(family: &Family, key: &str, value: &str, author: &DeviceId) -> bool {
    #[derive(serde::Deserialize)]
    struct By {
        device: DeviceId,
    }
    #[derive(serde::Deserialize)]
    struct Claim {
        by: By,
    }
    let names_device = match family {
        Family::Roster if is_holding(key) => return !is_holding_of(key, author),
        Family::Queue => {
            matches!(KeyKind::of(key), KeyKind::Fact | KeyKind::Rating | KeyKind::Identified | KeyKind::CounterFact)
        }
        Family::Visit => true,
        _ => false,
    };
    names_device && serde_json::from_str::<Claim>(value).is_ok_and(|c| c.by.device != *author)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use branchmesh_model::document::{Actor, FactDoc};
    use branchmesh_model::schema::DocId;
    use branchmesh_model::time::UnixMs;

    use super::*;

    #[test]
    fn nobody_overwrites_what_was_said_in_a_queue() {
        let signer = Signer::new(&[1; 32], DeviceId([0; 32]));
        let founder = signer.device;
        let signer = Signer::new(&[1; 32], founder);
        let mut doc = FactDoc::new(&DocId::config(), &Actor::new(&founder, [1; 8]));
        let mut write = |text: &str| doc.write(&[("c:1".into(), text.into())], UnixMs(0)).expect("new");
        let (first, overwriting) = (write("1"), write("2"));
        let roster = Roster::fold(founder, &BTreeMap::new()).0;
        let queue: DocId = "queue/2026-11-21/c".parse().expect("a name");
        let sent = |change| {
            let envelope = signer.seal(&queue, 1, change);
            admit(&envelope, &founder, &roster, Role::Counter, TrustFlaws::default()).map(|_| ())
        };
        assert_eq!(sent(first), Ok(()));
        assert_eq!(sent(overwriting), Err(ChangeProblem::Elsewhere.into()));
    }
}
