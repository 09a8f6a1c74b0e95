//! `init`: found a branch.

use std::path::Path;
use std::process::ExitCode;

use super::super::error::{Failure, Outcome, because};
use super::super::say;
use super::super::terminal::Terminal;
use super::{data, missing};
use crate::node::{self, FoundOptions};
use crate::settings::Settings;

pub(in super::super) fn init(settings: &Settings, terminal: Terminal) -> Outcome {
    let options = options(settings)?;
    let progress = terminal.progress();
    progress.show(say::FOUNDING.get(terminal.lang).into());
    let data = options.data.clone();
    let branch = options.branch.clone();
    let founded = node::found(options).map_err(because(say::NOT_FOUNDED))?;
    drop(progress);
    terminal.say(say::FOUNDED, &[("branch", &branch), ("id", &founded.branch), ("device", &founded.device)]);
    terminal.say(say::FIRST_SIGN_IN, &[("staff", &founded.manager_id), ("pin", &founded.manager_pin)]);
    terminal.tell(say::START_IT, &[("data", &data.display())]);
    Ok(ExitCode::SUCCESS)
}

fn options(settings: &Settings) -> Result<FoundOptions, Failure> {
    let args = &settings.init;
    Ok(FoundOptions {
        data: data(settings)?.to_owned(),
        branch: args.branch.clone().ok_or_else(|| missing("--branch NAME", "BRANCHMESH_INIT_BRANCH"))?,
        role: args.role.ok_or_else(|| missing("--role ROLE", "BRANCHMESH_INIT_ROLE"))?,
        name: args.name.clone().ok_or_else(|| missing("--name DEVICE", "BRANCHMESH_INIT_NAME"))?,
        counter: args.counter,
        config: args.config.as_deref().map(read_config).transpose()?,
        manager_pin: args.manager_pin.clone(),
    })
}

fn read_config(file: &Path) -> Result<serde_json::Value, Failure> {
    let unreadable =
        |reason: String| Failure::new(say::FILE_UNREADABLE, &[("file", &file.display()), ("reason", &reason)]);
    let bytes = std::fs::read(file).map_err(|error| unreadable(error.to_string()))?;
    let mut content: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
    // What `export config` wrote of another branch: its sections are as a configuration file has them.
    if content.get("format").is_some()
        && let Some(sections) = content.get_mut("sections")
    {
        return Ok(sections.take());
    }
    Ok(content)
}
