//! What can go wrong with the disk, in sentences that tell a person what to do.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use branchmesh_model::schema::DocId;

/// How sentences name the file.
const DATABASE: &str = "the database file";

/// Why the store did not do what it was asked. Nothing is ever half-written.
///
/// After [`Full`](Self::Full), [`Io`](Self::Io) or [`Damaged`](Self::Damaged) from a commit, drop the store and open it
/// again: the file is as it was after the last successful commit or, if the disk kept what it said it did not, as this one
/// would have left it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the data folder.
    #[error("another branchmesh uses the folder {}; stop it first, or choose another folder", .0.display())]
    InUse(PathBuf),
    /// No space is left.
    #[error("the disk is full; free some space and start branchmesh again, nothing acknowledged was lost")]
    Full,
    /// The file's content is not what was written.
    #[error(
        "the database is damaged ({0}); set it aside and let this device re-join from its peers, or restore a backup"
    )]
    Damaged(String),
    /// Written by a later version.
    #[error(
        "this data was written by a newer branchmesh (format {found}, this one knows {known}); install that version"
    )]
    Newer {
        /// The format of the data.
        found: u32,
        /// The newest format this version reads.
        known: u32,
    },
    /// Two different changes claim one place; a store must never keep both.
    #[error("another change of this actor already has number {seq} in {doc}; this one was not stored")]
    Conflict {
        /// The document.
        doc: DocId,
        /// The place both claim.
        seq: u64,
    },
    /// A file that is not a whole backup of a version this one reads.
    #[error("{} cannot be restored: {why}; the data folder was not changed", .file.display())]
    BadBackup {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A backup must not replace data or somebody's other file.
    #[error("{} already holds {what}; choose another place, or remove it first", .path.display())]
    Occupied {
        /// Where.
        path: PathBuf,
        /// What stands there.
        what: &'static str,
    },
    /// The device's key is missing or not one.
    #[error("the device key {} {why}", .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        why: &'static str,
    },
    /// The operating system refused.
    #[error("{what}: {source}; check that the disk works and that branchmesh may write there")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// The store failed before and must be opened again.
    #[error("the disk failed earlier; restart branchmesh")]
    FailedEarlier,
}

impl StoreError {
    /// An error of the operating system on `path`.
    pub(super) fn at(path: &Path, source: io::Error) -> Self {
        Self::io(path.display().to_string(), source)
    }

    fn io(what: String, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Self::Full,
            // redb meets these only where the file is shorter than it says of itself.
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                Self::Damaged(source.to_string())
            }
            _ => Self::Io { what, source },
        }
    }
}

impl From<io::Error> for StoreError {
    fn from(source: io::Error) -> Self {
        Self::io(DATABASE.into(), source)
    }
}

impl From<redb::Error> for StoreError {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Io(source) => source.into(),
            redb::Error::PreviousIo | redb::Error::DatabaseClosed => Self::FailedEarlier,
            other => Self::Damaged(other.to_string()),
        }
    }
}

macro_rules! from_redb {
    ($($error:ident),*) => {$(
        impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> Self {
                redb::Error::from(error).into()
            }
        }
    )*};
}
from_redb!(DatabaseError, TransactionError, TableError, StorageError, CommitError, CompactionError, SetDurabilityError);

/// Runs `work` on a file that may be damaged: redb trusts what it wrote and may panic on what it did not.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(StoreError::Damaged("unreadable page".into())))
}
