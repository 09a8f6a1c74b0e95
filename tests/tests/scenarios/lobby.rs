//! The lobby manager works the floor on a tablet's page: what is pressed there happens on every device, and what happens
//! elsewhere is seen there.

use anyhow::{Result, ensure};
use branchmesh_tests::branch::{Branch, FIVE, Network, tell};
use branchmesh_tests::browser::{Hall, Person, Screen};
use branchmesh_tests::client::insist;
use branchmesh_tests::node::{MANAGER, MANAGER_PIN};
use serde_json::{Value, json};

/// Tablets both ways, and a small laptop.
const SIZES: &[(u32, u32)] = &[(1024, 768), (768, 1024), (1366, 768)];

/// The lobby's page at the tablet, signed in, in English.
struct Floor<'a> {
    branch: &'a Branch,
    screen: Screen<'a>,
}

impl<'a> Floor<'a> {
    fn open(branch: &'a Branch, hall: &'a Hall) -> Result<Self> {
        let screen = hall.open(branch.node("tablet"), "/lobby", (1024, 768))?;
        screen.speak("en")?;
        screen.sign_in(Person { staff: MANAGER, pin: MANAGER_PIN })?;
        Ok(Self { branch, screen })
    }

    /// Opens a card by its visible handle.
    fn unfold(&self, number: &str) -> Result<()> {
        self.screen.click(&format!("[data-ticket={number}] .lift"))?;
        self.screen.shows(&format!("[data-ticket={number}] .ticket-acts"))
    }

    /// What a ticket is according to the tablet's node.
    fn ticket(&self, id: &str) -> Result<Value> {
        self.branch.node("tablet").client.get(&format!("/tickets/{id}"))?.expect(200)
    }

    /// Waits until the tablet's node tells a state of a ticket.
    fn becomes(&self, id: &str, state: &str) -> Result<()> {
        self.branch.wait_until(state, || {
            let ticket = self.ticket(id)?;
            ensure!(ticket["state"] == state, "{ticket}");
            Ok(())
        })?;
        Ok(())
    }
}

#[test]
fn the_floor_is_worked_from_the_page() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        let hall = Hall::new()?;
        let floor = Floor::open(branch, &hall)?;
        remind_after_a_minute(&floor)?;
        let patient = branch.issue("kiosk", "cash")?;
        floor.screen.shows(&format!("[data-ticket={}]", patient.number))?;

        let moved = a_ticket_is_moved(&floor)?;
        a_ticket_is_abandoned_once_confirmed(&floor, &moved)?;
        a_customer_is_identified(&floor)?;
        a_no_show_is_reinstated(&floor)?;
        a_walking_customer_gets_a_ticket(&floor)?;
        a_call_for_help_is_answered_by_name(&floor)?;

        let wait = "[data-alert=over_wait]";
        // The shortest reminder is as long as the page's patience.
        floor.screen.reads(wait, &patient.number).or_else(|_| floor.screen.reads(wait, &patient.number))?;
        floor.screen.click(&format!("{wait} button.words"))?;
        floor.screen.reads("dialog .no", &patient.number)?;
        floor.screen.click(".dialog-acts button")?;

        floor.screen.fits_everywhere("lobby", SIZES)?;
        floor.screen.kept_to_itself()?;
        floor.screen.reads("h1", "厅堂概览")
    })
}

fn remind_after_a_minute(floor: &Floor<'_>) -> Result<()> {
    floor.screen.click("[data-show=settings]")?;
    floor.screen.fill("#field-reminder", "121")?;
    floor.screen.submit()?;
    floor.screen.shows("dialog .field[data-state=error]")?;
    floor.screen.fill("#field-reminder", "1")?;
    floor.screen.submit()?;
    floor.screen.gone("dialog")?;
    let settings = floor.branch.node("tablet").client.get("/device/settings")?.expect(200)?;
    ensure!(settings["waiting_reminder_min"] == 1, "{settings}");
    Ok(())
}

/// Moves a new cash ticket to another queue; its new number.
fn a_ticket_is_moved(floor: &Floor<'_>) -> Result<String> {
    let ticket = floor.branch.issue("kiosk", "cash")?;
    floor.unfold(&ticket.number)?;
    floor.screen.click(".ticket-acts [data-verb=move]")?;
    floor.screen.gone("dialog [data-service=cash]")?;
    floor.screen.click("dialog [data-service=non_cash]")?;
    floor.screen.submit()?;
    floor.screen.shows("#issued-number")?;
    let number = floor.screen.text("#issued-number")?;
    ensure!(number.starts_with('B'), "the other queue's number: {number}");
    floor.screen.click(".dialog-acts button")?;
    floor.becomes(&ticket.id, "moved")?;
    floor.screen.shows(&format!("[data-ticket={number}]"))?;
    floor.screen.gone(&format!("[data-ticket={}]", ticket.number))?;
    Ok(number)
}

fn a_ticket_is_abandoned_once_confirmed(floor: &Floor<'_>, number: &str) -> Result<()> {
    floor.unfold(number)?;
    floor.screen.click(".ticket-acts [data-verb=abandon]")?;
    floor.screen.reads("dialog button[type=submit]", number)?;
    floor.screen.click("dialog button[type=button]")?;
    floor.screen.gone("dialog")?;
    floor.screen.shows(&format!("[data-ticket={number}][data-state=waiting]"))?;
    floor.unfold(number)?;
    floor.screen.click(".ticket-acts [data-verb=abandon]")?;
    floor.screen.submit()?;
    floor.screen.gone("dialog")?;
    floor.screen.gone(&format!("[data-ticket={number}]"))
}

fn a_customer_is_identified(floor: &Floor<'_>) -> Result<()> {
    let ticket = floor.branch.issue("kiosk", "wealth")?;
    floor.screen.click(&format!("[data-ticket={}] .ticket-tap", ticket.number))?;
    floor.screen.click("dialog [data-verb=identify]")?;
    floor.screen.fill("#field-identity", "6222020200112233445")?;
    floor.screen.submit()?;
    floor.screen.gone("dialog")?;
    floor.branch.wait_until("identified", || {
        let told = floor.ticket(&ticket.id)?;
        ensure!(told["identified"] == true, "{told}");
        Ok(())
    })?;
    Ok(())
}

fn a_no_show_is_reinstated(floor: &Floor<'_>) -> Result<()> {
    let counter = &floor.branch.node("counter1").client;
    floor.branch.open_counter("counter1", 1)?;
    let ticket = floor.branch.issue("kiosk", "non_cash")?;
    insist(&[counter], &format!("/tickets/{}/call", ticket.id), &json!({ "counter": 1 }))?.ticket(200)?;
    insist(&[counter], &format!("/tickets/{}/no-show", ticket.id), &json!({}))?.ticket(200)?;
    floor.screen.click("[data-order=no_show]")?;
    floor.unfold(&ticket.number)?;
    floor.screen.click(".ticket-acts [data-verb=reinstate]")?;
    floor.becomes(&ticket.id, "waiting")?;
    floor.screen.click("[data-order=longest]")?;
    floor.screen.click(&format!("[data-ticket={}] .ticket-tap", ticket.number))?;
    floor.screen.shows("#history [data-what=reinstated]")?;
    // By name: the staff id is written small.
    floor.screen.reads("#history", "Manager")?;
    floor.screen.click(".dialog-acts button")?;
    floor.screen.gone("dialog")
}

fn a_walking_customer_gets_a_ticket(floor: &Floor<'_>) -> Result<()> {
    floor.screen.click("#issue")?;
    floor.screen.click("dialog [data-service=wealth]")?;
    floor.screen.submit()?;
    floor.screen.shows("#issued-number")?;
    let number = floor.screen.text("#issued-number")?;
    floor.screen.click(".dialog-acts button")?;
    floor.screen.shows(&format!("[data-ticket={number}]"))
}

/// It queues at the side without taking focus, and who answers is named on other devices.
fn a_call_for_help_is_answered_by_name(floor: &Floor<'_>) -> Result<()> {
    floor.screen.click("[data-order=queue]")?;
    let call = json!({ "counter": 2, "reason": "a large withdrawal" });
    insist(&[&floor.branch.node("counter2").client], "/assistance", &call)?.expect(201)?;
    floor.screen.reads("[data-alert=assistance]", "a large withdrawal")?;
    floor.screen.holds("document.activeElement?.dataset.order === 'queue'")?;
    floor.screen.click("[data-alert=assistance] [data-act=reminder]")?;
    floor.screen.gone("[data-alert=assistance]")?;
    floor.screen.shows("[data-alert=done]")?;
    floor.branch.wait_until("answered by name at the counter", || {
        let list = floor.branch.node("counter2").client.get("/reminders")?.expect(200)?;
        let answered = list["reminders"].as_array().into_iter().flatten().find(|r| r["kind"] == "assistance");
        ensure!(answered.is_some_and(|r| r["acknowledged"]["staff"] == MANAGER), "{list}");
        Ok(())
    })?;
    Ok(())
}

#[test]
fn a_split_is_seen_on_the_page_and_healed() -> Result<()> {
    tell(Network::LanWithoutMulticast, &FIVE, |branch| {
        let hall = Hall::new()?;
        let floor = Floor::open(branch, &hall)?;
        let beyond = branch.issue("kiosk", "cash")?;
        floor.screen.shows(&format!("[data-ticket={}]", beyond.number))?;
        floor.screen.shows(".net[data-state=joined]")?;
        branch.split(&[&["counter1", "kiosk", "display"], &["counter2", "tablet"]])?;
        floor.screen.shows(".net[data-state=split]")?;
        floor.screen.reads(".net", "2 of 5")?;
        floor.screen.reads(".banner", "1 who wait")?;

        let side = branch.issue("tablet", "cash")?;
        floor.screen.shows(&format!("[data-ticket={}]", side.number))?;
        floor.screen.click(".banner button")?;
        floor.screen.fill("#field-reason", "the others are in another building")?;
        floor.screen.submit()?;
        floor.screen.gone("dialog")?;
        floor.screen.gone(".banner button")?;

        branch.heal()?;
        branch.wait_for_one_steward()?;
        floor.screen.shows(".net[data-state=joined]")?;
        floor.screen.gone(".banner")?;
        branch.wait_for_equal_tables()?;
        floor.screen.shows(&format!("[data-ticket={}]", side.number))?;
        floor.screen.shows(&format!("[data-ticket={}]", beyond.number))
    })
}
