//! Devices that end are started again with their data, as a branch's own service manager does.

use std::collections::BTreeMap;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::super::error::Failure;
use super::super::say;
use super::Stage;
use super::cast::{CAST, Device};
use super::child::Children;

/// A device that ran at least this long before it ended is started again without further delay.
const STEADY: Duration = Duration::from_secs(20);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Watches for ever.
pub(super) async fn keep_alive(stage: &Stage, children: &mut Children) -> Result<(), Failure> {
    let mut due: BTreeMap<usize, Instant> = BTreeMap::new();
    let mut attempts = [0u32; CAST.len()];
    loop {
        while let Some((device, running, status)) = children.take_ended() {
            let attempt = &mut attempts[device.index()];
            *attempt = if running.since.elapsed() >= STEADY { 0 } else { *attempt + 1 };
            let pause = pause_before(stage.restart, *attempt);
            stage.terminal.tell(
                say::DEMO_DIED,
                &[("name", &device.name), ("pid", &running.pid), ("how", &how(status)), ("seconds", &pause.as_secs())],
            );
            due.insert(device.index(), Instant::now() + pause);
        }
        let now = Instant::now();
        let ready: Vec<usize> = due.iter().filter(|(_, at)| **at <= now).map(|(index, _)| *index).collect();
        for index in ready {
            due.remove(&index);
            if let Err(again) = start_again(stage, children, &CAST[index]).await {
                due.insert(index, Instant::now() + again);
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn start_again(stage: &Stage, children: &mut Children, device: &Device) -> Result<(), Duration> {
    match children.start(stage, device).await {
        Ok(pid) => {
            stage.terminal.tell(say::DEMO_BACK, &[("name", &device.name), ("pid", &pid)]);
            Ok(())
        }
        Err(failure) => {
            let reason = failure.sentence(stage.terminal.lang);
            let pause = LONGEST_PAUSE;
            stage.terminal.tell(
                say::DEMO_NOT_BACK,
                &[("name", &device.name), ("reason", &reason), ("seconds", &pause.as_secs())],
            );
            Err(pause)
        }
    }
}

/// Doubles with each attempt that did not last.
fn pause_before(first: Duration, attempt: u32) -> Duration {
    let doubled = first.saturating_mul(1 << attempt.saturating_sub(1).min(6));
    doubled.min(LONGEST_PAUSE.max(first))
}

fn how(status: Option<ExitStatus>) -> String {
    status.map_or_else(|| "?".to_owned(), |status| status.to_string())
}

/// Returns once somebody wants the demo to stop.
pub(super) async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut terminate), Ok(mut hang_up), Ok(mut interrupt)) =
            (signal(SignalKind::terminate()), signal(SignalKind::hangup()), signal(SignalKind::interrupt()))
        else {
            return;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
    #[cfg(not(unix))]
    {
        let _ = tokio::signal::ctrl_c().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_bounded() {
        let first = Duration::from_secs(3);
        let pauses: Vec<u64> = (0..8).map(|attempt| pause_before(first, attempt).as_secs()).collect();
        assert_eq!(pauses, [3, 3, 6, 12, 24, 48, 60, 60]);
    }
}
