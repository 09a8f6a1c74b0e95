//! Any short text as a QR code, for the screens: their pages load nothing from elsewhere and carry no encoder.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use crate::http::extract::{Filters, check_text};
use crate::http::problem::Problem;

/// Longest text, in characters: fits at medium error correction whatever the characters are.
const MAX_CHARS: usize = 512;
/// Smallest side of the picture, in its own units; screens scale it.
const SIDE: u32 = 200;

/// A text as a QR code.
#[utoipa::path(
    get, path = "/api/v1/qr", tag = "public", operation_id = "get_qr",
    params(("text" = String, Query, description = "1 to 512 characters")),
    responses((status = 200, body = String, content_type = "image/svg+xml", description = "The code as SVG, black on white"))
)]
pub(crate) async fn qr(filters: Filters) -> Result<Response, Problem> {
    let filters = filters.only(&["text"])?;
    let text = filters.text("text").ok_or_else(|| Problem::invalid("text", "1 to 512 characters"))?;
    check_text("text", Some(text), MAX_CHARS)?;
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|_| Problem::invalid("text", "too long for a QR code"))?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(SIDE, SIDE).build();
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], picture).into_response())
}
