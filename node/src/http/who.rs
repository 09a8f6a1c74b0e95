//! Who is calling, and whether a request may come from where it comes from.
//!
//! A loopback caller on the device itself has the device's role. Two things must not borrow that role: a page of another
//! site in the device's own browser (so unsafe requests are same-origin, and the `Host` of a role-bearing request is an
//! address or `localhost`, which DNS rebinding cannot forge), and a machine behind a proxy (so forwarding headers void it).

use std::net::{IpAddr, Ipv4Addr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use axum_extra::extract::CookieJar;
use branchmesh_model::command::Caller;
use branchmesh_model::config::{Staff, StaffRole};
use subtle::ConstantTimeEq;

use super::problem::Problem;
use super::session::{Session, Subject, pin_digest};
use super::{Api, ApiState, ClientAddr, texts};

/// Header that cookie-authenticated changes must carry.
pub const CSRF_HEADER: &str = "x-branchmesh-csrf";

/// How a caller proved its session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Proof {
    /// `Authorization: Bearer …`.
    Bearer,
    /// The session cookie, with its CSRF token.
    Cookie,
}

/// The caller of a request.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    /// As commands see it.
    pub(crate) caller: Caller,
    /// Where it calls from.
    pub(crate) ip: IpAddr,
    /// Its session, with its token.
    pub(crate) session: Option<(String, Session, Proof)>,
}

impl Who {
    /// A signed-in staff member, or the operator of this machine.
    pub(crate) fn is_staff(&self) -> bool {
        self.caller.staff.is_some()
    }

    /// The device itself, or a screen paired with it.
    pub(crate) fn is_device(&self) -> bool {
        self.caller.device_role.is_some()
    }

    /// # Errors
    /// 401 unless a staff member is signed in.
    pub(crate) fn need_staff(&self) -> Result<(), Problem> {
        if self.is_staff() { Ok(()) } else { Err(Problem::new(texts::NOT_SIGNED_IN)) }
    }

    /// # Errors
    /// 401 for a caller without any standing.
    pub(crate) fn need_device_or_staff(&self) -> Result<(), Problem> {
        if self.is_device() { Ok(()) } else { self.need_staff() }
    }

    /// # Errors
    /// 401 without a staff member, 403 without one of `roles`.
    pub(crate) fn need_role(&self, roles: &[StaffRole]) -> Result<(), Problem> {
        self.need_staff()?;
        if self.caller.roles.iter().any(|r| roles.contains(r)) {
            return Ok(());
        }
        let named: Vec<_> = roles.iter().map(|r| role_name(*r)).collect();
        Err(Problem::new(texts::NEEDS_ROLE).fact("roles", named.join(", ")).extra("roles", named))
    }
}

/// A staff role's name in the API.
pub(crate) fn role_name(role: StaffRole) -> &'static str {
    match role {
        StaffRole::Teller => "teller",
        StaffRole::LobbyManager => "lobby_manager",
        StaffRole::WealthManager => "wealth_manager",
        StaffRole::BranchHead => "branch_head",
        StaffRole::Admin => "admin",
    }
}

impl FromRequestParts<ApiState> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &ApiState) -> Result<Self, Problem> {
        identify(parts, api)
    }
}

fn identify(parts: &Parts, api: &Api) -> Result<Who, Problem> {
    let headers = &parts.headers;
    let ip = client_ip(parts);
    let device_role = speaks_for_device(ip, headers).then_some(api.handle.identity.role);
    let device = api.handle.identity.device;
    let mut who = Who { caller: Caller { device, device_role, staff: None, roles: vec![] }, ip, session: None };
    if let Some(token) = bearer(headers) {
        if api.is_operator(token) {
            who.caller.staff = Some(OPERATOR.into());
            who.caller.roles = vec![StaffRole::Admin, StaffRole::BranchHead, StaffRole::LobbyManager];
            return Ok(who);
        }
        let session = api.sessions.find(token, api.now()).ok_or_else(|| Problem::new(texts::NOT_SIGNED_IN))?;
        if !adopt(&mut who, &session, api) {
            return Err(Problem::new(texts::NOT_SIGNED_IN));
        }
        who.session = Some((token.to_owned(), session, Proof::Bearer));
        return Ok(who);
    }
    let cookie = CookieJar::from_headers(headers).get(&cookie_name(headers)).map(|c| c.value().to_owned());
    if let Some(token) = cookie
        && let Some(session) = api.sessions.find(&token, api.now())
        && adopt(&mut who, &session, api)
    {
        if is_unsafe(&parts.method) && !csrf_matches(headers, &session) {
            return Err(Problem::new(texts::CROSS_SITE));
        }
        who.session = Some((token, session, Proof::Cookie));
    }
    Ok(who)
}

/// Name under which the operator of this machine (the command line with the data folder's token) acts.
pub const OPERATOR: &str = "operator";

impl Api {
    /// Whether a session's token still stands for what it stood for.
    pub(crate) fn session_stands(&self, token: &str) -> bool {
        self.sessions.find(token, self.now()).is_some_and(|session| match &session.subject {
            Subject::Screen(_) => true,
            Subject::Staff { id, pin } => self.staff_of_session(id, pin).is_some(),
        })
    }

    /// The staff member of a session as configured now; none once disabled or given another PIN.
    fn staff_of_session(&self, id: &str, pin: &[u8; 32]) -> Option<Staff> {
        let config = self.handle.snapshot().config.clone();
        config.staff.get(id).filter(|s| !s.disabled && pin_digest(&s.pin_hash) == *pin).cloned()
    }
}

/// Gives the caller what the session stands for, by the configuration as it is now.
fn adopt(who: &mut Who, session: &Session, api: &Api) -> bool {
    match &session.subject {
        Subject::Screen(role) => who.caller.device_role = Some(*role),
        Subject::Staff { id, pin } => {
            let Some(staff) = api.staff_of_session(id, pin) else { return false };
            who.caller.staff = Some(staff.id);
            who.caller.roles = staff.roles;
        }
    }
    true
}

fn client_ip(parts: &Parts) -> IpAddr {
    // Without a peer address (an in-process caller) nobody gets the device's role.
    let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    parts.extensions.get::<ConnectInfo<ClientAddr>>().map_or(unknown, |info| info.0.0.ip().to_canonical())
}

fn speaks_for_device(ip: IpAddr, headers: &HeaderMap) -> bool {
    let forwarded = ["forwarded", "x-forwarded-for", "via"].iter().any(|h| headers.contains_key(*h));
    ip.is_loopback() && !forwarded && host(headers).is_none_or(|h| is_own_name(&h))
}

fn host(headers: &HeaderMap) -> Option<String> {
    headers.get(header::HOST).map(|v| v.to_str().unwrap_or_default().to_ascii_lowercase())
}

/// Whether an address such as `http://127.0.0.1:8080` leads a machine to itself.
pub(crate) fn is_loopback_site(site: &str) -> bool {
    let host = site.split("://").nth(1).unwrap_or(site);
    let name = host_name(host);
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
}

fn is_own_name(host: &str) -> bool {
    let name = host_name(host);
    name == "localhost" || name.parse::<IpAddr>().is_ok()
}

/// A host without its port.
fn host_name(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(['/', ':']).next().unwrap_or_default(),
    }
}

/// Cookies know no ports, but several nodes may share an address (the demo does), so the name carries the port.
pub(crate) fn cookie_name(headers: &HeaderMap) -> String {
    let host = host(headers).unwrap_or_default();
    let port = host.rsplit_once(':').map(|(_, p)| p).filter(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    port.map_or_else(|| "branchmesh_session".to_owned(), |p| format!("branchmesh_session_{p}"))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn csrf_matches(headers: &HeaderMap, session: &Session) -> bool {
    let given = headers.get(CSRF_HEADER).map(|v| v.as_bytes()).unwrap_or_default();
    given.ct_eq(session.csrf.as_bytes()).into()
}

fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Middleware: refuses changes that a page of another site makes the browser send.
pub(crate) async fn same_site(State(_): State<ApiState>, request: Request, next: Next) -> Result<Response, Problem> {
    if is_unsafe(request.method()) && !from_own_page(request.headers()) {
        return Err(Problem::new(texts::CROSS_SITE));
    }
    Ok(next.run(request).await)
}

fn from_own_page(headers: &HeaderMap) -> bool {
    let fetch_site = headers.get("sec-fetch-site").map(|v| v.as_bytes());
    if fetch_site.is_some_and(|site| site != b"same-origin" && site != b"none") {
        return false;
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let authority = origin.to_str().ok().and_then(|o| o.split_once("://")).map(|(_, a)| a.to_ascii_lowercase());
    authority.is_some() && authority == host(headers)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let parse = |v: &str| HeaderValue::from_str(v).expect("ascii");
        pairs.iter().map(|(k, v)| (header::HeaderName::from_static(k), parse(v))).collect()
    }

    #[test]
    fn the_devices_role_is_for_direct_loopback_callers_only() {
        let loopback: IpAddr = "127.0.0.1".parse().expect("address");
        let remote: IpAddr = "192.0.2.1".parse().expect("address");
        assert!(speaks_for_device(loopback, &headers(&[("host", "127.0.0.1:8080")])));
        assert!(speaks_for_device(loopback, &headers(&[("host", "[::1]:8080")])));
        assert!(speaks_for_device(loopback, &headers(&[("host", "localhost")])));
        assert!(!speaks_for_device(loopback, &headers(&[("host", "rebound.example:8080")])));
        assert!(!speaks_for_device(loopback, &headers(&[("host", "localhost"), ("x-forwarded-for", "192.0.2.1")])));
        assert!(!speaks_for_device(remote, &headers(&[("host", "127.0.0.1:8080")])));
    }

    #[test]
    fn changes_come_from_our_own_pages_or_no_page() {
        assert!(from_own_page(&headers(&[("host", "127.0.0.1:1")])));
        assert!(from_own_page(&headers(&[("host", "127.0.0.1:1"), ("origin", "http://127.0.0.1:1")])));
        assert!(!from_own_page(&headers(&[("host", "127.0.0.1:1"), ("origin", "http://127.0.0.1:2")])));
        assert!(!from_own_page(&headers(&[("host", "127.0.0.1:1"), ("origin", "null")])));
        assert!(!from_own_page(&headers(&[("host", "127.0.0.1:1"), ("sec-fetch-site", "cross-site")])));
        assert!(!from_own_page(&headers(&[("host", "127.0.0.1:1"), ("sec-fetch-site", "same-site")])));
    }

    #[test]
    fn a_phone_cannot_follow_a_loopback_address() {
        for own in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80", "http://0.0.0.0:8080"] {
            assert!(is_loopback_site(own), "{own}");
        }
        for reachable in ["http://192.0.2.7:8080", "https://branch.example/queue", "http://[2001:db8::1]"] {
            assert!(!is_loopback_site(reachable), "{reachable}");
        }
    }

    #[test]
    fn nodes_on_one_machine_do_not_share_a_cookie() {
        assert_eq!(cookie_name(&headers(&[("host", "127.0.0.1:8081")])), "branchmesh_session_8081");
        assert_eq!(cookie_name(&headers(&[("host", "branch.example")])), "branchmesh_session");
        assert_eq!(cookie_name(&headers(&[("host", "[::1]")])), "branchmesh_session");
    }
}
