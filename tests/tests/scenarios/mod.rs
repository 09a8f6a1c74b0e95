//! Whole branches of the real binary. Each file tells one story; facts are asserted, times are printed.
//!
//! They need `cargo build --release` first; those that cut the network need root and iproute2.

mod backup;
mod calling;
mod crash;
mod demo;
mod enrolment;
mod goodbye;
mod hostile;
mod idempotency;
mod network;
mod over_ride;
mod privacy;
mod split;
