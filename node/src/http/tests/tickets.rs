//! Tickets, counters, configuration and conflicts through the API.

use branchmesh_model::schema::Role;
use serde_json::{Value, json};

use super::{Peer, Reply, Site};

async fn verb(site: &Site, auth: &str, ticket: &Value, verb: &str, body: Value) -> Reply {
    let path = format!("/api/v1/tickets/{}/{verb}", ticket["id"].as_str().expect("an id"));
    site.as_staff(auth, "POST", &path, Some(body)).await
}

async fn counter(site: &Site, auth: &str, verb: &str, body: Option<Value>) -> Reply {
    site.as_staff(auth, "POST", &format!("/api/v1/counters/1/{verb}"), body).await
}

#[tokio::test]
async fn a_ticket_lives_from_issue_to_rating() {
    let site = Site::new(Role::Counter);
    let auth = site.bearer("teller").await;
    let body = json!({ "service": "cash", "language": "en" });
    let issued = site.as_staff(&auth, "POST", "/api/v1/tickets", Some(body)).await;
    assert_eq!(issued.status, 201);
    let ticket = &issued.body;
    assert_eq!(issued.headers["location"], format!("/api/v1/tickets/{}", ticket["id"].as_str().expect("an id")));
    assert_eq!((&ticket["number"], &ticket["state"], &ticket["ahead"]), (&json!("A001"), &json!("waiting"), &json!(0)));
    assert!(ticket["issued_at"].as_str().expect("text").ends_with("+00:00"));

    assert_eq!(counter(&site, &auth, "open", None).await.body["state"], "open");
    let called = counter(&site, &auth, "call-next", None).await;
    assert_eq!((called.status, &called.body["state"], &called.body["counter"]), (200, &json!("called"), &json!(1)));
    assert_eq!(verb(&site, &auth, ticket, "recall", json!({})).await.body["calls"], 2);
    assert_eq!(verb(&site, &auth, ticket, "start", json!({})).await.body["state"], "serving");
    assert_eq!(verb(&site, &auth, ticket, "finish", json!({})).await.body["state"], "served");
    assert_eq!(verb(&site, &auth, ticket, "rate", json!({ "level": 3 })).await.body["rating"], 3);
    assert_eq!(verb(&site, &auth, ticket, "start", json!({})).await.slug(), (409, "ticket-state"));
    assert_eq!(counter(&site, &auth, "call-next", None).await.status, 204);

    let path = format!("/api/v1/tickets/{}", ticket["id"].as_str().expect("an id"));
    let read = site.as_staff(&auth, "GET", &path, None).await;
    let whats: Vec<_> = read.body["history"].as_array().expect("history").iter().map(|h| h["what"].clone()).collect();
    assert_eq!(whats, ["issued", "called", "recalled", "started", "finished", "rated"]);
    assert!(read.body.get("status_token").is_none());
    let public = site.get(Peer::Own, &path).await.body;
    assert!(public.get("staff").is_none() && public.get("history").is_none());
}

#[tokio::test]
async fn the_same_key_gives_the_same_ticket_and_token() {
    let site = Site::new(Role::Kiosk);
    let ask = |service: &'static str| {
        let site = &site;
        async move {
            let body = Some(json!({ "service": service }));
            site.send(Peer::Own, "POST", "/api/v1/tickets", &[("idempotency-key", "k1")], body).await
        }
    };
    let (first, again) = (ask("cash").await, ask("cash").await);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body["id"], again.body["id"]);
    assert_eq!(first.body["status_token"], again.body["status_token"]);
    let auth = site.bearer("teller").await;
    let headers = [("idempotency-key", "k1"), ("authorization", auth.as_str())];
    let other = site.send(Peer::Own, "POST", "/api/v1/counters/1/call-next", &headers, None).await;
    assert_eq!(other.slug(), (409, "key-reused"));
}

#[tokio::test]
async fn what_is_done_before_its_ticket_is_here_is_not_called_unknown() {
    let site = Site::with(Role::Counter, true);
    let auth = site.bearer("teller").await;
    let issued = site.as_staff(&auth, "POST", "/api/v1/tickets", Some(json!({ "service": "cash" }))).await;
    assert_eq!((issued.slug(), issued.headers["retry-after"].to_str().ok()), ((503, "unavailable"), Some("2")));
    assert_eq!(counter(&site, &auth, "open", None).await.status, 200);
    let called = counter(&site, &auth, "call-next", None).await;
    assert_eq!(called.slug(), (503, "unavailable"));
    assert!(called.body["detail"].as_str().expect("a sentence").starts_with("It was done, but ticket "));
}

#[tokio::test]
async fn idempotency_keys_have_a_form() {
    let site = Site::new(Role::Kiosk);
    let long = "x".repeat(65);
    for bad in ["", long.as_str(), "a\tb"] {
        let body = Some(json!({ "service": "cash" }));
        let reply = site.send(Peer::Own, "POST", "/api/v1/tickets", &[("idempotency-key", bad)], body).await;
        assert_eq!(
            (reply.slug(), reply.body["field"].as_str()),
            ((422, "validation"), Some("Idempotency-Key")),
            "{bad:?}"
        );
    }
    let key = "键".repeat(64);
    let body = Some(json!({ "service": "cash" }));
    let reply = site.send(Peer::Own, "POST", "/api/v1/tickets", &[("idempotency-key", &key)], body).await;
    assert_eq!(reply.status, 201);
}

#[tokio::test]
async fn the_status_page_shows_the_customers_ticket_and_nothing_else() {
    let site = Site::new(Role::Kiosk);
    let auth = site.bearer("lobby").await;
    let ticket = site.issue(&auth).await;
    let path = format!("/api/v1/status/{}", ticket["status_token"].as_str().expect("a token"));
    let status = site.get(Peer::Remote, &path).await;
    assert_eq!((&status.body["number"], &status.body["state"]), (&json!("A001"), &json!("waiting")));
    for hidden in ["id", "staff", "history", "counter"] {
        assert!(status.body.get(hidden).is_none(), "{hidden}");
    }
    let moved = verb(&site, &auth, &ticket, "move", json!({ "service": "non_cash" })).await;
    assert_eq!((&moved.body["number"], &moved.body["parent"]), (&json!("B001"), &ticket["id"]));
    assert_eq!(site.get(Peer::Remote, &path).await.body["number"], "B001");
    assert_eq!(site.get(Peer::Remote, "/api/v1/status/guess").await.slug(), (404, "not-found"));
}

#[tokio::test]
async fn staff_see_who_the_customer_is_and_may_identify_them_again() {
    let site = Site::new(Role::Counter);
    let auth = site.bearer("teller").await;
    let body = json!({ "service": "cash", "identity": "6222-0212-3456-7890" });
    let ticket = site.as_staff(&auth, "POST", "/api/v1/tickets", Some(body)).await.body;
    assert_eq!((ticket["identified"].as_bool(), ticket.get("visit")), (Some(true), None));
    let path = format!("/api/v1/tickets/{}", ticket["id"].as_str().expect("an id"));
    let seen = site.as_staff(&auth, "GET", &path, None).await.body;
    assert_eq!(seen["visit"], json!({ "identity_masked": "•••••••••••••••7890", "staff": "teller" }));

    let told = verb(&site, &auth, &ticket, "identify", json!({ "phone": "13800001234" })).await;
    assert_eq!((told.status, told.body["identified"].as_bool()), (200, Some(true)));
    let seen = site.as_staff(&auth, "GET", &path, None).await.body;
    let visit = json!({ "identity_masked": "•••••••••••••••7890", "phone_masked": "•••••••1234", "staff": "teller" });
    assert_eq!(seen["visit"], visit);
    assert_eq!(seen["history"][1]["what"], "identified");

    for (body, field) in
        [(json!({}), "identity"), (json!({ "identity": "?" }), "identity"), (json!({ "phone": "1" }), "phone")]
    {
        let reply = verb(&site, &auth, &ticket, "identify", body).await;
        assert_eq!((reply.slug(), reply.body["field"].as_str()), ((422, "validation"), Some(field)));
    }
    assert_eq!(site.as_staff(&auth, "GET", &path, None).await.body["visit"], visit);
    let open = site.send(Peer::Own, "GET", &path, &[], None).await;
    assert!(open.body.get("visit").is_none(), "{open:?}");
}

#[tokio::test]
async fn bad_fields_are_named_and_change_nothing() {
    let site = Site::new(Role::Kiosk);
    let table = [
        (json!({}), 422, Some("service")),
        (json!({ "service": 7 }), 422, Some("service")),
        (json!({ "service": "cash", "colour": "red" }), 422, Some("colour")),
        (json!({ "service": "cash", "phone": "abc" }), 422, Some("phone")),
        (json!({ "service": "cash", "identity": "?" }), 422, Some("identity")),
        (json!({ "service": "cash", "language": "…" }), 422, Some("language")),
        (json!({ "service": "unknown" }), 404, None),
        (json!([]), 422, Some("body")),
    ];
    for (body, status, field) in table {
        let reply = site.send(Peer::Own, "POST", "/api/v1/tickets", &[], Some(body.clone())).await;
        assert_eq!((reply.status, reply.body["field"].as_str()), (status, field), "{body}");
    }
    let auth = site.bearer("teller").await;
    assert_eq!(site.as_staff(&auth, "GET", "/api/v1/tickets", None).await.body["tickets"], json!([]));
}

#[tokio::test]
async fn lists_are_filtered_and_filters_checked() {
    let site = Site::new(Role::Counter);
    let auth = site.bearer("teller").await;
    site.issue(&auth).await;
    site.issue(&auth).await;
    counter(&site, &auth, "open", None).await;
    counter(&site, &auth, "call-next", None).await;
    let numbers = |reply: Reply| -> Vec<Value> {
        reply.body["tickets"].as_array().expect("a list").iter().map(|t| t["number"].clone()).collect()
    };
    let ask = |query: &'static str| site.as_staff(&auth, "GET", query, None);
    assert_eq!(numbers(ask("/api/v1/tickets?state=waiting").await), ["A002"]);
    assert_eq!(numbers(ask("/api/v1/tickets?state=waiting,called").await), ["A002", "A001"]);
    assert_eq!(numbers(ask("/api/v1/tickets?counter=1").await), ["A001"]);
    assert_eq!(numbers(ask("/api/v1/tickets?service=wealth").await), [""; 0]);
    for (query, field) in [
        ("/api/v1/tickets?state=lost", "state"),
        ("/api/v1/tickets?counter=x", "counter"),
        ("/api/v1/tickets?service=x", "service"),
        ("/api/v1/tickets?colour=x", "colour"),
        ("/api/v1/tickets?date=yesterday", "date"),
        ("/api/v1/tickets?counter=1&counter=2", "counter"),
    ] {
        let reply = ask(query).await;
        assert_eq!((reply.slug(), reply.body["field"].as_str()), ((422, "validation"), Some(field)), "{query}");
    }
}

#[tokio::test]
async fn public_screens_see_calls_without_names() {
    let site = Site::new(Role::Counter);
    let auth = site.bearer("teller").await;
    site.issue(&auth).await;
    site.issue(&auth).await;
    counter(&site, &auth, "open", None).await;
    counter(&site, &auth, "call-next", None).await;
    for peer in [Peer::Own, Peer::Remote] {
        let seen = site.get(peer, "/api/v1/snapshot").await;
        let tickets = seen.body["tickets"].as_array().expect("a list");
        assert_eq!(tickets.len(), 1);
        assert_eq!(tickets[0]["number"], "A001");
        assert!(!seen.text.contains("teller"), "{}", seen.text);
        let cash = seen.body["queues"].as_array().expect("queues").iter().find(|q| q["service"] == "cash");
        assert_eq!(cash.expect("the cash queue")["waiting"], 1);
    }
    let staff = site.as_staff(&auth, "GET", "/api/v1/snapshot", None).await;
    assert_eq!(staff.body["tickets"].as_array().map(Vec::len), Some(2));
    let named = staff.body["colleagues"].as_array().expect("names").iter().find(|c| c["id"] == "teller");
    assert!(named.is_some_and(|c| c["name"].is_string()), "{}", staff.body["colleagues"]);
}

#[tokio::test]
async fn roles_of_staff_bound_what_they_may_do() {
    let site = Site::new(Role::Counter);
    let teller = site.bearer("teller").await;
    let ticket = site.issue(&teller).await;
    let refused = verb(&site, &teller, &ticket, "abandon", json!({})).await;
    // A device may give up its own uncalled ticket; a counter that is asked from elsewhere may not.
    assert_eq!(refused.slug(), (403, "not-permitted"));
    let take_over = site.as_staff(&teller, "POST", "/api/v1/mesh/take-over", Some(json!({ "reason": "x" }))).await;
    assert_eq!(take_over.slug(), (403, "not-permitted"));
    let lobby = site.bearer("lobby").await;
    assert_eq!(verb(&site, &lobby, &ticket, "abandon", json!({})).await.body["state"], "abandoned");
    let take_over = site.as_staff(&lobby, "POST", "/api/v1/mesh/take-over", Some(json!({ "reason": "x" }))).await;
    assert_eq!(take_over.status, 200);
    let put = site.as_staff(&lobby, "PUT", "/api/v1/config/themes", Some(json!({ "default": "dark" }))).await;
    assert_eq!(put.slug(), (403, "not-permitted"));
}

#[tokio::test]
async fn a_section_is_replaced_whole_or_not_at_all() {
    let site = Site::new(Role::Counter);
    let auth = site.bearer("manager").await;
    let put = |section: &'static str, body: Value| {
        let (site, auth) = (&site, &auth);
        async move { site.as_staff(auth, "PUT", &format!("/api/v1/config/{section}"), Some(body)).await }
    };
    let good = put("themes", json!({ "default": "dark" })).await;
    assert_eq!((good.status, &good.body["default"]), (200, &json!("dark")));
    assert_eq!(put("services", json!([{ "id": "x" }])).await.slug(), (422, "validation"));
    assert_eq!(put("nonsense", json!({})).await.slug(), (404, "not-found"));
    let config = site.as_staff(&auth, "GET", "/api/v1/config", None).await;
    assert_eq!(config.body["services"].as_array().map(Vec::len), Some(3));
    assert!(!config.text.contains("argon2"));
}

#[tokio::test]
async fn settings_of_this_device_are_patched() {
    let site = Site::new(Role::Counter);
    let auth = site.bearer("teller").await;
    let path = "/api/v1/device/settings";
    let patched = site.as_staff(&auth, "PATCH", path, Some(json!({ "waiting_reminder_min": 20 }))).await;
    assert_eq!((patched.status, &patched.body["waiting_reminder_min"]), (200, &json!(20)));
    let wrong = site.as_staff(&auth, "PATCH", path, Some(json!({ "waiting_reminder_min": 121 }))).await;
    assert_eq!((wrong.slug(), wrong.body["field"].as_str()), ((422, "validation"), Some("waiting_reminder_min")));
    assert_eq!(site.get(Peer::Own, path).await.body["waiting_reminder_min"], 20);
    assert_eq!(site.send(Peer::Remote, "PATCH", path, &[], Some(json!({}))).await.status, 401);
}

#[tokio::test]
async fn a_closed_counter_says_so_and_a_missing_one_is_not_found() {
    let site = Site::new(Role::Counter);
    let auth = site.bearer("teller").await;
    assert_eq!(counter(&site, &auth, "call-next", None).await.slug(), (409, "counter-state"));
    for path in
        ["/api/v1/counters/0/open", "/api/v1/counters/99/open", "/api/v1/counters/x/open", "/api/v1/counters/+1/open"]
    {
        assert_eq!(site.as_staff(&auth, "POST", path, None).await.slug(), (404, "not-found"), "{path}");
    }
    assert_eq!(counter(&site, &auth, "pause", Some(json!({ "reason": " " }))).await.status, 422);
}

#[tokio::test]
async fn the_lobby_sees_the_floor() {
    let site = Site::new(Role::Tablet);
    let auth = site.bearer("lobby").await;
    site.issue(&auth).await;
    site.pass(16 * 60);
    let floor = site.as_staff(&auth, "GET", "/api/v1/lobby/overview", None).await.body;
    assert_eq!((&floor["waiting"], &floor["longest_wait_s"]), (&json!(1), &json!(960)));
    assert_eq!(floor["waits_by_reminder"][0]["waiting"], 1);
    assert_eq!(floor["today"]["issued"], 1);
    assert_eq!(floor["waiting_below_reminder"], 0);
    let by_type = &floor["by_business_type"][0];
    assert_eq!((&by_type["service"], &by_type["category"]), (&json!("cash"), &json!(null)));
    assert_eq!((&by_type["name"]["en"], &by_type["waiting"]), (&json!("Cash"), &json!(1)));
    assert_eq!((&floor["devices_visible"], &floor["devices_enrolled"]), (&json!(1), &json!(1)));
    assert_eq!(floor["past"], json!({ "days": 0, "hours": [], "quiet_hours": [], "busy_hours": [] }));
}
