//! Prints every event of the branch as the demo's display learns of it; Ctrl-C ends it.

use anyhow::{Context, Result};
use serde_json::Value;

/// The demo's display.
const DISPLAY: &str = "http://127.0.0.1:8083";

#[tokio::main]
#[allow(clippy::print_stdout, reason = "an example tells what it saw")]
async fn main() -> Result<()> {
    let url = format!("{DISPLAY}/api/v1/events");
    let mut stream = branchmesh_examples::client()?.get(url).send().await.context("the display cannot be reached; is the demo running?")?;
    let mut text = String::new();
    while let Some(bytes) = stream.chunk().await? {
        text.push_str(&String::from_utf8_lossy(&bytes));
        // A blank line ends an event; the rest may be half of the next.
        while let Some((event, rest)) = text.split_once("\n\n") {
            if let Some(line) = describe(event) {
                println!("{line}");
            }
            text = rest.to_owned();
        }
    }
    Ok(())
}

/// `ticket.called A003 counter 2`; nothing for keep-alives.
fn describe(event: &str) -> Option<String> {
    let data: String = event.lines().filter_map(|line| line.strip_prefix("data:")).collect();
    let value: Value = serde_json::from_str(&data).ok()?;
    let about = &value["data"];
    let number = about["number"].as_str().or(about["ticket"]["number"].as_str()).unwrap_or_default();
    let counter = about["counter"].as_u64().or(about["ticket"]["counter"].as_u64());
    let counter = counter.map_or_else(String::new, |n| format!(" counter {n}"));
    Some(format!("{} {number}{counter}", value["type"].as_str()?))
}
