//! Whole branches of the real binary. Each file tells one story; facts are asserted, times are printed.
//!
//! They need `cargo build --release` first; those that cut the network need root and iproute2.

mod backup;
mod calling;
mod crash;
mod demo;
mod double_call;
mod enrolment;
mod goodbye;
mod hostile;
mod idempotency;
mod labs;
mod network;
mod page;
mod privacy;
mod split;
mod upgrade;
