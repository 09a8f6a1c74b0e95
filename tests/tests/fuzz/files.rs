//! What lies in files and documents: settings, configuration, backups, databases, facts.

use std::collections::BTreeMap;
use std::path::Path;

use branchmesh_model::config::{Config, SECTIONS, config_from_value, section_key};
use branchmesh_model::ids::DeviceId;
use branchmesh_model::schema::DocId;
use branchmesh_model::view::BranchView;
use branchmesh_node::node::IdentityFile;
use branchmesh_node::storage::testing::CrashingDisk;
use branchmesh_node::storage::{self, Store, StoreOp, StoreOptions};
use branchmesh_tests::sim::world::World;
use branchmesh_tests::sim::{Kind, draw};

use super::hold;

#[test]
fn configuration_sections() {
    let default = Config::default();
    let section = |name: &&str| default.section(name).expect("every section has a default").to_string().into_bytes();
    hold(SECTIONS.iter().map(section).collect(), 3_000, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
            for name in SECTIONS {
                if let Ok(config) = default.with_section(name, value.clone()) {
                    let again = config.section(name).expect("it was just set");
                    assert!(config.with_section(name, again).is_ok(), "what is accepted in {name} can be written back");
                }
            }
        }
        // In a document stands what any version may have written.
        let facts = SECTIONS.iter().map(|name| (section_key(name), text.to_string()));
        let _ = Config::fold(&facts.collect::<BTreeMap<_, _>>());
    });
}

/// A whole configuration as `branchmesh init --config` imports it.
#[test]
fn configuration_files() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/branch.json");
    hold(vec![std::fs::read(example).expect("the example is there")], 3_000, |bytes| {
        if let Ok(value) = serde_json::from_slice(bytes) {
            let _ = config_from_value(value);
        }
    });
}

/// The facts of a branch that has worked for a while: (document, key, value).
fn facts() -> Vec<(DocId, String, String)> {
    let mut world = World::new(&draw::draw(12, Kind::Any), None, false);
    world.play(&draw::draw(12, Kind::Any));
    world.facts_of(0)
}

#[test]
fn facts_in_documents() {
    let facts = facts();
    let branch = DeviceId([1; 32]);
    let examples = facts.iter().map(|(doc, key, value)| format!("{doc}\n{key}\n{value}").into_bytes()).collect();
    hold(examples, 2_000, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let mut parts = text.splitn(3, '\n');
        let (Some(doc), Some(key), Some(value)) = (parts.next(), parts.next(), parts.next()) else { return };
        let Ok(doc) = doc.parse::<DocId>() else { return };
        let mut view = BranchView::new(branch);
        for (doc, key, value) in facts.iter().take(40) {
            view.apply(doc, key, value);
        }
        view.refresh();
        view.apply(&doc, key, value);
        view.refresh();
        let _ = view.anomalies();
    });
}

/// A store with something in it.
fn filled(store: &Store) {
    let ops: Vec<StoreOp> = (0..40_u8)
        .map(|i| StoreOp::Meta { key: format!("key/{i}"), value: Some(vec![i; usize::from(i) * 20]) })
        .collect();
    store.commit(&ops).expect("room");
}

#[test]
fn backups() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let disk = CrashingDisk::new();
    let store = Store::with_backend(disk.backend(), &StoreOptions::default()).expect("a new disk");
    filled(&store);
    let file = folder.path().join("backup");
    store.backup(&file, |_, _| {}).expect("written");
    let whole = std::fs::read(&file).expect("readable");
    hold(vec![whole.clone()], 400, |bytes| {
        let broken = folder.path().join("broken");
        std::fs::write(&broken, bytes).expect("writable");
        let data = tempfile::tempdir().expect("a temporary folder");
        let restored = storage::restore(&broken, data.path(), false, |_, _| {});
        assert_eq!(restored.is_ok(), bytes == whole, "only a whole backup is restored: {restored:?}");
    });
}

#[test]
fn databases() {
    let disk = CrashingDisk::new();
    let store = Store::with_backend(disk.backend(), &StoreOptions::default()).expect("a new disk");
    filled(&store);
    drop(store);
    hold(vec![disk.image()], 200, |bytes| {
        let disk = CrashingDisk::with_image(bytes.to_vec());
        // An error says what is wrong; what opens can be read to its end.
        if let Ok(store) = Store::with_backend(disk.backend(), &StoreOptions::default()) {
            let _ = store.meta_scan("key/");
            let _ = store.steward_rows();
            let _ = store.documents();
        }
    });
}

#[test]
fn identity_files() {
    let identity = br#"{"branch":"0707070707070707070707070707070707070707070707070707070707070707","role":"counter",
        "name":"Window 3","counter":3,"known":{}}"#;
    hold(vec![identity.to_vec()], 1_000, |bytes| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("identity.json"), bytes).expect("writable");
        let _ = IdentityFile::read(folder.path());
    });
}

#[test]
fn settings_files() {
    let example = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/branchmesh.toml"));
    let small =
        b"lang = \"en\"\n[run]\nlisten = \"0.0.0.0:7443\"\nhttp = \"127.0.0.1:7480\"\npeers = [\"10.0.0.2:7443\"]\n";
    let examples = example.into_iter().chain([small.to_vec()]).collect();
    hold(examples, 2_000, |bytes| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("branchmesh.toml");
        std::fs::write(&file, bytes).expect("writable");
        let _ = branchmesh_node::check_settings_file(&file);
    });
}
