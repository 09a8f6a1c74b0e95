//! Asking a running node over HTTP, as any other program would.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::error::Failure;
use super::say;
use super::text::Lang;
use crate::node::{CONTROL_FILE, Control};

/// Why a node did not do what it was asked.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Nobody answered; what was asked may or may not have been done.
    Unreachable,
    /// It answered no.
    Problem {
        /// HTTP status.
        status: u16,
        /// What a person can do.
        detail: String,
    },
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unreachable => Failure::new(say::NO_ANSWER, &[]),
            Refusal::Problem { detail, .. } => Failure::new(say::REFUSED, &[("reason", &detail)]),
        }
    }
}

/// A node and who asks it.
#[derive(Clone)]
pub(super) struct Api {
    client: reqwest::Client,
    base: String,
    token: Option<String>,
    lang: Lang,
}

impl Api {
    /// The node at `base`, asked without a sign-in.
    pub(super) fn new(base: String, lang: Lang) -> Self {
        // A proxy from the environment must never see what is meant for this machine.
        let builder = crate::http_client().no_proxy().timeout(Duration::from_secs(30));
        let client = builder.build().expect("a client without TLS or proxy needs nothing that can be missing");
        Self { client, base, token: None, lang }
    }

    /// The same node, asked with a bearer token.
    pub(super) fn with_token(&self, token: String) -> Self {
        Self { token: Some(token), ..self.clone() }
    }

    /// The node that runs in `data`, asked as its local administrator.
    ///
    /// # Errors
    /// If none runs there, which the sentence says with how to start it.
    pub(super) async fn of_folder(data: &Path, lang: Lang) -> Result<Self, Failure> {
        let not_running = || Failure::new(say::NOT_RUNNING, &[("data", &data.display())]);
        if !data.is_dir() {
            return Err(Failure::new(say::NO_FOLDER, &[("data", &data.display())]));
        }
        let control = read_control(data)
            .map_err(|error| Failure::new(say::CONTROL_UNREADABLE, &[("data", &data.display()), ("reason", &error)]))?
            .ok_or_else(not_running)?;
        let api = Self::new(local_url(control.http), lang).with_token(control.token);
        // A file left behind by a crash names a port where nobody, or somebody else, answers.
        if api.is_alive().await { Ok(api) } else { Err(not_running()) }
    }

    /// Whether a node answers at all.
    pub(super) async fn is_alive(&self) -> bool {
        self.answers("/health").await
    }

    /// Whether the node serves.
    pub(super) async fn is_ready(&self) -> bool {
        self.answers("/ready").await
    }

    async fn answers(&self, path: &str) -> bool {
        let request = self.client.get(format!("{}{path}", self.base)).timeout(Duration::from_secs(2));
        request.send().await.is_ok_and(|answer| answer.status().is_success())
    }

    /// Reads a resource under `/api/v1`.
    ///
    /// # Errors
    /// As [`Refusal`] says.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Refusal> {
        self.send(Method::GET, path, None, None).await
    }

    /// Posts a command under `/api/v1`; with the same `key` it is done once however often it is sent.
    ///
    /// # Errors
    /// As [`Refusal`] says.
    pub(super) async fn post(&self, path: &str, body: &Value, key: &str) -> Result<Value, Refusal> {
        self.send(Method::POST, path, Some(body), Some(key)).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Result<Value, Refusal> {
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.base));
        request = request.header("Accept-Language", self.lang.tag());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|_| Refusal::Unreachable)?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|_| Refusal::Unreachable)?;
        read(status, &bytes)
    }
}

/// What the node that runs in `data` left there; `None` if it stopped cleanly or never ran.
fn read_control(data: &Path) -> std::io::Result<Option<Control>> {
    match std::fs::read(data.join(CONTROL_FILE)) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(Into::into),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A node that serves on every address is asked on loopback.
fn local_url(mut http: SocketAddr) -> String {
    if http.ip().is_unspecified() {
        http.set_ip(if http.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    format!("http://{http}")
}

/// An empty answer, such as 204, reads as null.
fn read(status: StatusCode, bytes: &[u8]) -> Result<Value, Refusal> {
    let value: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
    if status.is_success() {
        return Ok(value);
    }
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let detail = text("detail").or_else(|| text("title")).unwrap_or_else(|| status.to_string());
    Err(Refusal::Problem { status: status.as_u16(), detail })
}

/// A key that nobody has used.
pub(super) fn new_key() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_found_by_its_file_and_asked_on_loopback() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read_control(folder.path()).unwrap().is_none());
        let text = r#"{"http":"0.0.0.0:81","pid":7,"token":"t"}"#;
        std::fs::write(folder.path().join(CONTROL_FILE), text).unwrap();
        let control = read_control(folder.path()).unwrap().unwrap();
        assert_eq!(local_url(control.http), "http://127.0.0.1:81");
        assert_eq!(local_url("[::]:81".parse().unwrap()), "http://[::1]:81");
        std::fs::write(folder.path().join(CONTROL_FILE), "{").unwrap();
        assert!(read_control(folder.path()).is_err());
    }

    #[test]
    fn a_problem_speaks_by_its_detail() {
        let body = br#"{"type":"ticket-state","title":"t","detail":"the ticket is served"}"#;
        match read(StatusCode::CONFLICT, body) {
            Err(Refusal::Problem { status, detail }) => {
                assert_eq!((status, detail.as_str()), (409, "the ticket is served"))
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(read(StatusCode::NO_CONTENT, b""), Ok(Value::Null)));
        assert!(matches!(read(StatusCode::BAD_GATEWAY, b"<html>"), Err(Refusal::Problem { status: 502, .. })));
    }
}
