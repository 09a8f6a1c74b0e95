//! House rules that a compiler does not check. Each names the file and line that breaks it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The workspace, found from the place of this package when it was built.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the test package lies inside the workspace").to_owned()
}

/// All files below `folder` with one of these extensions, in a fixed order; what is built or hidden is left out.
fn files(folder: &str, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.') {
                open.push(path);
            } else if extensions.iter().any(|e| name.ends_with(&format!(".{e}"))) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A line of code with what follows `//` taken off, so that prose may name what code must not use.
fn code(line: &str) -> &str {
    let trimmed = line.trim_start();
    if trimmed.starts_with("//") { "" } else { line.split(" // ").next().unwrap_or(line) }
}

/// The lines of these files that hold one of the words, as `file:line: word`.
fn lines_with(files: &[PathBuf], words: &[&str], of: impl Fn(&str) -> String) -> Vec<String> {
    let mut hits = Vec::new();
    for file in files {
        for (number, line) in read(file).lines().enumerate() {
            let text = of(line);
            let here = |word: &&str| format!("{}:{}: {word}", shown(file), number + 1);
            hits.extend(words.iter().filter(|word| text.contains(**word)).map(here));
        }
    }
    hits
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn none(what: &str, hits: &[String]) {
    assert!(hits.is_empty(), "{what}:\n{}", hits.join("\n"));
}

/// This file names the forbidden words, so it does not look at itself.
fn own_rust() -> Vec<PathBuf> {
    let parts = ["crdt-model", "node", "web-ui", "tests", "examples"];
    let all = parts.iter().flat_map(|part| files(part, &["rs"]));
    all.filter(|file| !file.ends_with("tests/tests/tidy.rs")).collect()
}

/// The model as it ships: stewardship's own simulator is compiled for its tests alone.
fn model() -> Vec<PathBuf> {
    let all = files("crdt-model/src", &["rs"]).into_iter();
    all.filter(|file| !file.components().any(|part| part.as_os_str() == "sim")).collect()
}

#[test]
fn the_rules_look_at_real_files() {
    assert!(model().len() > 5);
    assert!(own_rust().len() > 20);
    assert_eq!(code("    // SystemTime"), "");
    assert_eq!(code("let a = 1; // SystemTime"), "let a = 1;");
}

#[test]
fn the_model_is_pure() {
    let words = [
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "std::fs",
        "std::net",
        "std::env",
        "std::thread",
        "tokio",
        "rand::",
        "getrandom",
        "HashMap",
        "HashSet",
        "println!",
        "eprintln!",
    ];
    let hits = lines_with(&model(), &words, |line| code(line).to_owned());
    none("the model reads no clock, file, socket or chance, and iterates over no hash map", &hits);
}

#[test]
fn nothing_is_left_for_later() {
    let words = ["todo!(", "unimplemented!(", "dbg!(", "TODO", "FIXME", "XXX"];
    none("unfinished work", &lines_with(&own_rust(), &words, str::to_owned));
}

#[test]
fn no_machine_s_paths_are_written_down() {
    // Pieced together, or this rule would find itself.
    let words = ["/home/", "/Users/", "/root/", "C:\\Users", ".cargo/registry"];
    let mut all = own_rust();
    all.extend(files(".", &["toml", "md", "sh", "js", "mjs", "json", "css", "html", "service"]));
    all.retain(|file| !file.ends_with("tests/tests/tidy.rs"));
    none("paths of one machine", &lines_with(&all, &words, str::to_owned));
}

#[test]
fn only_the_command_line_prints() {
    let mut sources = files("node/src", &["rs"]);
    sources.extend(model());
    sources.extend(files("web-ui/src", &["rs"]));
    let words = ["println!(", "eprintln!(", "print!(", "eprint!(", "io::stdout()"];
    sources.retain(|file| !file.ends_with("node/src/cli/terminal.rs"));
    none("writes to the terminal", &lines_with(&sources, &words, |line| code(line).to_owned()));
}

#[test]
fn both_languages_of_the_pages_have_the_same_keys() {
    let (zh, en) = (texts("zh-CN"), texts("en"));
    assert!(zh.len() > 100, "the sentences were found: {}", zh.len());
    let keys = |map: &BTreeMap<String, String>| map.keys().cloned().collect::<BTreeSet<_>>();
    let apart: Vec<_> = keys(&zh).symmetric_difference(&keys(&en)).cloned().collect();
    none("keys of one language only", &apart);
    let differ = |key: &&String| names(&zh[*key]) != names(&en[*key]);
    let apart: Vec<_> = zh.keys().filter(differ).cloned().collect();
    none("texts whose {names} differ", &apart);
    assert!(zh.values().chain(en.values()).all(|text| !text.trim().is_empty()));
}

/// All sentences of a language as `screen:key`.
fn texts(tag: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for file in files(&format!("web-ui/static/locales/{tag}"), &["json"]) {
        let screen = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let sentences: BTreeMap<String, String> =
            serde_json::from_str(&read(&file)).unwrap_or_else(|error| panic!("{}: {error}", shown(&file)));
        all.extend(sentences.into_iter().map(|(key, text)| (format!("{screen}:{key}"), text)));
    }
    all
}

fn names(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|part| part.split('}').next()).collect()
}

#[test]
fn a_page_asks_only_its_own_node() {
    let own: Vec<_> = files("web-ui/static", &["js", "mjs", "html", "css", "json", "svg", "webmanifest"])
        .into_iter()
        .filter(|file| !file.components().any(|part| part.as_os_str() == "vendor"))
        .collect();
    assert!(!own.is_empty(), "there are pages");
    // Names of XML vocabularies look like addresses and are never fetched.
    let harmless = ["http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink", "http://www.w3.org/1999/xhtml"];
    let bare = |line: &str| harmless.iter().fold(line.to_owned(), |line, name| line.replace(name, ""));
    none(
        "addresses of other machines",
        &lines_with(&own, &["http://", "https://", "wss://", "ws://", "@import"], bare),
    );
}

#[test]
fn vendored_files_are_those_that_were_reviewed() {
    ["web-ui/static/vendor", "tests/vendor"].into_iter().for_each(reviewed);
}

fn reviewed(folder: &str) {
    let folder = root().join(folder);
    let listed: BTreeMap<String, String> = read(&folder.join("SHA256SUMS"))
        .lines()
        .filter_map(|line| line.split_once("  ").map(|(sum, name)| (name.to_owned(), sum.to_owned())))
        .collect();
    let about = ["SHA256SUMS", "VENDOR.md"];
    for entry in std::fs::read_dir(&folder).expect("the vendor folder is there").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if about.contains(&name.as_str()) {
            continue;
        }
        let bytes = std::fs::read(entry.path()).expect("vendored files can be read");
        let sum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(listed.get(&name), Some(&sum), "{name} is not as SHA256SUMS says");
    }
    let missing: Vec<_> = listed.keys().filter(|name| !folder.join(name).is_file()).cloned().collect();
    none("listed but missing", &missing);
}

#[test]
fn the_example_configuration_is_that_of_the_demo() {
    let demo = read(&root().join("node/src/cli/demo/branch.json"));
    assert_eq!(read(&root().join("examples/branch.json")), demo, "copy the demo's configuration to examples/");
}

#[test]
fn the_readme_s_links_lead_somewhere() {
    for page in ["README.md", "docs/operations.md", "docs/changelog.md"] {
        let text = read(&root().join(page));
        let folder = root().join(page).parent().expect("a page lies in a folder").to_owned();
        for target in text.split("](").skip(1).filter_map(|part| part.split([')', '#']).next()) {
            let local = !target.is_empty() && !target.contains("://");
            assert!(!local || folder.join(target).exists(), "{page} links to {target}");
        }
    }
}
