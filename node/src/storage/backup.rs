//! A backup: one file with every row of the store at one instant, except stewardship.
//!
//! 64 bytes of header (magic 20, version 4, length of what follows 8, blake3 32; little endian), then records, each
//! after its length (4 bytes). The blake3 is that of the version and of everything after the header.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use redb::{ReadTransaction, ReadableDatabase, ReadableTableMetadata};
use serde::{Deserialize, Serialize};

use super::error::{StoreError, guarded};
use super::store::Store;
use super::{folder, migrations, rows, tables};

const MAGIC: &[u8; 20] = b"branchmesh backup\r\n\0";
const HEADER_BYTES: usize = 64;
/// No record is longer: a snapshot is the longest value there is, and documents are small.
const MAX_RECORD_BYTES: u32 = 1 << 30;

/// A row of the store. The order of the variants is the format: new ones go to the end.
#[derive(Serialize, Deserialize)]
pub(super) enum Record<'a> {
    /// The generation of the disk that was copied.
    Generation(u32),
    /// A row of [`tables::DOCUMENTS`].
    Document(&'a str, #[serde(with = "serde_bytes")] &'a [u8]),
    /// A row of [`tables::ENVELOPES`].
    Envelope((&'a str, &'a [u8], u64), #[serde(with = "serde_bytes")] &'a [u8]),
    /// A row of [`tables::SNAPSHOTS`].
    Snapshot(&'a str, #[serde(with = "serde_bytes")] &'a [u8]),
    /// A row of [`tables::SEALS`].
    Seals((&'a str, u64), #[serde(with = "serde_bytes")] &'a [u8]),
    /// A row of [`tables::COVERED`].
    Covered((&'a str, &'a [u8]), u64),
    /// A row of [`tables::META`].
    Meta(&'a str, #[serde(with = "serde_bytes")] &'a [u8]),
    /// A row of [`tables::OUTBOX`].
    Outbox(#[serde(with = "serde_bytes")] &'a [u8], #[serde(with = "serde_bytes")] &'a [u8]),
}

impl Store {
    /// Writes a consistent copy of the live store to the file `to`, beside it first, and returns its size in bytes.
    /// Commits go on meanwhile and are not in it. `progress` hears of rows done and rows in total.
    ///
    /// An older backup in that place is replaced once the new one is complete. The device's key is not in it.
    ///
    /// # Errors
    /// [`StoreError::Occupied`] if another kind of file stands there; [`StoreError::Full`] or [`StoreError::Io`], and
    /// then what stood there still does.
    pub fn backup(&self, to: &Path, progress: impl FnMut(u64, u64)) -> Result<u64, StoreError> {
        if to.exists() && !is_backup(to) {
            return Err(StoreError::Occupied { path: to.to_owned(), what: "something that is no backup" });
        }
        let part = folder::part_of(to);
        let written = guarded(|| {
            let file = folder::private_file().truncate(true).open(&part).map_err(|e| StoreError::at(&part, e))?;
            let tx = self.db.begin_read()?;
            let total = row_count(&tx)?;
            let mut writer = Writer { out: Hashed::new(file), path: &part, done: 0, total, progress };
            writer.begin()?;
            writer.record(&Record::Generation(self.generation))?;
            copy(&tx, &mut writer)?;
            writer.finish()
        });
        match &written {
            Ok(_) => folder::rename(&part, to)?,
            // What is left is of no use, and the space may be what was missing.
            Err(_) => drop(std::fs::remove_file(&part)),
        }
        written
    }
}

fn is_backup(path: &Path) -> bool {
    let mut magic = [0; MAGIC.len()];
    File::open(path).and_then(|mut f| f.read_exact(&mut magic)).is_ok() && magic == *MAGIC
}

fn row_count(tx: &ReadTransaction) -> Result<u64, StoreError> {
    let mut total = tx.open_table(tables::DOCUMENTS)?.len()? + tx.open_table(tables::ENVELOPES)?.len()?;
    total += tx.open_table(tables::SNAPSHOTS)?.len()? + tx.open_table(tables::SEALS)?.len()?;
    total += tx.open_table(tables::COVERED)?.len()? + tx.open_table(tables::META)?.len()?;
    Ok(total + tx.open_table(tables::OUTBOX)?.len()?)
}

fn copy(tx: &ReadTransaction, writer: &mut Writer<impl FnMut(u64, u64)>) -> Result<(), StoreError> {
    macro_rules! rows {
        ($table:expr, $record:path) => {
            for row in tx.open_table($table)?.iter()? {
                let (key, value) = row?;
                writer.record(&$record(key.value(), value.value()))?;
                writer.step();
            }
        };
    }
    use redb::ReadableTable;
    rows!(tables::DOCUMENTS, Record::Document);
    rows!(tables::ENVELOPES, Record::Envelope);
    rows!(tables::SNAPSHOTS, Record::Snapshot);
    rows!(tables::SEALS, Record::Seals);
    rows!(tables::COVERED, Record::Covered);
    rows!(tables::META, Record::Meta);
    rows!(tables::OUTBOX, Record::Outbox);
    Ok(())
}

struct Writer<'a, P> {
    out: Hashed,
    path: &'a Path,
    done: u64,
    total: u64,
    progress: P,
}

impl<P: FnMut(u64, u64)> Writer<'_, P> {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.out.skip_header().map_err(|e| StoreError::at(self.path, e))
    }

    fn record(&mut self, record: &Record) -> Result<(), StoreError> {
        let bytes = rows::encode(record);
        let len = u32::try_from(bytes.len()).ok().filter(|len| *len <= MAX_RECORD_BYTES);
        let len = len.ok_or_else(|| StoreError::Damaged("a row larger than any document".into()))?;
        self.out
            .write(&len.to_le_bytes())
            .and_then(|()| self.out.write(&bytes))
            .map_err(|e| StoreError::at(self.path, e))
    }

    fn step(&mut self) {
        self.done += 1;
        (self.progress)(self.done, self.total);
    }

    fn finish(self) -> Result<u64, StoreError> {
        let path = self.path;
        self.out.finish().map_err(|e| StoreError::at(path, e))
    }
}

/// A file that counts and hashes what goes into it, and begins with both once it is complete.
struct Hashed {
    file: BufWriter<File>,
    hasher: blake3::Hasher,
    len: u64,
}

impl Hashed {
    fn new(file: File) -> Self {
        Self { file: BufWriter::with_capacity(1 << 16, file), hasher: hasher(migrations::NEWEST), len: 0 }
    }

    fn skip_header(&mut self) -> io::Result<()> {
        self.file.write_all(&[0; HEADER_BYTES])
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.len += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    fn finish(mut self) -> io::Result<u64> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(MAGIC)?;
        self.file.write_all(&migrations::NEWEST.to_le_bytes())?;
        self.file.write_all(&self.len.to_le_bytes())?;
        self.file.write_all(self.hasher.finalize().as_bytes())?;
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(self.len + HEADER_BYTES as u64)
    }
}

fn hasher(version: u32) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new_derive_key("branchmesh backup 1");
    hasher.update(&version.to_le_bytes());
    hasher
}

/// A backup that was read once from end to end and found whole.
#[derive(Debug)]
pub(super) struct Verified {
    file: BufReader<File>,
    /// Bytes of records left to read.
    left: u64,
}

/// Why a file is not a whole backup, or what the system said when it was read.
#[derive(Debug)]
pub(super) enum Unfit {
    Because(String),
    Io(io::Error),
}

impl From<io::Error> for Unfit {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Verified {
    /// Checks the whole file; `progress` hears of every byte read.
    pub(super) fn open(path: &Path, mut progress: impl FnMut(u64, u64)) -> Result<Self, Unfit> {
        let because = |why: &str| Err(Unfit::Because(why.into()));
        let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
        let mut header = [0; HEADER_BYTES];
        match file.read_exact(&mut header) {
            Ok(()) if header.starts_with(MAGIC) => {}
            Err(e) if e.kind() != io::ErrorKind::UnexpectedEof => return Err(e.into()),
            _ => return because("it is not a branchmesh backup"),
        }
        let version = u32::from_le_bytes(header[20..24].try_into().expect("four bytes"));
        let len = u64::from_le_bytes(header[24..32].try_into().expect("eight bytes"));
        if version > migrations::NEWEST {
            let why =
                format!("it was made by a newer branchmesh (format {version}, this one knows {})", migrations::NEWEST);
            return Err(Unfit::Because(why));
        }
        let found = file.get_ref().metadata()?.len().saturating_sub(HEADER_BYTES as u64);
        if found < len {
            return because(&format!("it is truncated ({found} of {len} bytes are there)"));
        }
        if found > len || version == 0 || hash(&mut file, (version, len), &mut progress)?.as_bytes() != &header[32..] {
            return because("it is damaged (its checksum does not match)");
        }
        file.seek(SeekFrom::Start(HEADER_BYTES as u64))?;
        Ok(Self { file, left: len })
    }

    /// Bytes of records left to read.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Reads the next record into `buffer`; `false` at the end.
    pub(super) fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<bool> {
        if self.left == 0 {
            return Ok(false);
        }
        let mut len = [0; 4];
        self.file.read_exact(&mut len)?;
        let len = u32::from_le_bytes(len);
        let after = self.left.checked_sub(4 + u64::from(len)).filter(|_| len <= MAX_RECORD_BYTES);
        self.left = after.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        buffer.resize(len as usize, 0);
        self.file.read_exact(buffer)?;
        Ok(true)
    }
}

fn hash(
    file: &mut impl Read,
    (version, len): (u32, u64),
    progress: &mut impl FnMut(u64, u64),
) -> io::Result<blake3::Hash> {
    let mut hasher = hasher(version);
    let mut buffer = vec![0; 1 << 16];
    let mut done = 0;
    while done < len {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        done += read as u64;
        progress(done, len);
    }
    Ok(hasher.finalize())
}
