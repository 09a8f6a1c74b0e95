//! Slips on a printer that works, and on printers as they are.

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{Branch, FIVE, Network, tell};
use branchmesh_tests::node::{Node, Spec};
use branchmesh_tests::printer::{Condition, VirtualPrinter};
use serde_json::{Value, json};

/// A kiosk with a printer joins the branch.
fn kiosk_with(branch: &Branch, printer: &VirtualPrinter) -> Result<Node> {
    let base = branch.newcomer(Spec { name: "printing-kiosk", role: "kiosk", counter: None })?;
    let extra = vec!["--no-mdns".into(), "--printer".into(), printer.address().to_string()];
    let kiosk = Node::new(base.spec.clone(), base.place.clone(), base.data.clone(), extra);
    kiosk.join(branch.node("counter1"))?;
    kiosk.start()?;
    Ok(kiosk)
}

/// Issues a ticket at the kiosk; the answer tells that a slip is on its way.
fn issue(kiosk: &Node) -> Result<Value> {
    let reply = kiosk.anonymous().post("/tickets", &json!({ "service": "cash", "language": "zh-CN" }))?;
    ensure!(reply.status == 201, "the ticket exists before its slip: {reply:?}");
    let ticket: Value = serde_json::from_str(&reply.text)?;
    ensure!(ticket["printing"] == true, "{ticket}");
    Ok(ticket)
}

fn number(ticket: &Value) -> Result<&str> {
    ticket["number"].as_str().with_context(|| format!("a number: {ticket}"))
}

fn wait_for_slips(branch: &Branch, printer: &VirtualPrinter, count: usize) -> Result<Vec<String>> {
    branch.wait_until(&format!("{count} slips"), || {
        let slips = printer.slips();
        ensure!(slips.len() == count, "{} slips", slips.len());
        Ok(())
    })?;
    Ok(printer.slips())
}

/// Waits until staff at the counter see the kiosk's printer in this state, and are reminded unless it is well.
fn wait_for_state(branch: &Branch, state: &str) -> Result<()> {
    let counter = branch.node("counter1");
    branch.wait_until(&format!("staff see the printer {state}"), || {
        let snapshot = counter.client.get("/snapshot")?.json()?;
        let seen = snapshot["printers"].as_array().into_iter().flatten().any(|p| p["state"] == state);
        ensure!(seen, "{}", snapshot["printers"]);
        let reminders = snapshot["reminders"].as_array().into_iter().flatten();
        let reminded = reminders.filter(|r| r["kind"] == "printer" && r["device_name"] == "printing-kiosk").count();
        ensure!(reminded == usize::from(state != "ok"), "{}", snapshot["reminders"]);
        Ok(())
    })?;
    Ok(())
}

#[test]
fn a_slip_says_what_the_customer_needs_and_can_be_printed_again() -> Result<()> {
    tell(Network::Loopback, &FIVE[..1], |branch| {
        let printer = VirtualPrinter::start(Condition::Fine)?;
        let kiosk = kiosk_with(branch, &printer)?;
        let first = issue(&kiosk)?;
        let slips = wait_for_slips(branch, &printer, 1)?;
        for text in ["Test branch", number(&first)?, "现金业务", "前面无人等候"] {
            ensure!(slips[0].contains(text), "{text} is missing: {:?}", slips[0]);
        }
        ensure!(!slips[0].contains("/t/"), "a phone cannot follow a loopback address: {:?}", slips[0]);

        let counter = branch.node("counter1");
        let mut settings = counter.client.get("/config")?.json()?["branch"].clone();
        settings["public_url"] = json!("http://branch.example");
        counter.client.put("/config/branch", &settings)?.expect(200)?;
        branch.wait_until("the kiosk knows the address", || {
            let config = kiosk.client.get("/config")?.json()?;
            ensure!(config["branch"]["public_url"] == "http://branch.example", "{}", config["branch"]);
            Ok(())
        })?;
        let second = issue(&kiosk)?;
        let slips = wait_for_slips(branch, &printer, 2)?;
        let page = second["status_url"].as_str().context("a page")?;
        for text in [number(&second)?, "前面等候 1 人", page] {
            ensure!(slips[1].contains(text), "{text} is missing: {:?}", slips[1]);
        }

        let id = second["id"].as_str().context("an id")?;
        kiosk.client.post(&format!("/tickets/{id}/print"), &json!({}))?.expect(202)?;
        let slips = wait_for_slips(branch, &printer, 3)?;
        ensure!(slips[2].contains(page), "the reprint leads to the same page: {:?}", slips[2]);
        counter.client.post(&format!("/tickets/{id}/print"), &json!({}))?.problem(409, "no-printer")?;
        kiosk.stop()
    })
}

#[test]
fn slips_wait_for_a_printer_that_cannot_and_staff_see_why() -> Result<()> {
    tell(Network::Loopback, &FIVE[..1], |branch| {
        let printer = VirtualPrinter::start(Condition::Off)?;
        let kiosk = kiosk_with(branch, &printer)?;
        let mut numbers = vec![number(&issue(&kiosk)?)?.to_owned()];
        wait_for_state(branch, "offline")?;
        ensure!(printer.slips().is_empty(), "it is off");

        // What waits for the printer outlives the node.
        kiosk.kill()?;
        kiosk.start()?;
        printer.set(Condition::Fine);
        let slips = wait_for_slips(branch, &printer, 1)?;
        ensure!(slips[0].contains(&numbers[0]), "{slips:?}");
        wait_for_state(branch, "ok")?;

        for (condition, state) in
            [(Condition::PaperOut, "paper_out"), (Condition::CoverOpen, "failed"), (Condition::Breaks, "offline")]
        {
            printer.set(condition);
            numbers.push(number(&issue(&kiosk)?)?.to_owned());
            // One that breaks in the middle of a slip may say so in more than one way.
            if condition == Condition::Breaks {
                branch.wait_until("a broken slip is noticed", || {
                    let printers = branch.node("counter1").client.get("/snapshot")?.json()?["printers"].clone();
                    ensure!(printers[0]["state"] != "ok", "{printers}");
                    Ok(())
                })?;
            } else {
                wait_for_state(branch, state)?;
            }
            ensure!(printer.slips().len() == numbers.len() - 1, "nothing came out: {condition:?}");
            printer.set(Condition::Fine);
            wait_for_slips(branch, &printer, numbers.len())?;
            wait_for_state(branch, "ok")?;
        }

        printer.set(Condition::PaperLow);
        numbers.push(number(&issue(&kiosk)?)?.to_owned());
        let slips = wait_for_slips(branch, &printer, numbers.len())?;
        wait_for_state(branch, "paper_low")?;
        for (number, slip) in numbers.iter().zip(&slips) {
            ensure!(slip.contains(number), "every slip once, in order: {numbers:?} {slips:?}");
        }
        kiosk.stop()
    })
}
