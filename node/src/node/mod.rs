//! A node as its callers see it: found a branch, join one, start, stop.

mod control;
mod found;
mod history;
mod identity;
mod join;
mod maintenance;
mod outbox;
mod running;

pub use self::control::{CONTROL_FILE, Control};
pub use self::found::{FoundOptions, Founded, found};
pub use self::identity::{IdentityFile, inspect, restore};
pub use self::join::{Joined, believed, join};
pub use self::maintenance::tend;
pub use self::running::{Node, RunOptions};
