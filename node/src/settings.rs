//! Settings: defaults, then `branchmesh.toml`, then environment, then flags; the later wins.
//!
//! One struct a command is both its flags and its table in the file, so that neither can have what the other lacks.
//! clap lets a flag win over its environment variable; figment lays the two over the file and the defaults.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use branchmesh_model::schema::Role;
use clap::Args;
use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

use crate::bench::Scenario;
use crate::logging::LogFormat;
use crate::printing::GivenPrinter;

/// Name of the settings file, in the data folder or the working folder.
pub(crate) const FILE_NAME: &str = "branchmesh.toml";

fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|_| "counter, kiosk, display, tablet, rating or hq".to_owned())
}

/// Checked here so that a mistake is a usage error; kept as text, as the file has it.
fn printer(text: &str) -> Result<String, String> {
    text.parse::<GivenPrinter>().map(|_| text.to_owned())
}

/// What every command shares.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Common {
    #[arg(long, global = true, env = "BRANCHMESH_SETTINGS", value_name = "FILE")]
    #[serde(skip)]
    pub settings: Option<PathBuf>,
    #[arg(long, global = true, env = "BRANCHMESH_LANG", value_name = "LANG")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    #[arg(long, global = true, env = "BRANCHMESH_LOG", value_enum, value_name = "FORMAT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogFormat>,
    #[arg(long, global = true, env = "BRANCHMESH_LOG_LEVEL", value_name = "LEVEL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
}

/// The data folder, for the commands that have one.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct DataFolder {
    #[arg(long, env = "BRANCHMESH_DATA", value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
}

/// `demo`. Its folder has a variable of its own: a demo must never land in the folder of a real device.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DemoArgs {
    #[arg(long, env = "BRANCHMESH_DEMO_DATA", value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    #[arg(long, env = "BRANCHMESH_DEMO_HTTP_PORT", value_name = "PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_port: Option<u16>,
    #[arg(long, env = "BRANCHMESH_DEMO_TRAFFIC", value_name = "PACE", num_args = 0..=1, default_missing_value = "10")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic: Option<f64>,
    #[arg(long, env = "BRANCHMESH_DEMO_SEED", value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    #[arg(long, env = "BRANCHMESH_DEMO_RESTART_S", value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_s: Option<u64>,
}

/// `init`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct InitArgs {
    #[arg(long, env = "BRANCHMESH_INIT_BRANCH", value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    #[arg(long, env = "BRANCHMESH_INIT_ROLE", value_name = "ROLE", value_parser = role)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    #[arg(long, env = "BRANCHMESH_INIT_NAME", value_name = "DEVICE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[arg(long, env = "BRANCHMESH_INIT_COUNTER", value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counter: Option<u8>,
    #[arg(long, env = "BRANCHMESH_INIT_CONFIG", value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
    #[arg(long, env = "BRANCHMESH_INIT_MANAGER_PIN", value_name = "PIN", hide_env_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager_pin: Option<String>,
}

/// `run`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RunArgs {
    #[arg(long, env = "BRANCHMESH_HTTP", value_name = "ADDR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<SocketAddr>,
    #[arg(long, env = "BRANCHMESH_LISTEN", value_name = "ADDR", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listen: Vec<SocketAddr>,
    #[arg(long, env = "BRANCHMESH_PEER", value_name = "ADDR", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub peer: Vec<SocketAddr>,
    #[arg(long, env = "BRANCHMESH_NO_MDNS", value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = clap::builder::BoolishValueParser::new())]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_mdns: Option<bool>,
    #[arg(long, env = "BRANCHMESH_PRINTER", value_name = "ADDR|FILE", value_parser = printer)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub printer: Option<String>,
    #[arg(long, env = "BRANCHMESH_CACHE_MIB", value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_mib: Option<u32>,
    /// For a parent process such as `demo`: stop when standard input closes, which it does even if the parent is killed.
    #[arg(long, hide = true)]
    #[serde(skip)]
    pub stop_with_stdin: bool,
}

/// `invite`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct InviteArgs {
    #[arg(long, env = "BRANCHMESH_INVITE_ROLE", value_name = "ROLE", value_parser = role)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    #[arg(long, env = "BRANCHMESH_INVITE_NAME", value_name = "DEVICE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[arg(long, env = "BRANCHMESH_INVITE_COUNTER", value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counter: Option<u8>,
    #[arg(long, env = "BRANCHMESH_INVITE_TTL", value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<String>,
}

/// `status`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StatusArgs {
    #[arg(long, env = "BRANCHMESH_STATUS_JSON", value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = clap::builder::BoolishValueParser::new())]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<bool>,
}

/// `bench`. Like the demo's its folder has a variable of its own.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BenchArgs {
    #[arg(long, env = "BRANCHMESH_BENCH_DATA", value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    #[arg(long, env = "BRANCHMESH_BENCH_JSON", value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<PathBuf>,
    #[arg(long, env = "BRANCHMESH_BENCH_ONLY", value_enum, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Scenario>,
    #[arg(long, env = "BRANCHMESH_BENCH_QUICK", value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = clap::builder::BoolishValueParser::new())]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quick: Option<bool>,
}

/// Everything that can be set, as the file writes it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogFormat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
    pub demo: DemoArgs,
    pub init: InitArgs,
    pub run: RunArgs,
    pub invite: InviteArgs,
    pub status: StatusArgs,
    pub bench: BenchArgs,
}

impl Settings {
    /// What holds when nobody says anything.
    fn defaults() -> Self {
        let every_address = SocketAddr::from(([0, 0, 0, 0], 7443));
        Self {
            log: Some(LogFormat::Human),
            demo: DemoArgs { http_port: Some(8080), seed: Some(1), restart_s: Some(3), ..DemoArgs::default() },
            run: RunArgs {
                http: Some(SocketAddr::from(([127, 0, 0, 1], 8080))),
                listen: vec![every_address],
                no_mdns: Some(false),
                cache_mib: Some(20),
                ..RunArgs::default()
            },
            invite: InviteArgs { ttl: Some("10m".into()), ..InviteArgs::default() },
            status: StatusArgs { json: Some(false) },
            bench: BenchArgs { quick: Some(false), ..BenchArgs::default() },
            ..Self::default()
        }
    }

    /// Lays the given flags (environment included) over the file and the defaults.
    ///
    /// # Errors
    /// A sentence naming the file and the key that cannot be used.
    pub(crate) fn gather(given: &Settings, file: Option<&Path>) -> Result<Settings, String> {
        let mut figment = Figment::from(Serialized::defaults(Self::defaults()));
        if let Some(file) = file {
            figment = figment.merge(Toml::file_exact(file));
        }
        figment.merge(Serialized::defaults(given)).extract().map_err(|error| error.to_string())
    }
}

/// Whether a settings file can be read.
///
/// # Errors
/// What is wrong with it, in words.
pub fn check_file(file: &Path) -> Result<(), String> {
    Settings::gather(&Settings::default(), Some(file)).map(|_| ())
}

/// The settings file that applies: the one named, or that of the data folder, or that of the working folder.
pub(crate) fn file_in_force(named: Option<&Path>, data: Option<&Path>, working: &Path) -> Option<PathBuf> {
    if let Some(named) = named {
        return Some(named.to_owned());
    }
    [data, Some(working)].into_iter().flatten().map(|folder| folder.join(FILE_NAME)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn the_file_wins_over_defaults_and_flags_win_over_the_file() {
        let (_folder, path) = file("lang = \"en\"\n[run]\nhttp = \"127.0.0.1:9000\"\npeer = [\"10.0.0.1:7443\"]\n");
        let nothing = Settings::gather(&Settings::default(), Some(&path)).unwrap();
        assert_eq!(nothing.run.http, Some("127.0.0.1:9000".parse().unwrap()));
        assert_eq!(nothing.run.listen, vec!["0.0.0.0:7443".parse().unwrap()]);
        assert_eq!(nothing.run.peer, vec!["10.0.0.1:7443".parse().unwrap()]);
        assert_eq!(nothing.lang.as_deref(), Some("en"));

        let flags = Settings {
            run: RunArgs { http: Some("127.0.0.1:9001".parse().unwrap()), ..RunArgs::default() },
            ..Settings::default()
        };
        let flagged = Settings::gather(&flags, Some(&path)).unwrap();
        assert_eq!(flagged.run.http, Some("127.0.0.1:9001".parse().unwrap()));
        assert_eq!(flagged.run.peer, nothing.run.peer);
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let (_folder, path) = file("[run]\nhtpp = \"127.0.0.1:9000\"\n");
        let error = Settings::gather(&Settings::default(), Some(&path)).unwrap_err();
        assert!(error.contains("htpp"), "{error}");
    }

    #[test]
    fn a_named_file_that_is_missing_is_an_error() {
        assert!(Settings::gather(&Settings::default(), Some(Path::new("nowhere/branchmesh.toml"))).is_err());
    }

    #[test]
    fn the_data_folder_s_file_is_found_before_the_working_folder_s() {
        let (data, in_data) = file("");
        let (working, in_working) = file("");
        assert_eq!(file_in_force(None, Some(data.path()), working.path()), Some(in_data));
        assert_eq!(file_in_force(None, None, working.path()), Some(in_working));
        assert_eq!(file_in_force(None, None, data.path().join("none").as_path()), None);
    }
}
