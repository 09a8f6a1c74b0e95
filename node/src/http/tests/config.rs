//! What screens are told, the exit code, QR codes, and the configuration as one file.

use branchmesh_model::schema::Role;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{Api, OPERATOR_TOKEN, Options, Peer, Site, router};

#[tokio::test]
async fn public_screens_learn_their_part_of_the_configuration_but_never_the_exit_code() {
    let site = Site::new(Role::Kiosk);
    let manager = site.bearer("manager").await;
    let teller = site.bearer("teller").await;
    for (section, value) in [
        ("kiosk", json!({ "exit_code": "73591", "result_s": 30, "closed": { "zh": "明日再会", "en": "" } })),
        ("groups", json!([{ "id": "personal", "name": { "zh": "个人业务", "en": "Personal" } }])),
        ("voice", json!({ "on": true, "repeats": 3, "languages": ["zh-CN"] })),
        ("ticker", json!({ "texts": [{ "zh": "请保管好随身物品", "en": "Mind your belongings" }] })),
    ] {
        let reply = site.as_staff(&manager, "PUT", &format!("/api/v1/config/{section}"), Some(value)).await;
        assert_eq!(reply.status, 200, "{section}: {reply:?}");
    }
    let branch = site.get(Peer::Remote, "/api/v1/branch").await;
    assert_eq!(branch.body["kiosk"]["result_s"], 30);
    assert_eq!(branch.body["kiosk"]["idle_s"], 60, "what is not named has its default");
    assert_eq!(branch.body["groups"][0]["id"], "personal");
    assert_eq!(branch.body["voice"]["languages"], json!(["zh-CN"]));
    assert_eq!(branch.body["ticker"][0]["en"], "Mind your belongings");
    for auth in [None, Some(&teller)] {
        for path in ["/api/v1/branch", "/api/v1/snapshot", "/api/v1/config"] {
            let reply = match auth {
                Some(auth) => site.as_staff(auth, "GET", path, None).await,
                None => site.get(Peer::Own, path).await,
            };
            assert!(!reply.text.contains("73591"), "{path}");
        }
    }
}

#[tokio::test]
async fn the_exit_code_opens_and_guessing_it_must_wait() {
    let site = Site::new(Role::Kiosk);
    let exit = async |peer, code: &str| {
        site.send(peer, "POST", "/api/v1/device/exit", &[], Some(json!({ "code": code }))).await
    };
    assert_eq!(exit(Peer::Remote, "2580").await.slug(), (401, "not-signed-in"));
    assert_eq!(exit(Peer::Own, "2580").await.status, 204);
    for _ in 0..5 {
        assert_eq!(exit(Peer::Own, "0000").await.slug(), (403, "wrong-code"));
    }
    let waiting = exit(Peer::Own, "2580").await;
    assert_eq!(waiting.slug(), (429, "too-many-attempts"));
    assert!(waiting.headers.contains_key("retry-after"));
    site.pass(31);
    assert_eq!(exit(Peer::Own, "2580").await.status, 204);
    assert_eq!(exit(Peer::Own, "0000").await.slug(), (403, "wrong-code"), "the right code forgives the wrong ones");
}

#[tokio::test]
async fn a_text_becomes_a_qr_code() {
    let site = Site::new(Role::Kiosk);
    let reply = site.get(Peer::Remote, "/api/v1/qr?text=http%3A%2F%2Fbranch.example%2Ft%2Fabc").await;
    assert_eq!((reply.status, &reply.headers["content-type"]), (200, &"image/svg+xml".parse().expect("a type")));
    assert!(reply.text.contains("<svg") && !reply.text.contains("<script"));
    let longest = "%E7%A5%A8".repeat(512);
    assert_eq!(site.get(Peer::Remote, &format!("/api/v1/qr?text={longest}")).await.status, 200);
    for wrong in ["qr", "qr?text=", "qr?text=a&size=9", &format!("qr?text={}", "x".repeat(513))] {
        assert_eq!(
            site.get(Peer::Remote, &format!("/api/v1/{wrong}")).await.slug(),
            (422, "validation"),
            "{wrong:.20}"
        );
    }
}

#[tokio::test]
async fn a_customers_page_is_on_the_configured_address_or_the_one_the_caller_used() {
    let site = Site::new(Role::Kiosk);
    let manager = site.bearer("manager").await;
    let ticket = site.issue(&manager).await;
    let path = ticket["status_path"].as_str().expect("a path").to_owned();
    assert_eq!(path, format!("/t/{}", ticket["status_token"].as_str().expect("a token")));
    assert_eq!(ticket["status_url"], format!("http://127.0.0.1:8080{path}"));
    let mut options = Options::new([9; 32], CancellationToken::new());
    options.reachable = Some("http://192.0.2.7:8080".into());
    options.operator_token = Some(OPERATOR_TOKEN.into());
    let open = Site { router: router(Api::new(site.api.handle.clone(), options)), ..Site::new(Role::Kiosk) };
    let operator = format!("Bearer {OPERATOR_TOKEN}");
    let ticket = open.issue(&operator).await;
    let reachable = format!("http://192.0.2.7:8080{}", ticket["status_path"].as_str().expect("a path"));
    assert_eq!(ticket["status_url"], reachable, "loopback leads a phone to itself");

    let mut branch = site.as_staff(&manager, "GET", "/api/v1/config", None).await.body["branch"].clone();
    branch["public_url"] = json!("https://branch.example/");
    let put = site.as_staff(&manager, "PUT", "/api/v1/config/branch", Some(branch.clone())).await;
    assert_eq!(put.status, 200, "{put:?}");
    let ticket = site.issue(&manager).await;
    let whole = format!("https://branch.example{}", ticket["status_path"].as_str().expect("a path"));
    assert_eq!(ticket["status_url"], whole);
    branch["public_url"] = json!("javascript:alert(1)");
    assert_eq!(site.as_staff(&manager, "PUT", "/api/v1/config/branch", Some(branch)).await.slug(), (422, "validation"));
}

async fn export(site: &Site, auth: &str) -> Value {
    let reply = site.as_staff(auth, "GET", "/api/v1/config/export", None).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(!reply.text.contains("argon2") && !reply.text.contains("pin"), "no PIN, not even its hash");
    reply.body
}

#[tokio::test]
async fn an_exported_file_goes_back_in_without_a_difference() {
    let site = Site::new(Role::Counter);
    let manager = site.bearer("manager").await;
    let hook = json!([{ "id": "crm", "url": "https://crm.example/hook", "secret": "a secret of the branch" }]);
    assert_eq!(site.as_staff(&manager, "PUT", "/api/v1/config/webhooks", Some(hook)).await.status, 200);
    let file = export(&site, &manager).await;
    assert!(!file.to_string().contains("a secret of the branch"));
    let again = site.as_staff(&manager, "POST", "/api/v1/config/import", Some(file)).await;
    assert_eq!((again.status, &again.body["differences"]), (200, &json!([])), "{again:?}");
    let config = site.as_staff(&manager, "GET", "/api/v1/config", None).await.body;
    assert_eq!(config["webhooks"][0]["secret"], "a secret of the branch", "a file without the secret keeps it");
}

#[tokio::test]
async fn an_import_is_tried_first_then_done_whole_or_not_at_all() {
    let site = Site::new(Role::Counter);
    let manager = site.bearer("manager").await;
    let mut file = export(&site, &manager).await;
    file["sections"]["services"][0]["name"]["en"] = json!("Cash desk");
    file["sections"]["ticker"] = json!({ "texts": [{ "zh": "欢迎", "en": "Welcome" }] });
    let newcomer = json!({ "id": "newcomer", "name": "New", "roles": ["teller"] });
    file["staff"].as_array_mut().expect("a list").push(newcomer);
    let tried = site.as_staff(&manager, "POST", "/api/v1/config/import?dry_run=true", Some(file.clone())).await;
    assert_eq!(tried.status, 200, "{tried:?}");
    let paths: Vec<&str> =
        tried.body["differences"].as_array().expect("a list").iter().filter_map(|d| d["path"].as_str()).collect();
    assert_eq!(paths, ["services/cash/name/en", "ticker/texts", "staff/newcomer"]);
    let name = async || site.get(Peer::Remote, "/api/v1/branch").await.body["services"][0]["name"]["en"].clone();
    assert_eq!(name().await, "Cash", "nothing was changed");

    let done = site.as_staff(&manager, "POST", "/api/v1/config/import", Some(file.clone())).await;
    assert_eq!((done.body["dry_run"].clone(), done.body["need_pin"].clone()), (json!(false), json!(["newcomer"])));
    assert_eq!(name().await, "Cash desk");
    let staff = site.as_staff(&manager, "GET", "/api/v1/staff", None).await.body;
    let newcomer = staff["staff"].as_array().expect("a list").iter().find(|s| s["id"] == "newcomer").cloned();
    assert_eq!(newcomer.expect("imported")["disabled"], true, "nobody knows a PIN for them yet");
    assert_eq!(site.bearer("teller").await.len(), site.bearer("manager").await.len(), "known staff keep their PINs");

    file["sections"]["services"][0]["name"]["en"] = json!("Till");
    file["sections"]["counters"][0]["profile"] = json!("nowhere");
    let refused = site.as_staff(&manager, "POST", "/api/v1/config/import", Some(file.clone())).await;
    assert_eq!((refused.slug(), refused.body["field"].clone()), ((422, "validation"), json!("counters[0].profile")));
    assert_eq!(name().await, "Cash desk", "refused whole");
    file["format"] = json!("other/1");
    assert_eq!(site.as_staff(&manager, "POST", "/api/v1/config/import", Some(file)).await.slug(), (422, "validation"));
}

#[tokio::test]
async fn an_import_cannot_leave_the_branch_without_an_administrator() {
    let site = Site::new(Role::Counter);
    let manager = site.bearer("manager").await;
    let member = |id: &str, role: &str| json!({ "id": id, "name": id, "roles": [role] });
    let import = async |staff: Value| {
        let file = json!({ "format": "branchmesh-config/1", "staff": staff });
        let path = "/api/v1/config/import?dry_run=true";
        site.as_staff(&manager, "POST", path, Some(file)).await
    };
    assert_eq!(import(json!([member("manager", "teller")])).await.slug(), (422, "validation"));
    let handed_over = json!([member("manager", "teller"), member("teller", "admin")]);
    assert_eq!(import(handed_over).await.status, 200, "checked together");
    assert_eq!(import(json!([member("operator", "admin")])).await.slug(), (422, "validation"));
}
