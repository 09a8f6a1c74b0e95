//! What a person sees once the demo runs: where to look, who to be, what to try.

use std::time::Duration;

use super::super::say;
use super::super::terminal::table;
use super::super::text::{Lang, Text};
use super::Stage;
use super::cast::{BRANCH, CAST, MANAGER, Person, STAFF};
use super::child::Children;

/// Name of the packet filter table of the hint, so that healing removes exactly what splitting added.
const SPLIT_TABLE: &str = "branchmesh_demo";

/// Prints it.
pub(super) fn show(stage: &Stage, children: &Children, took: Duration) {
    let terminal = stage.terminal;
    let seconds = format!("{:.1}", took.as_secs_f64());
    terminal.say(say::DEMO_READY, &[("branch", &BRANCH), ("seconds", &seconds)]);
    terminal.result("");
    table(&devices(stage, children)).iter().for_each(|line| terminal.result(line));
    terminal.result("");
    table(&people(terminal.lang)).iter().for_each(|line| terminal.result(line));
    terminal.result("");
    terminal.say(say::DEMO_KILL, &[("seconds", &stage.restart.as_secs())]);
    terminal.say(say::DEMO_FREEZE, &[]);
    if cfg!(target_os = "linux") {
        terminal.say(say::DEMO_SPLIT, &[("command", &split_command(stage.first_port))]);
        terminal.say(say::DEMO_HEAL, &[("command", &format!("nft delete table inet {SPLIT_TABLE}"))]);
    }
    terminal.say(say::DEMO_LOGS, &[("logs", &stage.folder.root().join("logs").display())]);
    terminal.say(say::DEMO_STOP, &[]);
}

fn devices(stage: &Stage, children: &Children) -> Vec<Vec<String>> {
    let head = [say::DEMO_COL_DEVICE, say::DEMO_COL_ROLE, say::DEMO_COL_URL, say::DEMO_COL_PID, say::DEMO_COL_DATA];
    let mut rows = vec![titles(&head, stage.terminal.lang)];
    rows.extend(CAST.iter().map(|device| {
        let pid = children.running(device).map_or_else(String::new, |running| running.pid.to_string());
        let url = format!("{}{}", stage.url(device), device.page);
        let data = stage.folder.of(device).display().to_string();
        vec![device.name.to_owned(), device.role.to_string(), url, pid, data]
    }));
    rows
}

fn people(lang: Lang) -> Vec<Vec<String>> {
    let mut rows = vec![titles(&[say::DEMO_COL_STAFF, say::DEMO_COL_PIN, say::DEMO_COL_RIGHTS], lang)];
    rows.extend(std::iter::once(&MANAGER).chain(&STAFF).map(|person: &Person| {
        let roles = serde_json::to_value(person.roles).unwrap_or_default();
        let names: Vec<_> = roles.as_array().into_iter().flatten().filter_map(|role| role.as_str()).collect();
        vec![person.id.to_owned(), person.pin.to_owned(), names.join(", ")]
    }));
    rows
}

fn titles(head: &[Text], lang: Lang) -> Vec<String> {
    head.iter().map(|text| text.get(lang).to_owned()).collect()
}

/// Drops the mesh's packets between the first two devices (the counters) and the others, both ways.
fn split_command(first: u16) -> String {
    let (one, other) = (format!("{first}-{}", first + 1), format!("{}-{}", first + 2, first + CAST.len() as u16 - 1));
    format!(
        "nft 'add table inet {SPLIT_TABLE}; \
         add chain inet {SPLIT_TABLE} in {{ type filter hook input priority 0; }}; \
         add rule inet {SPLIT_TABLE} in iif lo udp sport {one} udp dport {other} drop; \
         add rule inet {SPLIT_TABLE} in iif lo udp sport {other} udp dport {one} drop'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_split_has_both_counters_on_one_side_and_drops_both_ways() {
        let command = split_command(8080);
        assert!(command.contains("sport 8080-8081 udp dport 8082-8084 drop"));
        assert!(command.contains("sport 8082-8084 udp dport 8080-8081 drop"));
    }
}
