//! Opening a data folder: new, sound, or damaged.

use std::fs;
use std::path::Path;

use redb::{Builder, Database, ReadableDatabase, StorageBackend};

use super::error::{StoreError, guarded};
use super::folder::{self, Folder};
use super::store::{Store, begin_write};
use super::{migrations, tables};

/// How to open a store.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Memory for pages of the database, bytes.
    pub cache_bytes: usize,
    /// Read the whole file when opening and check every page, instead of only after a crash. Finds silent damage before
    /// it is served; costs one read of the file.
    pub verify: bool,
    /// The generation of a store that is created now, see [`Store::generation`].
    pub first_generation: u32,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { cache_bytes: 16 * 1024 * 1024, verify: true, first_generation: 0 }
    }
}

/// What was found in a data folder.
#[derive(Debug)]
pub enum Opened {
    /// A store, new or old, ready for use.
    Ready(Store),
    /// There is a database, but not as it was written. Nothing was changed; [`set_aside`](super::set_aside) moves it away
    /// whole, and the next open starts empty under a new generation.
    Damaged {
        /// What is wrong, for a person.
        reason: String,
    },
}

impl Store {
    /// Opens the store in `dir`, creating both if they are missing. The folder is this store's alone until it is dropped.
    ///
    /// A folder that lost its database (somebody removed it, or it was set aside) gets a new one under a new generation.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Newer`], [`StoreError::Full`] or [`StoreError::Io`].
    pub fn open(dir: &Path, options: &StoreOptions) -> Result<Opened, StoreError> {
        let folder = Folder::take(dir)?;
        match open_in(folder, options) {
            Ok(store) => Ok(Opened::Ready(store)),
            Err(StoreError::Damaged(reason)) => Ok(Opened::Damaged { reason }),
            Err(e) => Err(e),
        }
    }

    /// Opens or creates a store on a disk of the caller's making, as the simulator does. A disk that begins with zeros
    /// counts as new.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], [`StoreError::Newer`], [`StoreError::Full`] or [`StoreError::Io`].
    pub fn with_backend(backend: impl StorageBackend, options: &StoreOptions) -> Result<Self, StoreError> {
        guarded(|| {
            empty_if_never_used(&backend).map_err(redb::StorageError::from)?;
            let db = builder(options).create_with_backend(backend)?;
            // A disk that crashed before its first commit has no tables yet.
            if db.begin_read()?.list_tables()?.next().is_none() {
                migrations::create(&db, options.first_generation)?;
            }
            ready(db, None)
        })
    }
}

/// redb writes the first bytes of a new database last, so one that crashed before that has never held anything.
fn empty_if_never_used(backend: &impl StorageBackend) -> std::io::Result<()> {
    const MAGIC_BYTES: usize = 9;
    let mut magic = [0; MAGIC_BYTES];
    if backend.len()? < MAGIC_BYTES as u64 {
        return Ok(());
    }
    backend.read(0, &mut magic)?;
    if magic == [0; MAGIC_BYTES] {
        backend.set_len(0)?;
        backend.sync_data()?;
    }
    Ok(())
}

fn open_in(folder: Folder, options: &StoreOptions) -> Result<Store, StoreError> {
    let path = folder.database();
    let beside = folder.generation()?;
    if !path.exists() {
        let generation = beside.map_or(options.first_generation, folder::next_generation);
        create(&path, options, generation)?;
    }
    let store = guarded(|| ready(builder(options).open(&path)?, Some(folder)))?;
    store.reconcile_generation(beside)
}

/// Makes a complete empty database under another name first: a crash leaves none, never half of one.
pub(super) fn create(path: &Path, options: &StoreOptions, generation: u32) -> Result<(), StoreError> {
    let part = folder::part_of(path);
    folder::private_file().truncate(true).open(&part).map_err(|e| StoreError::at(&part, e))?;
    let db = builder(options).create(&part)?;
    migrations::create(&db, generation)?;
    db.close()?;
    folder::rename(&part, path)
}

/// Makes the file smaller if it was found to hold much freed room. Done when a device starts, since nobody may read or write
/// meanwhile.
fn give_back_room(db: &mut Database) -> Result<(), StoreError> {
    if db.begin_read()?.open_table(tables::STORE)?.get(tables::ROOM)?.is_none() {
        return Ok(());
    }
    db.compact()?;
    let tx = begin_write(db)?;
    tx.open_table(tables::STORE)?.remove(tables::ROOM)?;
    Ok(tx.commit()?)
}

fn ready(mut db: Database, folder: Option<Folder>) -> Result<Store, StoreError> {
    migrations::migrate(&db)?;
    migrations::check(&db)?;
    give_back_room(&mut db)?;
    let generation = db.begin_read()?.open_table(tables::STORE)?.get(tables::GENERATION)?.map(|g| g.value());
    let generation = generation.ok_or_else(|| StoreError::Damaged("no generation".into()))?;
    Ok(Store { db, folder, generation })
}

pub(super) fn builder(options: &StoreOptions) -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(options.cache_bytes).set_check_integrity_on_open(options.verify);
    builder
}

impl Store {
    /// Of the generation in the database and the one beside it the newer counts, in both places.
    fn reconcile_generation(mut self, beside: Option<u32>) -> Result<Self, StoreError> {
        let newer = beside.unwrap_or(0).max(self.generation);
        if newer != self.generation {
            let tx = begin_write(&self.db)?;
            tx.open_table(tables::STORE)?.insert(tables::GENERATION, newer)?;
            tx.commit()?;
            self.generation = newer;
        }
        if let Some(folder) = self.folder.as_ref().filter(|_| beside != Some(newer)) {
            folder.set_generation(newer)?;
        }
        Ok(self)
    }

    /// Bytes of the database file; `None` if it is no file.
    pub(crate) fn file_bytes(&self) -> Option<u64> {
        let path = self.folder.as_ref()?.database();
        fs::metadata(path).ok().map(|m| m.len())
    }
}
