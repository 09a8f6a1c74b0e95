//! Opening a data folder: new, sound, or damaged.

use std::fs;
use std::io::{Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase, StorageBackend};

use super::error::{StoreError, guarded};
use super::folder::{self, Folder};
use super::journal::{Disk, Found, Journal, Layout};
use super::store::{Closing, Store, apply, begin_write, hold};
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
    /// Length of one copy of the journal of a store that is created now, bytes. When it is full, the database takes it over.
    pub journal_bytes: u32,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { cache_bytes: 16 * 1024 * 1024, verify: true, first_generation: 0, journal_bytes: 1024 * 1024 }
    }
}

/// What was found in a data folder.
#[derive(Debug)]
pub enum Opened {
    /// A store, new or old, ready for use.
    Ready(Store),
    /// There is a database, but not as it was written. None of it was changed; [`set_aside`](super::set_aside) moves it away
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
            let disk: Disk = Arc::new(backend);
            if Layout::find(&disk)? == Found::Nothing {
                // A disk in memory has no secrets, and the same seed must leave the same disk.
                let layout = Layout::new(options.journal_bytes, [0; 32]);
                format(&disk, &layout, options, options.first_generation)?.close()?;
            }
            open_on(disk, options, None)
        })
    }
}

fn open_in(folder: Folder, options: &StoreOptions) -> Result<Store, StoreError> {
    let path = folder.database();
    let beside = folder.generation()?;
    if !path.exists() {
        let generation = beside.map_or(options.first_generation, folder::next_generation);
        create(&path, options, generation)?;
    }
    let mut disk = file(&path)?;
    if Layout::find(&disk)? == Found::Plain {
        drop(disk);
        add_journal(&path, options)?;
        disk = file(&path)?;
    }
    let store = guarded(|| open_on(disk, options, Some(folder)))?;
    store.reconcile_generation(beside)
}

fn file(path: &Path) -> Result<Disk, StoreError> {
    let file = folder::private_file().truncate(false).open(path).map_err(|e| StoreError::at(path, e))?;
    Ok(Arc::new(FileBackend::new(file)?))
}

/// Makes a complete empty database under another name first: a crash leaves none, never half of one.
pub(super) fn create(path: &Path, options: &StoreOptions, generation: u32) -> Result<(), StoreError> {
    let part = folder::part_of(path);
    let layout = Layout::new(options.journal_bytes, rand::random());
    format(&file(&part)?, &layout, options, generation)?.close()?;
    folder::rename(&part, path)
}

/// The database of a file that [`create`] has just made, its journal being empty.
pub(super) fn existing(path: &Path, options: &StoreOptions) -> Result<Database, StoreError> {
    let disk = file(path)?;
    match Layout::find(&disk)? {
        Found::Journal(layout) => Ok(builder(options).create_with_backend(layout.behind(disk, Arc::default()))?),
        Found::Nothing | Found::Plain => Err(StoreError::Damaged("it has no journal".into())),
    }
}

/// A journal and an empty database. What tells that they are there is written last.
fn format(disk: &Disk, layout: &Layout, options: &StoreOptions, generation: u32) -> Result<Database, StoreError> {
    layout.make_room(disk)?;
    let db = builder(options).create_with_backend(layout.behind(disk.clone(), Arc::default()))?;
    migrations::create(&db, generation)?;
    layout.sign(disk)?;
    Ok(db)
}

/// Puts a journal before the database of an earlier version. The old file stands until the new one is whole.
fn add_journal(path: &Path, options: &StoreOptions) -> Result<(), StoreError> {
    let part = folder::part_of(path);
    let layout = Layout::new(options.journal_bytes, rand::random());
    let copy = || -> Result<(), StoreError> {
        let disk = file(&part)?;
        layout.make_room(&disk)?;
        let mut to = fs::OpenOptions::new().write(true).open(&part)?;
        to.seek(SeekFrom::Start(layout.database()))?;
        std::io::copy(&mut fs::File::open(path)?, &mut to)?;
        to.sync_all()?;
        layout.sign(&disk)
    };
    copy().inspect_err(|_| {
        // What is left is of no use, and the space may be what was missing.
        let _ = fs::remove_file(&part);
    })?;
    folder::rename(&part, path)?;
    tracing::info!("the database of an earlier version got a journal");
    Ok(())
}

/// Opens what lies behind a journal, and does what the journal says and the database does not hold.
fn open_on(disk: Disk, options: &StoreOptions, folder: Option<Folder>) -> Result<Store, StoreError> {
    let Found::Journal(layout) = Layout::find(&disk)? else {
        return Err(StoreError::Damaged("it has no journal".into()));
    };
    let shut = Arc::new(AtomicBool::new(false));
    let mut db = builder(options).create_with_backend(layout.behind(disk.clone(), shut.clone()))?;
    migrations::migrate(&db)?;
    migrations::check(&db)?;
    let applied = db.begin_read()?.open_table(tables::JOURNAL)?.get(tables::APPLIED)?.map_or(0, |n| n.value());
    let (mut journal, lacking) = Journal::open(disk, layout, shut, applied)?;
    if !lacking.is_empty() {
        let tx = begin_write(&db)?;
        for ops in &lacking {
            apply(&tx, ops)?;
        }
        hold(tx, &mut journal, applied + lacking.len() as u64)?;
    }
    journal.begin_anew(applied + lacking.len() as u64);
    give_back_room(&mut db)?;
    let generation = db.begin_read()?.open_table(tables::STORE)?.get(tables::GENERATION)?.map(|g| g.value());
    let generation = generation.ok_or_else(|| StoreError::Damaged("no generation".into()))?;
    Ok(Store { db: Closing::new(db), journal: Mutex::new(journal), folder, generation })
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

fn builder(options: &StoreOptions) -> Builder {
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

    /// Bytes of the file; `None` if it is no file.
    pub(crate) fn file_bytes(&self) -> Option<u64> {
        let path = self.folder.as_ref()?.database();
        fs::metadata(path).ok().map(|m| m.len())
    }
}
