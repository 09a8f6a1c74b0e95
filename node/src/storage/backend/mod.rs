//! Disks to keep a database on, other than a file.

pub(super) mod crashing;
