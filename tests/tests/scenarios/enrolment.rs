//! Who is let in, who is not, and who is put out.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{FIVE, Network, tell};
use branchmesh_tests::client::id_of;
use branchmesh_tests::node::{Node, Spec};
use branchmesh_tests::process::Finished;
use serde_json::{Value, json};

fn spec(name: &'static str) -> Spec {
    Spec { name, role: "kiosk", counter: None }
}

/// A refusal a person can act on: exit code 1, a word about the invitation, no panic.
fn check_refusal(said: &Finished) -> Result<()> {
    let text = said.stderr.to_lowercase();
    ensure!(said.code == Some(1), "exit code 1: {said:?}");
    ensure!(text.contains("invitation") && !text.contains("panicked"), "it says what to do: {said:?}");
    Ok(())
}

#[test]
fn expired_used_and_garbled_invitations_are_refused_in_words() -> Result<()> {
    tell(Network::Loopback, &FIVE[..2], |branch| {
        let founder = branch.node("counter1");
        let devices = || founder.client.list("devices");
        let late = branch.newcomer(spec("late"))?;
        let invitation = founder.invite_for(&late, "10s")?;
        std::thread::sleep(Duration::from_secs(11));
        check_refusal(&late.cli("join", &[&invitation])?)?;

        let guest = branch.newcomer(spec("guest"))?;
        let invitation = founder.invite(&guest)?;
        guest.cli("join", &[&invitation])?.ok()?;
        let thief = branch.newcomer(spec("thief"))?;
        check_refusal(&thief.cli("join", &[&invitation])?)?;

        let middle = invitation.len() / 2;
        let swapped: String = invitation.chars().rev().collect();
        let garbled = ["garbage", &invitation[..middle], &swapped, "\u{7f16}\u{53f7}"];
        for text in garbled {
            check_refusal(&thief.cli("join", &[text])?)?;
        }

        ensure!(devices()?.len() == 3, "counter1, counter2 and the guest: {:?}", devices()?);
        ensure!(founder.client.ready(), "the founder serves on");
        guest.start()?;
        ensure!(guest.table()?.is_empty(), "the guest serves");
        Ok(())
    })
}

/// Whether `node` hears `device` now.
fn hears(node: &Node, device: &str) -> Result<bool> {
    let mesh = node.client.mesh()?;
    let group = mesh["group"].as_array().with_context(|| format!("a group: {mesh}"))?;
    Ok(group.iter().filter_map(id_of).any(|id| id == device))
}

#[test]
fn a_revoked_device_is_cut_off_at_once_and_its_later_changes_are_refused() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        let founder = branch.node("counter1");
        let (revoked, honest) = (branch.node("tablet"), ["counter1", "counter2", "kiosk", "display"]);
        let before = branch.issue("tablet", "cash")?;
        branch.wait_for_equal_tables()?;
        let device = revoked.id()?;
        ensure!(hears(founder, &device)?, "it is in the group");
        founder.cli("revoke", &[&device])?.ok()?;
        branch.wait_until("nobody hears the revoked device", || {
            honest.iter().try_for_each(|n| {
                ensure!(!hears(branch.node(n), &device)?, "{n} hears it");
                Ok(())
            })
        })?;

        // Whatever it still does for itself must not get out, and nothing new must reach it.
        let said = revoked.client.post("/counters/4/open", &json!({}));
        branchmesh_tests::report::figure("the revoked device's own node says", format!("{said:?}"));
        let after = branch.issue("kiosk", "cash")?;
        let served = [founder, branch.node("counter2"), branch.node("kiosk"), branch.node("display")];
        branch.wait_until("the new ticket on the honest devices", || {
            let table = branchmesh_tests::branch::tables_equal(&served)?;
            ensure!(table.ticket(&after.id)?.is_some() && table.ticket(&before.id)?.is_some(), "not there yet");
            Ok(())
        })?;
        ensure!(
            revoked.table().map_or(true, |t| t.ticket(&after.id).is_ok_and(|t| t.is_none())),
            "it learns nothing new"
        );
        for node in served {
            let counters = node.client.list("counters")?;
            let fourth = counters.iter().find(|c| c["number"] == 4).context("counter 4 is configured")?;
            ensure!(fourth["state"] == "closed", "{} believed the revoked device: {fourth}", node.spec.name);
        }
        revoked.kill()?;
        revoked.launch()?;
        // Long enough for several dials: nothing to wait for can prove that nothing happens.
        std::thread::sleep(Duration::from_secs(5));
        ensure!(!hears(founder, &device)?, "a restart does not bring it back");
        Ok(())
    })
}

#[test]
fn a_second_admin_device_invites_and_revokes_after_the_first_is_dead() -> Result<()> {
    tell(Network::Loopback, &FIVE[..3], |branch| {
        let (founder, second, kiosk) = (branch.node("counter1"), branch.node("counter2"), branch.node("kiosk"));
        let device = second.id()?;
        let early = second.cli("invite", &["--role", "kiosk", "--name", "early"])?;
        ensure!(early.code == Some(1), "it has no right yet: {early:?}");
        founder.cli("grant-admin", &["counter2"])?.ok()?;
        branch.wait_until("the second device knows its right", || {
            let devices = second.client.list("devices")?;
            let own = devices.iter().find(|d| id_of(d).as_deref() == Some(&device)).context("its own row")?;
            ensure!(own["admin"] == true, "{own}");
            Ok(())
        })?;
        founder.kill()?;
        let guest = branch.newcomer(spec("guest"))?;
        guest.join(second)?;
        guest.start()?;
        let guest_id = guest.id()?;
        branch.wait_until("the kiosk hears the guest", || {
            ensure!(hears(kiosk, &guest_id)?, "not yet");
            Ok(())
        })?;
        second.cli("revoke", &["guest"])?.ok()?;
        branch.wait_until("nobody hears the revoked guest", || {
            ensure!(!hears(kiosk, &guest_id)? && !hears(second, &guest_id)?, "still heard");
            Ok(())
        })?;
        Ok(())
    })
}

#[test]
fn a_stranger_who_knows_the_address_is_refused() -> Result<()> {
    tell(Network::Loopback, &FIVE[..2], |branch| {
        let (founder, second) = (branch.node("counter1"), branch.node("counter2"));
        branch.issue("counter1", "cash")?;
        let before = branch.wait_for_equal_tables()?;
        let peers = [founder, second].map(|n| ["--peer".to_owned(), n.place.mesh.to_string()]).concat();
        let base = branch.newcomer(Spec { name: "stranger", role: "counter", counter: Some(1) })?;
        let extra = ["--no-mdns".to_owned()].into_iter().chain(peers).collect();
        let stranger = Node::new(base.spec.clone(), base.place.clone(), base.data.clone(), extra);
        stranger.init("Another branch")?;
        stranger.start()?;
        let id = stranger.id()?;
        let theirs = stranger.client.post("/tickets", &json!({ "service": "cash" }))?.ticket(201)?;
        // Long enough for several dials: nothing to wait for can prove that nothing happens.
        std::thread::sleep(Duration::from_secs(5));
        for node in [founder, second] {
            ensure!(!hears(node, &id)?, "{} hears the stranger", node.spec.name);
            ensure!(node.client.ready(), "{} serves on", node.spec.name);
            ensure!(node.table()? == before, "{} has the stranger's tickets", node.spec.name);
        }
        let table = stranger.table()?;
        ensure!(table.len() == 1 && table.ticket(&theirs.id)?.is_some(), "the stranger has our tickets: {table:?}");
        let devices: Vec<Value> = founder.client.list("devices")?;
        ensure!(devices.iter().filter_map(id_of).all(|d| d != id), "the stranger is enrolled: {devices:?}");
        Ok(())
    })
}
