//! Small programs that talk to a running branch, to be copied. Start `branchmesh demo` first, then for example
//!
//! ```text
//! cargo run --release -p branchmesh-examples --bin take-and-call
//! cargo run --release -p branchmesh-examples --bin watch-calls
//! ```

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A client that speaks to this machine's devices directly.
///
/// # Errors
/// If the system's certificates cannot be read.
pub fn client() -> Result<reqwest::Client> {
    // Whoever comes second finds it installed, which is just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder().no_proxy().build()?)
}

/// Posts a command to a device and returns its answer.
///
/// `key` makes it safe to send again after a lost answer: the same key is carried out once.
///
/// # Errors
/// If the device cannot be reached, or with the `detail` it gave for refusing.
pub async fn post(base: &str, path: &str, token: Option<&str>, key: &str, body: Value) -> Result<Value> {
    let mut request = client()?.post(format!("{base}/api/v1{path}")).header("Idempotency-Key", key).json(&body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.with_context(|| format!("{base} cannot be reached; is the demo running?"))?;
    let status = answer.status();
    let bytes = answer.bytes().await?;
    let value: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    if !status.is_success() {
        bail!("{path}: {}", value["detail"].as_str().unwrap_or(status.as_str()));
    }
    Ok(value)
}

/// A key that this run has not used yet.
pub fn key(purpose: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("{purpose}-{}-{}", std::process::id(), now.as_nanos())
}
