//! Random bytes, and broken versions of real ones, at every place where something comes in from outside: none may panic,
//! hang or stop a node. What is found is made short by proptest and shown.
//!
//! Each target runs for a few seconds in `tests/run`. `BRANCHMESH_FUZZ_SECONDS=3600 cargo nextest run --release -E
//! 'test(fuzz::)'` goes on for hours with new chance every round.

mod files;
mod http;
mod mesh;

use std::sync::Arc;
use std::time::{Duration, Instant};

use branchmesh_tests::report;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Numbers that code often forgets to think of, as they stand in postcard and in JSON.
const ODD_NUMBERS: [&[u8]; 6] = [
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    &[0x80, 0x80, 0x80, 0x80, 0x80],
    b"-1",
    b"1e999",
    b"18446744073709551616",
];

/// One way to break bytes.
#[derive(Clone, Debug)]
enum Break {
    Flip(Index, u8),
    Put(Index, u8),
    Cut(Index, usize),
    Insert(Index, Vec<u8>),
    Odd(Index, usize),
    Double(Index, usize),
    /// Goes on as another example does.
    Splice(Index, Index),
}

fn break_() -> impl Strategy<Value = Break> {
    let at = any::<Index>;
    prop_oneof![
        4 => (at(), 0..8_u8).prop_map(|(at, bit)| Break::Flip(at, bit)),
        3 => (at(), any::<u8>()).prop_map(|(at, byte)| Break::Put(at, byte)),
        2 => (at(), 1..40_usize).prop_map(|(at, len)| Break::Cut(at, len)),
        2 => (at(), vec(any::<u8>(), 1..20)).prop_map(|(at, bytes)| Break::Insert(at, bytes)),
        2 => (at(), 0..ODD_NUMBERS.len()).prop_map(|(at, number)| Break::Odd(at, number)),
        1 => (at(), 1..200_usize).prop_map(|(at, len)| Break::Double(at, len)),
        1 => (at(), at()).prop_map(|(at, other)| Break::Splice(at, other)),
    ]
}

impl Break {
    fn apply(&self, bytes: &mut Vec<u8>, examples: &[Vec<u8>]) {
        let place = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
        match self {
            Break::Flip(at, bit) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            Break::Put(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Break::Flip(..) | Break::Put(..) => {}
            Break::Cut(at, len) => {
                let from = place(at, bytes);
                bytes.drain(from..bytes.len().min(from + len));
            }
            Break::Insert(at, more) => {
                let at = place(at, bytes);
                bytes.splice(at..at, more.iter().copied());
            }
            Break::Odd(at, number) => {
                let at = place(at, bytes);
                bytes.splice(at..bytes.len().min(at + 1), ODD_NUMBERS[*number].iter().copied());
            }
            Break::Double(at, len) => {
                let from = place(at, bytes);
                let part = bytes[from..bytes.len().min(from + len)].to_vec();
                bytes.splice(from..from, part);
            }
            Break::Splice(at, other) => {
                let other = &examples[other.index(examples.len())];
                let from = at.index(bytes.len().min(other.len()) + 1);
                bytes.truncate(from);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
}

/// An example broken in a few places; sometimes noise, sometimes the example as it is.
fn broken(examples: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let examples = Arc::new(examples);
    let of_example = (any::<Index>(), vec(break_(), 0..6)).prop_map(move |(chosen, breaks)| {
        let mut bytes = examples[chosen.index(examples.len())].clone();
        breaks.iter().for_each(|b| b.apply(&mut bytes, &examples));
        bytes
    });
    prop_oneof![9 => of_example, 1 => vec(any::<u8>(), 0..400)]
}

/// Feeds `target` with broken `examples`: so many in an ordinary run, or for as long as `BRANCHMESH_FUZZ_SECONDS` says.
fn hold(examples: Vec<Vec<u8>>, cases: u32, target: impl Fn(&[u8])) {
    assert!(!examples.is_empty(), "something to break");
    let seconds: u64 = std::env::var("BRANCHMESH_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(0);
    let until = Instant::now() + Duration::from_secs(seconds);
    let strategy = broken(examples);
    let mut rounds = 0_u64;
    loop {
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        // The first round is the same everywhere, so that a red test stays red.
        let first = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = if rounds == 0 { TestRunner::new_with_rng(config, first) } else { TestRunner::new(config) };
        let run = runner.run(&strategy, |bytes| {
            target(&bytes);
            Ok(())
        });
        if let Err(problem) = run {
            panic!("{problem}");
        }
        rounds += 1;
        if Instant::now() >= until {
            break;
        }
    }
    report::figure("inputs", rounds * u64::from(cases));
}
