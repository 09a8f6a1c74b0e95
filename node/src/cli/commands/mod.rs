//! One command a file.

pub(super) mod backup;
pub(super) mod bench;
pub(super) mod config_file;
pub(super) mod devices;
pub(super) mod doctor;
pub(super) mod init;
pub(super) mod invite;
pub(super) mod join;
pub(super) mod run;
pub(super) mod status;

use std::future::Future;
use std::path::{Path, PathBuf};

use super::error::Failure;
use super::say;
use crate::settings::Settings;

/// The data folder, which these commands need.
fn data(settings: &Settings) -> Result<&Path, Failure> {
    settings.data.as_deref().ok_or_else(|| missing("--data DIR", "BRANCHMESH_DATA"))
}

fn missing(flag: &str, variable: &str) -> Failure {
    Failure::usage(say::MISSING, &[("flag", &flag), ("variable", &variable)])
}

/// `file` as the node sees it, whose working folder is another one.
fn absolute(file: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(file)
        .map_err(|error| Failure::new(say::FILE_UNREADABLE, &[("file", &file.display()), ("reason", &error)]))
}

/// Runs something asynchronous to its end.
pub(super) fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(say::NO_RUNTIME, &[("reason", &error)]))?;
    let outcome = runtime.block_on(future);
    // Whatever still runs (a read of standard input, say) must not hold the process back.
    runtime.shutdown_background();
    outcome
}
