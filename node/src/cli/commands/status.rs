//! `status`: this node and the mesh as it sees it.

use std::process::ExitCode;

use serde_json::Value;

use super::super::api::Api;
use super::super::error::Outcome;
use super::super::say;
use super::super::terminal::{Terminal, table};
use super::super::text::{Lang, Text};
use super::{block_on, data};
use crate::settings::Settings;

pub(in super::super) fn status(settings: &Settings, terminal: Terminal) -> Outcome {
    let data = data(settings)?;
    block_on(async {
        let api = Api::of_folder(data, terminal.lang).await?;
        let mesh = api.get("/mesh").await?;
        if settings.status.json.unwrap_or(false) {
            terminal.result(&mesh.to_string());
        } else {
            let lines = lines(&mesh, terminal.lang);
            lines.iter().for_each(|line| terminal.result(line));
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn lines(mesh: &Value, lang: Lang) -> Vec<String> {
    let mut facts = Vec::new();
    let mut fact = |name: Text, value: String| {
        if !value.is_empty() {
            facts.push(vec![name.get(lang).to_owned(), value]);
        }
    };
    fact(say::ROW_DEVICE, device(mesh));
    fact(say::ROW_ROLE, plain(&mesh["role"]));
    fact(say::ROW_GROUP, mesh["group"].as_array().map_or_else(|| plain(&mesh["group"]), |g| g.len().to_string()));
    fact(say::ROW_EPOCH, plain(&mesh["epoch"]));
    fact(say::ROW_STEWARD, named(&mesh["steward"], mesh));
    fact(say::ROW_LANE, plain(&mesh["lane"]));
    fact(say::ROW_DOCUMENTS, plain(&mesh["documents"]));
    fact(say::ROW_LAG, plain(&mesh["lag"]));
    fact(say::ROW_STORED, bytes(&mesh["stored_bytes"]));
    let mut lines = table(&facts);
    lines.push(String::new());
    lines.extend(peers(mesh, lang));
    lines
}

fn peers(mesh: &Value, lang: Lang) -> Vec<String> {
    let peers = mesh["peers"].as_array().map(Vec::as_slice).unwrap_or_default();
    if peers.is_empty() {
        return vec![say::NO_PEERS.get(lang).to_owned()];
    }
    let head = [say::COL_DEVICE, say::COL_NAME, say::COL_ROLE, say::COL_STATE, say::COL_RTT, say::COL_BEHIND];
    let mut rows = vec![head.iter().map(|text| text.get(lang).to_owned()).collect::<Vec<_>>()];
    rows.extend(peers.iter().map(|peer| {
        let rtt = peer["rtt_ms"].as_f64().map_or_else(|| "–".to_owned(), |ms| format!("{ms:.1}"));
        let id = short(&plain(&peer["id"]));
        vec![id, plain(&peer["name"]), plain(&peer["role"]), plain(&peer["state"]), rtt, plain(&peer["behind"])]
    }));
    table(&rows)
}

/// The device's name and id; `device` may be the id or an object that has both.
fn device(mesh: &Value) -> String {
    let device = &mesh["device"];
    let id = device["id"].as_str().or(device.as_str()).unwrap_or_default();
    let name = device["name"].as_str().or(mesh["name"].as_str()).unwrap_or_default();
    format!("{name} ({id})").trim_start().to_owned()
}

/// A device id with the name the answer knows for it.
fn named(id: &Value, mesh: &Value) -> String {
    let wanted = id["id"].as_str().or(id.as_str()).unwrap_or_default();
    let own = mesh["device"]["id"].as_str().or(mesh["device"].as_str());
    let peer = || mesh["peers"].as_array()?.iter().find(|p| p["id"].as_str() == Some(wanted))?["name"].as_str();
    let own_name = || mesh["device"]["name"].as_str().or(mesh["name"].as_str());
    let name = id["name"].as_str().or_else(|| if own == Some(wanted) { own_name() } else { peer() });
    match name {
        Some(name) => format!("{name} ({})", short(wanted)),
        None => short(wanted),
    }
}

fn short(id: &str) -> String {
    id.chars().take(10).collect()
}

/// A value as a person reads it: nothing for null, text without quotes, parts of an object side by side.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(map) => map.iter().map(|(k, v)| format!("{k} {}", plain(v))).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn bytes(value: &Value) -> String {
    value.as_f64().map_or_else(String::new, |bytes| format!("{:.1} MiB", bytes / 1024.0 / 1024.0))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_names_the_steward_and_shows_every_peer() {
        let mesh = json!({
            "device": "aaaaaaaaaaaaaaaa", "name": "Window 1", "role": "counter", "group": ["aaaaaaaaaaaaaaaa", "bbbb"],
            "epoch": "1.x", "steward": "bbbb", "documents": 12, "stored_bytes": 1_572_864,
            "peers": [{"id": "bbbb", "name": "Kiosk", "role": "kiosk", "state": "connected", "rtt_ms": 0.25, "behind": 0},
                      {"id": "cccc", "name": "Display", "role": "display", "state": "away", "rtt_ms": null, "behind": 3}],
        });
        let text = lines(&mesh, Lang::En).join("\n");
        for part in ["Window 1 (aaaaaaaaaaaaaaaa)", "Kiosk (bbbb)", "1.5 MiB", "connected", "away", "0.2"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn a_lone_node_says_so() {
        assert!(lines(&json!({"device": "a"}), Lang::Zh).join("\n").contains(say::NO_PEERS.zh));
    }
}
