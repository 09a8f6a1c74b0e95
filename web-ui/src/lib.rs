//! The pages of a node, carried inside the program: a path in, the bytes, type and tag of a file out.
//!
//! The loop of a page: it fetches the branch and a snapshot, draws them, then follows the event stream and fetches the
//! snapshot again when something happened (`static/app/feed.js`). Everything a page loads comes from here, so a branch
//! without internet loses nothing. Debug builds read the files from disk at each request; release builds embed them.

use std::borrow::Cow;

use rust_embed::{EmbeddedFile, RustEmbed};

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
    let name = page(path).unwrap_or_else(|| path.strip_prefix('/').unwrap_or(path));
    if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return None;
    }
    Files::get(name).map(|file| Asset { mime: mime(name, &file), etag: etag(&file), bytes: file.data })
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
    let digest: String = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digest}\"")
}

#[cfg(test)]
mod tests;
