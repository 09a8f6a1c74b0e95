//! The domain's promises, tested through its public interface.

#![expect(clippy::panic, reason = "a test fails by a panic that says what was wrong")]

mod config;
mod documents;
mod figures;
mod frozen;
mod history;
mod lobby;
mod merge;
mod permit;
mod roster;
mod state_table;
mod stewarding;
mod support;
mod time;
