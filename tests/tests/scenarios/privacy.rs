//! What customers tell staff never reaches a device that customers stand in front of.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{FIVE, Network, tell};
use branchmesh_tests::node::{MANAGER, MANAGER_PIN};
use serde_json::{Value, json};

/// A customer nobody else is called like.
const CUSTOMER: &str = "Ouyang Zhenwei 7731";

/// Whether any file below `folder` holds `needle`.
fn holds(folder: &Path, needle: &[u8]) -> Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let found = if path.is_dir() {
            holds(&path, needle)?
        } else {
            std::fs::read(&path)?.windows(needle.len()).any(|w| w == needle)
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

#[test]
fn a_public_device_neither_holds_nor_shows_a_customers_file() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        let counter = &branch.node("counter1").client;
        let created = counter.post("/customers", &json!({ "name": CUSTOMER, "phone": "13800007731" }))?;
        let created = created.expect(201)?;
        let id = created["id"].as_str().context("a customer has an id")?;
        branch.wait_until("the customer on the other staff devices", || {
            ["counter2", "tablet"].iter().try_for_each(|staff| {
                let seen = branch.node(staff).client.get(&format!("/customers/{id}"))?.expect(200)?;
                ensure!(seen["name"] == CUSTOMER, "{staff} shows {seen}");
                Ok(())
            })
        })?;
        // Proof that the public devices are connected and up to date meanwhile.
        branch.issue("kiosk", "cash")?;
        branch.wait_for_equal_tables()?;

        for public in ["kiosk", "display"] {
            let node = branch.node(public);
            for client in [&node.client, &node.anonymous()] {
                for path in [format!("/customers/{id}"), "/customers?q=Ouyang".into(), "/snapshot".into()] {
                    let reply = client.get(&path)?;
                    ensure!(reply.status < 500 && !reply.text.contains("Ouyang"), "{public} {path}: {reply:?}");
                }
            }
            shows_no_staff_family(&node.anonymous().get("/snapshot")?.expect(200)?)?;
            ensure!(!holds(&node.data, CUSTOMER.as_bytes())?, "{public} has the customer on its disk");
            ensure!(!holds(&node.data, b"13800007731")?, "{public} has the phone number on its disk");
        }
        Ok(())
    })
}

fn shows_no_staff_family(snapshot: &Value) -> Result<()> {
    let fields = snapshot.as_object().context("a snapshot is an object")?;
    let private = ["visit", "lead", "customer", "journal", "settlement"];
    let shown: Vec<_> = fields.keys().filter(|k| private.iter().any(|p| k.starts_with(p))).collect();
    ensure!(shown.is_empty(), "a public device's snapshot shows {shown:?}");
    Ok(())
}

#[test]
fn a_pin_is_nowhere_on_disk_or_in_a_log() -> Result<()> {
    tell(Network::Loopback, &FIVE[..3], |branch| {
        for node in branch.nodes() {
            ensure!(node.client.get("/session")?.expect(200)?.to_string().contains(MANAGER), "signed in");
        }
        for node in branch.nodes() {
            ensure!(!holds(&node.data, MANAGER_PIN.as_bytes())?, "{} stores the PIN", node.spec.name);
            ensure!(!node.log_text()?.contains(MANAGER_PIN), "{} logs the PIN", node.spec.name);
        }
        Ok(())
    })
}
