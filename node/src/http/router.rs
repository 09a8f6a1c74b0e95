//! All routes, the document that describes them, and what every request passes through.

use std::any::Any;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{self, ContentBuilder, PathItem, Ref, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::MAX_BODY_BYTES;
use super::problem::{self, Problem, ProblemBody};
use super::routes::{
    config, config_file, conflicts, counters, device, devices, mesh, operations, pages, printing, qr, reads, reminders,
    session, staff, tickets, verbs,
};
use super::{ApiState, events, metrics, texts, who};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "branchmesh",
        description = "The API of a branchmesh node: queues, counters and tickets of a branch, served from the node's own replica. \
            Commands take an `Idempotency-Key`: the same key gives the same answer. Errors are problem+json with a stable `type`. \
            A caller on the device itself has the device's role; everybody else signs in."
    ),
    components(schemas(ProblemBody)),
    tags(
        (name = "session", description = "Signing in and pairing"),
        (name = "branch", description = "The branch"),
        (name = "state", description = "Snapshot, then a stream"),
        (name = "tickets", description = "Tickets"),
        (name = "counters", description = "Counters"),
        (name = "queues", description = "Queues and the lobby"),
        (name = "public", description = "A customer's own ticket"),
        (name = "configuration", description = "Configuration, staff, device settings"),
        (name = "conflicts", description = "Double calls"),
        (name = "reminders", description = "Calls for assistance, long waits and printers that need a hand"),
        (name = "mesh", description = "The mesh and its devices"),
        (name = "operations", description = "For whoever operates the node")
    )
)]
struct Document;

fn described() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(session::sign_in, session::get_session, session::sign_out))
        .routes(routes!(session::offer_pairing))
        .routes(routes!(reads::branch))
        .routes(routes!(reads::snapshot))
        .routes(routes!(events::stream))
        .routes(routes!(tickets::issue, tickets::list))
        .routes(routes!(tickets::get))
        .routes(routes!(verbs::call))
        .routes(routes!(verbs::recall))
        .routes(routes!(verbs::start))
        .routes(routes!(verbs::finish))
        .routes(routes!(verbs::no_show))
        .routes(routes!(verbs::reinstate))
        .routes(routes!(verbs::park))
        .routes(routes!(verbs::transfer))
        .routes(routes!(verbs::move_to))
        .routes(routes!(verbs::abandon))
        .routes(routes!(verbs::identify))
        .routes(routes!(verbs::rate))
        .routes(routes!(printing::print))
        .routes(routes!(reads::counters))
        .routes(routes!(counters::open))
        .routes(routes!(counters::close))
        .routes(routes!(counters::pause))
        .routes(routes!(counters::resume))
        .routes(routes!(counters::call_next))
        .routes(routes!(reads::queues))
        .routes(routes!(reads::overview))
        .routes(routes!(reads::status))
        .routes(routes!(qr::qr))
        .routes(routes!(config::get))
        .routes(routes!(config_file::export))
        .routes(routes!(config_file::import))
        .routes(routes!(config::put))
        .routes(routes!(staff::list, staff::add))
        .routes(routes!(staff::change))
        .routes(routes!(device::get_settings, device::patch_settings))
        .routes(routes!(device::exit))
        .routes(routes!(conflicts::list))
        .routes(routes!(conflicts::acknowledge))
        .routes(routes!(reminders::assistance))
        .routes(routes!(reminders::list))
        .routes(routes!(reminders::acknowledge))
        .routes(routes!(mesh::get))
        .routes(routes!(mesh::take_over))
        .routes(routes!(devices::list))
        .routes(routes!(devices::invite))
        .routes(routes!(devices::revoke))
        .routes(routes!(devices::grant_admin))
        .routes(routes!(operations::backup))
        .routes(routes!(operations::health))
        .routes(routes!(operations::ready))
        .routes(routes!(operations::metrics))
        .routes(routes!(operations::document))
}

/// The OpenAPI document of every route.
pub fn openapi() -> openapi::OpenApi {
    let mut document = described().into_openapi();
    for (path, item) in &mut document.paths.paths {
        let commands = path.starts_with("/api/v1/") && !path.starts_with("/api/v1/session");
        each_operation(item, |operation, changes| {
            if commands && changes {
                operation.parameters.get_or_insert_default().push(idempotency_key().into());
            }
            let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let response = ResponseBuilder::new()
                .description("Refused; nothing was changed")
                .content("application/problem+json", problem)
                .build();
            operation.responses.responses.insert("default".into(), response.into());
        });
    }
    let components = document.components.get_or_insert_default();
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    components.add_security_scheme("bearer", bearer);
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("branchmesh_session")));
    components.add_security_scheme("cookie", cookie);
    document
}

fn each_operation(item: &mut PathItem, mut edit: impl FnMut(&mut Operation, bool)) {
    let reads = [&mut item.get];
    let changes = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
    reads.into_iter().flatten().for_each(|o| edit(o, false));
    changes.into_iter().flatten().for_each(|o| edit(o, true));
}

fn idempotency_key() -> openapi::path::Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "1 to 64 characters; the same key gives the same answer. Without it every request is a new one.",
        ))
        .schema(Some(openapi::ObjectBuilder::new().schema_type(openapi::Type::String).max_length(Some(64))))
        .build()
}

/// Higher ones take twice the time for a few bytes in a hundred.
const COMPRESSION: CompressionLevel = CompressionLevel::Precise(4);

/// The whole site of a node: API, operations, pages.
pub fn router(api: ApiState) -> Router {
    let (router, _) = described().split_for_parts();
    router
        .method_not_allowed_fallback(pages::wrong_method)
        .fallback(pages::fallback)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(api.clone(), who::same_site))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(problem::localise))
        .layer(
            CompressionLayer::new()
                .quality(COMPRESSION)
                .compress_when(DefaultPredicate::new().and(NotForContentType::SSE)),
        )
        .layer(middleware::from_fn(secure))
        .layer(middleware::from_fn_with_state(api.clone(), metrics::measure))
        .with_state(api)
}

fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let said = cause.downcast_ref::<&str>().copied().or_else(|| cause.downcast_ref::<String>().map(String::as_str));
    tracing::error!(cause = said.unwrap_or("unknown"), "a request handler panicked");
    Problem::new(texts::INTERNAL).into_response()
}

/// Pages load from here only, run no inline code, and are never framed.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 5] = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Only the pages say otherwise: what the API answers is a person's business and old within seconds.
    let stream = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
    if stream || !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
