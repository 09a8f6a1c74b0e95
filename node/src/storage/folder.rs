//! The data folder: its lock, its file names, and how a file comes to stand there whole or not at all.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::error::StoreError;

pub(super) const DATABASE: &str = "branchmesh.redb";
pub(super) const DEVICE_KEY: &str = "device.key";
const GENERATION: &str = "generation";
const LOCK: &str = "lock";

/// A data folder that nobody else uses while this is held.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    _lock: File,
}

impl Folder {
    /// Takes the folder, creating it if need be.
    pub(super) fn take(dir: &Path) -> Result<Self, StoreError> {
        create_private(dir)?;
        let path = dir.join(LOCK);
        let lock = private_file().truncate(false).open(&path).map_err(|e| StoreError::at(&path, e))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { dir: dir.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(dir.to_owned())),
            Err(TryLockError::Error(e)) => Err(StoreError::at(&path, e)),
        }
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(super) fn database(&self) -> PathBuf {
        self.file(DATABASE)
    }

    /// The generation kept beside the database, for when the database is lost; `None` in a folder never used.
    /// A file that cannot be read counts as generation 0: somebody was here.
    pub(super) fn generation(&self) -> Result<Option<u32>, StoreError> {
        let path = self.file(GENERATION);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim().parse().unwrap_or(0))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) if e.kind() == std::io::ErrorKind::InvalidData => Ok(Some(0)),
            Err(e) => Err(StoreError::at(&path, e)),
        }
    }

    pub(super) fn set_generation(&self, generation: u32) -> Result<(), StoreError> {
        write_whole(&self.file(GENERATION), format!("{generation}\n").as_bytes())
    }
}

/// The generation after `last`. Drawn from a few, so that one backup restored twice into emptied folders hardly makes the
/// same voter twice; not from many, since it becomes letters of a lane that people read aloud.
pub(super) fn next_generation(last: u32) -> u32 {
    last.saturating_add(rand::random_range(1..=8))
}

/// Puts a file into place with all of its bytes on disk, readable by its owner alone, or leaves what stood there.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let part = part_of(path);
    let mut file = private_file().truncate(true).open(&part).map_err(|e| StoreError::at(&part, e))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| StoreError::at(&part, e))?;
    rename(&part, path)
}

/// Where a file grows before it is renamed to `path`.
pub(super) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

/// Renames and makes the new name durable.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(|e| StoreError::at(to, e))?;
    sync_parent(to)
}

/// Makes what was created, renamed or removed beside `path` durable.
pub(super) fn sync_parent(path: &Path) -> Result<(), StoreError> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(parent).and_then(|dir| dir.sync_all()).map_err(|e| StoreError::at(parent, e))
}

/// Options that create a file only its owner may read; the caller says whether to truncate.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn create_private(dir: &Path) -> Result<(), StoreError> {
    if dir.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|e| StoreError::at(dir, e))?;
    sync_parent(dir)
}
