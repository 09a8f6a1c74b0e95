//! The device's secret: who it is in the branch.

use std::fmt;
use std::fs;
use std::path::Path;

use branchmesh_model::ids::DeviceId;
use ed25519_dalek::SigningKey;

use super::error::StoreError;
use super::folder;

/// An ed25519 secret key in the file `device.key`: 32 bytes, readable by its owner alone.
///
/// A backup holds it too, so that a device whose disk died comes back as itself. Two machines that run with one key would
/// be one device in two places; give every machine its own.
#[derive(Clone)]
pub struct DeviceKey(SigningKey);

impl DeviceKey {
    /// Draws a new key and stores it in `dir`, durable before this returns.
    ///
    /// # Errors
    /// [`StoreError::Occupied`] if there is one already: it is never replaced.
    pub fn create(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(folder::DEVICE_KEY);
        if path.exists() {
            return Err(StoreError::Occupied { path, what: "a device key" });
        }
        fs::create_dir_all(dir).map_err(|e| StoreError::at(dir, e))?;
        let secret: [u8; 32] = rand::random();
        folder::write_whole(&path, &secret)?;
        Ok(Self(SigningKey::from_bytes(&secret)))
    }

    /// Puts back the key of a backup; nothing happens if the folder has one.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn put_back(dir: &Path, secret: [u8; 32]) -> Result<Self, StoreError> {
        if let Some(key) = Self::load(dir)? {
            return Ok(key);
        }
        folder::write_whole(&dir.join(folder::DEVICE_KEY), &secret)?;
        Ok(Self(SigningKey::from_bytes(&secret)))
    }

    /// Reads the key of `dir`; `None` if there is none. Takes away what rights others have on the file.
    ///
    /// # Errors
    /// [`StoreError::Key`] if the file is not a key.
    pub fn load(dir: &Path) -> Result<Option<Self>, StoreError> {
        let path = dir.join(folder::DEVICE_KEY);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(StoreError::at(&path, e)),
        };
        let why = "is not 32 bytes long; put the right file back, or remove it and enrol this device anew";
        let secret: [u8; 32] = bytes.try_into().map_err(|_| StoreError::Key { path: path.clone(), why })?;
        make_private(&path)?;
        Ok(Some(Self(SigningKey::from_bytes(&secret))))
    }

    /// The device this key makes.
    pub fn device(&self) -> DeviceId {
        DeviceId(self.0.verifying_key().to_bytes())
    }

    /// The key that signs.
    pub fn signing_key(&self) -> &SigningKey {
        &self.0
    }

    /// The secret itself, for the endpoint that proves who this device is.
    pub fn secret(&self) -> [u8; 32] {
        self.0.to_bytes()
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceKey({:?})", self.device())
    }
}

#[cfg(unix)]
fn make_private(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).map_err(|e| StoreError::at(path, e))?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(|e| StoreError::at(path, e))
}

#[cfg(not(unix))]
fn make_private(_path: &Path) -> Result<(), StoreError> {
    Ok(())
}
