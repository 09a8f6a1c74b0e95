//! Founding and enrolling by the very commands a branch uses, each run as a process of its own.

use std::ffi::OsStr;
use std::process::Stdio;

use futures_util::future::try_join_all;

use super::super::error::Failure;
use super::super::say;
use super::Stage;
use super::cast::{BRANCH, CAST, CONFIG, Device, MANAGER};
use super::child::program;

/// `init` of the first device.
pub(super) async fn found(stage: &Stage, device: &Device) -> Result<(), Failure> {
    stage.folder.clear(device)?;
    let config = stage.folder.config();
    std::fs::write(&config, CONFIG)
        .map_err(|error| Failure::new(say::DEMO_FOLDER, &[("data", &config.display()), ("reason", &error)]))?;
    let mut arguments = vec!["init".into(), "--data".into(), stage.folder.of(device).into_os_string()];
    arguments.extend(["--branch", BRANCH, "--role", device.role.as_str(), "--name", device.name].map(Into::into));
    arguments.extend(["--manager-pin", MANAGER.pin, "--config"].map(Into::into));
    arguments.push(config.into_os_string());
    arguments.extend(counter_flag(device).into_iter().map(Into::into));
    run(stage, "init", &arguments).await?;
    stage.folder.set_founded(device)
}

/// `invite` and `join` for every device that is not enrolled yet, all at once.
pub(super) async fn enrol_the_rest(stage: &Stage, founder: &Device) -> Result<(), Failure> {
    let new = CAST[1..].iter().filter(|device| !stage.folder.is_founded(device));
    try_join_all(new.map(|device| enrol(stage, founder, device))).await.map(|_| ())
}

async fn enrol(stage: &Stage, founder: &Device, device: &Device) -> Result<(), Failure> {
    stage.folder.clear(device)?;
    let mut arguments = vec!["invite".into(), "--data".into(), stage.folder.of(founder).into_os_string()];
    arguments.extend(["--role", device.role.as_str(), "--name", device.name].map(Into::into));
    arguments.extend(counter_flag(device).into_iter().map(Into::into));
    let invitation = run(stage, "invite", &arguments).await?;
    let folder = stage.folder.of(device).into_os_string();
    run(stage, "join", &["join".into(), "--data".into(), folder, invitation.trim().into()]).await?;
    stage.folder.set_founded(device)
}

fn counter_flag(device: &Device) -> Vec<String> {
    device.counter.map(|n| vec!["--counter".to_owned(), n.to_string()]).unwrap_or_default()
}

/// Runs a command of this program to its end and returns what it printed.
async fn run(stage: &Stage, what: &str, arguments: &[impl AsRef<OsStr>]) -> Result<String, Failure> {
    let cannot = |error: std::io::Error| Failure::new(say::DEMO_NO_CHILD, &[("what", &what), ("reason", &error)]);
    let mut command = program(stage).map_err(cannot)?;
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(cannot)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().to_owned();
    Err(Failure::new(say::DEMO_CHILD_FAILED, &[("what", &what), ("reason", &last)]))
}
