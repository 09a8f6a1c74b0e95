//! Seeded chance, a source for each actor so that one actor's luck does not change another's.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A source of chance.
pub(super) struct Draw(StdRng);

impl Draw {
    /// The source of one actor; `salt` tells the actors apart.
    pub(super) fn new(seed: u64, salt: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&salt.to_le_bytes());
        Self(StdRng::from_seed(bytes))
    }

    /// At least 0, less than 1.
    pub(super) fn unit(&mut self) -> f64 {
        self.0.random::<f64>()
    }

    /// True with probability `p`.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Time until the next of events that come at random, `rate` of them a unit of time on average.
    pub(super) fn exponential(&mut self, rate: f64) -> f64 {
        -(1.0 - self.unit()).ln() / rate
    }

    /// Log-normal with this median and this spread of its logarithm: many short services, a few very long ones.
    pub(super) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        // Box and Muller's way to a normal deviate.
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.unit()).cos();
        median * (sigma * normal).exp()
    }

    /// One of these, each as likely as its weight.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [(T, f64)]) -> &'a T {
        let mut left = self.unit() * choices.iter().map(|(_, weight)| weight).sum::<f64>();
        let chosen = choices.iter().find(|(_, weight)| {
            left -= weight;
            left < 0.0
        });
        &chosen.unwrap_or(&choices[choices.len() - 1]).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself_and_salts_differ() {
        let row = |seed, salt| {
            let mut draw = Draw::new(seed, salt);
            (0..8).map(|_| draw.unit().to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(row(7, 1), row(7, 1));
        assert_ne!(row(7, 1), row(7, 2));
        assert_ne!(row(7, 1), row(8, 1));
    }

    #[test]
    fn the_distributions_have_their_middle_where_they_say() {
        let mut draw = Draw::new(1, 1);
        let mean = (0..4000).map(|_| draw.exponential(0.5)).sum::<f64>() / 4000.0;
        assert!((1.8..2.2).contains(&mean), "{mean}");
        let mut services: Vec<f64> = (0..4001).map(|_| draw.log_normal(3.0, 0.6)).collect();
        services.sort_by(f64::total_cmp);
        assert!((2.8..3.2).contains(&services[2000]), "{}", services[2000]);
        assert!(services[0] > 0.0);
        let heads = (0..4000).filter(|_| *draw.pick(&[(true, 3.0), (false, 1.0)])).count();
        assert!((2800..3200).contains(&heads), "{heads}");
    }
}
