//! The journal: what makes a commit durable by one sync, before redb writes any page.
//!
//! A durable commit of redb is two syncs, one after the other, with seven to ten pages between them. So the file begins with a
//! journal, and the database lies behind it: [`Store::commit`](super::Store::commit) appends what is to be done to the
//! journal, syncs that, and lets redb do it in memory. When the journal is full (and now and then before) one durable commit
//! of redb holds all of it, and the journal begins anew. A start does what the database does not hold yet.
//!
//! Each record is written twice, half a journal apart, and the two are synced together: a damaged byte is mended from the other
//! copy, and only a record that is whole in neither is taken for one that was never acknowledged. If a later one is whole,
//! the file is damaged. What was written in earlier rounds stays behind the newest record until it is written over, and members choose
//! some of those bytes, so each file hashes its records with a key of its own and with their place.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use branchmesh_model::ids::DeviceId;
use branchmesh_model::schema::DocId;
use redb::StorageBackend;
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::rows;
use super::store::StoreOp;
use crate::replication::envelope::Envelope;

/// How the file begins; the number of its layout follows.
const MAGIC: [u8; 15] = *b"branchmesh disk";
/// The layout this version writes. Bytes once written under a number keep their meaning for ever.
const LAYOUT: u8 = 1;
/// How a file of a version without a journal begins: as every redb file does.
const PLAIN: [u8; 9] = [b'r', b'e', b'd', b'b', 0x1A, 0x0A, 0xA9, 0x0D, 0x0A];
/// Where the journal begins. What names the layout shares its page with nothing.
const BEGIN: u64 = 4096;
/// Records begin at multiples of this, so that none shares what a disk writes at once, whole or not at all, with one before it.
const PAGE: usize = 4096;
/// Length, number and checksum before what a record says.
const HEAD: usize = 28;
const CHECKSUM: usize = 16;
const KEY: usize = 32;
/// Magic, layout, length of one copy, key. A checksum of so many bytes follows in every layout, whatever they mean.
const SIGNED: usize = MAGIC.len() + 1 + 4 + KEY;
/// Zeros written at once.
const CHUNK: usize = 64 * 1024;

/// A disk of a store: a file, or one of a simulation.
pub(super) type Disk = Arc<dyn StorageBackend>;

/// Where journal and database lie.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Layout {
    /// Bytes of one copy of the journal.
    half: u32,
    /// With which this file hashes its records.
    key: [u8; KEY],
}

/// What a disk begins with.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// Nothing: it was never used, or creating a store ended before it was done.
    Nothing,
    /// A database without a journal, of an earlier version.
    Plain,
    /// A journal and a database.
    Journal(Layout),
}

impl Layout {
    /// With so many bytes for one copy of the journal, rounded up to whole pages.
    pub(super) fn new(half: u32, key: [u8; KEY]) -> Self {
        Self { half: half.max(1).next_multiple_of(PAGE as u32), key }
    }

    /// Where the database begins.
    pub(super) fn database(&self) -> u64 {
        BEGIN + 2 * u64::from(self.half)
    }

    /// Empties the disk and makes room for a journal: zeros that are written, so that a sync has no room to find later.
    pub(super) fn make_room(&self, disk: &Disk) -> Result<(), StoreError> {
        disk.set_len(0)?;
        disk.set_len(self.database())?;
        let zeros = vec![0; CHUNK];
        for at in (0..self.database()).step_by(CHUNK) {
            let len = usize::try_from(self.database() - at).map_or(CHUNK, |left| left.min(CHUNK));
            disk.write(at, &zeros[..len])?;
        }
        Ok(())
    }

    /// Says that the disk is laid out so; the last step of creating a store.
    pub(super) fn sign(&self, disk: &Disk) -> Result<(), StoreError> {
        let mut page = [MAGIC.as_slice(), &[LAYOUT], &self.half.to_le_bytes(), &self.key].concat();
        let checksum = blake3::hash(&page);
        page.extend_from_slice(&checksum.as_bytes()[..CHECKSUM]);
        disk.write(0, &page)?;
        Ok(disk.sync_data()?)
    }

    /// Reads how a disk is laid out.
    pub(super) fn find(disk: &Disk) -> Result<Found, StoreError> {
        let damaged = |why: &str| StoreError::Damaged(why.to_owned());
        let mut page = [0; SIGNED + CHECKSUM];
        let len = disk.len()?;
        let there = usize::try_from(len).map_or(page.len(), |len| len.min(page.len()));
        disk.read(0, &mut page[..there])?;
        if page.iter().all(|byte| *byte == 0) {
            return Ok(Found::Nothing);
        }
        if page.starts_with(&PLAIN) {
            return Ok(Found::Plain);
        }
        let (said, checksum) = page.split_at(SIGNED);
        let (magic, said_more) = said.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(damaged("it does not begin as a database of branchmesh does"));
        }
        if checksum != &blake3::hash(said).as_bytes()[..CHECKSUM] {
            return Err(damaged("its first page is unreadable"));
        }
        if said_more[0] > LAYOUT {
            return Err(StoreError::Newer { found: said_more[0].into(), known: LAYOUT.into() });
        }
        let (half, key) = said_more[1..].split_at(4);
        let half = u32::from_le_bytes(half.try_into().expect("four bytes"));
        let layout = Self { half, key: key.try_into().expect("the rest is the key") };
        if len <= layout.database() {
            return Err(damaged("its end is missing"));
        }
        Ok(Found::Journal(layout))
    }

    /// The disk as redb sees it. Once `shut` is set, nothing more is written.
    pub(super) fn behind(&self, disk: Disk, shut: Arc<AtomicBool>) -> impl StorageBackend {
        Behind { disk, from: self.database(), shut }
    }
}

/// What lies behind the journal.
#[derive(Debug)]
struct Behind {
    disk: Disk,
    from: u64,
    shut: Arc<AtomicBool>,
}

impl Behind {
    fn check(&self) -> std::io::Result<()> {
        match self.shut.load(Ordering::Acquire) {
            true => Err(std::io::Error::other("the journal failed")),
            false => Ok(()),
        }
    }
}

impl StorageBackend for Behind {
    fn len(&self) -> std::io::Result<u64> {
        Ok(self.disk.len()?.saturating_sub(self.from))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.disk.read(self.from.saturating_add(offset), out)
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.check()?;
        self.disk.set_len(self.from.saturating_add(len))
    }

    fn sync_data(&self) -> std::io::Result<()> {
        self.check()?;
        self.disk.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.check()?;
        self.disk.write(self.from.saturating_add(offset), data)
    }

    fn close(&self) -> std::io::Result<()> {
        self.disk.close()
    }
}

/// The journal of an open store.
#[derive(Debug)]
pub(super) struct Journal {
    disk: Disk,
    layout: Layout,
    /// Where the next record goes.
    at: usize,
    /// The number of the next record.
    next: u64,
    /// Something failed, and a record may be on disk that nobody was told of: nothing may follow it, and the database stays as it
    /// is on disk until the next start.
    shut: Arc<AtomicBool>,
}

impl Journal {
    /// Reads what a database that holds all up to record `applied` lacks, in order. Once that is held, [begin anew].
    ///
    /// [begin anew]: Self::begin_anew
    pub(super) fn open(
        disk: Disk,
        layout: Layout,
        shut: Arc<AtomicBool>,
        applied: u64,
    ) -> Result<(Self, Vec<Vec<StoreOp>>), StoreError> {
        let half = layout.half as usize;
        let copies = [BEGIN, BEGIN + u64::from(layout.half)].map(|from| {
            let mut copy = vec![0; half];
            disk.read(from, &mut copy).map(|()| copy)
        });
        let [first, second] = copies;
        let copies = [first?, second?];
        // Of two whole records in one place the later one counts: the other copy was not written any more.
        let read = |at, numbers: RangeInclusive<u64>| {
            let records = copies.iter().filter_map(|copy| Record::read(&layout.key, copy, at, &numbers));
            records.max_by_key(|record| record.number)
        };
        let (mut at, mut next, mut lacking) = (0, None, Vec::new());
        while let Some(record) = read(at, next.map_or(0..=u64::MAX, |next| next..=next)) {
            if record.number > applied + lacking.len() as u64 + 1 {
                break;
            }
            if record.number > applied {
                lacking.push(decode(record.says)?);
            }
            at += record.room();
            next = Some(record.number + 1);
        }
        let next = next.unwrap_or(0).max(applied + 1);
        if (at..half).step_by(PAGE).any(|at| read(at, next..=u64::MAX).is_some()) {
            return Err(StoreError::Damaged("a record of the journal is unreadable".into()));
        }
        Ok((Self { disk, layout, at, next, shut }, lacking))
    }

    /// Where journal and database lie.
    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The number of the next record.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Whether there is anything that the database may not have on disk.
    pub(super) fn is_empty(&self) -> bool {
        self.at == 0
    }

    /// # Errors
    /// [`StoreError::FailedEarlier`].
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.shut.load(Ordering::Acquire) { Err(StoreError::FailedEarlier) } else { Ok(()) }
    }

    /// The next record; none if there is no room for it.
    pub(super) fn record(&self, ops: &[StoreOp]) -> Option<Vec<u8>> {
        let record = Record { number: self.next, says: &encode(ops) }.bytes(&self.layout.key, self.at)?;
        (self.at + record.len() <= self.layout.half as usize).then_some(record)
    }

    /// Makes a record durable that fits.
    pub(super) fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        let at = BEGIN + self.at as u64;
        self.disk.write(at, record)?;
        self.disk.write(at + u64::from(self.layout.half), record)?;
        self.disk.sync_data()?;
        self.at += record.len();
        self.next += 1;
        Ok(())
    }

    /// Something failed: the store must be opened again.
    pub(super) fn shut(&self) {
        self.shut.store(true, Ordering::Release);
    }

    /// The database has all up to record `applied` on disk.
    pub(super) fn begin_anew(&mut self, applied: u64) {
        (self.at, self.next) = (0, applied + 1);
    }
}

/// A record as it lies in the journal: the length of what it says, its number, a checksum, and what it says.
#[derive(Debug)]
struct Record<'a> {
    number: u64,
    says: &'a [u8],
}

impl<'a> Record<'a> {
    /// The record at a place, if it is whole and has one of these numbers.
    fn read(key: &[u8; KEY], copy: &'a [u8], at: usize, numbers: &RangeInclusive<u64>) -> Option<Self> {
        let (head, rest) = copy.get(at..)?.split_at_checked(HEAD)?;
        let (len, more) = head.split_at(4);
        let (number, checksum) = more.split_at(8);
        let number = u64::from_le_bytes(number.try_into().ok()?);
        let len = u32::from_le_bytes(len.try_into().ok()?) as usize;
        let says = rest.get(..len).filter(|says| !says.is_empty() && numbers.contains(&number))?;
        let record = Self { number, says };
        (checksum == record.checksum(key, at)).then_some(record)
    }

    /// `None` if it is too long for any journal.
    fn bytes(&self, key: &[u8; KEY], at: usize) -> Option<Vec<u8>> {
        let len = u32::try_from(self.says.len()).ok()?;
        let mut bytes = Vec::with_capacity(self.room());
        bytes.extend_from_slice(&len.to_le_bytes());
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.checksum(key, at));
        bytes.extend_from_slice(self.says);
        bytes.resize(self.room(), 0);
        Some(bytes)
    }

    fn checksum(&self, key: &[u8; KEY], at: usize) -> [u8; CHECKSUM] {
        let mut hasher = blake3::Hasher::new_keyed(key);
        hasher.update(&(at as u64).to_le_bytes());
        hasher.update(&self.number.to_le_bytes());
        hasher.update(self.says);
        hasher.finalize().as_bytes()[..CHECKSUM].try_into().expect("a hash is longer")
    }

    /// Bytes it takes, up to where the next begins.
    fn room(&self) -> usize {
        (HEAD + self.says.len()).next_multiple_of(PAGE)
    }
}

/// A [`StoreOp`] as a record says it: postcard, field after field. A further kind goes to the end.
#[derive(Serialize, Deserialize)]
enum Said<'a> {
    Envelope(#[serde(borrow)] SaidEnvelope<'a>),
    Forget(DocId),
    TakeSignature(#[serde(borrow)] SaidEnvelope<'a>),
    Steward(#[serde(with = "serde_bytes")] &'a [u8], Option<&'a serde_bytes::Bytes>),
    Meta(&'a str, Option<&'a serde_bytes::Bytes>),
    Outbox(#[serde(with = "serde_bytes")] &'a [u8], Option<&'a serde_bytes::Bytes>),
}

#[derive(Serialize, Deserialize)]
struct SaidEnvelope<'a> {
    doc: DocId,
    author: DeviceId,
    n: u64,
    #[serde(with = "serde_bytes")]
    actor: &'a [u8],
    seq: u64,
    #[serde(with = "serde_bytes")]
    change: &'a [u8],
    #[serde(with = "serde_bytes")]
    signature: &'a [u8],
}

impl<'a> SaidEnvelope<'a> {
    fn of(envelope: &'a Envelope) -> Self {
        let Envelope { doc, author, n, actor, seq, change, signature } = envelope;
        Self { doc: doc.clone(), author: *author, n: *n, actor, seq: *seq, change, signature }
    }

    fn envelope(self) -> Envelope {
        let Self { doc, author, n, actor, seq, change, signature } = self;
        let (actor, change, signature) = (actor.to_vec(), change.to_vec(), signature.to_vec());
        Envelope { doc, author, n, actor, seq, change, signature }
    }
}

/// A record's bytes, for tests that forge them.
#[cfg(test)]
pub(super) fn record(key: &[u8; KEY], at: usize, number: u64, says: &[u8]) -> Option<Vec<u8>> {
    Record { number, says }.bytes(key, at)
}

impl<'a> Said<'a> {
    fn of(op: &'a StoreOp) -> Self {
        fn bytes(value: &Option<Vec<u8>>) -> Option<&serde_bytes::Bytes> {
            value.as_deref().map(serde_bytes::Bytes::new)
        }
        match op {
            StoreOp::Envelope(envelope) => Self::Envelope(SaidEnvelope::of(envelope)),
            StoreOp::Forget(doc) => Self::Forget(doc.clone()),
            StoreOp::TakeSignature(envelope) => Self::TakeSignature(SaidEnvelope::of(envelope)),
            StoreOp::Steward { key, value } => Self::Steward(key, bytes(value)),
            StoreOp::Meta { key, value } => Self::Meta(key, bytes(value)),
            StoreOp::Outbox { key, value } => Self::Outbox(key, bytes(value)),
        }
    }

    fn op(self) -> StoreOp {
        fn bytes(value: Option<&serde_bytes::Bytes>) -> Option<Vec<u8>> {
            value.map(|value| value.to_vec())
        }
        match self {
            Self::Envelope(envelope) => StoreOp::Envelope(envelope.envelope()),
            Self::Forget(doc) => StoreOp::Forget(doc),
            Self::TakeSignature(envelope) => StoreOp::TakeSignature(envelope.envelope()),
            Self::Steward(key, value) => StoreOp::Steward { key: key.to_vec(), value: bytes(value) },
            Self::Meta(key, value) => StoreOp::Meta { key: key.to_owned(), value: bytes(value) },
            Self::Outbox(key, value) => StoreOp::Outbox { key: key.to_vec(), value: bytes(value) },
        }
    }
}

pub(super) fn encode(ops: &[StoreOp]) -> Vec<u8> {
    rows::encode(&ops.iter().map(Said::of).collect::<Vec<_>>())
}

pub(super) fn decode(says: &[u8]) -> Result<Vec<StoreOp>, StoreError> {
    let said: Vec<Said<'_>> = rows::decode(says, "the journal")?;
    Ok(said.into_iter().map(Said::op).collect())
}
