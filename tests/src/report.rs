//! What a scenario tells people: measured times and the logs of devices after a failure.
#![expect(clippy::print_stdout, reason = "the one place of the harness that prints; the test runner captures it")]

use std::path::Path;
use std::time::Duration;

/// Lines of a log that are shown after a failure.
const TAIL_LINES: usize = 80;

/// Prints a measured time. It is reported, never asserted: machines differ.
pub fn time(what: &str, took: Duration) {
    println!("time: {what}: {} ms", took.as_millis());
}

/// Prints a figure.
pub fn figure(what: &str, value: impl std::fmt::Display) {
    println!("figure: {what}: {value}");
}

/// Prints the end of a device's log.
pub fn log(name: &str, file: &Path) {
    println!("---- the end of the log of {name} ({}) ----\n{}", file.display(), tail(file));
}

/// The last lines of a file, or a sentence that it cannot be read.
pub fn tail(file: &Path) -> String {
    match std::fs::read(file) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
        }
        Err(e) => format!("(no log: {e})"),
    }
}
