//! `control.json` in a data folder: how the commands of this machine find the node that runs there and prove to it
//! that they may read that folder, which makes them local administrators.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What a running node leaves in its data folder, readable by its owner only.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Control {
    /// Where the node serves its API.
    pub http: SocketAddr,
    /// Its process.
    pub pid: u32,
    /// Bearer token of a local administrator; drawn anew at each start.
    pub token: String,
}

impl Control {
    /// Where the file of `data` is.
    pub fn path(data: &Path) -> PathBuf {
        data.join("control.json")
    }

    /// Reads the file; `None` if no node runs there or it stopped cleanly.
    ///
    /// # Errors
    /// If the file is there but cannot be read or understood.
    pub fn read(data: &Path) -> io::Result<Option<Control>> {
        match fs::read(Self::path(data)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes the file whole or not at all, with mode 0600 from its first byte.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn write(&self, data: &Path) -> io::Result<()> {
        let unfinished = data.join("control.json.new");
        let _ = fs::remove_file(&unfinished);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&unfinished)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        fs::rename(&unfinished, Self::path(data))
    }

    /// Removes the file at a clean stop.
    ///
    /// # Errors
    /// If it is there but cannot be removed.
    pub fn remove(data: &Path) -> io::Result<()> {
        match fs::remove_file(Self::path(data)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Address the node is asked at from this machine: a node that serves every address is asked on loopback.
    pub fn url(&self) -> String {
        let mut http = self.http;
        if http.ip().is_unspecified() {
            http.set_ip(match http {
                SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("http://{http}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_control_is_read_back_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let control = Control { http: "0.0.0.0:81".parse().unwrap(), pid: 7, token: "t".into() };
        assert_eq!(Control::read(folder.path()).unwrap(), None);
        control.write(folder.path()).unwrap();
        assert_eq!(Control::read(folder.path()).unwrap(), Some(control.clone()));
        assert_eq!(control.url(), "http://127.0.0.1:81");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(Control::path(folder.path())).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        Control::remove(folder.path()).unwrap();
        Control::remove(folder.path()).unwrap();
        assert_eq!(Control::read(folder.path()).unwrap(), None);
    }
}
