//! The HTTP API as a test calls it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::process::{LOOK_AGAIN, PATIENCE};

/// Scenarios are written in plain blocking style; the requests run here.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime can be made in a test"));

/// Waits for an answer, also in the middle of a story that drives a browser.
fn wait_for<T>(answer: impl Future<Output = T>) -> T {
    match tokio::runtime::Handle::try_current() {
        Ok(_) => tokio::task::block_in_place(|| RUNTIME.block_on(answer)),
        Err(_) => RUNTIME.block_on(answer),
    }
}

/// A request not answered by then counts as lost; a node itself answers 503 well before.
const LOST_AFTER: Duration = Duration::from_secs(30);

/// A new idempotency key.
pub fn new_key() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("lab-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// What a node answered.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Content type without parameters.
    pub content_type: String,
    /// The body as text.
    pub text: String,
}

/// A problem (RFC 9457) as scenarios look at it.
#[derive(Debug, Clone, Deserialize)]
pub struct Problem {
    /// Stable slug of the problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is.
    pub title: String,
    /// What a person can do.
    pub detail: String,
}

/// A ticket, the fields scenarios look at.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Ticket {
    /// Its id.
    pub id: String,
    /// The printed number.
    pub number: String,
    /// Its service.
    pub service: String,
    /// Its state.
    pub state: String,
    /// Counter of the last call.
    #[serde(default)]
    pub counter: Option<u32>,
    /// How often it was called.
    #[serde(default)]
    pub calls: u32,
    /// Called by a person's override.
    #[serde(default)]
    pub overridden: bool,
}

impl Reply {
    /// The body as JSON.
    ///
    /// # Errors
    /// If it is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.text).with_context(|| format!("no JSON: {self:?}"))
    }

    /// The body, if the status is `status`.
    ///
    /// # Errors
    /// With the whole answer, otherwise.
    pub fn expect(&self, status: u16) -> Result<Value> {
        ensure!(self.status == status, "expected status {status}: {self:?}");
        if self.text.is_empty() { Ok(Value::Null) } else { self.json() }
    }

    /// The body as a ticket, if the status is `status`.
    ///
    /// # Errors
    /// With the whole answer, otherwise.
    pub fn ticket(&self, status: u16) -> Result<Ticket> {
        let body = self.expect(status)?;
        serde_json::from_value(body).with_context(|| format!("no ticket: {self:?}"))
    }

    /// The problem, if this is one with `status` and slug `kind`.
    ///
    /// # Errors
    /// With the whole answer, otherwise.
    pub fn problem(&self, status: u16, kind: &str) -> Result<Problem> {
        let problem = self.any_problem()?;
        ensure!(self.status == status && problem.kind == kind, "expected {status} {kind}: {self:?}");
        Ok(problem)
    }

    /// The problem, whatever it is: documented form, nothing empty.
    ///
    /// # Errors
    /// If this is no well-formed problem.
    pub fn any_problem(&self) -> Result<Problem> {
        ensure!(self.content_type == "application/problem+json", "expected a problem: {self:?}");
        let problem: Problem = serde_json::from_str(&self.text).with_context(|| format!("no problem: {self:?}"))?;
        let empty = problem.kind.is_empty() || problem.title.is_empty() || problem.detail.is_empty();
        ensure!(!empty && (400..600).contains(&self.status), "an incomplete problem: {self:?}");
        Ok(problem)
    }
}

/// A caller of one node's API.
pub struct Client {
    base: String,
    http: reqwest::Client,
    login: Option<(String, String)>,
    token: Mutex<Option<String>>,
}

impl Client {
    /// A caller that is not signed in: from loopback it speaks for the device, from elsewhere for nobody.
    pub fn anonymous(http: SocketAddr) -> Self {
        let client = branchmesh_node::http_client().no_proxy().pool_max_idle_per_host(0).timeout(LOST_AFTER).build();
        let http_client = client.expect("a plain HTTP client needs nothing from the machine");
        Self { base: format!("http://{http}"), http: http_client, login: None, token: Mutex::new(None) }
    }

    /// A caller that signs in as `staff` when first needed, and again when the node has forgotten the session.
    pub fn signed_in(http: SocketAddr, staff: &str, pin: &str) -> Self {
        Self { login: Some((staff.into(), pin.into())), ..Self::anonymous(http) }
    }

    /// GETs a path under `/api/v1` (or `/health`, `/ready`, `/metrics`, `/api/…` as they are).
    ///
    /// # Errors
    /// If no answer came.
    pub fn get(&self, path: &str) -> Result<Reply> {
        self.send(Method::GET, path, &[], None)
    }

    /// POSTs a command with a key of its own.
    ///
    /// # Errors
    /// If no answer came.
    pub fn post(&self, path: &str, body: &Value) -> Result<Reply> {
        self.post_keyed(path, &new_key(), body)
    }

    /// POSTs a command with `key`.
    ///
    /// # Errors
    /// If no answer came.
    pub fn post_keyed(&self, path: &str, key: &str, body: &Value) -> Result<Reply> {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        self.send(Method::POST, path, &headers, Some(body.to_string().into_bytes()))
    }

    /// PUTs a whole section.
    ///
    /// # Errors
    /// If no answer came.
    pub fn put(&self, path: &str, body: &Value) -> Result<Reply> {
        self.send(Method::PUT, path, &[("content-type", "application/json")], Some(body.to_string().into_bytes()))
    }

    /// Any request, as raw as a test wants it.
    ///
    /// # Errors
    /// If no answer came.
    pub fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Result<Reply> {
        let token = self.token()?;
        let reply = self.send_once(&method, path, headers, body.clone(), token.as_deref())?;
        if reply.status != 401 || token.is_none() {
            return Ok(reply);
        }
        self.forget_session();
        let token = self.token()?;
        self.send_once(&method, path, headers, body, token.as_deref())
    }

    fn send_once(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
        token: Option<&str>,
    ) -> Result<Reply> {
        let outside = ["/health", "/ready", "/metrics"].contains(&path) || path.starts_with("/api/");
        let prefix = if outside { "" } else { "/api/v1" };
        let mut request = self.http.request(method.clone(), format!("{}{prefix}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        wait_for(async {
            let answer = request.send().await.with_context(|| format!("{method} {}{path}", self.base))?;
            let kind = answer.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
            let content_type = kind.split(';').next().unwrap_or_default().trim().to_owned();
            let status = answer.status().as_u16();
            Ok(Reply { status, content_type, text: answer.text().await? })
        })
    }

    /// Forgets the session, so that the next request signs in anew.
    pub fn forget_session(&self) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn token(&self) -> Result<Option<String>> {
        let Some((staff_id, pin)) = &self.login else { return Ok(None) };
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if token.is_none() {
            let body = json!({ "staff_id": staff_id, "pin": pin }).to_string().into_bytes();
            let headers = [("content-type", "application/json")];
            let reply = self.send_once(&Method::POST, "/session", &headers, Some(body), None)?;
            ensure!((200..300).contains(&reply.status), "signing in as {staff_id}: {reply:?}");
            let body = reply.json()?;
            *token = Some(body["token"].as_str().with_context(|| format!("no token: {reply:?}"))?.to_owned());
        }
        Ok(token.clone())
    }

    /// Whether the node says it is serving.
    pub fn ready(&self) -> bool {
        self.send_once(&Method::GET, "/ready", &[], None, None).is_ok_and(|r| r.status == 200)
    }

    /// A collection such as `tickets`: the array itself, or under its name.
    ///
    /// # Errors
    /// If no answer came or it holds no such list.
    pub fn list(&self, name: &str) -> Result<Vec<Value>> {
        let body = self.get(&format!("/{name}"))?.expect(200)?;
        let list = body.as_array().or_else(|| body[name].as_array());
        list.cloned().with_context(|| format!("no list of {name}: {body}"))
    }

    /// The unacknowledged conflicts.
    ///
    /// # Errors
    /// If no answer came.
    pub fn open_conflicts(&self) -> Result<Vec<Value>> {
        Ok(self.list("conflicts")?.into_iter().filter(|c| c["acknowledged"].is_null()).collect())
    }

    /// The mesh as this node sees it.
    ///
    /// # Errors
    /// If no answer came.
    pub fn mesh(&self) -> Result<Value> {
        self.get("/mesh")?.expect(200)
    }

    /// A verb on a ticket, such as `start`.
    ///
    /// # Errors
    /// If no answer came.
    pub fn on_ticket(&self, id: &str, verb: &str, body: &Value) -> Result<Reply> {
        self.post(&format!("/tickets/{id}/{verb}"), body)
    }
}

/// The id in a field that is an id or an object with one.
pub fn id_of(value: &Value) -> Option<String> {
    value.as_str().or_else(|| value["id"].as_str()).map(str::to_owned)
}

/// POSTs a command until somebody answers it: the same key at one node after the other, as a client whose answer was
/// lost does. A 503 says that nothing was changed and that the same key may be tried again.
///
/// # Errors
/// If nobody answers within [`PATIENCE`]; with the last answer.
pub fn insist(nodes: &[&Client], path: &str, body: &Value) -> Result<Reply> {
    insist_unless(nodes, path, body, |_| false)
}

/// [`insist`], where `again` names further answers to try once more after, such as those of a node that lags.
///
/// # Errors
/// As [`insist`].
pub fn insist_unless(nodes: &[&Client], path: &str, body: &Value, again: impl Fn(&Reply) -> bool) -> Result<Reply> {
    let (key, start) = (new_key(), Instant::now());
    let mut last = String::from("no node to ask");
    for node in nodes.iter().cycle() {
        match node.post_keyed(path, &key, body) {
            Ok(reply) if reply.status != 503 && !again(&reply) => return Ok(reply),
            Ok(reply) => last = format!("{reply:?}"),
            Err(e) => last = format!("{e:#}"),
        }
        if start.elapsed() > PATIENCE {
            break;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    bail!("nobody answered POST {path} {body} within {PATIENCE:?}; the last said: {last}")
}
