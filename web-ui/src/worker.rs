//! `/sw.js`: the service worker that keeps the pages, told exactly which files belong to this release.
//!
//! The list names every file with its entity tag, so a worker can tell a file of another release from its own and never keeps
//! a mixture. The script differs whenever any file does, which is how browsers notice a new release.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// The worker's script: the release as data, then the code in `static/app/worker.js`.
pub(super) fn script<'a>(
    files: &[(String, String)],
    pages: impl Iterator<Item = (&'a str, &'a str)>,
    code: &str,
) -> String {
    let mut script = format!("const RELEASE = {{\n  version: '{}',\n  pages: [", version(files));
    for (address, file) in pages {
        let _ = write!(script, "['{address}', '/{file}'], ");
    }
    script.push_str("],\n  files: [\n");
    for (path, tag) in files {
        let _ = writeln!(script, "    ['/{path}', '{tag}'],");
    }
    script.push_str("  ],\n};\n\n");
    script.push_str(code);
    script
}

/// One name for exactly these contents.
fn version(files: &[(String, String)]) -> String {
    let mut digest = Sha256::new();
    for (path, tag) in files {
        digest.update(path.as_bytes());
        digest.update([0]);
        digest.update(tag.as_bytes());
        digest.update([0]);
    }
    digest.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::script;

    fn release(files: &[(&str, &str)]) -> String {
        let files: Vec<_> = files.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect();
        script(&files, [("/kiosk", "kiosk.html")].into_iter(), "keep();")
    }

    #[test]
    fn the_script_changes_with_any_file() {
        let one = release(&[("a.js", "\"1\""), ("b.js", "\"2\"")]);
        assert_eq!(one, release(&[("a.js", "\"1\""), ("b.js", "\"2\"")]));
        assert!(
            one.contains("['/kiosk', '/kiosk.html']") && one.contains("['/a.js', '\"1\"']") && one.ends_with("keep();")
        );
        for other in [
            release(&[("a.js", "\"1\""), ("b.js", "\"3\"")]),
            release(&[("a.js", "\"1\"")]),
            release(&[("a.js", "\"1\""), ("c.js", "\"2\"")]),
        ] {
            let named = |script: &str| script.lines().nth(1).map(str::to_owned);
            assert_ne!(named(&one), named(&other));
        }
    }
}
