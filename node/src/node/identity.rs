//! What a data folder says about its device, outside the database: enough to find the way back to the branch when the
//! database is lost.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use branchmesh_model::ids::{BranchId, CounterNo, DeviceId};
use branchmesh_model::schema::Role;
use serde::{Deserialize, Serialize};

use crate::handle::Identity;
use crate::storage::{self, DeviceKey, Opened, Store, StoreOp, StoreOptions};

const FILE: &str = "identity.json";

/// The file `identity.json` of a data folder.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IdentityFile {
    /// The branch.
    pub branch: BranchId,
    /// The device's role.
    pub role: Role,
    /// Its name.
    pub name: String,
    /// Its counter.
    #[serde(default)]
    pub counter: Option<CounterNo>,
    /// Devices of the branch and where they were last reached.
    #[serde(default)]
    pub known: BTreeMap<DeviceId, Vec<SocketAddr>>,
}

impl IdentityFile {
    /// Reads the file.
    ///
    /// # Errors
    /// A sentence that says what to do, if the folder holds no enrolled device.
    pub fn read(data: &Path) -> Result<Self> {
        let path = data.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => bail!(
                "{} holds no device of a branch; found one with `branchmesh init` or enrol it with `branchmesh join`",
                data.display()
            ),
            Err(e) => return Err(e).with_context(|| format!("cannot read {}", path.display())),
        };
        serde_json::from_str(&text).with_context(|| format!("{} is damaged; restore it from a backup", path.display()))
    }

    /// Whether the folder holds a device already.
    pub fn exists(data: &Path) -> bool {
        data.join(FILE).exists()
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn write(&self, data: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).expect("an identity is plain data");
        storage::write_whole(&data.join(FILE), text.as_bytes())?;
        Ok(())
    }

    /// The same as the rest of the node knows it.
    pub fn identity(&self, device: DeviceId) -> Identity {
        Identity { branch: self.branch, device, role: self.role, name: self.name.clone(), counter: self.counter }
    }
}

/// The key of a data folder.
///
/// # Errors
/// If there is none or it is damaged.
pub(super) fn key_of(data: &Path) -> Result<DeviceKey> {
    match DeviceKey::load(data)? {
        Some(key) => Ok(key),
        None => bail!("{} has no device key; enrol this device anew with `branchmesh join`", data.display()),
    }
}

/// Opens key and store of a data folder that no node uses now, and says whose it is.
///
/// # Errors
/// If the key or the store is missing, damaged or in use.
pub fn inspect(data: &Path) -> Result<Identity> {
    let file = IdentityFile::read(data)?;
    let key = key_of(data)?;
    match Store::open(data, &StoreOptions::default())? {
        Opened::Ready(_) => Ok(file.identity(key.device())),
        Opened::Damaged { reason } => bail!(storage::StoreError::Damaged(reason)),
    }
}

/// Puts a backup in place as the store of `data`. The disk votes under a new generation from then on; a database that
/// stood there is kept beside. A folder without key or identity gets those of the device that made the backup.
///
/// # Errors
/// If the file is no backup, the folder is in use, or it belongs to another device than the backup.
pub fn restore(data: &Path, file: &Path, progress: impl FnMut(u64, u64)) -> Result<Identity> {
    storage::restore(file, data, true, progress)?;
    let store = match Store::open(data, &StoreOptions::default())? {
        Opened::Ready(store) => store,
        Opened::Damaged { reason } => bail!(storage::StoreError::Damaged(reason)),
    };
    let own = store.meta(OWN)?.and_then(|bytes| serde_json::from_slice::<Own>(&bytes).ok());
    let Some(own) = own else { bail!("{} was made by a version that kept no identity in backups", file.display()) };
    let key = DeviceKey::put_back(data, own.secret)?;
    if !IdentityFile::exists(data) {
        own.identity.write(data)?;
    }
    Ok(IdentityFile::read(data)?.identity(key.device()))
}

/// Meta row that keeps key and identity, so that a backup brings the device back as itself.
const OWN: &str = "own";

#[derive(Serialize, Deserialize)]
struct Own {
    secret: [u8; 32],
    identity: IdentityFile,
}

/// What goes into the store so that its backups hold the device's key and identity.
pub(super) fn own_row(key: &DeviceKey, identity: &IdentityFile) -> StoreOp {
    let own = Own { secret: key.secret(), identity: identity.clone() };
    StoreOp::Meta { key: OWN.into(), value: Some(serde_json::to_vec(&own).expect("plain data")) }
}
