//! Signing in with a PIN, pairing a screen, and signing out.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use branchmesh_model::config::Staff;
use branchmesh_model::schema::Role;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::dto::{Clockwork, PairingDto, SessionDto, StaffDto};
use crate::http::extract::JsonBody;
use crate::http::problem::Problem;
use crate::http::session::{Session, Subject, pin_digest, too_many};
use crate::http::who::{Proof, Who, cookie_name};
use crate::http::{Api, ApiState, pin, texts};

/// A sign-in: either staff id and PIN, or a pairing code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// Sign-in name.
    staff_id: Option<String>,
    /// PIN or password.
    pin: Option<String>,
    /// Six digits shown by a colleague who is signed in.
    pairing_code: Option<String>,
}

/// Signs in with `staff_id` and `pin`, or pairs a screen with `pairing_code`.
#[utoipa::path(
    post, path = "/api/v1/session", tag = "session", operation_id = "sign_in", request_body = SignIn,
    responses((status = 200, body = SessionDto, description = "Signed in; also sets an HttpOnly cookie"))
)]
pub(crate) async fn sign_in(
    State(api): State<ApiState>,
    who: Who,
    headers: HeaderMap,
    JsonBody(body): JsonBody<SignIn>,
) -> Result<Response, Problem> {
    let subject = match (body.staff_id, body.pin, body.pairing_code) {
        (Some(id), Some(pin), None) => Subject::of(&check_pin(&api, &who, id, pin).await?),
        (None, None, Some(code)) => Subject::Screen(pair(&api, &who, &code)?),
        (Some(_), None, None) => return Err(Problem::invalid("pin", "is missing")),
        (None, Some(_), None) => return Err(Problem::invalid("staff_id", "is missing")),
        (None, None, None) => return Err(Problem::invalid("staff_id", "send staff_id and pin, or pairing_code")),
        _ => return Err(Problem::invalid("pairing_code", "send either staff_id and pin, or pairing_code")),
    };
    let lasts_s = api.handle.snapshot().config.thresholds.session_s.clamp(60, 7 * 24 * 3600);
    let (token, session) = api.sessions.open(subject, api.now(), lasts_s);
    let cookie = Cookie::build((cookie_name(&headers), token.clone()))
        .http_only(true)
        .same_site(SameSite::Strict)
        .path("/")
        .build();
    let mut answer = describe(&api, &session);
    answer.token = Some(token);
    answer.csrf_token = Some(session.csrf.clone());
    Ok((CookieJar::new().add(cookie), Json(answer)).into_response())
}

impl Subject {
    fn of(staff: &Staff) -> Self {
        Self::Staff { id: staff.id.clone(), pin: pin_digest(&staff.pin_hash) }
    }
}

fn describe(api: &Api, session: &Session) -> SessionDto {
    let snapshot = api.handle.snapshot();
    let clock = Clockwork::new(&snapshot, api.now());
    let (staff, device_role) = match &session.subject {
        Subject::Staff { id, .. } => (snapshot.config.staff.get(id).map(StaffDto::from), None),
        Subject::Screen(role) => (None, Some(role.as_str())),
    };
    SessionDto { token: None, staff, device_role, expires_at: clock.text(session.expires_at), csrf_token: None }
}

/// Counts the try, waits for a turn, and compares the PIN off the serving threads.
async fn check_pin(api: &ApiState, who: &Who, id: String, pin: String) -> Result<Staff, Problem> {
    if id.is_empty() || id.chars().count() > 64 {
        return Err(Problem::invalid("staff_id", "1 to 64 characters"));
    }
    if pin.is_empty() || pin.chars().count() > 64 {
        return Err(Problem::invalid("pin", "1 to 64 characters"));
    }
    let Ok(_place) = Arc::clone(&api.sign_in_queue).try_acquire_owned() else {
        return Err(Problem::new(texts::BUSY).retry_after(2));
    };
    api.sessions.try_sign_in(&id, who.ip, api.now()).map_err(too_many)?;
    let staff = api.handle.snapshot().config.staff.get(&id).filter(|s| !s.disabled).cloned();
    let hash = staff.as_ref().map(|s| s.pin_hash.clone());
    let turn = Arc::clone(&api.sign_ins).acquire_owned().await.expect("this semaphore is never closed");
    let right = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        pin::verify(&pin, hash.as_deref())
    });
    match (right.await.unwrap_or(false), staff) {
        (true, Some(staff)) => {
            api.sessions.succeeded(&id, who.ip);
            Ok(staff)
        }
        _ => Err(Problem::new(texts::WRONG_CREDENTIALS)),
    }
}

fn pair(api: &Api, who: &Who, code: &str) -> Result<Role, Problem> {
    if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Problem::invalid("pairing_code", "six digits"));
    }
    api.sessions.try_sign_in(PAIRING, who.ip, api.now()).map_err(too_many)?;
    let role = api.sessions.use_pairing(code, api.now()).ok_or_else(|| Problem::new(texts::WRONG_PAIRING))?;
    api.sessions.succeeded(PAIRING, who.ip);
    Ok(role)
}

/// Wrong pairing codes are counted under this name, which no staff member can have.
const PAIRING: &str = "\u{0}pairing";

/// Who is signed in here.
#[utoipa::path(
    get, path = "/api/v1/session", tag = "session", operation_id = "get_session",
    responses((status = 200, body = SessionDto, description = "The session, with the CSRF token if it is proved by cookie"))
)]
pub(crate) async fn get_session(State(api): State<ApiState>, who: Who) -> Result<Json<SessionDto>, Problem> {
    let (_, session, proof) = who.session.ok_or_else(|| Problem::new(texts::NOT_SIGNED_IN))?;
    let mut answer = describe(&api, &session);
    answer.csrf_token = (proof == Proof::Cookie).then_some(session.csrf);
    Ok(Json(answer))
}

/// Signs out; signing out twice is no error.
#[utoipa::path(
    delete, path = "/api/v1/session", tag = "session", operation_id = "sign_out",
    responses((status = 204, description = "Signed out"))
)]
pub(crate) async fn sign_out(State(api): State<ApiState>, who: Who, headers: HeaderMap) -> Response {
    if let Some((token, _, _)) = who.session {
        api.sessions.close(&token);
    }
    let mut gone = Cookie::build((cookie_name(&headers), "")).path("/").build();
    gone.make_removal();
    (CookieJar::new().add(gone), StatusCode::NO_CONTENT).into_response()
}

/// Devices that customers stand in front of.
fn is_screen(role: Role) -> bool {
    matches!(role, Role::Kiosk | Role::Rating | Role::Display)
}

/// A pairing code is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPairing {
    /// Role of the screen: `display`, or this device's own if it is `kiosk` or `rating`, which is then the default.
    role: Option<String>,
}

/// Makes a pairing code for a screen of this node; takes a signed-in staff member.
#[utoipa::path(
    post, path = "/api/v1/session/pairing", tag = "session", operation_id = "offer_pairing", request_body = NewPairing,
    responses((status = 201, body = PairingDto, description = "The code, valid for two minutes and one use"))
)]
pub(crate) async fn offer_pairing(
    State(api): State<ApiState>,
    who: Who,
    JsonBody(body): JsonBody<NewPairing>,
) -> Result<(StatusCode, Json<PairingDto>), Problem> {
    who.need_staff()?;
    let own = api.handle.identity.role;
    let role = match body.role.as_deref() {
        None if is_screen(own) => own,
        None | Some("display") => Role::Display,
        // Commands travel under this device's name, so a screen that gives any speaks for the role the roster knows.
        Some(named) if is_screen(own) && named == own.as_str() => own,
        Some(_) => {
            return Err(Problem::invalid(
                "role",
                "display, or the role of this device if it is a kiosk or rating device",
            ));
        }
    };
    let (pairing_code, expires_at) = api.sessions.offer_pairing(role, api.now());
    let snapshot = api.handle.snapshot();
    let expires_at = Clockwork::new(&snapshot, api.now()).text(expires_at);
    Ok((StatusCode::CREATED, Json(PairingDto { pairing_code, role: role.as_str(), expires_at })))
}
