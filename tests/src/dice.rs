//! Repeatable chance: a scenario prints its seed, and `BRANCHMESH_SEED` plays it again.

use crate::report;

/// A small generator (SplitMix64); good enough to choose whom to kill.
pub struct Dice(u64);

impl Dice {
    /// Seeded from `BRANCHMESH_SEED`, else from the clock; prints the seed.
    pub fn new() -> Self {
        let clock = || std::time::UNIX_EPOCH.elapsed().map_or(1, |d| d.subsec_nanos().into());
        let seed = std::env::var("BRANCHMESH_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or_else(clock);
        report::figure("seed (BRANCHMESH_SEED plays it again)", seed);
        Self(seed)
    }

    /// Seeded by the caller.
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// A seed for other dice.
    pub fn draw(&mut self) -> u64 {
        self.below(usize::MAX) as u64
    }

    /// A number below `end`, which must not be 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let range = u64::try_from(end).expect("a usize fits 64 bits");
        usize::try_from((z ^ (z >> 31)) % range).expect("less than a usize")
    }
}

impl Default for Dice {
    fn default() -> Self {
        Self::new()
    }
}
