//! The configuration: a usable default, checked whole, refused whole.

use std::collections::BTreeMap;

use branchmesh_model::command::Rejection;
use branchmesh_model::config::{
    Config, DeviceSettings, Founder, SECTIONS, StaffRole, check_settings, check_staff, config_from_value, differences,
    founding,
};
use branchmesh_model::schema::{DocId, Role};
use branchmesh_model::view::BranchView;
use serde_json::{Value, json};

use crate::support::{EVERY_ROLE, FOUNDER, device, enrolment, staff};

#[test]
fn the_default_is_a_usable_branch() {
    let config = Config::default();
    assert_eq!(config.check(), Ok(()));
    let letters: Vec<(&str, char)> = config.services.iter().map(|s| (s.id.as_str(), s.prefix)).collect();
    assert_eq!(letters, [("cash", 'A'), ("non_cash", 'B'), ("wealth", 'V')]);
    let queues_of = |n| -> Vec<&str> {
        let profile = config.profile(&config.counter(n).expect("1 to 6").profile).expect("checked");
        profile.queues.iter().map(|q| q.queue.as_str()).collect()
    };
    assert_eq!(queues_of(1), ["cash", "non_cash"]);
    assert_eq!(queues_of(3), queues_of(1));
    assert_eq!((queues_of(4), queues_of(5)), (vec!["non_cash"], vec!["non_cash"]));
    assert_eq!(queues_of(6), ["wealth"]);
    assert_eq!((config.counters.len(), config.zones.len()), (6, 7));
}

#[test]
fn every_section_survives_a_round_trip() {
    let config = Config::default();
    let mut facts = BTreeMap::new();
    for name in SECTIONS {
        let write = config.section_write(name).expect("a known section");
        facts.insert(write.key, write.value);
    }
    assert_eq!(Config::fold(&facts), (config, vec![]));
}

#[test]
fn what_cannot_be_read_counts_as_not_written() {
    let facts = [
        ("section/services", "[{\"id\":1}]"),
        ("section/unheard_of", "{}"),
        ("staff/x", "{}"),
        ("device/not-a-device", "{}"),
        ("odd", "1"),
    ];
    let facts: BTreeMap<String, String> = facts.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let (config, bad) = Config::fold(&facts);
    assert_eq!((config, bad.len()), (Config::default(), facts.len()));
}

/// Changes one place of a default section and names the field that must be refused.
fn refused(section: &str, pointer: &str, value: Value, field: &str) {
    let config = Config::default();
    let mut content = config.section(section).expect("a known section");
    *content.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is there")) = value;
    match config.with_section(section, content) {
        Err(Rejection::Invalid { field: found, detail }) => {
            assert!(found.contains(field), "{section}{pointer}: {found}: {detail}");
            assert!(detail.len() < 400, "an answer stays short");
        }
        other => panic!("{section}{pointer} must be refused: {:?}", other.map(|_| ())),
    }
}

#[test]
fn mistakes_are_refused_with_their_place() {
    refused("branch", "/name", json!(" "), "branch.name");
    refused("branch", "/name", json!("x".repeat(81)), "branch.name");
    refused("branch", "/time_zone", json!("../../etc/passwd"), "time_zone");
    refused("branch", "/languages", json!(["fr"]), "languages");
    refused("branch", "/languages", json!([]), "languages");
    refused("kiosk", "/exit_code", json!("12"), "exit_code");
    refused("kiosk", "/exit_code", json!("12a4"), "exit_code");
    refused("kiosk", "/idle_s", json!(9), "idle_s");
    refused("kiosk", "/result_s", json!(601), "result_s");
    refused("kiosk", "/warn_s", json!(20), "warn_s");
    refused("kiosk", "/closed/zh", json!("x".repeat(201)), "kiosk.closed");
    refused("voice", "/volume", json!(101), "volume");
    refused("voice", "/rate", json!(49), "rate");
    refused("voice", "/repeats", json!(0), "repeats");
    refused("voice", "/languages", json!(["zh-CN", "zh-CN"]), "languages");
    refused("voice", "/gap_ms", json!(10_001), "gap_ms");
    refused("ticker", "/texts", json!([{ "zh": "", "en": " " }]), "ticker.texts[0]");
    refused("groups", "", json!([{ "id": "a", "name": { "zh": "甲", "en": "" } }]), "groups[0].name");
    refused("branch", "/cut_off", json!("25:00"), "branch");
    refused("services", "", json!([]), "services");
    refused("services", "/0/prefix", json!("a"), "prefix");
    refused("services", "/0/prefix", json!("AA"), "services");
    refused("services", "/0/prefix", json!("一"), "prefix");
    refused("services", "/1/prefix", json!("A"), "prefix");
    refused("services", "/0/id", json!("Cash!"), "id");
    refused("services", "/0/id", json!("x".repeat(33)), "id");
    refused("services", "/1/id", json!("cash"), "id");
    refused("services", "/0/queue", json!("nowhere"), "queue");
    refused("services", "/0/mean_service_s", json!(0), "mean_service_s");
    refused("services", "/0/mean_service_s", json!(-1), "services");
    refused("services", "/0/name/en", json!(""), "name.en");
    refused("services", "/0/categories/0/name/zh", json!("\u{7}"), "categories");
    refused("queues", "", json!([]), "queues");
    refused("queues", "/0/id", json!("renamed"), "queue");
    refused("counters", "/0/number", json!(0), "number");
    refused("counters", "/0/number", json!(256), "counters");
    refused("counters", "/0/number", json!(2), "number");
    refused("counters", "/0/profile", json!("nowhere"), "profile");
    refused("counters", "/0/zone", json!("nowhere"), "zone");
    refused("profiles", "/0/queues", json!([]), "queues");
    refused("profiles", "/0/queues/0/queue", json!("nowhere"), "queues");
    refused("profiles", "/0/queues/0/priority", json!(0), "priority");
    refused("profiles", "/0/id", json!("renamed"), "profile");
    refused("profiles", "/0/aging_s", json!(86_401), "aging_s");
    refused("zones", "", json!([]), "zone");
    refused("zones", "/0/aliases", json!(["x".repeat(500)]), "aliases");
    refused("hours", "", json!([{"weekday": 8, "opens": "09:00", "closes": "17:00"}]), "weekday");
    refused("hours", "", json!([{"weekday": 1, "opens": "17:00", "closes": "09:00"}]), "closes");
    refused("thresholds", "/service_level_s", json!(0), "service_level_s");
    refused("thresholds", "/session_s", json!(1), "session_s");
    refused("thresholds", "/keep_days", json!(0), "keep_days");
    refused("thresholds", "/pause_reasons", json!(["tea", "tea"]), "pause_reasons");
    refused("themes", "/default", json!("pink"), "themes");
    refused("ranks", "", json!({"not a device": 1}), "ranks");
    refused("webhooks", "", json!([{"id": "w", "url": "file:///etc", "secret": "x".repeat(16)}]), "url");
    refused("webhooks", "", json!([{"id": "w", "url": "https://hq.example/", "secret": "short"}]), "secret");
}

#[test]
fn unknown_fields_and_hostile_sizes_are_refused() {
    refused("branch", "", json!({"name": "x", "colour": "red"}), "branch");
    let many: Vec<Value> = (0..300).map(|i| json!({"id": format!("q{i}"), "name": {"zh": "队", "en": "Q"}})).collect();
    refused("queues", "", json!(many), "queues");
    let screens: Vec<Value> = (0..300).map(|_| json!({"address": 1, "kind": "window"})).collect();
    refused("screens", "", json!(screens), "screens");
    refused("services", "/0/id", json!("甲".repeat(100_000)), "id");
}

#[test]
fn two_screens_never_share_an_address() {
    let twice = json!([{"address": 7, "kind": "window"}, {"address": 7, "kind": "composite"}]);
    refused("screens", "", twice, "address");
    refused("screens", "", json!([{"address": 0, "kind": "window"}]), "address");
    refused("screens", "", json!([{"address": 1, "kind": "window", "counters": [99]}]), "counters");
    let good = json!([{"address": 7, "kind": "window", "counters": [1]}, {"address": 8, "kind": "composite"}]);
    assert!(Config::default().with_section("screens", good).is_ok());
}

#[test]
fn opening_hours_may_have_a_break_but_not_overlap() {
    let period = |opens: &str, closes: &str| json!({"weekday": 1, "opens": opens, "closes": closes});
    refused("hours", "", json!([period("09:00", "12:30"), period("12:00", "17:00")]), "hours");
    let config = Config::default();
    assert!(config.with_section("hours", json!([period("13:00", "17:00"), period("09:00", "12:00")])).is_ok());
    assert!(matches!(config.with_section("prices", json!([])), Err(Rejection::NotFound { .. })));
}

#[test]
fn reminders_last_1_to_120_minutes() {
    for (minutes, ok) in [(0, false), (1, true), (120, true), (121, false)] {
        let settings = DeviceSettings { waiting_reminder_min: minutes, ..DeviceSettings::default() };
        assert_eq!(check_settings(&settings).is_ok(), ok, "{minutes}");
    }
    let fraction = serde_json::from_value::<DeviceSettings>(json!({"waiting_reminder_min": 1.5}));
    assert!(fraction.is_err());
    let pink = DeviceSettings { theme: "pink".into(), ..DeviceSettings::default() };
    assert!(check_settings(&pink).is_err());
}

#[test]
fn staff_need_a_name_a_role_and_a_hashed_pin() {
    let good = staff("t07", &[StaffRole::Teller]);
    assert_eq!(check_staff(&good), Ok(()));
    let mut plain = good.clone();
    plain.pin_hash = "1234".into();
    let mut nameless = good.clone();
    nameless.name = String::new();
    for bad in [staff("T 07", &[StaffRole::Teller]), staff("t07", &[]), plain, nameless] {
        assert!(check_staff(&bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_file_of_sections_is_accepted_whole_or_not_at_all() {
    let good = json!({"thresholds": {"outcomes": ["done", "referred"]}, "screens": [{"address": 1, "kind": "window"}]});
    let writes = config_from_value(good).expect("valid");
    assert_eq!(writes.iter().map(|w| w.key.as_str()).collect::<Vec<_>>(), ["section/screens", "section/thresholds"]);
    let bad = json!({"screens": [{"address": 1, "kind": "window"}], "themes": {"default": "pink"}});
    assert!(config_from_value(bad).is_err());
    assert!(config_from_value(json!([])).is_err());
    assert!(config_from_value(json!({"surprise": {}})).is_err());
}

#[test]
fn a_founded_branch_has_its_name_its_founder_and_a_manager() {
    let founder = Founder {
        branch_name: "West Gate".into(),
        enrolment: enrolment(FOUNDER, Role::Counter, Some(1), "A"),
        manager: staff("manager", &EVERY_ROLE),
    };
    let mut view = BranchView::new(device(FOUNDER));
    let file = json!({"branch": {"name": "ignored", "cut_off": "03:00"}});
    for w in founding(&founder, Some(file)).expect("valid") {
        view.apply(&w.doc, &w.key, &w.value);
    }
    let events = view.refresh();
    assert_eq!(events.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>(), ["device.enrolled", "config.changed"]);
    assert_eq!(view.config().branch.name, "West Gate");
    assert_eq!(view.config().branch.cut_off, jiff::civil::time(3, 0, 0, 0));
    assert_eq!(view.config().staff["manager"].roles, EVERY_ROLE);
    assert!(view.roster().is_admin(&device(FOUNDER)));
    assert!(view.anomalies().is_empty());
    view.apply(&DocId::config(), "section/branch", "not json");
    view.refresh();
    assert_eq!(view.anomalies().len(), 1);
}

#[test]
fn services_name_listed_groups_once_groups_are_listed() {
    let group = |id: &str| json!({ "id": id, "name": { "zh": "组", "en": "Group" } });
    let mut services = Config::default().section("services").expect("a known section");
    services[0]["group"] = json!("personal");
    let config = Config::default().with_section("services", services).expect("no group is listed yet");
    let refused = config.with_section("groups", json!([group("corporate")]));
    assert!(matches!(refused, Err(Rejection::Invalid { field, .. }) if field == "services.group"));
    assert!(config.with_section("groups", json!([group("corporate"), group("personal")])).is_ok());
    assert!(config.with_section("groups", json!([group("personal"), group("personal")])).is_err());
}

#[test]
fn differences_are_told_by_names_and_order() {
    let entry = |id: &str, x: i32| json!({ "id": id, "x": x });
    let paths = |before: Value, after: Value| -> Vec<String> {
        differences("s", &before, &after).into_iter().map(|d| d.path).collect()
    };
    assert_eq!(paths(json!([entry("a", 1)]), json!([entry("a", 1)])), Vec::<String>::new());
    assert_eq!(paths(json!([entry("a", 1)]), json!([entry("a", 2), entry("b", 1)])), ["s/a/x", "s/b"]);
    assert_eq!(paths(json!([entry("a", 1), entry("b", 1)]), json!([entry("b", 1)])), ["s/a"]);
    assert_eq!(paths(json!([entry("a", 1), entry("b", 1)]), json!([entry("b", 1), entry("a", 1)])), ["s"]);
    assert_eq!(paths(json!({ "n": [1, 2] }), json!({ "n": [2] })), ["s/n"]);
}
