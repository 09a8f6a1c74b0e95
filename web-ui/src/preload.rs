//! What a page will need, told in its head: modules name what they import only once they have been fetched, so that a browser
//! would find out about the last of them after many questions in a row. Told at once, they come side by side.

use std::borrow::Cow;
use std::fmt::Write;

/// The page with a link for each module it will import and each file of sentences and icons it will ask for.
pub(super) fn with_preloads(page: &str, text: impl Fn(&str) -> Option<Cow<'static, str>>) -> String {
    let Some((head, rest)) = page.split_once("</head>") else { return page.to_owned() };
    let Some(main) = between(head, "<script type=\"module\" src=\"/", "\"").next() else { return page.to_owned() };
    let mut links = String::new();
    for module in modules(main, &text).iter().filter(|module| *module != main) {
        let _ = writeln!(links, "<link rel=\"modulepreload\" href=\"/{module}\">");
    }
    for file in asked_for(main).into_iter().filter(|file| text(file).is_some()) {
        let _ = writeln!(links, "<link rel=\"preload\" as=\"fetch\" crossorigin href=\"/{file}\">");
    }
    format!("{head}{links}</head>{rest}")
}

/// A module and all that it imports, directly or through others, nearest first.
fn modules(main: &str, text: &impl Fn(&str) -> Option<Cow<'static, str>>) -> Vec<String> {
    let mut found = vec![main.to_owned()];
    let mut next = 0;
    while let Some(module) = found.get(next).cloned() {
        next += 1;
        let code = text(&module).unwrap_or_default();
        let imports =
            code.lines().filter(|line| line.starts_with("import ")).filter_map(|line| line.split('\'').nth(1));
        for path in imports.map(|name| resolved(&module, name)) {
            if !found.contains(&path) {
                found.push(path);
            }
        }
    }
    found
}

/// The path that a module means by a name such as `./api.js`, `../core/ui.js` or `/vendor/preact.mjs`.
fn resolved(module: &str, name: &str) -> String {
    if let Some(path) = name.strip_prefix('/') {
        return path.to_owned();
    }
    let mut folders: Vec<&str> = module.split('/').collect();
    folders.pop();
    for part in name.split('/') {
        match part {
            "." => {}
            ".." => drop(folders.pop()),
            part => folders.push(part),
        }
    }
    folders.join("/")
}

/// What `boot.js` fetches before it draws the screen of `app/{screen}/main.js`.
fn asked_for(main: &str) -> Vec<String> {
    let screen = main.split('/').nth(1).unwrap_or_default();
    let sentences =
        ["zh-CN", "en"].iter().flat_map(|tag| ["common", screen].map(|name| format!("locales/{tag}/{name}.json")));
    sentences.chain(["icons.svg".to_owned()]).collect()
}

fn between<'a>(text: &'a str, open: &'a str, close: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).filter_map(move |rest| rest.split(close).next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str) -> Option<Cow<'static, str>> {
        let code = match path {
            "app/kiosk/main.js" => {
                "import { boot } from '../core/boot.js';\nimport { Page } from './page.js';\nboot();"
            }
            "app/kiosk/page.js" => "import { h } from '/vendor/preact.mjs';\nimport { boot } from '../core/boot.js';",
            "app/core/boot.js" => "import { h } from '/vendor/preact.mjs';\nconst later = () => import('./late.js');",
            "vendor/preact.mjs" | "locales/en/kiosk.json" => "",
            _ => return None,
        };
        Some(code.into())
    }

    #[test]
    fn a_page_names_what_it_will_ask_for_once() {
        let page = "<head>\n<script type=\"module\" src=\"/app/kiosk/main.js\"></script>\n</head><body></body>";
        let told = with_preloads(page, text);
        let named: Vec<_> = between(&told, "href=\"/", "\"").collect();
        assert_eq!(named, ["app/core/boot.js", "app/kiosk/page.js", "vendor/preact.mjs", "locales/en/kiosk.json"]);
        assert!(told.ends_with("</head><body></body>"), "{told}");
    }

    #[test]
    fn a_page_without_modules_stays_as_it_is() {
        assert_eq!(with_preloads("<head></head>", text), "<head></head>");
        assert_eq!(with_preloads("nothing", text), "nothing");
    }
}
