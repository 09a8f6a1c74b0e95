//! One named device of a branch: its data folder, its addresses, its process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::Signal;

use crate::client::{Client, id_of};
use crate::process::{self, Finished, LOOK_AGAIN, PATIENCE, Process};
use crate::report;
use crate::table::Table;

/// The founder's first staff member, who has every right.
pub const MANAGER: &str = "manager";
/// Their PIN.
pub const MANAGER_PIN: &str = "70246813";

/// Where a node runs.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its network namespace; none on loopback.
    pub netns: Option<String>,
    /// Mesh UDP address.
    pub mesh: SocketAddr,
    /// UI and API address, reachable from the test.
    pub http: SocketAddr,
}

/// What a device is.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its name.
    pub name: &'static str,
    /// Its role, as the command line names it.
    pub role: &'static str,
    /// The counter it stands at.
    pub counter: Option<u32>,
}

/// Copies a data folder with all it holds to `to`, which must not be there yet.
///
/// # Errors
/// If something cannot be read or written.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// A device of the branch under test.
pub struct Node {
    /// What it is.
    pub spec: Spec,
    /// Where it runs.
    pub place: Place,
    /// Its data folder.
    pub data: PathBuf,
    /// A caller signed in as the manager.
    pub client: Client,
    log: PathBuf,
    extra: Vec<String>,
    process: Mutex<Option<Process>>,
}

impl Node {
    /// A device with an empty data folder `data`; `extra` arguments go to every `run`.
    pub fn new(spec: Spec, place: Place, data: PathBuf, extra: Vec<String>) -> Self {
        let client = Client::signed_in(place.http, MANAGER, MANAGER_PIN);
        let log = data.with_extension("log");
        Self { spec, place, data, client, log, extra, process: Mutex::new(None) }
    }

    /// The same device with its data in another folder, not running.
    pub fn moved_to(&self, data: PathBuf) -> Self {
        Self::new(self.spec.clone(), self.place.clone(), data, self.extra.clone())
    }

    /// A caller that is not signed in.
    pub fn anonymous(&self) -> Client {
        Client::anonymous(self.place.http)
    }

    /// Runs `branchmesh {verb} --data … {args}` to its end, on this device.
    ///
    /// # Errors
    /// If it cannot be started or hangs; what it said and its exit code are in the answer.
    pub fn cli(&self, verb: &str, args: &[&str]) -> Result<Finished> {
        let data = self.data.to_str().context("test folders have plain names")?;
        let line = [verb, "--data", data].into_iter().chain(args.iter().copied());
        process::run_to_end(process::branchmesh_of(self.spec.name, self.place.netns.as_deref(), line)?)
    }

    /// Role, name and counter as command-line arguments.
    pub fn identity_args(&self) -> Vec<String> {
        let mut args: Vec<String> = ["--role", self.spec.role, "--name", self.spec.name].map(str::to_owned).into();
        if let Some(counter) = self.spec.counter {
            args.extend(["--counter".into(), counter.to_string()]);
        }
        args
    }

    /// Founds the branch here.
    ///
    /// # Errors
    /// If `init` fails.
    pub fn init(&self, branch: &str) -> Result<()> {
        let mut args = vec!["--branch".to_owned(), branch.to_owned()];
        args.extend(self.identity_args());
        args.extend(["--manager-pin".into(), MANAGER_PIN.into()]);
        self.cli("init", &args.iter().map(String::as_str).collect::<Vec<_>>())?.ok()?;
        Ok(())
    }

    /// An invitation for `guest`, asked of this (running, admin) device.
    ///
    /// # Errors
    /// If `invite` fails or prints no single line.
    pub fn invite(&self, guest: &Node) -> Result<String> {
        self.invite_for(guest, "10m")
    }

    /// An invitation that lapses after `ttl`.
    ///
    /// # Errors
    /// If `invite` fails or prints no single line.
    pub fn invite_for(&self, guest: &Node, ttl: &str) -> Result<String> {
        let mut args = guest.identity_args();
        args.extend(["--ttl".into(), ttl.into()]);
        let said = self.cli("invite", &args.iter().map(String::as_str).collect::<Vec<_>>())?.ok()?;
        let line = said.stdout.trim().to_owned();
        ensure!(!line.is_empty() && line.lines().count() == 1, "an invitation is one line: {said:?}");
        Ok(line)
    }

    /// Enrols this device by an invitation of `host`.
    ///
    /// # Errors
    /// If either command fails.
    pub fn join(&self, host: &Node) -> Result<()> {
        self.cli("join", &[&host.invite(self)?])?.ok()?;
        Ok(())
    }

    /// Starts the device and waits until it serves.
    ///
    /// # Errors
    /// If it ends or does not serve within [`PATIENCE`]; with the end of its log.
    pub fn start(&self) -> Result<()> {
        self.launch()?;
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if self.client.ready() {
                return Ok(());
            }
            if let Some(status) = self.process().as_mut().context("just started")?.ended()? {
                bail!("{} ended with {status} instead of serving:\n{}", self.spec.name, report::tail(&self.log));
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        bail!("{} does not serve after {PATIENCE:?}:\n{}", self.spec.name, report::tail(&self.log))
    }

    /// Starts the device without waiting for it.
    ///
    /// # Errors
    /// If it is running already or cannot be started.
    pub fn launch(&self) -> Result<()> {
        let (mesh, http) = (self.place.mesh.to_string(), self.place.http.to_string());
        let data = self.data.to_str().context("test folders have plain names")?;
        let line = ["run", "--data", data, "--http", &http, "--listen", &mesh].into_iter();
        let line = line.chain(self.extra.iter().map(String::as_str));
        let command = process::branchmesh_of(self.spec.name, self.place.netns.as_deref(), line)?;
        let mut process = self.process();
        ensure!(process.is_none(), "{} is running already", self.spec.name);
        self.client.forget_session();
        *process = Some(Process::spawn(self.spec.name, command, &self.log)?);
        Ok(())
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Kills it as a power cut would.
    ///
    /// # Errors
    /// If it is not running.
    pub fn kill(&self) -> Result<()> {
        self.process().take().with_context(|| format!("{} is not running", self.spec.name))?.kill_hard()
    }

    /// Asks it to stop (`SIGTERM`) and waits for its clean end.
    ///
    /// # Errors
    /// If it does not end with exit code 0.
    pub fn stop(&self) -> Result<()> {
        let mut process = self.process().take().with_context(|| format!("{} is not running", self.spec.name))?;
        process.signal(Signal::SIGTERM)?;
        let status = process.wait()?;
        ensure!(status.code() == Some(0), "{} ended with {status}:\n{}", self.spec.name, report::tail(&self.log));
        Ok(())
    }

    /// Freezes it (`SIGSTOP`).
    ///
    /// # Errors
    /// If it is not running.
    pub fn pause(&self) -> Result<()> {
        self.process().as_ref().context("it is not running")?.signal(Signal::SIGSTOP)
    }

    /// Thaws it (`SIGCONT`).
    ///
    /// # Errors
    /// If it is not running.
    pub fn resume(&self) -> Result<()> {
        self.process().as_ref().context("it is not running")?.signal(Signal::SIGCONT)
    }

    /// Whether it was started and not stopped since.
    pub fn is_running(&self) -> bool {
        self.process().is_some()
    }

    /// This device's id.
    ///
    /// # Errors
    /// If it does not answer.
    pub fn id(&self) -> Result<String> {
        let mesh = self.client.mesh()?;
        id_of(&mesh["device"]).with_context(|| format!("the mesh names this device: {mesh}"))
    }

    /// The steward this node follows, if any.
    ///
    /// # Errors
    /// If it does not answer.
    pub fn steward(&self) -> Result<Option<String>> {
        Ok(id_of(&self.client.mesh()?["steward"]))
    }

    /// Its tickets.
    ///
    /// # Errors
    /// If it does not answer.
    pub fn table(&self) -> Result<Table> {
        Table::of(&self.client).with_context(|| format!("the table of {}", self.spec.name))
    }

    /// What it logged so far.
    ///
    /// # Errors
    /// If there is no log.
    pub fn log_text(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&std::fs::read(&self.log)?).into_owned())
    }

    /// Where it logs.
    pub fn log_file(&self) -> &Path {
        &self.log
    }
}
