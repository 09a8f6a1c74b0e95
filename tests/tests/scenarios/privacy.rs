//! What customers tell staff never reaches a device that customers stand in front of.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{Branch, FIVE, Network, tell};
use branchmesh_tests::client::insist;
use branchmesh_tests::node::{MANAGER, MANAGER_PIN};
use serde_json::{Value, json};

/// What the customer types at the kiosk; found nowhere by chance.
const IDENTITY: &str = "OUYANG-ZW-77318840";
/// Their phone number.
const PHONE: &str = "13800077318840";

/// What a signed-in person sees of the customer at a device.
fn visit_at(branch: &Branch, node: &str, ticket: &str) -> Result<Value> {
    Ok(branch.node(node).client.get(&format!("/tickets/{ticket}"))?.expect(200)?["visit"].clone())
}

/// Whether every staff device knows the customer, and the kiosk keeps nothing any more, not even sealed.
fn is_handed_over(branch: &Branch, ticket: &str) -> Result<()> {
    for staff in ["counter1", "counter2", "tablet"] {
        let visit = visit_at(branch, staff, ticket)?;
        ensure!(visit["identity_masked"] == "••••••••••••••8840", "{staff} sees {visit}");
        ensure!(visit["phone_masked"] == "••••••••••8840", "{staff} sees {visit}");
    }
    ensure!(visit_at(branch, "kiosk", ticket)?.is_null(), "the kiosk shows the customer");
    let waiting = branch.node("kiosk").client.mesh()?["counts"]["parcels_waiting"].clone();
    ensure!(waiting == 0, "the kiosk still keeps {waiting} parcels");
    Ok(())
}

#[test]
fn what_a_customer_typed_waits_sealed_until_a_staff_device_is_back() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        branch.wait_for_one_steward()?;
        for staff in ["counter1", "counter2", "tablet"] {
            branch.node(staff).kill()?;
        }
        let kiosk = branch.node("kiosk");
        let body = json!({ "service": "cash", "identity": IDENTITY, "phone": PHONE });
        let ticket = insist(&[&kiosk.anonymous()], "/tickets", &body)?.ticket(201)?;
        kiosk.kill()?;
        ensure!(
            !holds(&kiosk.data, IDENTITY.as_bytes())? && !holds(&kiosk.data, PHONE.as_bytes())?,
            "only sealed on disk"
        );
        kiosk.start()?;
        for staff in ["counter1", "counter2", "tablet"] {
            branch.node(staff).start()?;
        }
        branch.wait_until("the staff devices know the customer", || is_handed_over(branch, &ticket.id))?;
        Ok(())
    })
}

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
fn a_public_device_keeps_and_shows_nothing_of_what_a_customer_typed() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        let body = json!({ "service": "cash", "identity": IDENTITY, "phone": PHONE });
        let ticket = insist(&[&branch.node("kiosk").anonymous()], "/tickets", &body)?.ticket(201)?;
        let table = branch.wait_for_equal_tables()?;
        ensure!(table.ticket(&ticket.id)?.is_some(), "the ticket itself is everywhere");
        branch.wait_until("the staff devices know the customer", || is_handed_over(branch, &ticket.id))?;

        for public in ["kiosk", "display"] {
            let node = branch.node(public);
            for client in [&node.client, &node.anonymous()] {
                for path in ["/snapshot".into(), format!("/tickets/{}", ticket.id), "/metrics".into()] {
                    let reply = client.get(&path)?;
                    let told = reply.text.contains(IDENTITY) || reply.text.contains(PHONE);
                    ensure!(reply.status < 500 && !told, "{public} {path}: {reply:?}");
                }
            }
            shows_no_staff_family(&node.anonymous().get("/snapshot")?.expect(200)?)?;
            for closed in ["/customers", "/leads", "/conflicts", "/staff", "/tickets"] {
                let reply = node.anonymous().get(closed)?;
                ensure!(matches!(reply.status, 401 | 403 | 404), "{public} shows {closed}: {reply:?}");
            }
            for secret in [IDENTITY, PHONE] {
                branch.wait_until("no trace of the customer on a public device", || {
                    ensure!(!holds(&node.data, secret.as_bytes())?, "{public} has {secret} on its disk");
                    Ok(())
                })?;
                ensure!(!node.log_text()?.contains(secret), "{public} logs {secret}");
            }
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
