//! All tests that need more than one crate, in one binary.

mod browser;
mod scenarios;
mod simulator;
mod tidy;
