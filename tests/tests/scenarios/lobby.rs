//! The lobby manager works the floor on a tablet's page: what is pressed there happens on every device, and what happens
//! elsewhere is seen there.

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{Branch, FIVE, Network, tell};
use branchmesh_tests::browser::steps::{Look, kept_to_itself, look_everywhere, sign_in, speak};
use branchmesh_tests::browser::{Browser, Page, Person};
use branchmesh_tests::client::insist;
use branchmesh_tests::node::{MANAGER, MANAGER_PIN};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Tablets both ways, and a small laptop.
const SIZES: &[(u32, u32)] = &[(1024, 768), (768, 1024), (1366, 768)];

/// The lobby's page at the tablet, signed in, in English.
struct Floor<'a> {
    branch: &'a Branch,
    runtime: Runtime,
    page: Page,
    base: String,
    // Ends with the story.
    _browser: Browser,
}

impl<'a> Floor<'a> {
    fn open(branch: &'a Branch) -> Result<Self> {
        let runtime = Runtime::new()?;
        let base = format!("http://{}", branch.node("tablet").place.http);
        let (browser, page) = runtime.block_on(async {
            let browser = Browser::launch().await?;
            let page = browser.page().await?;
            page.resize(1024, 768).await?;
            page.goto(&format!("{base}/lobby")).await?;
            speak(&page, "en").await?;
            sign_in(&page, Person { staff: MANAGER, pin: MANAGER_PIN }).await?;
            anyhow::Ok((browser, page))
        })?;
        Ok(Self { branch, runtime, page, base, _browser: browser })
    }

    fn click(&self, selector: &str) -> Result<()> {
        self.runtime.block_on(self.page.click(selector)).with_context(|| format!("clicking {selector}"))
    }

    fn fill(&self, selector: &str, text: &str) -> Result<()> {
        self.runtime.block_on(self.page.fill(selector, text))
    }

    fn text(&self, selector: &str) -> Result<String> {
        self.runtime.block_on(self.page.text(selector))
    }

    /// Waits until something is on the page.
    fn see(&self, selector: &str) -> Result<()> {
        self.holds(&format!("document.querySelector({}) !== null", json!(selector)))
    }

    /// Waits until something is not, or no longer, on the page.
    fn gone(&self, selector: &str) -> Result<()> {
        self.holds(&format!("document.querySelector({}) === null", json!(selector)))
    }

    /// Waits until the first such element reads `text` somewhere.
    fn reads(&self, selector: &str, text: &str) -> Result<()> {
        self.holds(&format!(
            "document.querySelector({})?.textContent.includes({}) === true",
            json!(selector),
            json!(text)
        ))
    }

    fn holds(&self, condition: &str) -> Result<()> {
        self.runtime.block_on(self.page.wait_for(condition))
    }

    fn submit(&self) -> Result<()> {
        self.click("dialog button[type=submit]")
    }

    /// Opens a card by its visible handle.
    fn unfold(&self, number: &str) -> Result<()> {
        self.click(&format!("[data-ticket={number}] .lift"))?;
        self.see(&format!("[data-ticket={number}] .ticket-acts"))
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

    /// Nothing overflows anywhere, nothing left the origin, nothing is on the console.
    fn look(&self) -> Result<()> {
        let pictures = std::env::var_os("BRANCHMESH_PICTURES").map(std::path::PathBuf::from);
        let look = Look { name: "lobby", sizes: SIZES, pictures: pictures.as_deref() };
        self.runtime.block_on(look_everywhere(&self.page, &look))?;
        kept_to_itself(&self.page, &self.base)
    }
}

#[test]
fn the_floor_is_worked_from_the_page() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        let floor = Floor::open(branch)?;
        remind_after_a_minute(&floor)?;
        let patient = branch.issue("kiosk", "cash")?;
        floor.see(&format!("[data-ticket={}]", patient.number))?;

        let moved = a_ticket_is_moved(&floor)?;
        a_ticket_is_abandoned_once_confirmed(&floor, &moved)?;
        a_customer_is_identified(&floor)?;
        a_no_show_is_reinstated(&floor)?;
        a_walking_customer_gets_a_ticket(&floor)?;
        a_call_for_help_is_answered_by_name(&floor)?;

        let wait = "[data-alert=over_wait]";
        // The shortest reminder is as long as the page's patience.
        floor.reads(wait, &patient.number).or_else(|_| floor.reads(wait, &patient.number))?;
        floor.click(&format!("{wait} button.words"))?;
        floor.reads("dialog .no", &patient.number)?;
        floor.click(".dialog-acts button")?;

        floor.look()?;
        floor.reads("h1", "厅堂概览")
    })
}

fn remind_after_a_minute(floor: &Floor<'_>) -> Result<()> {
    floor.click("[data-show=settings]")?;
    floor.fill("#field-reminder", "121")?;
    floor.submit()?;
    floor.see("dialog .field[data-state=error]")?;
    floor.fill("#field-reminder", "1")?;
    floor.submit()?;
    floor.gone("dialog")?;
    let settings = floor.branch.node("tablet").client.get("/device/settings")?.expect(200)?;
    ensure!(settings["waiting_reminder_min"] == 1, "{settings}");
    Ok(())
}

/// Moves a new cash ticket to another queue; its new number.
fn a_ticket_is_moved(floor: &Floor<'_>) -> Result<String> {
    let ticket = floor.branch.issue("kiosk", "cash")?;
    floor.unfold(&ticket.number)?;
    floor.click(".ticket-acts [data-verb=move]")?;
    floor.gone("dialog [data-service=cash]")?;
    floor.click("dialog [data-service=non_cash]")?;
    floor.submit()?;
    floor.see("#issued-number")?;
    let number = floor.text("#issued-number")?;
    ensure!(number.starts_with('B'), "the other queue's number: {number}");
    floor.click(".dialog-acts button")?;
    floor.becomes(&ticket.id, "moved")?;
    floor.see(&format!("[data-ticket={number}]"))?;
    floor.gone(&format!("[data-ticket={}]", ticket.number))?;
    Ok(number)
}

fn a_ticket_is_abandoned_once_confirmed(floor: &Floor<'_>, number: &str) -> Result<()> {
    floor.unfold(number)?;
    floor.click(".ticket-acts [data-verb=abandon]")?;
    floor.reads("dialog button[type=submit]", number)?;
    floor.click("dialog button[type=button]")?;
    floor.gone("dialog")?;
    floor.see(&format!("[data-ticket={number}][data-state=waiting]"))?;
    floor.unfold(number)?;
    floor.click(".ticket-acts [data-verb=abandon]")?;
    floor.submit()?;
    floor.gone("dialog")?;
    floor.gone(&format!("[data-ticket={number}]"))
}

fn a_customer_is_identified(floor: &Floor<'_>) -> Result<()> {
    let ticket = floor.branch.issue("kiosk", "wealth")?;
    floor.click(&format!("[data-ticket={}] .ticket-tap", ticket.number))?;
    floor.click("dialog [data-verb=identify]")?;
    floor.fill("#field-identity", "6222020200112233445")?;
    floor.submit()?;
    floor.gone("dialog")?;
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
    floor.click("[data-order=no_show]")?;
    floor.unfold(&ticket.number)?;
    floor.click(".ticket-acts [data-verb=reinstate]")?;
    floor.becomes(&ticket.id, "waiting")?;
    floor.click("[data-order=longest]")?;
    floor.click(&format!("[data-ticket={}] .ticket-tap", ticket.number))?;
    floor.see("#history [data-what=reinstated]")?;
    floor.click(".dialog-acts button")?;
    floor.gone("dialog")
}

fn a_walking_customer_gets_a_ticket(floor: &Floor<'_>) -> Result<()> {
    floor.click("#issue")?;
    floor.click("dialog [data-service=wealth]")?;
    floor.submit()?;
    floor.see("#issued-number")?;
    let number = floor.text("#issued-number")?;
    floor.click(".dialog-acts button")?;
    floor.see(&format!("[data-ticket={number}]"))
}

/// It queues at the side without taking focus, and who answers is named on other devices.
fn a_call_for_help_is_answered_by_name(floor: &Floor<'_>) -> Result<()> {
    floor.click("[data-order=queue]")?;
    let call = json!({ "counter": 2, "reason": "a large withdrawal" });
    insist(&[&floor.branch.node("counter2").client], "/assistance", &call)?.expect(201)?;
    floor.reads("[data-alert=assistance]", "a large withdrawal")?;
    floor.holds("document.activeElement?.dataset.order === 'queue'")?;
    floor.click("[data-alert=assistance] [data-act=reminder]")?;
    floor.gone("[data-alert=assistance]")?;
    floor.see("[data-alert=done]")?;
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
        let floor = Floor::open(branch)?;
        let beyond = branch.issue("kiosk", "cash")?;
        floor.see(&format!("[data-ticket={}]", beyond.number))?;
        floor.see(".net[data-state=joined]")?;
        branch.split(&[&["counter1", "kiosk", "display"], &["counter2", "tablet"]])?;
        floor.see(".net[data-state=split]")?;
        floor.reads(".net", "2 of 5")?;
        floor.reads(".banner", "1 who wait")?;

        let side = branch.issue("tablet", "cash")?;
        floor.see(&format!("[data-ticket={}]", side.number))?;
        floor.click(".banner button")?;
        floor.fill("#field-reason", "the others are in another building")?;
        floor.submit()?;
        floor.gone("dialog")?;
        floor.gone(".banner button")?;

        branch.heal()?;
        branch.wait_for_one_steward()?;
        floor.see(".net[data-state=joined]")?;
        floor.gone(".banner")?;
        branch.wait_for_equal_tables()?;
        floor.see(&format!("[data-ticket={}]", side.number))?;
        floor.see(&format!("[data-ticket={}]", beyond.number))
    })
}
