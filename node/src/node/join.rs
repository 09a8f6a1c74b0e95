//! Joining: a new device shows its invitation to the admin device and stores what it is told.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use branchmesh_model::document::Actor;
use branchmesh_model::ids::{BranchId, DeviceId};
use branchmesh_model::schema::{Family, Role};
use branchmesh_model::view::BranchView;

use super::identity::IdentityFile;
use crate::mesh;
use crate::replication::documents::Documents;
use crate::replication::enrol::{Invitation, JoinReply, JoinRequest, Welcome};
use crate::replication::trust::{TrustFlaws, admit};
use crate::storage::{DeviceKey, Opened, Store, StoreOp, StoreOptions};

/// How long the admin device is looked for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A device was accepted into a branch.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The branch's name.
    pub branch: String,
    /// Role of this device.
    pub role: Role,
    /// Name of this device.
    pub name: String,
}

/// Enrols the device of `data` with an invitation.
///
/// # Errors
/// If the invitation is unreadable, unknown, used or lapsed, or the admin device that made it cannot be reached.
pub async fn join(data: &Path, invitation: &str) -> Result<Joined> {
    let invitation = Invitation::from_text(invitation)?;
    if IdentityFile::exists(data) {
        let known = IdentityFile::read(data)?;
        if known.branch != invitation.branch {
            bail!("{} belongs to another branch; choose an empty folder", data.display());
        }
    }
    let key = match DeviceKey::load(data)? {
        Some(key) => key,
        None => DeviceKey::create(data)?,
    };
    let request = postcard::to_stdvec(&JoinRequest { secret: invitation.secret }).expect("plain data");
    let answer =
        mesh::join(key.secret(), invitation.addresses.clone(), invitation.admin, request, PATIENCE).await.context(
            "the device that made the invitation could not be reached; check that it runs and is on this network",
        )?;
    let welcome = match postcard::from_bytes(&answer).context("the answer is of another version of branchmesh")? {
        JoinReply::Welcome(welcome) => welcome,
        JoinReply::Unknown => {
            bail!("that device does not know this invitation; make a new one with `branchmesh invite`")
        }
        JoinReply::Expired => bail!("the invitation has lapsed; make a new one with `branchmesh invite`"),
        JoinReply::Used => bail!("another device has used this invitation; make a new one with `branchmesh invite`"),
        JoinReply::Revoked => bail!("this device was revoked; remove {} and join as a new device", data.display()),
        JoinReply::Failed(why) => bail!("the branch could not enrol this device: {why}"),
    };
    settle(data, &key, &invitation, &welcome)?;
    Ok(Joined { branch: welcome.branch_name, role: welcome.role, name: welcome.name })
}

/// Stores roster and configuration, each change checked as if it came over the mesh, then the identity.
fn settle(data: &Path, key: &DeviceKey, invitation: &Invitation, welcome: &Welcome) -> Result<()> {
    let store = match Store::open(data, &StoreOptions::default())? {
        Opened::Ready(store) => Arc::new(store),
        Opened::Damaged { reason } => bail!("the folder's database is damaged ({reason}); choose an empty folder"),
    };
    let ops = believed(&store, key.device(), invitation.branch, welcome, rand::random())?;
    store.commit(&ops)?;
    let mut known: std::collections::BTreeMap<_, _> = welcome.addresses.iter().cloned().collect();
    known.insert(invitation.admin, invitation.addresses.clone());
    known.remove(&key.device());
    let identity = IdentityFile {
        branch: invitation.branch,
        role: welcome.role,
        name: welcome.name.clone(),
        counter: welcome.counter,
        known,
    };
    identity.write(data)
}

/// What a new device stores of what it was told; `fresh` is drawn at random.
///
/// # Errors
/// If a change in it would not be accepted from a peer, or the roster does not name the device.
pub fn believed(
    store: &Arc<Store>,
    device: DeviceId,
    branch: BranchId,
    welcome: &Welcome,
    fresh: [u8; 8],
) -> Result<Vec<StoreOp>> {
    let mut documents = Documents::open(store.clone(), Actor::new(&device, fresh))?;
    let mut view = BranchView::new(branch);
    let mut ops = Vec::new();
    for envelope in &welcome.envelopes {
        let roster = view.roster().clone();
        let change = admit(envelope, &branch, &roster, welcome.role, TrustFlaws::default())
            .context("the branch told this device something it cannot believe")?;
        let received = documents.receive(vec![(envelope.clone(), change)], &mut ops)?;
        for change in received.applied.iter().filter(|a| a.envelope.doc.family() == Family::Roster) {
            change.facts.iter().for_each(|(k, v)| view.apply(&change.envelope.doc, k, v));
        }
        view.refresh();
    }
    if !view.roster().devices.contains_key(&device) {
        bail!("the branch's roster does not name this device; make a new invitation and try again");
    }
    documents.settle(&mut ops);
    Ok(ops)
}
