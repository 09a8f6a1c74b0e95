//! `run`: the node of this device, until it is told to stop.

use std::process::ExitCode;
use std::time::Duration;

use super::super::error::{Failure, Outcome, because};
use super::super::say;
use super::super::terminal::Terminal;
use super::{block_on, data};
use crate::logging;
use crate::node::{Node, RunOptions};
use crate::printing::GivenPrinter;
use crate::settings::Settings;

/// A goodbye that takes longer is cut short: the peers notice by themselves within seconds.
const LONGEST_GOODBYE: Duration = Duration::from_secs(15);
/// A parent that ended takes its other children along too, so nobody is left to say goodbye to.
const LONGEST_GOODBYE_OF_A_CHILD: Duration = Duration::from_secs(3);

pub(in super::super) fn run(settings: &Settings, stop_with_stdin: bool, terminal: Terminal) -> Outcome {
    let options = options(settings)?;
    logging::install(settings.log.unwrap_or_default(), settings.log_level.as_deref())
        .map_err(|error| Failure::usage(say::LOG_LEVEL, &[("reason", &format!("{error:#}"))]))?;
    block_on(serve(options, stop_with_stdin, terminal))
}

fn options(settings: &Settings) -> Result<RunOptions, Failure> {
    let args = &settings.run;
    Ok(RunOptions {
        data: data(settings)?.to_owned(),
        http: args.http.expect("the defaults have an address"),
        listen: args.listen.clone(),
        peers: args.peer.clone(),
        mdns: !args.no_mdns.unwrap_or(false),
        printer: args.printer.as_deref().map(printer).transpose()?,
        cache_bytes: args.cache_mib.expect("the defaults have a size") as usize * 1024 * 1024,
    })
}

fn printer(text: &str) -> Result<GivenPrinter, Failure> {
    text.parse().map_err(|reason: String| Failure::usage(say::BAD_PRINTER, &[("given", &text), ("reason", &reason)]))
}

async fn serve(options: RunOptions, stop_with_stdin: bool, terminal: Terminal) -> Outcome {
    let node = Node::start(options).await.map_err(because(say::NOT_STARTED))?;
    terminal.say(say::RUNNING, &[("url", &format!("http://{}", node.http_addr()))]);
    tracing::info!(http = %node.http_addr(), mesh = ?node.mesh_addrs(), "running");
    let asked = tokio::select! {
        stop = asked_to_stop(stop_with_stdin) => stop.map(|why| tracing::info!(why, "stopping")),
        reason = node.wait() => Err(Failure::new(say::CORE_ENDED, &[("reason", &reason)])),
    };
    let longest = if stop_with_stdin { LONGEST_GOODBYE_OF_A_CHILD } else { LONGEST_GOODBYE };
    // A second Ctrl-C does not wait for anything.
    tokio::select! {
        ended = tokio::time::timeout(longest, node.stop()) => {
            if ended.is_err() {
                tracing::warn!("the goodbye took too long and was cut short");
            }
        }
        _ = tokio::signal::ctrl_c() => tracing::warn!("stopped without a goodbye"),
    }
    asked.map(|()| ExitCode::SUCCESS)
}

/// Returns the reason once somebody wants this process to stop.
async fn asked_to_stop(stop_with_stdin: bool) -> Result<&'static str, Failure> {
    let no_signals = |error: std::io::Error| Failure::new(say::NO_RUNTIME, &[("reason", &error)]);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
        let mut hang_up = signal(SignalKind::hangup()).map_err(no_signals)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
        Ok(tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = hang_up.recv() => "SIGHUP",
            _ = interrupt.recv() => "Ctrl-C",
            () = stdin_closed(), if stop_with_stdin => "the parent process ended",
        })
    }
    #[cfg(not(unix))]
    {
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed.map_err(no_signals).map(|()| "Ctrl-C"),
            () = stdin_closed(), if stop_with_stdin => Ok("the parent process ended"),
        }
    }
}

/// Reads on a thread of its own: a read that never returns must not hold back the end of the runtime.
async fn stdin_closed() {
    let (closed, ended) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = closed.send(());
    });
    let _ = ended.await;
}
