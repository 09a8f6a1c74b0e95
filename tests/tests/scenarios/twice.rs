//! A disk is copied, as an image for forty machines is, and two machines come up as one device.

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{FIVE, Network, serve, tell};
use branchmesh_tests::client::new_key;
use branchmesh_tests::node::{Node, copy_folder};
use serde_json::{Value, json};

/// How `at` sees the device `name`.
fn peer(at: &Node, name: &str) -> Result<Value> {
    let mesh = at.client.mesh()?;
    let peers = mesh["peers"].as_array().context("peers are told")?;
    peers.iter().find(|peer| peer["name"] == name).cloned().with_context(|| format!("no {name} among {peers:?}"))
}

#[test]
fn a_copied_device_is_shut_out_and_told_until_it_is_alone() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        let (seer, original) = (branch.node("counter1"), branch.node("counter2"));
        branch.open_counter("counter1", 1)?;
        let waiting = branch.issue("kiosk", "cash")?;
        branch.wait_for_equal_tables()?;
        original.stop()?;
        let data = branch.folder().join("counter2-copied");
        copy_folder(&original.data, &data)?;
        let twin = branch.newcomer(original.spec.clone())?.moved_to(data);
        original.start()?;
        twin.launch()?;

        let both = [original, &twin];
        branch.wait_until("the branch notices", || {
            let seen = peer(seer, "counter2")?;
            ensure!(seen["runs_twice"] == true && seen["state"] != "connected", "{seen}");
            both.iter().try_for_each(|node| {
                let mesh = node.client.mesh()?;
                ensure!(mesh["runs_twice"] == true, "{}: {mesh}", node.place.http);
                Ok(())
            })
        })?;
        // Neither of the two decides anything; the others work on.
        for node in both {
            let reply = node.client.post_keyed("/tickets", &new_key(), &json!({ "service": "cash" }))?;
            reply.problem(503, "runs-twice")?;
        }
        let called = branch.call_next("counter1", 1)?.context("somebody waits")?;
        ensure!(called.id == waiting.id, "{} was called", called.number);
        serve(&[&seer.client], &called.id)?;
        branch.issue("kiosk", "cash")?;

        twin.kill()?;
        branch.wait_until("the one that stayed is let in", || {
            let seen = peer(seer, "counter2")?;
            ensure!(seen["runs_twice"] == false && seen["state"] == "connected", "{seen}");
            ensure!(original.client.mesh()?["runs_twice"] == false, "it still believes in a twin");
            Ok(())
        })?;
        branch.wait_for_one_steward()?;
        branch.issue("counter2", "cash")?;
        let table = branch.wait_for_equal_tables()?;
        ensure!(table.len() == 3, "three tickets were issued: {table:?}");
        Ok(())
    })
}
