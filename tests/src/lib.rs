//! The test harness: real `branchmesh` processes as a branch with named devices, on loopback or on a private LAN that
//! can be cut.
//!
//! A scenario reads like a story: [`branch::Branch`] founds a branch, enrols its devices and runs them; its verbs issue
//! and call tickets through the HTTP API; [`lan::Lan`] cuts and heals the network between them; [`process::Process`]
//! kills, stops and restarts a device; [`load::Load`] keeps customers coming meanwhile and remembers what was
//! acknowledged. Facts are asserted, times are only printed ([`report`]).

pub mod branch;
pub mod browser;
pub mod client;
pub mod dice;
pub mod lan;
pub mod load;
pub mod node;
pub mod printer;
pub mod process;
pub mod relay;
pub mod report;
pub mod sim;
pub mod table;
pub mod year;
