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
use crate::storage::{self, DeviceKey, Opened, Store, StoreOptions};

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

/// Puts a backup in place as the store of `data`. The disk votes under a new generation from then on.
///
/// A folder that already belongs to a device keeps its key and identity; a new one gets those the backup was made with,
/// except the secret key, which no backup holds: such a device must be enrolled with `branchmesh join` afterwards.
///
/// # Errors
/// If the file is no backup, or the folder is in use or holds a store.
pub fn restore(data: &Path, file: &Path, progress: impl FnMut(u64, u64)) -> Result<Identity> {
    let identity = IdentityFile::read(data)?;
    let key = key_of(data)?;
    storage::restore(file, data, progress)?;
    Ok(identity.identity(key.device()))
}
