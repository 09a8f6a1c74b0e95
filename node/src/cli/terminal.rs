//! The only place that writes to the terminal: results to standard output, everything said to people to standard error.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::LazyLock;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::text::{Lang, Text};

/// The lines that change in place; what stays is written above them.
static CHANGING: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Where messages go, and in which language.
#[derive(Clone, Copy)]
pub(super) struct Terminal {
    /// The language spoken.
    pub lang: Lang,
}

impl Terminal {
    /// A result, for a person or a program: one line on standard output. A reader that went away is no error.
    pub(super) fn result(self, line: &str) {
        let _ = CHANGING.suspend(|| writeln!(io::stdout(), "{line}"));
    }

    /// Something a person should know: one line on standard error.
    pub(super) fn note(self, line: &str) {
        let _ = CHANGING.suspend(|| writeln!(io::stderr(), "{line}"));
    }

    /// A result that is a sentence.
    pub(super) fn say(self, text: Text, values: &[(&str, &dyn Display)]) {
        self.result(&text.with(self.lang, values));
    }

    /// A note that is a sentence.
    pub(super) fn tell(self, text: Text, values: &[(&str, &dyn Display)]) {
        self.note(&text.with(self.lang, values));
    }

    /// A turning mark beside a sentence while something takes time; nothing unless somebody is looking.
    pub(super) fn progress(self) -> Progress {
        if !io::stderr().is_terminal() {
            return Progress(None);
        }
        let bar = CHANGING.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Progress(Some(bar))
    }

    /// A bar for work whose end is known; nothing unless somebody is looking.
    pub(super) fn bar(self) -> Progress {
        let progress = self.progress();
        if let Some(bar) = &progress.0 {
            bar.set_length(PARTS);
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {elapsed}  {msg}") {
                bar.set_style(style);
            }
        }
        progress
    }
}

/// Steps of a bar.
const PARTS: u64 = 1_000;

/// One line that changes in place; it goes when it is dropped.
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    /// Whether anybody sees it.
    pub(super) fn is_seen(&self) -> bool {
        self.0.is_some()
    }

    /// Replaces the line.
    pub(super) fn show(&self, line: String) {
        if let Some(bar) = &self.0 {
            bar.set_message(line);
        }
    }

    /// Moves a bar to this part of its whole, from 0 to 1.
    pub(super) fn reach(&self, part: f64) {
        if let Some(bar) = &self.0 {
            bar.set_position((part * PARTS as f64) as u64);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Columns a text takes on a terminal: Chinese characters take two.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| if ('\u{1100}'..='\u{115f}').contains(&c) || c >= '\u{2e80}' { 2 } else { 1 }).sum()
}

/// Lines of a table with aligned columns, the first row as its head.
pub(super) fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> =
        (0..columns).map(|c| rows.iter().filter_map(|r| r.get(c)).map(|t| width(t)).max().unwrap_or(0)).collect();
    rows.iter()
        .map(|row| {
            let cells =
                row.iter().zip(&widths).map(|(cell, &wide)| format!("{cell}{}", " ".repeat(wide - width(cell))));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_with_wide_characters() {
        let rows = [vec!["角色".into(), "b".into()], vec!["a".into(), "c".into()]];
        assert_eq!(table(&rows), ["角色  b", "a     c"]);
        assert_eq!(width("A003 请到2号"), 12);
    }
}
