//! `invite`: one line of text that lets one new device in.

use std::process::ExitCode;

use serde_json::json;

use super::super::api::{Api, new_key};
use super::super::error::{Failure, Outcome};
use super::super::say;
use super::super::terminal::Terminal;
use super::{block_on, data, missing};
use crate::settings::Settings;

pub(in super::super) fn invite(settings: &Settings, terminal: Terminal) -> Outcome {
    let args = &settings.invite;
    let data = data(settings)?;
    let role = args.role.ok_or_else(|| missing("--role ROLE", "BRANCHMESH_INVITE_ROLE"))?;
    let name = args.name.as_deref().ok_or_else(|| missing("--name DEVICE", "BRANCHMESH_INVITE_NAME"))?;
    let ttl = args.ttl.as_deref().unwrap_or("10m");
    let ttl_s = seconds(ttl).ok_or_else(|| Failure::usage(say::BAD_TTL, &[("given", &ttl)]))?;
    let mut body = json!({ "role": role, "name": name, "ttl_s": ttl_s });
    if let Some(counter) = args.counter {
        body["counter"] = json!(counter);
    }
    block_on(async {
        let api = Api::of_folder(data, terminal.lang).await?;
        let answer = api.post("/devices/invitations", &body, &new_key()).await?;
        let line = answer["invitation"].as_str().or(answer["text"].as_str());
        // Nothing but the invitation on standard output: scripts hand it on.
        terminal.result(line.ok_or_else(|| Failure::new(say::STRANGE_ANSWER, &[]))?);
        terminal.tell(say::INVITED, &[("ttl", &ttl)]);
        Ok(ExitCode::SUCCESS)
    })
}

/// Reads `90s`, `10m`, `1h` or a bare number of seconds; from 10 seconds to a day.
fn seconds(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    let total = digits.parse::<u64>().ok()?.checked_mul(unit)?;
    (10..=86_400).contains(&total).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, expected) in [
            ("10m", Some(600)),
            ("90s", Some(90)),
            ("45", Some(45)),
            ("1h", Some(3600)),
            ("1d", Some(86_400)),
            ("0", None),
            ("2d", None),
            ("9s", None),
            ("m", None),
            ("10 m", None),
            ("10mm", None),
            ("-1s", None),
            ("十分", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
