//! How a command ends when it cannot be done: one sentence that says what to do, and an exit code.

use std::fmt::Display;
use std::process::ExitCode;

use super::text::{Lang, Text};

/// What every command returns.
pub(super) type Outcome = Result<ExitCode, Failure>;

/// Why a command was not done.
#[derive(Debug)]
pub(super) struct Failure {
    exit_code: u8,
    zh: String,
    en: String,
    spoken: Option<Lang>,
}

impl Failure {
    /// Something could not be done: exit code 1.
    pub(super) fn new(text: Text, values: &[(&str, &dyn Display)]) -> Self {
        Self { exit_code: 1, zh: text.with(Lang::Zh, values), en: text.with(Lang::En, values), spoken: None }
    }

    /// It was asked wrongly: exit code 2.
    pub(super) fn usage(text: Text, values: &[(&str, &dyn Display)]) -> Self {
        Self { exit_code: 2, ..Self::new(text, values) }
    }

    /// Keeps the language that the settings chose.
    pub(super) fn in_language(self, lang: Lang) -> Self {
        Self { spoken: Some(lang), ..self }
    }

    /// The sentence.
    pub(super) fn sentence(&self, otherwise: Lang) -> String {
        match self.spoken.unwrap_or(otherwise) {
            Lang::Zh => self.zh.clone(),
            Lang::En => self.en.clone(),
        }
    }

    /// 1 failed, 2 wrong usage.
    pub(super) fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

/// Something that another part of the node reports in its own words.
pub(super) fn because(text: Text) -> impl FnOnce(anyhow::Error) -> Failure {
    move |error| Failure::new(text, &[("reason", &format!("{error:#}"))])
}
