//! A simulated branch of machines: virtual time, a lossy network, disks that forget what was not synced, and a checker of
//! what must hold whatever happens. A run is repeated exactly by its seed.

mod check;
mod desk;
mod dice;
mod figures;
mod plans;
mod tests;
mod world;
