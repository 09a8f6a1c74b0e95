//! Logs: to standard error, for people or as JSON lines, installed once by the command line.

use std::io::IsTerminal;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// One readable line an event.
    #[default]
    Human,
    /// One JSON object an event.
    Json,
}

/// What is logged unless somebody asks for more: the product's own news, and only trouble of its libraries.
const DEFAULT_FILTER: &str = "warn,branchmesh=info,branchmesh_node=info,branchmesh_model=info";

/// Installs the subscriber. `level` (a level or a whole filter) wins over `RUST_LOG`, which wins over the default.
///
/// # Errors
/// If the filter cannot be read.
pub(crate) fn install(format: LogFormat, level: Option<&str>) -> Result<()> {
    let filter = match (level, std::env::var("RUST_LOG")) {
        (Some(level), _) => filter_of(level)?,
        (None, Ok(text)) if !text.is_empty() => filter_of(&text)?,
        _ => filter_of(DEFAULT_FILTER)?,
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Human => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    }
    .map_err(|error| anyhow::anyhow!("logging was installed twice: {error}"))
}

/// A bare level speaks of the product alone: "debug" must not drown it in its libraries' packets.
fn filter_of(text: &str) -> Result<EnvFilter> {
    let bare = ["trace", "debug", "info", "warn", "error", "off"].contains(&text.to_ascii_lowercase().as_str());
    let directives = if bare {
        format!("warn,branchmesh={text},branchmesh_node={text},branchmesh_model={text}")
    } else {
        text.into()
    };
    EnvFilter::try_new(&directives).with_context(|| format!("{text:?} is not a log level or filter, such as \"debug\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_filters_are_read_and_nonsense_is_refused() {
        assert!(filter_of(DEFAULT_FILTER).is_ok());
        assert!(filter_of("debug").unwrap().to_string().contains("branchmesh_node=debug"));
        assert!(filter_of("warn,iroh=trace").unwrap().to_string().contains("iroh=trace"));
        assert!(filter_of("branchmesh=loudly").is_err());
    }
}
