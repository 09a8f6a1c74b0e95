//! The pages of a node, carried inside the program: a path in, the bytes, type and tag of a file out.
//!
//! The loop of a page: it fetches the branch and a snapshot, draws them, then follows the event stream and fetches the
//! snapshot again when something happened (`static/app/core/feed.js`). Everything a page loads comes from here, so a branch
//! without internet loses nothing. Debug builds read the files from disk at each request; release builds embed them.

mod preload;
mod worker;

use std::borrow::Cow;

use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};

/// Addresses people open and their pages. One that ends with a slash stands for every single segment below it: the page reads
/// its own address.
const PAGES: &[(&str, &str)] = &[
    ("/", "start.html"),
    ("/kiosk", "kiosk.html"),
    ("/counter", "counter.html"),
    ("/display", "display.html"),
    ("/display/counter/", "display.html"),
    ("/lobby", "lobby.html"),
    ("/rating", "rating.html"),
    ("/t/", "status.html"),
    ("/mesh", "mesh.html"),
    ("/admin", "admin.html"),
    ("/live", "live.html"),
];

/// The script of the service worker, made of the list of files and the code that keeps them.
const WORKER: &str = "/sw.js";
const WORKER_CODE: &str = "app/worker.js";

#[derive(RustEmbed)]
#[folder = "static"]
struct Files;

/// A file of the page, ready to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asset {
    /// Its content.
    pub bytes: Cow<'static, [u8]>,
    /// Its media type with charset, for `Content-Type`.
    pub mime: String,
    /// A strong entity tag with its quotes, for `ETag` and `If-None-Match`: the same content has the same tag.
    pub etag: String,
}

/// The file at a request's path (with or without the leading slash, without query), or the page that answers there.
/// `None` if there is no such file; a path can never reach outside the page's own folder.
pub fn asset(path: &str) -> Option<Asset> {
    if path == WORKER {
        return Some(worker_script());
    }
    let name = page(path).unwrap_or_else(|| path.strip_prefix('/').unwrap_or(path));
    if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return None;
    }
    let file = Files::get(name)?;
    let mime = mime(name, &file);
    if !name.ends_with(".html") {
        return Some(Asset { mime, etag: etag(&file), bytes: file.data });
    }
    let page = preload::with_preloads(&text(file.data), |path| Some(text(Files::get(path)?.data))).into_bytes();
    Some(Asset { mime, etag: tag(&Sha256::digest(&page)), bytes: page.into() })
}

fn text(data: Cow<'static, [u8]>) -> Cow<'static, str> {
    match data {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
    }
}

/// The file of the page that answers at a path.
fn page(path: &str) -> Option<&'static str> {
    let answers = |address: &str| match path.strip_prefix(address) {
        Some("") => address == "/" || !address.ends_with('/'),
        Some(below) => address != "/" && address.ends_with('/') && !below.contains('/'),
        None => false,
    };
    PAGES.iter().find(|(address, _)| answers(address)).map(|(_, file)| *file)
}

/// Files that describe others; no page loads them.
fn is_note(path: &str) -> bool {
    path.ends_with(".md") || path.ends_with("SUMS") || path.ends_with(".LICENSE") || path.ends_with(".d.ts")
}

fn worker_script() -> Asset {
    let mut files: Vec<(String, String)> = Files::iter()
        .filter(|path| !is_note(path) && path != WORKER_CODE)
        .filter_map(|path| Some((path.to_string(), asset(&path)?.etag)))
        .collect();
    files.sort_unstable();
    let code = Files::get(WORKER_CODE).map(|file| file.data).unwrap_or_default();
    let script = worker::script(&files, PAGES.iter().copied(), &String::from_utf8_lossy(&code));
    let etag = tag(&Sha256::digest(script.as_bytes()));
    Asset { bytes: script.into_bytes().into(), mime: "text/javascript; charset=utf-8".into(), etag }
}

/// The paths of all files that [`asset`] answers, in no particular order.
pub fn paths() -> impl Iterator<Item = Cow<'static, str>> {
    Files::iter()
}

fn mime(name: &str, file: &EmbeddedFile) -> String {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        // Browsers refuse modules of any other type, and the guess for `.mjs` differs between versions of the table.
        Some("js" | "mjs") => "text/javascript; charset=utf-8".into(),
        Some("json") => "application/json; charset=utf-8".into(),
        _ => match file.metadata.mimetype() {
            text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
            other => other.into(),
        },
    }
}

fn etag(file: &EmbeddedFile) -> String {
    tag(&file.metadata.sha256_hash())
}

fn tag(sha256: &[u8]) -> String {
    let digest: String = sha256[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digest}\"")
}

#[cfg(test)]
mod tests;
