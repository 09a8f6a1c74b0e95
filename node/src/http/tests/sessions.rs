//! Signing in, being locked out, cookies and their protection, pairing, and rights that end at once.

use branchmesh_model::schema::Role;
use serde_json::json;

use super::{OPERATOR_TOKEN, PIN, Peer, Site};

const SESSION: &str = "/api/v1/session";

#[tokio::test]
async fn a_right_pin_opens_a_session_and_signing_out_ends_it() {
    let site = Site::new(Role::Counter);
    let auth = site.bearer("manager").await;
    let session = site.as_staff(&auth, "GET", SESSION, None).await;
    assert_eq!(session.body["staff"]["id"], "manager");
    assert!(session.body["staff"].get("pin_hash").is_none());
    assert!(session.body.get("token").is_none());
    assert_eq!(site.as_staff(&auth, "DELETE", SESSION, None).await.status, 204);
    assert_eq!(site.as_staff(&auth, "GET", SESSION, None).await.slug(), (401, "not-signed-in"));
}

#[tokio::test]
async fn a_session_lapses() {
    let site = Site::new(Role::Counter);
    let auth = site.bearer("teller").await;
    site.pass(12 * 3600);
    assert_eq!(site.as_staff(&auth, "GET", SESSION, None).await.status, 401);
}

#[tokio::test]
async fn wrong_pins_lock_the_pair_of_staff_and_address() {
    let site = Site::new(Role::Counter);
    let wrong = json!({ "staff_id": "teller", "pin": "000000" });
    for _ in 0..5 {
        let reply = site.send(Peer::Remote, "POST", SESSION, &[], Some(wrong.clone())).await;
        assert_eq!(reply.slug(), (401, "wrong-credentials"));
    }
    let right = json!({ "staff_id": "teller", "pin": PIN });
    let locked = site.send(Peer::Remote, "POST", SESSION, &[], Some(right.clone())).await;
    assert_eq!(locked.slug(), (429, "too-many-attempts"));
    assert_eq!(locked.headers["retry-after"], "30");
    assert_eq!(site.send(Peer::Own, "POST", SESSION, &[], Some(right.clone())).await.status, 200);
    site.pass(30);
    assert_eq!(site.send(Peer::Remote, "POST", SESSION, &[], Some(right)).await.status, 200);
}

#[tokio::test]
async fn an_unknown_sign_in_reads_like_a_wrong_pin() {
    let site = Site::new(Role::Counter);
    let ask = |id: &str| json!({ "staff_id": id, "pin": "000000" });
    let unknown = site.send(Peer::Remote, "POST", SESSION, &[], Some(ask("nobody"))).await;
    let known = site.send(Peer::Remote, "POST", SESSION, &[], Some(ask("teller"))).await;
    assert_eq!(unknown.body, known.body);
}

#[tokio::test]
async fn sign_in_names_the_wrong_field() {
    let site = Site::new(Role::Counter);
    let table = [
        (json!({ "staff_id": "teller" }), "pin"),
        (json!({ "pin": "1" }), "staff_id"),
        (json!({}), "staff_id"),
        (json!({ "staff_id": "teller", "pin": "1", "pairing_code": "123456" }), "pairing_code"),
        (json!({ "pairing_code": "12345" }), "pairing_code"),
        (json!({ "staff_id": 7, "pin": "1" }), "staff_id"),
        (json!({ "staff_id": "teller", "pin": "1", "remember": true }), "remember"),
    ];
    for (body, field) in table {
        let reply = site.send(Peer::Remote, "POST", SESSION, &[], Some(body)).await;
        assert_eq!((reply.slug(), reply.body["field"].as_str()), ((422, "validation"), Some(field)));
    }
}

#[tokio::test]
async fn a_cookie_needs_its_csrf_token_for_changes_and_a_bearer_does_not() {
    let site = Site::new(Role::Counter);
    let body = json!({ "staff_id": "manager", "pin": PIN });
    let reply = site.send(Peer::Remote, "POST", SESSION, &[], Some(body)).await;
    let cookie = reply.headers["set-cookie"].to_str().expect("text").to_owned();
    assert!(cookie.starts_with("branchmesh_session_8080="));
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let cookie = cookie.split(';').next().expect("a pair").to_owned();
    let csrf = reply.body["csrf_token"].as_str().expect("a token").to_owned();
    let issue = |headers: Vec<(&'static str, String)>| {
        let site = &site;
        async move {
            let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let body = Some(json!({ "service": "cash" }));
            site.send(Peer::Remote, "POST", "/api/v1/tickets", &headers, body).await
        }
    };
    assert_eq!(issue(vec![("cookie", cookie.clone())]).await.slug(), (403, "cross-site"));
    let wrong = vec![("cookie", cookie.clone()), ("x-branchmesh-csrf", "x".repeat(csrf.len()))];
    assert_eq!(issue(wrong).await.slug(), (403, "cross-site"));
    assert_eq!(issue(vec![("cookie", cookie.clone()), ("x-branchmesh-csrf", csrf.clone())]).await.status, 201);
    let again = site.send(Peer::Remote, "GET", SESSION, &[("cookie", &cookie)], None).await;
    assert_eq!(again.body["csrf_token"], csrf.as_str());
    let foreign =
        vec![("cookie", cookie), ("x-branchmesh-csrf", csrf), ("origin", "http://elsewhere.example".to_owned())];
    assert_eq!(issue(foreign).await.slug(), (403, "cross-site"));
}

#[tokio::test]
async fn the_devices_role_is_not_lent_to_other_sites() {
    let site = Site::new(Role::Kiosk);
    let body = || Some(json!({ "service": "cash" }));
    let path = "/api/v1/tickets";
    assert_eq!(site.send(Peer::Own, "POST", path, &[], body()).await.status, 201);
    let foreign = [("origin", "http://elsewhere.example")];
    assert_eq!(site.send(Peer::Own, "POST", path, &foreign, body()).await.slug(), (403, "cross-site"));
    assert_eq!(site.send(Peer::Remote, "POST", path, &[], body()).await.slug(), (401, "not-signed-in"));
}

#[tokio::test]
async fn rights_end_at_once_when_staff_change() {
    let site = Site::new(Role::Counter);
    let manager = site.bearer("manager").await;
    let teller = site.bearer("teller").await;
    assert_eq!(site.as_staff(&teller, "GET", "/api/v1/staff", None).await.slug(), (403, "not-permitted"));
    let promote = json!({ "roles": ["admin", "teller"] });
    assert_eq!(site.as_staff(&manager, "PATCH", "/api/v1/staff/teller", Some(promote)).await.status, 200);
    assert_eq!(site.as_staff(&teller, "GET", "/api/v1/staff", None).await.status, 200);
    let disable = json!({ "disabled": true });
    assert_eq!(site.as_staff(&manager, "PATCH", "/api/v1/staff/teller", Some(disable)).await.status, 200);
    assert_eq!(site.as_staff(&teller, "GET", "/api/v1/staff", None).await.status, 401);
}

#[tokio::test]
async fn a_new_pin_ends_old_sessions_and_opens_new_ones() {
    let site = Site::new(Role::Counter);
    let manager = site.bearer("manager").await;
    let teller = site.bearer("teller").await;
    let change = json!({ "pin": "86420" });
    assert_eq!(site.as_staff(&manager, "PATCH", "/api/v1/staff/teller", Some(change)).await.status, 200);
    assert_eq!(site.as_staff(&teller, "GET", SESSION, None).await.status, 401);
    let body = json!({ "staff_id": "teller", "pin": "86420" });
    assert_eq!(site.send(Peer::Remote, "POST", SESSION, &[], Some(body)).await.status, 200);
}

#[tokio::test]
async fn staff_are_added_once_and_never_show_their_pin() {
    let site = Site::new(Role::Counter);
    let manager = site.bearer("manager").await;
    let new = json!({ "id": "t07", "name": "Li", "roles": ["teller"], "pin": "4711" });
    let added = site.as_staff(&manager, "POST", "/api/v1/staff", Some(new.clone())).await;
    assert_eq!((added.status, added.headers["location"].to_str().ok()), (201, Some("/api/v1/staff/t07")));
    assert_eq!(site.as_staff(&manager, "POST", "/api/v1/staff", Some(new)).await.status, 201);
    let other = json!({ "id": "t07", "name": "Wang", "roles": ["teller"], "pin": "4711" });
    assert_eq!(site.as_staff(&manager, "POST", "/api/v1/staff", Some(other)).await.slug(), (409, "conflict"));
    let list = site.as_staff(&manager, "GET", "/api/v1/staff", None).await;
    assert!(list.text.contains("t07") && !list.text.contains("argon2") && !list.text.contains("4711"));
    let weak = json!({ "id": "t08", "name": "Li", "roles": ["teller"], "pin": "12" });
    let weak = site.as_staff(&manager, "POST", "/api/v1/staff", Some(weak)).await;
    assert_eq!((weak.slug(), weak.body["field"].as_str()), ((422, "validation"), Some("pin")));
}

#[tokio::test]
async fn the_last_admin_stays() {
    let site = Site::new(Role::Counter);
    let manager = site.bearer("manager").await;
    for change in [json!({ "disabled": true }), json!({ "roles": ["teller"] })] {
        let reply = site.as_staff(&manager, "PATCH", "/api/v1/staff/manager", Some(change)).await;
        assert_eq!(reply.slug(), (422, "validation"));
    }
}

#[tokio::test]
async fn a_screen_is_paired_once() {
    let site = Site::new(Role::Kiosk);
    let teller = site.bearer("teller").await;
    assert_eq!(site.send(Peer::Remote, "POST", "/api/v1/session/pairing", &[], Some(json!({}))).await.status, 401);
    let offer = site.as_staff(&teller, "POST", "/api/v1/session/pairing", Some(json!({ "role": "kiosk" }))).await;
    assert_eq!(offer.status, 201);
    let body = json!({ "pairing_code": offer.body["pairing_code"] });
    let paired = site.send(Peer::Remote, "POST", SESSION, &[], Some(body.clone())).await;
    assert_eq!(paired.body["device_role"], "kiosk");
    let auth = format!("Bearer {}", paired.body["token"].as_str().expect("a token"));
    assert_eq!(site.issue(&auth).await["number"], "A001");
    let again = site.send(Peer::Remote, "POST", SESSION, &[], Some(body)).await;
    assert_eq!(again.slug(), (401, "wrong-credentials"));
    let other = site.as_staff(&teller, "POST", "/api/v1/session/pairing", Some(json!({ "role": "rating" }))).await;
    assert_eq!((other.slug(), other.body["field"].as_str()), ((422, "validation"), Some("role")));
}

#[tokio::test]
async fn the_operator_of_the_machine_acts_as_admin() {
    let site = Site::new(Role::Counter);
    let auth = format!("Bearer {OPERATOR_TOKEN}");
    assert_eq!(site.as_staff(&auth, "GET", "/api/v1/staff", None).await.status, 200);
    let new = json!({ "role": "counter", "name": "Window 3", "counter": 3 });
    let invited = site.as_staff(&auth, "POST", "/api/v1/devices/invitations", Some(new)).await;
    assert_eq!((invited.status, invited.body["invitation"].as_str()), (201, Some("invitation")));
    assert_eq!(site.as_staff("Bearer guess", "GET", "/api/v1/staff", None).await.status, 401);
}
