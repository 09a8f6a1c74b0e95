//! Data folders of earlier versions, frozen when those versions were current: they must be read for ever.

use std::path::Path;

use anyhow::{Result, ensure};
use branchmesh_tests::branch::loopback_place;
use branchmesh_tests::client::insist;
use branchmesh_tests::node::{Node, Spec, copy_folder};
use serde_json::json;

/// The folder of a counter of version 0.1 with ten tickets, seven of them served, one parked.
const V0_1: &str = "fixtures/v0.1/counter1";

#[test]
fn a_device_of_version_0_1_starts_with_all_it_knew() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join(V0_1), &data)?;
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
