//! The branch's domain, pure and deterministic.
//!
//! The loop, before any type:
//!
//! 1. A person or a peer wants something: a [`command`] (issue a ticket, call next, pause a counter).
//! 2. [`decide`] looks at the [`view`] and answers with facts to write or a [`command::Rejection`]. Commands that decide
//!    who may call a ticket are *guarded*: they go through the [`steward`] log first, and only what a quorum holds on
//!    disk becomes a fact.
//! 3. [`document`] writes facts into small automerge documents. A fact is never changed or removed, so merging is a
//!    union of sets and needs no conflict rule.
//! 4. [`view`] folds the facts of a document, in an order that every node computes alike, into what people see, and
//!    lists the [`anomaly`]s it met instead of failing.
//! 5. [`event`]s are the difference between the view before and after, so a click here and a merge from a peer speak
//!    the same way.
//!
//! Nothing in this crate reads a clock, draws a random number, touches a file or a socket, or iterates over a hash map:
//! time, randomness and identity are arguments. The simulator relies on that to replay a run from its seed.

pub mod anomaly;
pub mod command;
pub mod config;
pub mod decide;
pub mod document;
pub mod event;
pub mod ids;
pub mod lobby;
pub mod roster;
pub mod schema;
pub mod steward;
pub mod ticket;
pub mod time;
pub mod view;
pub mod visit;
