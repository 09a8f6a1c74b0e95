//! A damaged database is moved away whole: somebody may want to look at it, and nothing of it is trusted again.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::error::StoreError;
use super::folder::{self, Folder};

/// Renames the database in `dir` to `branchmesh.redb.damaged-{UTC time}` and returns its new place. The device's key
/// stays. The next [`Store::open`](super::Store::open) starts empty and under a new generation, to be filled by peers.
///
/// # Errors
/// [`StoreError::InUse`] while a store has the folder open; [`StoreError::Io`].
pub fn set_aside(dir: &Path) -> Result<PathBuf, StoreError> {
    let folder = Folder::take(dir)?;
    // A folder without this file would look new, and the device would vote as one that never promised anything.
    if folder.generation()?.is_none() {
        folder.set_generation(0)?;
    }
    let name = format!("{}.damaged-{}", folder::DATABASE, Timestamp::now().strftime("%Y%m%dT%H%M%SZ"));
    let mut to = folder.file(&name);
    for n in 2.. {
        if !to.exists() {
            break;
        }
        to = folder.file(&format!("{name}-{n}"));
    }
    folder::rename(&folder.database(), &to)?;
    Ok(to)
}
