//! The commands. What each flag means is in [`super::help`], in both languages.

use std::path::PathBuf;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::help;
use super::text::Lang;
use crate::settings::{BenchArgs, Common, DataFolder, DemoArgs, InitArgs, InviteArgs, RunArgs, Settings, StatusArgs};

/// What was typed.
#[derive(Parser, Debug)]
#[command(
    name = "branchmesh",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// One command each.
#[derive(Subcommand, Debug)]
pub(super) enum Command {
    Demo(DemoArgs),
    Init {
        #[command(flatten)]
        folder: DataFolder,
        #[command(flatten)]
        args: InitArgs,
    },
    Run {
        #[command(flatten)]
        folder: DataFolder,
        #[command(flatten)]
        args: RunArgs,
    },
    Invite {
        #[command(flatten)]
        folder: DataFolder,
        #[command(flatten)]
        args: InviteArgs,
    },
    Join {
        #[command(flatten)]
        folder: DataFolder,
        #[arg(value_name = "INVITATION")]
        invitation: String,
    },
    Revoke {
        #[command(flatten)]
        folder: DataFolder,
        #[arg(value_name = "DEVICE")]
        device: String,
    },
    GrantAdmin {
        #[command(flatten)]
        folder: DataFolder,
        #[arg(value_name = "DEVICE")]
        device: String,
    },
    Export {
        #[command(subcommand)]
        what: Exportable,
    },
    Import {
        #[command(subcommand)]
        what: Importable,
    },
    Status {
        #[command(flatten)]
        folder: DataFolder,
        #[command(flatten)]
        args: StatusArgs,
    },
    Backup {
        #[command(flatten)]
        folder: DataFolder,
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    Restore {
        #[command(flatten)]
        folder: DataFolder,
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    Doctor {
        #[command(flatten)]
        folder: DataFolder,
    },
    Bench(BenchArgs),
}

/// What can be exported.
#[derive(Subcommand, Debug)]
pub(super) enum Exportable {
    Config {
        #[command(flatten)]
        folder: DataFolder,
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// What can be imported.
#[derive(Subcommand, Debug)]
pub(super) enum Importable {
    Config {
        #[command(flatten)]
        folder: DataFolder,
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[arg(long, env = "BRANCHMESH_IMPORT_DRY_RUN")]
        dry_run: bool,
    },
}

impl Cli {
    /// Reads the command line with help in `lang`.
    ///
    /// # Errors
    /// clap's own, which knows how to print itself and its exit code.
    pub(super) fn read(
        lang: Lang,
        arguments: impl IntoIterator<Item = std::ffi::OsString>,
    ) -> Result<Self, clap::Error> {
        let mut command = help::localise(Self::command(), lang);
        let matches: ArgMatches = command.try_get_matches_from_mut(arguments)?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    }

    /// The flags given, in the shape of the settings file.
    pub(super) fn given(&self) -> Settings {
        let mut given = Settings {
            lang: self.common.lang.clone(),
            log: self.common.log,
            log_level: self.common.log_level.clone(),
            data: self.folder(),
            ..Settings::default()
        };
        match &self.command {
            Command::Demo(args) => given.demo = args.clone(),
            Command::Init { args, .. } => given.init = args.clone(),
            Command::Run { args, .. } => given.run = args.clone(),
            Command::Invite { args, .. } => given.invite = args.clone(),
            Command::Status { args, .. } => given.status = args.clone(),
            Command::Bench(args) => given.bench = args.clone(),
            Command::Join { .. }
            | Command::Revoke { .. }
            | Command::GrantAdmin { .. }
            | Command::Export { .. }
            | Command::Import { .. }
            | Command::Backup { .. }
            | Command::Restore { .. }
            | Command::Doctor { .. } => {}
        }
        given
    }

    fn folder(&self) -> Option<PathBuf> {
        match &self.command {
            Command::Demo(_) | Command::Bench(_) => None,
            Command::Init { folder, .. }
            | Command::Run { folder, .. }
            | Command::Invite { folder, .. }
            | Command::Join { folder, .. }
            | Command::Revoke { folder, .. }
            | Command::GrantAdmin { folder, .. }
            | Command::Export { what: Exportable::Config { folder, .. } }
            | Command::Import { what: Importable::Config { folder, .. } }
            | Command::Status { folder, .. }
            | Command::Backup { folder, .. }
            | Command::Restore { folder, .. }
            | Command::Doctor { folder } => folder.data.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Cli, clap::Error> {
        Cli::read(Lang::En, line.split(' ').map(Into::into))
    }

    #[test]
    fn the_commands_are_well_formed_in_both_languages() {
        for lang in Lang::ALL {
            help::localise(Cli::command(), lang).debug_assert();
        }
    }

    #[test]
    fn the_contract_s_lines_are_understood() {
        for line in [
            "branchmesh demo",
            "branchmesh demo --data d --http-port 9000 --traffic",
            "branchmesh demo --traffic 60 --seed 3",
            "branchmesh init --data d --branch B --role counter --name W3 --counter 3 --config f --manager-pin 1234",
            "branchmesh run --data d --http 127.0.0.1:80 --listen 0.0.0.0:1 --peer 10.0.0.1:1 --peer 10.0.0.2:1 --no-mdns",
            "branchmesh run --data d --printer 192.0.2.9",
            "branchmesh run --data d --printer /dev/usb/lp0",
            "branchmesh invite --data d --role kiosk --name K --ttl 10m",
            "branchmesh join --data d text",
            "branchmesh revoke --data d text",
            "branchmesh grant-admin --data d text",
            "branchmesh export config --data d f",
            "branchmesh import config --data d f --dry-run",
            "branchmesh status --data d --json",
            "branchmesh backup --data d f",
            "branchmesh restore --data d f",
            "branchmesh doctor --data d --lang zh-CN",
            "branchmesh bench --quick --json f --data d --only two-nodes",
        ] {
            assert!(read(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn wrong_usage_has_exit_code_2() {
        for line in [
            "branchmesh",
            "branchmesh fly",
            "branchmesh run --http nowhere",
            "branchmesh run --printer nowhere",
            "branchmesh invite --role chief",
            "branchmesh init --counter 0",
            "branchmesh join",
            "branchmesh bench --only nothing",
        ] {
            assert_eq!(read(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn flags_land_in_the_table_of_their_command() {
        let given = read("branchmesh run --data d --peer 10.0.0.1:1,10.0.0.2:1 --no-mdns").unwrap().given();
        assert_eq!(given.data, Some("d".into()));
        assert_eq!(given.run.peer.len(), 2);
        assert_eq!(given.run.no_mdns, Some(true));
        let demo = read("branchmesh demo --data d --traffic").unwrap().given();
        assert_eq!((demo.data, demo.demo.data, demo.demo.traffic), (None, Some("d".into()), Some(10.0)));
    }

    #[test]
    fn every_flag_has_an_environment_variable() {
        let command = Cli::command();
        let of_files = command.get_subcommands().flat_map(clap::Command::get_subcommands);
        for sub in command.get_subcommands().chain(of_files) {
            for arg in sub.get_arguments().filter(|a| !a.is_positional() && !a.is_hide_set()) {
                let name = arg.get_env().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                assert!(name.starts_with("BRANCHMESH_"), "{} {}: {name:?}", sub.get_name(), arg.get_id());
            }
        }
    }
}
