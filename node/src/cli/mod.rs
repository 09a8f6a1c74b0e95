//! The command line: reads flags and settings, calls the node or asks a running one, and tells a person what happened.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage. A result goes to standard output, everything else to standard error.

mod api;
mod args;
mod commands;
mod demo;
mod error;
mod help;
mod say;
mod terminal;
mod text;
mod usage;

use std::process::ExitCode;

use args::{Cli, Command, Exportable, Importable};
use error::{Failure, Outcome};
use terminal::Terminal;
use text::Lang;

use crate::settings::{Settings, file_in_force};

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let first = Terminal { lang: language_before_parsing(&arguments) };
    let cli = match Cli::read(first.lang, arguments) {
        Ok(cli) => cli,
        Err(error) => {
            match usage::in_chinese(&error).filter(|_| first.lang == Lang::Zh) {
                Some(sentence) => first.note(&sentence),
                // Help and version are printed here too; clap knows which goes to standard output.
                None => drop(error.print()),
            }
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let outcome = settings_of(&cli).and_then(|settings| {
        let lang = settings.lang.as_deref().and_then(Lang::of).unwrap_or(first.lang);
        carry_out(cli.command, &settings, Terminal { lang }).map_err(|failure| failure.in_language(lang))
    });
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            first.note(&failure.sentence(first.lang));
            ExitCode::from(failure.exit_code())
        }
    }
}

fn carry_out(command: Command, settings: &Settings, terminal: Terminal) -> Outcome {
    use commands::*;
    match command {
        Command::Demo(_) => demo::demo(settings, terminal),
        Command::Init { .. } => init::init(settings, terminal),
        Command::Run { args, .. } => run::run(settings, args.stop_with_stdin, terminal),
        Command::Invite { .. } => invite::invite(settings, terminal),
        Command::Join { invitation, .. } => join::join(settings, &invitation, terminal),
        Command::Revoke { device, .. } => devices::revoke(settings, &device, terminal),
        Command::GrantAdmin { device, .. } => devices::grant_admin(settings, &device, terminal),
        Command::Export { what: Exportable::Config { file, .. } } => config_file::export(settings, &file, terminal),
        Command::Import { what: Importable::Config { file, dry_run, .. } } => {
            config_file::import(settings, &file, dry_run, terminal)
        }
        Command::Status { .. } => status::status(settings, terminal),
        Command::Backup { file, .. } => backup::backup(settings, &file, terminal),
        Command::Restore { file, .. } => backup::restore(settings, &file, terminal),
        Command::Doctor { .. } => doctor::doctor(settings, terminal),
        Command::Bench(_) => bench::bench(settings, terminal),
    }
}

fn settings_of(cli: &Cli) -> Result<Settings, Failure> {
    let given = cli.given();
    let working = std::env::current_dir().unwrap_or_default();
    let file = file_in_force(cli.common.settings.as_deref(), given.data.as_deref(), &working);
    Settings::gather(&given, file.as_deref())
        .map_err(|reason| Failure::usage(say::SETTINGS_UNREADABLE, &[("reason", &reason)]))
}

/// The language of help and of usage errors, which are wanted before anything else can be read.
fn language_before_parsing(arguments: &[std::ffi::OsString]) -> Lang {
    let texts: Vec<_> = arguments.iter().filter_map(|a| a.to_str()).collect();
    let after = texts.windows(2).find(|pair| pair[0] == "--lang").map(|pair| pair[1]);
    let joined = texts.iter().find_map(|text| text.strip_prefix("--lang="));
    let variable = |name: &str| std::env::var(name).ok();
    let (own, all, messages, lang) =
        (variable("BRANCHMESH_LANG"), variable("LC_ALL"), variable("LC_MESSAGES"), variable("LANG"));
    Lang::choose([after, joined, own.as_deref(), all.as_deref(), messages.as_deref(), lang.as_deref()])
}
