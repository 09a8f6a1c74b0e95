//! The real `branchmesh` binary as a child process: started, stopped, paused, killed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::report;

/// How long anything may take before a scenario gives up. Generous: this bounds a hang, it measures nothing.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Pause between two looks at something awaited.
pub const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The binary under test: `BRANCHMESH_BIN`, else the one built beside this executable.
///
/// # Errors
/// If it is not there; says how to build it.
pub fn binary() -> Result<PathBuf> {
    found(std::env::var_os("BRANCHMESH_BIN"))
}

fn binary_of(device: &str) -> Result<PathBuf> {
    let is_second = device.bytes().fold(0, |sum: u8, byte| sum.wrapping_add(byte)) % 2 == 1;
    match std::env::var_os("BRANCHMESH_OTHER_BIN").filter(|_| is_second) {
        Some(other) => found(Some(other)),
        None => binary(),
    }
}

fn found(named: Option<OsString>) -> Result<PathBuf> {
    let path = match named {
        Some(path) => PathBuf::from(path),
        None => {
            let own = std::env::current_exe().context("the path of this executable")?;
            // Tests lie in a folder below the one of the programs.
            let beside = own.ancestors().skip(1).take(2).map(|folder| folder.join("branchmesh"));
            beside.clone().find(|path| path.is_file()).or(beside.last()).context("an executable lies in a folder")?
        }
    };
    ensure!(path.is_file(), "there is no {}; build it first: cargo build --release", path.display());
    Ok(path)
}

/// A command line of `branchmesh`, in a network namespace if one is named, in English, at mid-morning local time.
///
/// # Errors
/// If the binary is not built.
pub fn branchmesh<S: AsRef<OsStr>>(netns: Option<&str>, args: impl IntoIterator<Item = S>) -> Result<Command> {
    Ok(command(binary()?, netns, args))
}

/// The same for a named device, which may run another version than the next: every second one runs `BRANCHMESH_OTHER_BIN`.
///
/// # Errors
/// If the binary is not built.
pub fn branchmesh_of<S: AsRef<OsStr>>(
    device: &str,
    netns: Option<&str>,
    args: impl IntoIterator<Item = S>,
) -> Result<Command> {
    Ok(command(binary_of(device)?, netns, args))
}

fn command<S: AsRef<OsStr>>(binary: PathBuf, netns: Option<&str>, args: impl IntoIterator<Item = S>) -> Command {
    let mut command = match netns {
        Some(netns) => {
            let mut ip = Command::new("ip");
            ip.args(["netns", "exec", netns]).arg(binary);
            ip
        }
        None => Command::new(binary),
    };
    for (name, _) in std::env::vars_os().filter(|(n, _)| n.to_string_lossy().starts_with("BRANCHMESH_")) {
        command.env_remove(name);
    }
    command.args(args).env("LC_ALL", "C.UTF-8").env("BRANCHMESH_LANG", "en").env("TZ", mid_morning_zone());
    command.stdin(Stdio::null());
    command
}

/// A POSIX time zone in which it is about ten in the morning now, so that no business day ends during a scenario.
fn mid_morning_zone() -> String {
    let hour_utc = std::time::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_secs() / 3600 % 24);
    let ahead = 10 - i64::try_from(hour_utc).expect("an hour of the day");
    let ahead = if ahead < -11 { ahead + 24 } else { ahead };
    // POSIX counts westward: UTC+3 is written <LAB>-3.
    format!("<LAB>{}", -ahead)
}

/// What a finished command said.
#[derive(Debug)]
pub struct Finished {
    /// Exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Finished {
    /// This, if it ended well.
    ///
    /// # Errors
    /// With all it said, otherwise.
    pub fn ok(self) -> Result<Self> {
        ensure!(self.code == Some(0), "the command failed: {self:#?}");
        Ok(self)
    }
}

/// Runs a command to its end.
///
/// # Errors
/// If it cannot be started or does not end within [`PATIENCE`] (it is killed then).
pub fn run_to_end(mut command: Command) -> Result<Finished> {
    let said = |file: &tempfile::NamedTempFile| -> Result<String> {
        Ok(String::from_utf8_lossy(&std::fs::read(file.path())?).into_owned())
    };
    let (out, err) = (tempfile::NamedTempFile::new()?, tempfile::NamedTempFile::new()?);
    command.stdout(out.reopen()?).stderr(err.reopen()?);
    let child = command.spawn().with_context(|| format!("starting {command:?}"))?;
    let mut process = Process { child, name: "command".into(), log: err.path().to_owned() };
    let status = process.wait().with_context(|| format!("{command:?}"))?;
    Ok(Finished { code: status.code(), stdout: said(&out)?, stderr: said(&err)? })
}

/// A child process with its log file; killed when dropped.
pub struct Process {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, everything it says going to the end of `log`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn(name: &str, mut command: Command, log: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(log).context("opening the log file")?;
        command.stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().with_context(|| format!("starting {command:?}"))?;
        Ok(Self { child, name: name.into(), log: log.to_owned() })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal; `SIGSTOP` and `SIGCONT` pause and resume it.
    ///
    /// # Errors
    /// If the process is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.pid()).context("process ids fit 31 bits")?;
        kill(Pid::from_raw(pid), signal).with_context(|| format!("{signal} to {}", self.name))
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// If the operating system cannot tell.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// If it does not end within [`PATIENCE`]; with the end of its log.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        bail!("{} did not end within {PATIENCE:?}:\n{}", self.name, report::tail(&self.log))
    }

    /// Kills it as a power cut would (`SIGKILL`) and waits until it is gone.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill_hard(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing to report to: it may be gone already, which is what we want.
        let _ = self.kill_hard();
    }
}
