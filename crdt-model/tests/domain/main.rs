//! The domain's promises, tested through its public interface.

mod config;
mod figures;
mod frozen;
mod merge;
mod permit;
mod roster;
mod state_table;
mod stewarding;
mod support;
mod time;
