//! How changes and stewardship travel: envelopes, frames between peers, and the hub that decides about both.

pub mod cover;
pub mod desk;
pub mod documents;
pub mod enrol;
pub mod envelope;
pub mod frame;
pub mod hub;
pub mod input;
pub mod parcel;
pub mod reconcile;
pub mod trust;
