//! The demo's folder: one folder a device and one of logs; a temporary one unless one is named.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::super::error::Failure;
use super::super::say;
use super::cast::Device;

/// Tells a demo's folder from any other, so that a demo never writes into a real device's data.
const MARK: &str = "branchmesh-demo";

/// A folder that only the demo uses.
pub(super) struct DemoFolder {
    root: PathBuf,
    temporary: bool,
}

impl DemoFolder {
    /// Opens or makes the folder named, or makes a temporary one.
    ///
    /// # Errors
    /// If it cannot be written, or holds something that is no demo.
    pub(super) fn open(named: Option<&Path>) -> Result<Self, Failure> {
        let temporary = named.is_none();
        let root = match named {
            Some(named) => std::path::absolute(named).map_err(|error| unusable(named, &error))?,
            None => std::env::temp_dir().join(format!("branchmesh-demo-{}", uuid::Uuid::new_v4().simple())),
        };
        make(&root.join("logs")).map_err(|error| unusable(&root, &error))?;
        let folder = Self { root, temporary };
        folder.mark()?;
        Ok(folder)
    }

    fn mark(&self) -> Result<(), Failure> {
        let mark = self.root.join(MARK);
        if mark.exists() {
            return Ok(());
        }
        let entries = fs::read_dir(&self.root).map_err(|error| unusable(&self.root, &error))?;
        if entries.flatten().any(|entry| entry.file_name() != "logs") {
            return Err(Failure::new(say::DEMO_NOT_A_DEMO, &[("data", &self.root.display())]));
        }
        fs::write(&mark, b"A folder of branchmesh demo; it may be removed.\n").map_err(|error| unusable(&mark, &error))
    }

    /// Data folder of a device.
    pub(super) fn of(&self, device: &Device) -> PathBuf {
        self.root.join(device.key)
    }

    /// Whether the device was founded or enrolled in an earlier demo.
    pub(super) fn is_founded(&self, device: &Device) -> bool {
        self.of(device).join("enrolled").exists()
    }

    /// Notes that the device is founded or enrolled, so that the next demo only runs it.
    pub(super) fn set_founded(&self, device: &Device) -> Result<(), Failure> {
        let file = self.of(device).join("enrolled");
        fs::write(&file, b"").map_err(|error| unusable(&file, &error))
    }

    /// Clears what an interrupted founding or joining left.
    pub(super) fn clear(&self, device: &Device) -> Result<(), Failure> {
        let folder = self.of(device);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unusable(&folder, &error)),
            _ => Ok(()),
        }
    }

    /// A device's log, at its end.
    pub(super) fn log(&self, device: &Device) -> Result<File, Failure> {
        let path = self.log_path(device);
        File::options().create(true).append(true).open(&path).map_err(|error| unusable(&path, &error))
    }

    /// Where a device's log is.
    pub(super) fn log_path(&self, device: &Device) -> PathBuf {
        self.root.join("logs").join(format!("{}.log", device.key))
    }

    /// Where the branch's configuration is handed to `init`.
    pub(super) fn config(&self) -> PathBuf {
        self.root.join("branch.json")
    }

    /// Leaves a temporary folder behind.
    pub(super) fn keep(&mut self) {
        self.temporary = false;
    }

    /// Where everything is.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }
}

impl Drop for DemoFolder {
    fn drop(&mut self) {
        if self.temporary {
            // A folder in the system's temporary place that could not be removed harms nobody.
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

fn make(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(say::DEMO_FOLDER, &[("data", &path.display()), ("reason", error)])
}

#[cfg(test)]
mod tests {
    use super::super::cast::CAST;
    use super::*;

    #[test]
    fn a_temporary_folder_goes_and_a_named_one_stays() {
        let temporary = DemoFolder::open(None).unwrap();
        let root = temporary.root().to_owned();
        assert!(root.is_dir());
        drop(temporary);
        assert!(!root.exists());

        let parent = tempfile::tempdir().unwrap();
        let named = parent.path().join("demo");
        drop(DemoFolder::open(Some(&named)).unwrap());
        assert!(named.is_dir());
        assert!(DemoFolder::open(Some(&named)).is_ok(), "an existing demo is used again");
    }

    #[test]
    fn a_folder_with_something_else_is_left_alone() {
        let other = tempfile::tempdir().unwrap();
        fs::write(other.path().join("device.key"), b"real").unwrap();
        assert!(DemoFolder::open(Some(other.path())).is_err());
        assert_eq!(fs::read(other.path().join("device.key")).unwrap(), b"real");
    }

    #[test]
    fn a_device_counts_as_founded_only_once_it_is_noted() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DemoFolder::open(Some(&parent.path().join("demo"))).unwrap();
        fs::create_dir(folder.of(&CAST[0])).unwrap();
        assert!(!folder.is_founded(&CAST[0]));
        folder.set_founded(&CAST[0]).unwrap();
        assert!(folder.is_founded(&CAST[0]));
        folder.clear(&CAST[0]).unwrap();
        assert!(!folder.is_founded(&CAST[0]));
    }
}
