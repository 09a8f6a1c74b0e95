//! A virtual ticket printer: takes ESC/POS over TCP, answers status requests as a real one does, and can run low on
//! paper, run out of it, fail in the middle of a slip, or be switched off.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};

/// How the printer is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Condition {
    /// It prints.
    Fine,
    /// It prints, and the paper ends soon.
    PaperLow,
    /// It prints nothing and says so.
    PaperOut,
    /// Its cover is open: it prints nothing and says so.
    CoverOpen,
    /// It cuts the connection in the middle of a slip.
    Breaks,
    /// It does not take connections.
    Off,
}

struct Inside {
    condition: Condition,
    slips: Vec<Vec<u8>>,
}

/// A printer at an address of this machine; it lasts as long as the test process.
pub struct VirtualPrinter {
    address: SocketAddr,
    inside: Arc<Mutex<Inside>>,
}

impl VirtualPrinter {
    /// A printer in this condition at a free port.
    ///
    /// # Errors
    /// If no port can be taken.
    pub fn start(condition: Condition) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("a free port")?;
        let address = listener.local_addr()?;
        let inside = Arc::new(Mutex::new(Inside { condition, slips: vec![] }));
        let shared = inside.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                std::thread::spawn(move || serve(&stream, &shared));
            }
        });
        Ok(Self { address, inside })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes its condition.
    pub fn set(&self, condition: Condition) {
        locked(&self.inside).condition = condition;
    }

    /// What came out so far: the text of each slip, its control bytes left in.
    pub fn slips(&self) -> Vec<String> {
        locked(&self.inside).slips.iter().map(|slip| encoding_rs::GB18030.decode(slip).0.into_owned()).collect()
    }
}

fn locked(inside: &Mutex<Inside>) -> MutexGuard<'_, Inside> {
    inside.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves one connection until its other end, or the printer, ends it.
fn serve(stream: &TcpStream, inside: &Mutex<Inside>) {
    // A printer that is switched off would refuse the connection; one that takes it and hangs up looks the same from
    // the other end, and its port cannot be taken by another test meanwhile.
    if locked(inside).condition == Condition::Off {
        return;
    }
    let mut session = Session { bytes: BufReader::new(stream), out: stream, inside, slip: vec![] };
    while session.step().is_some() {}
}

struct Session<'a> {
    bytes: BufReader<&'a TcpStream>,
    out: &'a TcpStream,
    inside: &'a Mutex<Inside>,
    slip: Vec<u8>,
}

impl Session<'_> {
    fn next(&mut self) -> Option<u8> {
        let mut byte = [0];
        self.bytes.read_exact(&mut byte).ok()?;
        Some(byte[0])
    }

    /// Reads the next byte or command; `None` at the end.
    fn step(&mut self) -> Option<()> {
        let byte = self.next()?;
        let condition = locked(self.inside).condition;
        match byte {
            0x10 => {
                let (_, what) = (self.next()?, self.next()?);
                return self.answer(real_time_status(what, condition));
            }
            0x1d => return self.group_separator(condition),
            _ => self.slip.push(byte),
        }
        let breaks = condition == Condition::Breaks && self.slip.len() > 40;
        (!breaks).then_some(())
    }

    fn group_separator(&mut self, condition: Condition) -> Option<()> {
        match self.next()? {
            b'r' => {
                self.next()?;
                // Without paper, or with its cover open, it is offline and works on nothing.
                match condition {
                    Condition::Fine => self.answer(0),
                    Condition::PaperLow => self.answer(0b0011),
                    _ => Some(()),
                }
            }
            b'V' => {
                let _ = (self.next()?, self.next()?);
                let slip = std::mem::take(&mut self.slip);
                if matches!(condition, Condition::Fine | Condition::PaperLow) {
                    locked(self.inside).slips.push(slip);
                }
                Some(())
            }
            b'(' => {
                let (_, low, high) = (self.next()?, self.next()?, self.next()?);
                for _ in 0..u16::from_le_bytes([low, high]) {
                    let byte = self.next()?;
                    self.slip.push(byte);
                }
                Some(())
            }
            // Size of characters: one argument.
            _ => self.next().map(|_| ()),
        }
    }

    fn answer(&mut self, byte: u8) -> Option<()> {
        self.out.write_all(&[byte]).ok()
    }
}

/// The answer to `DLE EOT n`: bits 1 and 4 are always set.
fn real_time_status(what: u8, condition: Condition) -> u8 {
    let bits = match (what, condition) {
        (2, Condition::CoverOpen) => 0b0000_0100,
        (2, Condition::PaperOut) => 0b0010_0000,
        (4, Condition::PaperOut) => 0b0110_1100,
        (4, Condition::PaperLow) => 0b0000_1100,
        _ => 0,
    };
    0b0001_0010 | bits
}
