//! Reading requests without ever blaming ourselves for bad input: every refusal is a [`Problem`] with a field.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use branchmesh_model::ids::{CommandId, CounterNo};
use serde::de::DeserializeOwned;

use super::problem::Problem;
use super::{ApiState, texts};

/// Largest request body, in bytes, where a call says nothing else.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// How long a caller may take to send its body.
const BODY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// A JSON body of at most `LIMIT` bytes; an empty one reads as `{}`, so that calls without required fields need none.
pub(crate) struct JsonBody<T, const LIMIT: usize = MAX_BODY_BYTES>(pub(crate) T);

impl<T: DeserializeOwned, const LIMIT: usize> FromRequest<ApiState> for JsonBody<T, LIMIT> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, api: &ApiState) -> Result<Self, Problem> {
        DefaultBodyLimit::max(LIMIT).apply(&mut request);
        let is_json = has_json_type(request.headers());
        let read = tokio::time::timeout(BODY_TIMEOUT, Bytes::from_request(request, api)).await;
        let bytes = match read {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                return Err(Problem::new(texts::TOO_LARGE).fact("limit", LIMIT.to_string()));
            }
            Ok(Err(_)) | Err(_) => return Err(Problem::invalid("body", "the body ended too early")),
        };
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return parse(b"{}").map(Self);
        }
        if !is_json {
            return Err(Problem::new(texts::MEDIA_TYPE));
        }
        parse(&bytes).map(Self)
    }
}

fn has_json_type(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let message = error.inner().to_string();
        let named = named_field(&message);
        let path = match (error.path().to_string(), named) {
            (path, Some(name)) if path == "." || path.is_empty() || path == name => name.to_owned(),
            (path, Some(name)) if !path.ends_with(name) => format!("{path}.{name}"),
            (path, _) if path == "." => "body".to_owned(),
            (path, _) => path,
        };
        let plain = message.split(" at line ").next().unwrap_or_default().to_owned();
        Problem::invalid(&path, plain)
    })?;
    reader.end().map_err(|_| Problem::invalid("body", "there is text after the JSON value"))?;
    Ok(value)
}

/// The field that serde names in "unknown field `x`", "missing field `x`" and "duplicate field `x`".
fn named_field(message: &str) -> Option<&str> {
    ["unknown field `", "missing field `", "duplicate field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start))
        .and_then(|rest| rest.split('`').next())
}

/// The idempotency key, or a fresh one.
pub(crate) struct Key(pub(crate) CommandId);

impl FromRequestParts<ApiState> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        let wrong = || Problem::invalid("Idempotency-Key", "one key of 1 to 64 characters without control characters");
        let mut given = parts.headers.get_all("idempotency-key").iter();
        let text = match given.next() {
            None => uuid::Uuid::new_v4().to_string(),
            Some(value) => std::str::from_utf8(value.as_bytes()).map_err(|_| wrong())?.to_owned(),
        };
        if given.next().is_some() {
            return Err(wrong());
        }
        CommandId::try_from(text).map(Self).map_err(|_| wrong())
    }
}

/// The one variable part of a path.
pub(crate) struct Part(pub(crate) String);

impl FromRequestParts<ApiState> for Part {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &ApiState) -> Result<Self, Problem> {
        let path: Result<Path<String>, _> = Path::from_request_parts(parts, api).await;
        path.map(|Path(text)| Self(text)).map_err(|_| Problem::new(texts::NO_ROUTE))
    }
}

impl Part {
    /// # Errors
    /// 404 if no `what` can have this id.
    pub(crate) fn id<T: std::str::FromStr>(&self, what: &str) -> Result<T, Problem> {
        self.0.parse().map_err(|_| Problem::not_found(what, &self.0))
    }

    /// # Errors
    /// 404 if no counter can have this number.
    pub(crate) fn counter(&self) -> Result<CounterNo, Problem> {
        let plain = self.0.bytes().all(|b| b.is_ascii_digit());
        self.0.parse().ok().filter(|n| plain && *n > 0).ok_or_else(|| Problem::not_found("counter", &self.0))
    }
}

/// The query of a request, each name once and only those that are asked for.
pub(crate) struct Filters(Vec<(String, String)>);

impl FromRequestParts<ApiState> for Filters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &ApiState) -> Result<Self, Problem> {
        let query: Result<Query<Vec<(String, String)>>, _> = Query::from_request_parts(parts, api).await;
        query.map(|Query(pairs)| Self(pairs)).map_err(|_| Problem::invalid("query", "not a query string"))
    }
}

impl Filters {
    /// # Errors
    /// 422 if there is a filter with another name, or one twice.
    pub(crate) fn only(self, names: &[&str]) -> Result<Self, Problem> {
        for (place, (name, _)) in self.0.iter().enumerate() {
            if !names.contains(&name.as_str()) {
                return Err(Problem::invalid(name, format!("unknown filter; known are {}", names.join(", "))));
            }
            if self.0[..place].iter().any(|(earlier, _)| earlier == name) {
                return Err(Problem::invalid(name, "given twice"));
            }
        }
        Ok(self)
    }

    /// A filter's text; an empty one counts as absent.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }

    /// # Errors
    /// 422 if the filter is there but cannot be read.
    pub(crate) fn parsed<T: std::str::FromStr>(&self, name: &str, right: &str) -> Result<Option<T>, Problem> {
        self.text(name).map(str::parse).transpose().map_err(|_| Problem::invalid(name, right))
    }
}

/// # Errors
/// 422 if a text is longer than `max` characters or holds control characters.
pub(crate) fn check_text(field: &str, text: Option<&str>, max: usize) -> Result<(), Problem> {
    let Some(text) = text else { return Ok(()) };
    if text.chars().count() > max {
        return Err(Problem::invalid(field, format!("at most {max} characters")));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Problem::invalid(field, "no control characters"));
    }
    Ok(())
}
