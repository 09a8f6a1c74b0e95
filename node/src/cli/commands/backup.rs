//! `backup` of a running node, and `restore` into a data folder.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::super::api::{Api, new_key};
use super::super::error::{Failure, Outcome, because};
use super::super::say;
use super::super::terminal::Terminal;
use super::{absolute, block_on, data};
use crate::node;
use crate::settings::Settings;

pub(in super::super) fn backup(settings: &Settings, file: &Path, terminal: Terminal) -> Outcome {
    let data = data(settings)?;
    let file = absolute(file)?;
    if file.exists() {
        return Err(Failure::new(say::FILE_EXISTS, &[("file", &file.display())]));
    }
    let progress = terminal.progress();
    progress.show(say::BACKING_UP.get(terminal.lang).into());
    let answer = block_on(async {
        let api = Api::of_folder(data, terminal.lang).await?;
        Ok(api.post("/operations/backup", &json!({ "file": file }), &new_key()).await?)
    })?;
    drop(progress);
    let bytes = answer["bytes"].as_u64().or_else(|| file.metadata().ok().map(|m| m.len())).unwrap_or(0);
    terminal.say(say::BACKED_UP, &[("file", &file.display()), ("bytes", &bytes)]);
    Ok(ExitCode::SUCCESS)
}

pub(in super::super) fn restore(settings: &Settings, file: &Path, terminal: Terminal) -> Outcome {
    let data = data(settings)?;
    let file = absolute(file)?;
    if block_on(async { Ok(Api::of_folder(data, terminal.lang).await.is_ok()) })? {
        return Err(Failure::new(say::STOP_FIRST, &[("data", &data.display())]));
    }
    let progress = terminal.progress();
    let shown = |done: u64, total: u64| {
        let percent = done.saturating_mul(100) / total.max(1);
        progress.show(say::RESTORING.with(terminal.lang, &[("percent", &percent)]));
    };
    let identity = node::restore(data, &file, shown).map_err(because(say::NOT_RESTORED))?;
    drop(progress);
    terminal.say(say::RESTORED, &[("name", &identity.name), ("data", &data.display())]);
    Ok(ExitCode::SUCCESS)
}
