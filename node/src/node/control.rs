//! How the command line finds and may command a running node: the file `control.json` in its data folder.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::storage;

/// Name of the file.
pub const CONTROL_FILE: &str = "control.json";

/// What stands in it. Whoever can read it is the operator of this machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Control {
    /// Where the API is served.
    pub http: SocketAddr,
    /// Process id of the node.
    pub pid: u32,
    /// Bearer token of the operator.
    pub token: String,
}

/// The file, for as long as the node runs.
pub(super) struct ControlFile(PathBuf);

impl ControlFile {
    pub(super) fn write(data: &Path, control: &Control) -> Result<Self> {
        let path = data.join(CONTROL_FILE);
        let text = serde_json::to_string(control).expect("plain data");
        storage::write_whole(&path, text.as_bytes())?;
        Ok(Self(path))
    }
}

impl Drop for ControlFile {
    fn drop(&mut self) {
        // After a crash the file stays; its reader sees that nobody answers there.
        let _ = std::fs::remove_file(&self.0);
    }
}
