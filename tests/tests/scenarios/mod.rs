//! Whole branches of the real binary. Each file tells one story; facts are asserted, times are printed.
//!
//! They need `cargo build --release` first; those that cut the network need root and iproute2.

mod admin;
mod backup;
mod calling;
mod counter;
mod crash;
mod demo;
mod double_call;
mod enrolment;
mod goodbye;
mod hostile;
mod idempotency;
mod kiosk;
mod labs;
mod lobby;
mod mesh_page;
mod network;
mod offline;
mod page;
mod printing;
mod privacy;
mod screens;
mod split;
mod start;
mod tabs;
mod twice;
mod upgrade;
