//! `branchmesh demo`: the first thing a newcomer runs.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use branchmesh_tests::client::Client;
use branchmesh_tests::process::{LOOK_AGAIN, PATIENCE, Process, branchmesh};
use branchmesh_tests::report;
use nix::sys::signal::Signal;

/// Kiosk, two counters, display and lobby tablet; head office may come on top.
const DEVICES: usize = 5;

/// Addresses of the pages in what the demo printed.
fn addresses(said: &str) -> BTreeSet<std::net::SocketAddr> {
    let urls = said.split("http://").skip(1);
    urls.filter_map(|url| url.split(|c: char| c != ':' && c != '.' && !c.is_ascii_alphanumeric()).next())
        .filter_map(|host| host.replace("localhost", "127.0.0.1").parse().ok())
        .collect()
}

/// Processes whose command line names `folder`.
fn processes_of(folder: &Path) -> Result<Vec<u32>> {
    let folder = folder.to_str().context("test folders have plain names")?;
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|n| n.parse().ok()) else { continue };
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&line).contains(folder) {
            found.push(pid);
        }
    }
    Ok(found)
}

fn wait_for_pages(demo: &mut Process, log: &Path) -> Result<BTreeSet<std::net::SocketAddr>> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        let pages = addresses(&String::from_utf8_lossy(&std::fs::read(log)?));
        if pages.len() >= DEVICES && pages.iter().all(|p| Client::anonymous(*p).ready()) {
            report::time("demo: until all pages serve", start.elapsed());
            return Ok(pages);
        }
        if let Some(status) = demo.ended()? {
            bail!("the demo ended with {status}:\n{}", report::tail(log));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    bail!("the demo does not serve {DEVICES} devices:\n{}", report::tail(log))
}

#[test]
fn demo_serves_a_whole_branch_and_ctrl_c_leaves_nothing_running() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("branchmesh-demo-").tempdir()?;
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    // The devices take ports from here on; below the range from which the system hands out ports.
    let port = (20_000 + std::process::id() % 500 * 20).to_string();
    let data_text = data.to_str().context("test folders have plain names")?;
    let command = branchmesh(None, ["demo", "--data", data_text, "--http-port", &port])?;
    let mut demo = Process::spawn("demo", command, &log)?;
    let pages = wait_for_pages(&mut demo, &log)?;
    ensure!(!processes_of(&data)?.is_empty(), "the demo is seen among the processes");
    let said = std::fs::read_to_string(&log)?;
    ensure!(said.contains("manager"), "it prints the demo sign-ins:\n{said}");

    demo.signal(Signal::SIGINT)?;
    let status = demo.wait()?;
    ensure!(status.code() == Some(0), "Ctrl-C ended the demo with {status}:\n{}", report::tail(&log));
    let left = processes_of(&data)?;
    ensure!(left.is_empty(), "processes were left behind: {left:?}");
    let serving: Vec<_> = pages.iter().filter(|p| std::net::TcpStream::connect(p).is_ok()).collect();
    ensure!(serving.is_empty(), "still serving: {serving:?}");
    Ok(())
}
