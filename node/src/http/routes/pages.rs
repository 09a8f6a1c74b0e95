//! Everything that is no call of the API: the pages, and a problem for what is not there.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::http::problem::Problem;
use crate::http::texts;

/// Pages revalidate at each load: after an update a screen must not mix old and new files.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// Answers what no route answers.
pub(crate) async fn fallback(request: Request) -> Response {
    let path = request.uri().path();
    let missing = || Problem::new(texts::NO_ROUTE).into_response();
    if path == "/api" || path.starts_with("/api/") {
        return missing();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return missing();
    }
    let Some(asset) = branchmesh_web_ui::asset(path) else { return missing() };
    let Ok(etag) = HeaderValue::from_str(&asset.etag) else { return missing() };
    let known = request.headers().get_all(header::IF_NONE_MATCH).iter().any(|v| names(v, &etag));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(asset.bytes.into_owned()))
    };
    let headers = response.headers_mut();
    if let (false, Ok(mime)) = (known, HeaderValue::from_str(&asset.mime)) {
        headers.insert(header::CONTENT_TYPE, mime);
    }
    headers.insert(header::ETAG, etag);
    headers.insert(header::CACHE_CONTROL, REVALIDATE);
    response
}

fn names(if_none_match: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(list), Ok(etag)) = (if_none_match.to_str(), etag.to_str()) else { return false };
    list.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == "*" || tag == etag)
}

/// Answers a method that a known address does not take.
pub(crate) async fn wrong_method() -> Problem {
    Problem::new(texts::METHOD)
}
