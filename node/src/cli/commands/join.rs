//! `join`: enrol this device.

use std::process::ExitCode;

use super::super::error::{Outcome, because};
use super::super::say;
use super::super::terminal::Terminal;
use super::{block_on, data};
use crate::node;
use crate::settings::Settings;

pub(in super::super) fn join(settings: &Settings, invitation: &str, terminal: Terminal) -> Outcome {
    let data = data(settings)?;
    let progress = terminal.progress();
    progress.show(say::JOINING.get(terminal.lang).into());
    let joined = block_on(async { node::join(data, invitation.trim()).await.map_err(because(say::NOT_JOINED)) })?;
    drop(progress);
    terminal.say(
        say::JOINED,
        &[("branch", &joined.branch), ("name", &joined.name), ("role", &joined.role), ("data", &data.display())],
    );
    Ok(ExitCode::SUCCESS)
}
