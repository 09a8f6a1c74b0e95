//! How changes and stewardship travel: envelopes, frames between peers, and the hub that decides about both.

pub mod envelope;
pub mod frame;
