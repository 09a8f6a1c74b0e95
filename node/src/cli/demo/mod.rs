//! `demo`: a whole branch on this machine, each device a process of this program with its own folder and ports.
//!
//! Nothing here is special to a demo: the devices are founded, invited, joined and run by the same commands that a
//! branch uses, and the sign-ins are made through the public API. What this adds is a parent that starts them, starts
//! those again that crash, and takes all of them along when it ends, however it ends.

mod cast;
mod child;
mod folder;
mod found;
mod panel;
mod people;
mod supervise;
mod traffic;

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use cast::{CAST, Device};
use child::Children;
use folder::DemoFolder;

use super::commands::block_on;
use super::error::{Failure, Outcome};
use super::say;
use super::terminal::Terminal;
use crate::settings::{DemoArgs, Settings};

/// What the parts of a demo share.
struct Stage {
    folder: DemoFolder,
    first_port: u16,
    terminal: Terminal,
    restart: Duration,
}

impl Stage {
    /// Port of a device: TCP for its screens and UDP for its mesh, which are different spaces.
    fn port(&self, device: &Device) -> u16 {
        self.first_port + device.index() as u16
    }

    /// Address of its screens.
    fn url(&self, device: &Device) -> String {
        format!("http://127.0.0.1:{}", self.port(device))
    }

    /// Address of its mesh.
    fn mesh(&self, device: &Device) -> String {
        format!("127.0.0.1:{}", self.port(device))
    }
}

pub(super) fn demo(settings: &Settings, terminal: Terminal) -> Outcome {
    let args = &settings.demo;
    let pace = pace(args)?;
    let first_port = first_port(args.http_port.unwrap_or(8080))?;
    let mut stage = Stage {
        folder: DemoFolder::open(args.data.as_deref())?,
        first_port,
        terminal,
        restart: Duration::from_secs(args.restart_s.unwrap_or(3)),
    };
    let outcome = block_on(play(&stage, pace, args.seed.unwrap_or(1)));
    match &outcome {
        Ok(_) => terminal.tell(say::DEMO_STOPPED, &[]),
        // Whoever wants to know why needs the logs.
        Err(_) => stage.folder.keep(),
    }
    outcome
}

/// Starts everything, watches it until somebody stops it, and stops everything. Whatever fails on the way, and even a
/// Ctrl-C before all is up, the children are stopped before this returns.
async fn play(stage: &Stage, pace: Option<f64>, seed: u64) -> Outcome {
    let mut children = Children::default();
    let stop = supervise::asked_to_stop();
    tokio::pin!(stop);
    let started = tokio::select! {
        started = start(stage, &mut children) => started.map(|()| true),
        () = &mut stop => Ok(false),
    };
    let played = match started {
        Ok(true) => {
            let people = traffic::play(stage, pace, seed);
            tokio::select! {
                never = supervise::keep_alive(stage, &mut children) => never,
                never = people => never,
                () = &mut stop => Ok(()),
            }
        }
        other => other.map(|_| ()),
    };
    stage.terminal.tell(say::DEMO_STOPPING, &[]);
    children.stop_all().await;
    played.map(|()| ExitCode::SUCCESS)
}

async fn start(stage: &Stage, children: &mut Children) -> Result<(), Failure> {
    let began = Instant::now();
    let lang = stage.terminal.lang;
    let progress = stage.terminal.progress();
    let founder = &CAST[0];
    if !stage.folder.is_founded(founder) {
        progress.show(say::DEMO_FOUNDING.get(lang).into());
        found::found(stage, founder).await?;
    }
    children.start(stage, founder).await?;
    children.wait_until_ready(stage, founder).await?;
    progress.show(say::DEMO_ENROLLING.get(lang).into());
    found::enrol_the_rest(stage, founder).await?;
    progress.show(say::DEMO_STARTING.get(lang).into());
    for device in &CAST[1..] {
        children.start(stage, device).await?;
    }
    for device in &CAST[1..] {
        children.wait_until_ready(stage, device).await?;
    }
    progress.show(say::DEMO_SIGN_INS.get(lang).into());
    people::create(stage, founder).await?;
    drop(progress);
    panel::show(stage, children, began.elapsed());
    Ok(())
}

fn pace(args: &DemoArgs) -> Result<Option<f64>, Failure> {
    match args.traffic {
        Some(pace) if !(0.1..=600.0).contains(&pace) => Err(Failure::usage(say::DEMO_BAD_PACE, &[("pace", &pace)])),
        pace => Ok(pace),
    }
}

/// Checks that every port is free, which is kinder than five devices that fail one after another.
fn first_port(first: u16) -> Result<u16, Failure> {
    let count = CAST.len() as u16;
    if first == 0 || first.checked_add(count).is_none() {
        return Err(Failure::usage(say::DEMO_PORT_RANGE, &[("port", &first), ("count", &count)]));
    }
    for port in first..first + count {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err()
            || UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_err();
        if taken {
            return Err(Failure::new(say::DEMO_PORT_TAKEN, &[("port", &port)]));
        }
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_and_an_impossible_one_are_refused() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert_eq!(first_port(taken.local_addr().unwrap().port()).unwrap_err().exit_code(), 1);
        assert_eq!(first_port(u16::MAX - 1).unwrap_err().exit_code(), 2);
    }

    #[test]
    fn a_pace_that_makes_no_sense_is_wrong_usage() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 601.0] {
            let args = DemoArgs { traffic: Some(bad), ..DemoArgs::default() };
            assert_eq!(pace(&args).unwrap_err().exit_code(), 2, "{bad}");
        }
        assert_eq!(pace(&DemoArgs::default()).unwrap(), None);
    }
}
