//! A branchmesh node: everything that touches the world around the pure model.
//!
//! The loop: sockets, HTTP, timers and disk turn into [`replication::Input`]s; the [`replication::hub::Hub`] (no I/O)
//! answers each with effects; the [`driver`] collects what came in meanwhile, commits everything durable in one
//! transaction, and only then sends, answers and publishes (queue changes of others may be shown before: their authors have them
//! on disk). So disk comes before network and before acknowledgement by
//! construction, and the simulator drives the same hub with its own disk and network.

pub mod bench;
pub mod cli;
pub mod driver;
pub mod handle;
pub mod http;
mod logging;
pub mod mesh;
pub mod node;
pub mod printing;
pub mod replication;
mod settings;
pub mod storage;

pub use settings::check_file as check_settings_file;

/// Begins an HTTP client that also speaks TLS, with the same cryptography as the mesh.
pub fn http_client() -> reqwest::ClientBuilder {
    // Whoever comes second finds it installed, which is just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}
