//! All tests that need more than one crate, in one binary.

#![expect(clippy::panic, reason = "a test fails by panicking")]

mod browser;
mod fuzz;

mod scenarios;
mod simulator;
mod stories;
mod tidy;
mod year;
