//! Data folders of earlier versions, frozen when those versions were current: they must be read for ever.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::loopback_place;
use branchmesh_tests::client::insist;
use branchmesh_tests::node::{Node, Spec};
use serde_json::json;

/// The folder of a counter of version 0.1 with ten tickets, seven of them served, one parked.
const V0_1: &str = "fixtures/v0.1/counter1";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn thawed(name: &str, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(fixture(name)).with_context(|| format!("{name} is part of the repository"))? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

#[test]
fn a_device_of_version_0_1_starts_with_all_it_knew() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    thawed(V0_1, &data)?;
    let spec = Spec { name: "counter1", role: "counter", counter: Some(1) };
    let node = Node::new(spec, loopback_place()?, data, vec!["--no-mdns".into()]);
    node.start()?;
    let config = node.client.get("/config")?.expect(200)?;
    ensure!(config["branch"]["name"] == "Test branch", "the configuration is read: {config}");
    let documents = node.client.mesh()?["documents"].as_u64();
    ensure!(documents >= Some(8), "roster, configuration and the frozen day are here: {documents:?} documents");
    let issued = insist(&[&node.client], "/tickets", &json!({ "service": "cash" }))?.ticket(201)?;
    ensure!(!issued.number.is_empty(), "and the device goes on giving numbers");
    node.stop()
}
