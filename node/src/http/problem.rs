//! Refusals as `application/problem+json`, and the one place where a [`Rejection`] of the model becomes one.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use branchmesh_model::command::Rejection;
use serde_json::{Map, Value, json};

use super::texts::{self, Row};

/// Why a request was refused; nothing was changed.
#[derive(Clone, Debug)]
pub struct Problem {
    row: &'static Row,
    field: Option<String>,
    facts: Vec<(&'static str, String)>,
    extra: Map<String, Value>,
    retry_after_s: Option<u64>,
}

/// What the API documents say about a problem's body (RFC 9457).
#[derive(utoipa::ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "describes the body to the OpenAPI document; `Problem` writes it")]
pub(crate) struct ProblemBody {
    /// Stable slug, such as `no-authority`.
    r#type: String,
    /// Short name of the problem in the caller's language.
    title: String,
    /// The HTTP status again.
    status: u16,
    /// What is so and what to do, in the caller's language.
    detail: String,
    /// The field that is wrong, for `validation`.
    field: Option<String>,
    /// The ticket's present state, for `ticket-state`.
    state: Option<String>,
    /// The counter that called, for `already-called`.
    counter: Option<u8>,
    /// Who may call, for `no-authority`.
    holders: Option<Vec<String>>,
}

impl Problem {
    pub(crate) fn new(row: &'static Row) -> Self {
        Self { row, field: None, facts: vec![], extra: Map::new(), retry_after_s: None }
    }

    /// A wrong field and what would be right.
    pub(crate) fn invalid(field: &str, detail: impl Into<String>) -> Self {
        let mut problem =
            Self::new(texts::VALIDATION).fact("field", short(field)).fact("detail", short(&detail.into()));
        problem.field = Some(short(field));
        problem
    }

    /// A missing thing.
    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        Self::new(texts::NOT_FOUND).fact("what", what).fact("id", id.chars().take(64).collect::<String>())
    }

    pub(crate) fn fact(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.facts.push((name, value.into()));
        self
    }

    pub(crate) fn extra(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds.max(1));
        self
    }

    /// The stable slug.
    pub fn slug(&self) -> &'static str {
        self.row.slug
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.row.status).expect("every row of the table has a real status")
    }

    fn body(&self, zh: bool) -> Vec<u8> {
        let pick = |s: texts::Sentence| if zh { s.zh } else { s.en };
        let mut body = json!({
            "type": self.row.slug,
            "title": pick(self.row.title),
            "status": self.row.status,
            "detail": texts::fill(pick(self.row.detail), &self.facts, zh),
        });
        let members = body.as_object_mut().expect("built as an object above");
        if let Some(field) = &self.field {
            members.insert("field".into(), field.as_str().into());
        }
        members.extend(self.extra.clone());
        body.to_string().into_bytes()
    }

    fn respond(self, zh: bool) -> Response {
        let mut response = Response::new(Body::from(self.body(zh)));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(if zh { "zh-CN" } else { "en" }));
        if self.row.status == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.respond(false)
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Invalid { field, detail } => Self::invalid(&field, detail),
            Rejection::NotFound { what, id } => Self::not_found(&what, &id),
            Rejection::NotPermitted { detail } => Self::new(texts::NOT_PERMITTED).fact("detail", detail),
            Rejection::NotSignedIn => Self::new(texts::NOT_SIGNED_IN),
            Rejection::TicketState { state } => {
                Self::new(texts::TICKET_STATE).fact("state", state.as_str()).extra("state", state.as_str())
            }
            Rejection::AlreadyCalled { counter } => {
                Self::new(texts::ALREADY_CALLED).fact("counter", counter.to_string()).extra("counter", counter)
            }
            Rejection::CounterState { detail } => Self::new(texts::COUNTER_STATE).fact("detail", detail),
            Rejection::NoAuthority { holders } => {
                let named = if holders.is_empty() { "–".to_owned() } else { holders.join(", ") };
                Self::new(texts::NO_AUTHORITY).fact("holders", named).extra("holders", holders).extra("override", true)
            }
            Rejection::NoSteward => Self::new(texts::NO_STEWARD).retry_after(1),
            Rejection::RunsTwice => Self::new(texts::RUNS_TWICE).retry_after(15),
            Rejection::KeyReused => Self::new(texts::KEY_REUSED),
            Rejection::Unavailable { detail } => Self::new(texts::UNAVAILABLE).fact("detail", detail).retry_after(5),
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(300).collect()
}

/// Whether the caller prefers Chinese: the first language of `Accept-Language` that is one of ours wins.
fn wants_chinese(headers: &HeaderMap) -> bool {
    let Some(accepted) = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()) else { return false };
    let mut best: Option<(f32, bool)> = None;
    for part in accepted.split(',').take(16) {
        let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
        let tag = tag.trim().to_ascii_lowercase();
        let zh = tag == "zh" || tag.starts_with("zh-");
        if !zh && tag != "en" && !tag.starts_with("en-") {
            continue;
        }
        let weight = weight.trim().parse().unwrap_or(0.0);
        if best.is_none_or(|(b, _)| weight > b) {
            best = Some((weight, zh));
        }
    }
    best.is_some_and(|(weight, zh)| zh && weight > 0.0)
}

/// Middleware: says a problem again in the language the caller asked for.
pub(crate) async fn localise(request: Request, next: Next) -> Response {
    let zh = wants_chinese(request.headers());
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    if !zh {
        return response;
    }
    let mut said = problem.respond(true);
    for (name, value) in response.headers() {
        if !said.headers().contains_key(name) && name != header::CONTENT_LENGTH {
            said.headers_mut().insert(name.clone(), value.clone());
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(accept: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_str(accept).expect("ascii"))])
    }

    #[test]
    fn the_callers_first_known_language_wins() {
        assert!(wants_chinese(&headers("zh")));
        assert!(wants_chinese(&headers("fr, zh-CN;q=0.9, en;q=0.8")));
        assert!(!wants_chinese(&headers("en, zh;q=0.9")));
        assert!(!wants_chinese(&headers("fr")));
        assert!(!wants_chinese(&HeaderMap::new()));
    }

    #[test]
    fn every_rejection_has_its_contracted_status_and_slug() {
        use branchmesh_model::ticket::TicketState;
        let table = [
            (Rejection::invalid("x", "y"), 422, "validation"),
            (Rejection::not_found("ticket", "x"), 404, "not-found"),
            (Rejection::NotPermitted { detail: "no".into() }, 403, "not-permitted"),
            (Rejection::NotSignedIn, 401, "not-signed-in"),
            (Rejection::TicketState { state: TicketState::Parked }, 409, "ticket-state"),
            (Rejection::AlreadyCalled { counter: 3 }, 409, "already-called"),
            (Rejection::CounterState { detail: "closed".into() }, 409, "counter-state"),
            (Rejection::NoAuthority { holders: vec!["Window 1".into()] }, 409, "no-authority"),
            (Rejection::NoSteward, 503, "no-steward"),
            (Rejection::RunsTwice, 503, "runs-twice"),
            (Rejection::KeyReused, 409, "key-reused"),
            (Rejection::Unavailable { detail: "stopping".into() }, 503, "unavailable"),
        ];
        for (rejection, status, slug) in table {
            let problem = Problem::from(rejection);
            assert_eq!((problem.status().as_u16(), problem.slug()), (status, slug));
        }
    }

    #[test]
    fn a_problem_carries_its_facts_as_members_and_in_both_languages() {
        let problem = Problem::from(Rejection::AlreadyCalled { counter: 7 });
        let en: Value = serde_json::from_slice(&problem.body(false)).expect("json");
        let zh: Value = serde_json::from_slice(&problem.body(true)).expect("json");
        assert_eq!(en["counter"], 7);
        assert!(en["detail"].as_str().expect("text").contains("Counter 7"));
        assert!(zh["detail"].as_str().expect("text").contains("7号窗口"));
    }
}
