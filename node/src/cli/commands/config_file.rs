//! `export config` and `import config`: the branch's configuration as one file.

use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use super::super::api::{Api, new_key};
use super::super::error::{Failure, Outcome};
use super::super::say;
use super::super::terminal::Terminal;
use super::{absolute, block_on, data};
use crate::settings::Settings;

pub(in super::super) fn export(settings: &Settings, file: &Path, terminal: Terminal) -> Outcome {
    let data = data(settings)?;
    let file = absolute(file)?;
    if file.exists() {
        return Err(Failure::new(say::FILE_EXISTS, &[("file", &file.display())]));
    }
    let content = block_on(async {
        let api = Api::of_folder(data, terminal.lang).await?;
        Ok(api.get("/config/export").await?)
    })?;
    let text = serde_json::to_string_pretty(&content).expect("JSON that was read can be written");
    std::fs::write(&file, text + "\n").map_err(|error| unusable(&file, &error.to_string()))?;
    terminal.say(say::CONFIG_EXPORTED, &[("file", &file.display())]);
    Ok(ExitCode::SUCCESS)
}

pub(in super::super) fn import(settings: &Settings, file: &Path, dry_run: bool, terminal: Terminal) -> Outcome {
    let data = data(settings)?;
    let bytes = std::fs::read(file).map_err(|error| unusable(file, &error.to_string()))?;
    let content: Value = serde_json::from_slice(&bytes).map_err(|error| unusable(file, &error.to_string()))?;
    let answer = block_on(async {
        let api = Api::of_folder(data, terminal.lang).await?;
        Ok(api.post(&format!("/config/import?dry_run={dry_run}"), &content, &new_key()).await?)
    })?;
    let differences = answer["differences"].as_array().map(Vec::as_slice).unwrap_or_default();
    for one in differences {
        let (path, before, after) =
            (one["path"].as_str().unwrap_or_default(), short(&one["before"]), short(&one["after"]));
        terminal.say(say::CONFIG_DIFFERENCE, &[("path", &path), ("before", &before), ("after", &after)]);
    }
    let done = if dry_run { say::CONFIG_WOULD_CHANGE } else { say::CONFIG_IMPORTED };
    terminal.say(done, &[("count", &differences.len())]);
    let newcomers: Vec<&str> = answer["need_pin"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !newcomers.is_empty() {
        terminal.tell(say::STAFF_NEED_PIN, &[("staff", &newcomers.join(", "))]);
    }
    Ok(ExitCode::SUCCESS)
}

fn unusable(file: &Path, reason: &str) -> Failure {
    Failure::new(say::FILE_UNREADABLE, &[("file", &file.display()), ("reason", &reason)])
}

/// A value on one line; what is not there is a dash.
fn short(value: &Value) -> String {
    const LONGEST: usize = 100;
    if value.is_null() {
        return "–".into();
    }
    let text = value.to_string();
    if text.chars().count() <= LONGEST { text } else { text.chars().take(LONGEST).chain(['…']).collect() }
}
