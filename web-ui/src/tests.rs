//! The rules of the pages: what is served, and what the files may never contain.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::{asset, paths};

fn text(path: &str) -> String {
    let asset = asset(path).unwrap_or_else(|| panic!("{path} is served"));
    String::from_utf8(asset.bytes.into_owned()).unwrap()
}

/// Our own files with this ending, by path.
fn own(ending: &str) -> BTreeMap<String, String> {
    let found: BTreeMap<_, _> = paths()
        .filter(|path| path.ends_with(ending) && !path.starts_with("vendor/"))
        .map(|path| (path.to_string(), text(&path)))
        .collect();
    assert!(!found.is_empty(), "there are {ending} files");
    found
}

/// The parts of `text` between `open` and the next `close`.
fn between<'a>(text: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).filter_map(move |rest| rest.split(close).next())
}

/// The sentences of a language by file: `common` and one of each screen.
fn locale(language: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let folder = format!("locales/{language}/");
    own(".json")
        .into_iter()
        .filter_map(|(path, text)| {
            let name = path.strip_prefix(&folder)?.strip_suffix(".json")?.to_owned();
            Some((name, serde_json::from_str(&text).unwrap()))
        })
        .collect()
}

fn placeholders(sentence: &str) -> BTreeSet<&str> {
    between(sentence, "{", '}').collect()
}

#[test]
fn every_address_has_its_page() {
    for (path, file) in [
        ("/", "start.html"),
        ("/kiosk", "kiosk.html"),
        ("/display", "display.html"),
        ("/display/counter/3", "display.html"),
        ("/t/abc", "status.html"),
        ("/live", "live.html"),
    ] {
        let page = asset(path).unwrap_or_else(|| panic!("{path} is served"));
        assert_eq!(page.mime, "text/html; charset=utf-8");
        assert_eq!(asset(file), Some(page), "{path}");
    }
    for (_, file) in super::PAGES {
        assert!(asset(file).is_some(), "{file} is there");
    }
}

#[test]
fn types_are_those_browsers_insist_on() {
    let mime = |path| asset(path).map(|a| a.mime);
    assert_eq!(mime("/app/core/boot.js").as_deref(), Some("text/javascript; charset=utf-8"));
    assert_eq!(mime("vendor/preact.mjs").as_deref(), Some("text/javascript; charset=utf-8"));
    assert_eq!(mime("/css/tokens.css").as_deref(), Some("text/css; charset=utf-8"));
    assert_eq!(mime("/locales/en/common.json").as_deref(), Some("application/json; charset=utf-8"));
    assert_eq!(mime("/icons.svg").as_deref(), Some("image/svg+xml"));
}

#[test]
fn nothing_else_is_served() {
    for path in [
        "",
        "/nowhere",
        "/app",
        "/app/",
        "/../Cargo.toml",
        "/app/../../Cargo.toml",
        "//start.html",
        "/t",
        "/t/",
        "/t/a/b",
        "/kiosk/",
        "/display/counter",
    ] {
        assert_eq!(asset(path), None, "{path:?}");
    }
}

#[test]
fn tags_tell_contents_apart() {
    let tag = |path| asset(path).unwrap().etag;
    assert_eq!(tag("/app/core/boot.js"), tag("/app/core/boot.js"));
    assert_ne!(tag("/app/core/boot.js"), tag("/app/core/api.js"));
    assert!(tag("/").starts_with('"') && tag("/").ends_with('"'));
}

/// The worker is told every file a page may load, with the tag it is served with.
#[test]
fn the_worker_knows_the_release() {
    let worker = asset("/sw.js").unwrap();
    assert_eq!(worker.mime, "text/javascript; charset=utf-8");
    let script = String::from_utf8(worker.bytes.into_owned()).unwrap();
    for ending in [".html", ".js", ".css", ".json", ".svg", ".mjs"] {
        for path in paths().filter(|path| path.ends_with(ending) && path != "app/worker.js") {
            let line = format!("['/{path}', '{}'],", asset(&path).unwrap().etag);
            assert!(script.contains(&line), "{path}");
        }
    }
    for (address, file) in super::PAGES {
        assert!(script.contains(&format!("['{address}', '/{file}']")), "{address}");
    }
    assert!(script.ends_with(&text("/app/worker.js")));
}

/// Every page can be installed and asks for nothing inline.
#[test]
fn every_page_can_be_installed() {
    let manifest: serde_json::Value = serde_json::from_str(&text("/manifest.webmanifest")).unwrap();
    for icon in manifest["icons"].as_array().unwrap() {
        assert!(asset(icon["src"].as_str().unwrap()).is_some(), "{icon}");
    }
    for (path, page) in own(".html") {
        assert!(page.contains(r#"<link rel="manifest" href="/manifest.webmanifest">"#), "{path}");
    }
    assert_eq!(asset("/manifest.webmanifest").unwrap().mime, "application/manifest+json");
}

#[test]
fn both_languages_say_the_same_things() {
    let (zh, en) = (locale("zh-CN"), locale("en"));
    assert_eq!(zh.keys().collect::<Vec<_>>(), en.keys().collect::<Vec<_>>());
    for (name, sentences) in &zh {
        assert_eq!(sentences.keys().collect::<Vec<_>>(), en[name].keys().collect::<Vec<_>>(), "{name}");
        for (key, sentence) in sentences {
            assert!(!sentence.is_empty() && !en[name][key].is_empty(), "{name}: {key} is empty");
            assert_eq!(placeholders(sentence), placeholders(&en[name][key]), "{name}: {key}");
            assert!(name == "common" || !zh["common"].contains_key(key), "{name}: {key} is said in common already");
        }
    }
}

/// A shared module may only say what every screen knows; a screen's own may say its own sentences too.
#[test]
fn every_sentence_asked_for_exists() {
    let zh = locale("zh-CN");
    for (path, code) in own(".js") {
        let screen = path.split('/').nth(1).unwrap_or_default();
        let known =
            |key: &str| ["common", screen].iter().any(|name| zh.get(*name).is_some_and(|s| s.contains_key(key)));
        for key in between(&code, " t('", '\'').chain(between(&code, "(t('", '\'')).chain(between(&code, "{t('", '\''))
        {
            assert!(known(key), "{path} asks for {key}");
        }
    }
}

#[test]
fn every_icon_asked_for_exists() {
    let sheet = text("/icons.svg");
    for (path, code) in own(".js") {
        for name in between(&code, "icon('", '\'') {
            assert!(sheet.contains(&format!("id=\"i-{name}\"")), "{path} asks for {name}");
        }
    }
}

#[test]
fn no_prose_in_components() {
    for (path, code) in own(".js") {
        let chinese = code.chars().find(|c| ('\u{4e00}'..='\u{9fff}').contains(c));
        assert_eq!(chinese, None, "{path}: sentences belong to locales/");
        let texts = code.lines().flat_map(|line| line.split('>').skip(1)).filter_map(|rest| rest.split_once('<'));
        let said: Vec<_> = texts.map(|(text, _)| text).filter(|text| is_prose(text)).collect();
        assert!(said.is_empty(), "{path} says {said:?}: sentences belong to locales/");
        for attribute in [" aria-label=\"", " title=\"", " placeholder=\"", " alt=\""] {
            assert!(between(&code, attribute, '"').all(str::is_empty), "{path}:{attribute}");
        }
    }
}

/// Two words in a row between two tags; what holds signs of code is code.
fn is_prose(text: &str) -> bool {
    let word = |w: &str| w.len() > 1 && w.chars().all(char::is_alphabetic);
    let code = text.contains(['$', '{', '}', '=', '(', ')', ';', '`', '\'', '"', '|', '&', ':']);
    let words: Vec<_> = text.split_whitespace().map(word).collect();
    !code && words.windows(2).any(|pair| pair[0] && pair[1])
}

#[test]
fn no_page_asks_another_origin() {
    for ending in [".js", ".css", ".html"] {
        for (path, code) in own(ending) {
            for part in ["http://", "https://", "ws://", "wss://", "\"//", "'//", "(//"] {
                assert!(!code.contains(part), "{path} holds {part}");
            }
        }
    }
}

/// What `default-src 'self'` would refuse at run time is refused here already.
#[test]
fn no_inline_script_or_style() {
    for (path, page) in own(".html") {
        assert!(!page.contains("<style") && !page.contains(" style="), "{path} has inline style");
        for tag in between(&page, "<script", '>') {
            assert!(tag.contains(" src="), "{path} has an inline script");
        }
    }
    for (path, code) in own(".js") {
        for part in [" style=\"", "innerHTML", "eval(", "new Function"] {
            assert!(!code.contains(part), "{path} holds {part}");
        }
    }
}

#[test]
fn vendored_files_are_those_written_down() {
    let listed = include_str!("../static/vendor/SHA256SUMS");
    let named: BTreeMap<&str, &str> =
        listed.lines().filter_map(|line| line.split_once("  ")).map(|(h, n)| (n, h)).collect();
    let present: BTreeSet<String> = paths()
        .filter_map(|path| path.strip_prefix("vendor/").map(str::to_owned))
        .filter(|name| !["SHA256SUMS", "VENDOR.md"].contains(&name.as_str()))
        .collect();
    assert_eq!(present, named.keys().map(|name| (*name).to_owned()).collect());
    for (name, expected) in named {
        let bytes = asset(&format!("/vendor/{name}")).unwrap().bytes;
        let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, expected, "{name}");
    }
}
