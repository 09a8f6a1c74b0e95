//! A disk in memory that loses power on demand, for the simulator and for tests.
//!
//! What was synced stays. What was written since may be there after a crash, or not, or in part: in any combination, as
//! a real disk reorders what it holds in its cache. A sector of 512 bytes is written whole or not at all.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

const SECTOR: usize = 512;

/// What a crash leaves of what was written and not synced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Crash {
    /// Nothing.
    Unsynced,
    /// A part drawn from this seed: each write whole, in some of its sectors, or not at all.
    Torn(u64),
}

/// A disk that outlives the store on it; clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct CrashingDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What a reader sees.
    now: Vec<u8>,
    /// What survives for sure.
    synced: Vec<u8>,
    /// What leads from `synced` to `now`.
    unsynced: Vec<Change>,
    /// Writes and syncs left before the power goes.
    power: Option<u64>,
    /// Syncs that will fail.
    failing_syncs: u32,
    /// Largest length allowed, bytes.
    capacity: Option<u64>,
    /// Grows with every crash; a backend of an earlier life reaches nothing any more.
    life: u64,
    /// Writes and syncs carried out.
    steps: u64,
}

#[derive(Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl CrashingDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// A disk that holds `image`, synced.
    pub fn with_image(image: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State { now: image.clone(), synced: image, ..State::default() })))
    }

    /// What to open a store on. Of several, only one made since the last crash works.
    pub fn backend(&self) -> CrashingBackend {
        CrashingBackend { life: self.state().life, disk: self.clone() }
    }

    /// The power goes and comes back: whoever had the disk open fails from now on, and the disk holds what the crash
    /// left. All injected failures are over.
    pub fn crash(&self, crash: Crash) {
        self.state().crash(crash);
    }

    /// The power goes at the `steps`-th write or sync from now, before it is carried out; call
    /// [`CrashingDisk::crash`] to bring it back.
    pub fn power_off_after(&self, steps: u64) {
        self.state().power = Some(steps);
    }

    /// The next `count` syncs report an error and sync nothing.
    pub fn fail_syncs(&self, count: u32) {
        self.state().failing_syncs = count;
    }

    /// The disk is full at `bytes`; `None` for no limit.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state().capacity = bytes;
    }

    /// Writes and syncs carried out so far.
    pub fn steps(&self) -> u64 {
        self.state().steps
    }

    /// What is there now, synced or not.
    pub fn image(&self) -> Vec<u8> {
        self.state().now.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

impl State {
    fn crash(&mut self, crash: Crash) {
        let mut left = std::mem::take(&mut self.synced);
        if let Crash::Torn(seed) = crash {
            let mut random = Random(seed);
            for change in &self.unsynced {
                change.survive(&mut left, &mut random);
            }
        }
        let (life, steps) = (self.life + 1, self.steps);
        *self = State { now: left.clone(), synced: left, life, steps, ..State::default() };
    }

    /// One write or sync: whether there is still power for it.
    fn step(&mut self) -> io::Result<()> {
        match &mut self.power {
            Some(0) => return Err(io::Error::other("the power is off")),
            Some(left) => *left -= 1,
            None => {}
        }
        self.steps += 1;
        Ok(())
    }

    fn change(&mut self, change: Change) -> io::Result<()> {
        self.step()?;
        if self.capacity.is_some_and(|bytes| change.end() as u64 > bytes) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        change.apply(&mut self.now);
        self.unsynced.push(change);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.step()?;
        if self.failing_syncs > 0 {
            self.failing_syncs -= 1;
            return Err(io::Error::other("the sync failed"));
        }
        for change in self.unsynced.drain(..) {
            change.apply(&mut self.synced);
        }
        Ok(())
    }
}

impl Change {
    fn end(&self) -> usize {
        match self {
            Change::Write(at, bytes) => at + bytes.len(),
            Change::Length(len) => *len,
        }
    }

    fn apply(&self, image: &mut Vec<u8>) {
        match self {
            Change::Write(at, bytes) => put(image, *at, bytes),
            Change::Length(len) => image.resize(*len, 0),
        }
    }

    fn survive(&self, image: &mut Vec<u8>, random: &mut Random) {
        match (self, random.below(3)) {
            (_, 0) => {}
            (Change::Write(at, bytes), 1) => {
                let mut from = 0;
                while from < bytes.len() {
                    let to = (from + SECTOR - (at + from) % SECTOR).min(bytes.len());
                    if random.below(2) == 0 {
                        put(image, at + from, &bytes[from..to]);
                    }
                    from = to;
                }
            }
            _ => self.apply(image),
        }
    }
}

fn put(image: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if image.len() < at + bytes.len() {
        image.resize(at + bytes.len(), 0);
    }
    image[at..at + bytes.len()].copy_from_slice(bytes);
}

/// SplitMix64: the same seed, the same crash.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// A [`CrashingDisk`] as redb sees it.
#[derive(Debug)]
pub struct CrashingBackend {
    disk: CrashingDisk,
    life: u64,
}

impl CrashingBackend {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.disk.state();
        if state.life == self.life { Ok(state) } else { Err(io::Error::other("the power was off")) }
    }
}

impl StorageBackend for CrashingBackend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state()?.now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state()?;
        let from = position(offset)?;
        let bytes = from.checked_add(out.len()).and_then(|to| state.now.get(from..to));
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = position(len)?;
        self.state()?.change(Change::Length(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.state()?.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let at = position(offset)?;
        self.state()?.change(Change::Write(at, data.to_vec()))
    }
}

fn position(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput.into())
}
