//! `revoke`: a device that was lost or stolen leaves the branch. `grant-admin`: another device may enrol and revoke too.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::super::api::{Api, new_key};
use super::super::error::{Failure, Outcome};
use super::super::say;
use super::super::terminal::Terminal;
use super::super::text::Text;
use super::{block_on, data};
use crate::settings::Settings;

pub(in super::super) fn revoke(settings: &Settings, wanted: &str, terminal: Terminal) -> Outcome {
    ask(settings, wanted, terminal, "revoke", say::REVOKED)
}

pub(in super::super) fn grant_admin(settings: &Settings, wanted: &str, terminal: Terminal) -> Outcome {
    ask(settings, wanted, terminal, "admin", say::ADMIN_GRANTED)
}

/// Has the running node do `verb` with the device that `wanted` names, and says so.
fn ask(settings: &Settings, wanted: &str, terminal: Terminal, verb: &str, done: Text) -> Outcome {
    let data = data(settings)?;
    block_on(async {
        let api = Api::of_folder(data, terminal.lang).await?;
        let (id, name) = resolve(&list(&api.get("/devices").await?), wanted)?;
        api.post(&format!("/devices/{id}/{verb}"), &json!({}), &new_key()).await?;
        terminal.say(done, &[("name", &name), ("id", &id)]);
        Ok(ExitCode::SUCCESS)
    })
}

/// Id and name of each device that still counts; the answer may be the list or hold it.
fn list(answer: &Value) -> Vec<(String, String)> {
    let rows = answer.as_array().or_else(|| answer["devices"].as_array()).or_else(|| answer["items"].as_array());
    rows.into_iter()
        .flatten()
        .filter(|row| row["revoked"].is_null() || row["revoked"] == json!(false))
        .filter(|row| row["revoked_at"].is_null())
        .filter_map(|row| Some((row["id"].as_str()?.to_owned(), row["name"].as_str().unwrap_or_default().to_owned())))
        .collect()
}

/// An exact name or id counts before a prefix of an id; a prefix must leave no doubt.
fn resolve(devices: &[(String, String)], wanted: &str) -> Result<(String, String), Failure> {
    let exact: Vec<_> = devices.iter().filter(|(id, name)| id == wanted || name == wanted).collect();
    let found = if exact.is_empty() && !wanted.is_empty() {
        devices.iter().filter(|(id, _)| id.starts_with(&wanted.to_ascii_lowercase())).collect()
    } else {
        exact
    };
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Failure::new(say::NO_SUCH_DEVICE, &[("device", &wanted)])),
        several => {
            let ids: Vec<_> =
                several.iter().map(|(id, name)| format!("{} ({name})", &id[..id.len().min(10)])).collect();
            Err(Failure::new(say::SEVERAL_DEVICES, &[("device", &wanted), ("list", &ids.join(", "))]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_by_id_prefix_or_name() {
        let answer = json!({ "devices": [
            { "id": "aabb", "name": "Window 1" },
            { "id": "aacc", "name": "Window 2" },
            { "id": "dd11", "name": "aabb" },
            { "id": "ee11", "name": "Old", "revoked": true },
        ]});
        let devices = list(&answer);
        let id = |wanted| resolve(&devices, wanted).map(|(id, _)| id).ok();
        assert_eq!(id("aac"), Some("aacc".into()));
        assert_eq!(id("Window 1"), Some("aabb".into()));
        assert_eq!(id("DD"), Some("dd11".into()));
        assert_eq!(id("aa"), None);
        assert_eq!(id("aabb"), None, "an id that is also another device's name leaves a doubt");
        assert_eq!(id("ee"), None, "already revoked");
        assert_eq!(id(""), None);
    }
}
