//! The processes of the demo. A child holds the reading end of a pipe as its standard input and stops when the pipe
//! closes, which the operating system does for us even if this process is killed.

use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::process::{Child, Command};

use super::super::api::Api;
use super::super::error::Failure;
use super::super::say;
use super::Stage;
use super::cast::{CAST, Device};

/// A device that is not ready by then is in trouble.
const LONGEST_START: Duration = Duration::from_secs(30);
/// A child that has not stopped by then is killed.
const LONGEST_STOP: Duration = Duration::from_secs(5);

/// This very program, without the settings that were meant for the demo itself or for a real device.
pub(super) fn program(stage: &Stage) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BRANCHMESH_")) {
        command.env_remove(name);
    }
    command.env("BRANCHMESH_LANG", stage.terminal.lang.tag());
    // A branchmesh.toml in the working folder speaks of some other device.
    command.current_dir(stage.folder.root());
    Ok(command)
}

/// A running device.
pub(super) struct Running {
    child: Child,
    /// Its process.
    pub pid: u32,
    /// When it was started.
    pub since: Instant,
}

/// The running devices, by their place in the cast.
#[derive(Default)]
pub(super) struct Children {
    slots: [Option<Running>; CAST.len()],
}

impl Children {
    /// Starts a device that does not run.
    pub(super) async fn start(&mut self, stage: &Stage, device: &Device) -> Result<u32, Failure> {
        let cannot =
            |error: std::io::Error| Failure::new(say::DEMO_NO_CHILD, &[("what", &device.name), ("reason", &error)]);
        let mut command = program(stage).map_err(cannot)?;
        command.arg("run").arg("--data").arg(stage.folder.of(device)).arg("--stop-with-stdin").arg("--no-mdns");
        command.args(["--http", &format!("127.0.0.1:{}", stage.port(device)), "--listen", &stage.mesh(device)]);
        for other in CAST.iter().filter(|other| other.key != device.key) {
            command.args(["--peer", &stage.mesh(other)]);
        }
        command.stdin(Stdio::piped()).stdout(stage.folder.log(device)?).stderr(stage.folder.log(device)?);
        // Ctrl-C shall reach this process alone, which then stops the devices in good order.
        #[cfg(unix)]
        command.process_group(0);
        let child = command.kill_on_drop(true).spawn().map_err(cannot)?;
        let pid = child.id().unwrap_or(0);
        self.slots[device.index()] = Some(Running { child, pid, since: Instant::now() });
        Ok(pid)
    }

    /// A device that runs.
    pub(super) fn running(&self, device: &Device) -> Option<&Running> {
        self.slots[device.index()].as_ref()
    }

    /// Returns once a device serves.
    ///
    /// # Errors
    /// If it ends before, or takes too long.
    pub(super) async fn wait_until_ready(&mut self, stage: &Stage, device: &Device) -> Result<(), Failure> {
        let api = Api::new(stage.url(device), stage.terminal.lang);
        let began = Instant::now();
        while began.elapsed() < LONGEST_START && !self.has_ended(device) {
            if api.is_ready().await {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        let log = stage.folder.log_path(device);
        let seconds = began.elapsed().as_secs();
        Err(Failure::new(
            say::DEMO_NOT_READY,
            &[("name", &device.name), ("seconds", &seconds), ("log", &log.display())],
        ))
    }

    fn has_ended(&mut self, device: &Device) -> bool {
        match &mut self.slots[device.index()] {
            Some(running) => !matches!(running.child.try_wait(), Ok(None)),
            None => true,
        }
    }

    /// Takes out a device that has ended.
    pub(super) fn take_ended(&mut self) -> Option<(&'static Device, Running, Option<ExitStatus>)> {
        for (device, slot) in CAST.iter().zip(&mut self.slots) {
            let Some(running) = slot else { continue };
            let ended = match running.child.try_wait() {
                Ok(None) => continue,
                Ok(Some(status)) => Some(status),
                Err(_) => None,
            };
            return slot.take().map(|running| (device, running, ended));
        }
        None
    }

    /// Stops all of them, at once and cleanly; those that do not listen are killed. Returns when none is left.
    pub(super) async fn stop_all(&mut self) {
        let stopping = self.slots.iter_mut().filter_map(Option::take).map(|mut running| async move {
            // Closing the pipe is the order to stop.
            drop(running.child.stdin.take());
            if tokio::time::timeout(LONGEST_STOP, running.child.wait()).await.is_err() {
                let _ = running.child.kill().await;
            }
        });
        join_all(stopping).await;
    }
}
