//! The node's disk: one redb file of signed envelopes, and what little else a device must remember.
//!
//! - [`Store::commit`] makes a batch durable, all of it or nothing, by one sync of the [`journal`]; only then may anything be
//!   sent, answered or published.
//! - A document is kept as its envelopes in the order they came. When there are many, [`Store::compact`] puts one
//!   compressed save and the seals (who signed which change, and the signatures) in their place, from which every
//!   envelope is rebuilt byte for byte.
//! - [`Store::backup`] copies a live store into one checked file; [`restore`] refuses anything but a whole one.
//! - A damaged file is found when it is opened and [`set_aside`] whole, so the device can re-join from its peers. Like a
//!   restored one it comes back under a new [generation](Store::generation), hence as a new voter.
//!
//! A data folder holds `branchmesh.redb`, `device.key`, `generation` and `lock`.

mod backend;
mod backup;
mod compact;
mod device_key;
mod documents;
mod error;
mod folder;
mod journal;
mod migrations;
mod open;
mod restore;
mod rows;
mod set_aside;
mod store;
mod tables;

pub use device_key::DeviceKey;
pub use documents::StoredDoc;
pub use error::StoreError;
pub(crate) use folder::write_whole;
pub use open::{Opened, StoreOptions};
pub use restore::restore;
pub use set_aside::set_aside;
pub use store::{Row, Stats, Store, StoreOp};

/// Disks that crash on demand, for the simulator and for tests; no node uses them.
pub mod testing {
    pub use super::backend::crashing::{Crash, CrashingBackend, CrashingDisk};
    use super::{Store, StoreError};

    /// Gives a disk the generation that a seed wants, where the node would draw one.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn set_generation(store: Store, generation: u32) -> Result<(), StoreError> {
        super::restore::set_generation(&store.db, generation)
    }
}

#[cfg(test)]
mod tests;
