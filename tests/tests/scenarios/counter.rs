//! The counter's and the displays' pages in a real browser: a day at the counter by keyboard alone, seen on the screens of
//! other nodes; a split, an override and the double call it makes; the announcement queue.

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{Branch, FIVE, Network, tell};
use branchmesh_tests::browser::{Browser, Page, in_browser};
use branchmesh_tests::client::insist;
use branchmesh_tests::node::{MANAGER, MANAGER_PIN};
use serde_json::json;

/// Sizes of a teller's desk and of the panels on the wall.
const DESKS: &[(u32, u32)] = &[(1366, 768), (1920, 1080)];
const PANELS: &[(u32, u32)] = &[(1920, 1080), (1280, 720), (1080, 1920)];

/// What blocks, as commands to nodes do, may not run where the browser is listened to.
fn outside<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    tokio::task::block_in_place(work)
}

/// Opens a page of a node in a language.
async fn open(browser: &Browser, branch: &Branch, node: &str, path: &str, language: &str) -> Result<Page> {
    let page = browser.page().await?;
    let url = format!("http://{}{path}", branch.node(node).place.http);
    page.resize(1366, 768).await?;
    page.goto(&url).await?;
    page.eval(&format!("localStorage.setItem('bm.language', '{language}')")).await?;
    page.goto(&url).await?;
    page.wait_for(&format!("document.documentElement.lang === '{language}'")).await?;
    Ok(page)
}

/// Opens the counter's page, signs the manager in and opens the counter: no mouse.
async fn at_the_counter(browser: &Browser, branch: &Branch, node: &str, language: &str) -> Result<Page> {
    let page = open(browser, branch, node, "/counter", language).await?;
    page.wait_for("document.querySelector('#sign-in, #sign-out') !== null").await?;
    if page.eval("document.querySelector('#sign-out') === null").await? == true {
        focus(&page, "#sign-in").await?;
        page.press("Enter").await?;
        page.wait_for("document.activeElement?.id === 'field-staff'").await?;
        page.type_text(MANAGER).await?;
        page.press("Tab").await?;
        page.wait_for("document.activeElement?.id === 'field-pin'").await?;
        page.type_text(MANAGER_PIN).await?;
        page.press("Enter").await?;
    }
    page.wait_for("document.querySelector('#sign-out') !== null && !document.querySelector('dialog')").await?;
    page.wait_for("document.querySelector('#desk-open, #desk-call-next')?.disabled === false").await?;
    if page.eval("document.querySelector('#desk-open') !== null").await? == true {
        focus(&page, "#desk-open").await?;
        page.press("Enter").await?;
    }
    page.wait_for("document.querySelector('#desk-call-next')?.disabled === false").await?;
    Ok(page)
}

/// Puts the focus where the Tab key would bring it.
async fn focus(page: &Page, selector: &str) -> Result<()> {
    let element = format!("document.querySelector({})", json!(selector));
    page.wait_for(&format!("{element} !== null && !{element}.disabled")).await?;
    page.wait_for(&format!("({element}.focus(), document.activeElement === {element})")).await
}

/// Presses a key once its act is possible.
async fn act(page: &Page, verb: &str, key: &str) -> Result<()> {
    page.wait_for(&format!("document.querySelector('#desk-{verb}')?.disabled === false")).await?;
    page.press(key).await
}

async fn number_is(page: &Page, number: &str) -> Result<()> {
    page.wait_for(&format!("document.querySelector('#desk-number')?.textContent === '{number}'")).await
}

async fn nobody_in_service(page: &Page) -> Result<()> {
    page.wait_for("document.querySelector('#desk-number') === null && !document.querySelector('dialog')").await
}

async fn dialog_closed(page: &Page) -> Result<()> {
    page.wait_for("document.querySelector('dialog') === null").await
}

/// The newest call on the display of a waiting area.
async fn is_called(display: &Page, number: &str) -> Result<()> {
    display.wait_for(&format!("document.querySelector('.newest[data-number={number}]') !== null")).await
}

async fn is_not_called(display: &Page, number: &str) -> Result<()> {
    display.wait_for(&format!("document.querySelector('.newest[data-number={number}]') === null")).await
}

async fn nothing_wrong(page: &Page, base: &str) -> Result<()> {
    let foreign = page.foreign_requests(base);
    ensure!(foreign.is_empty(), "requests left the origin: {foreign:?}");
    ensure!(page.errors().is_empty(), "errors on the console: {:#?}", page.errors());
    Ok(())
}

async fn everything_fits(page: &Page, what: &str, sizes: &[(u32, u32)]) -> Result<()> {
    for &(width, height) in sizes {
        page.resize(width, height).await?;
        let over = page.overflowing().await?;
        ensure!(over.is_empty(), "{what} does not fit at {width}x{height}: {over:#?}");
    }
    Ok(())
}

#[test]
fn a_day_at_the_counter_by_keyboard_alone_is_seen_on_other_nodes() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        in_browser(async |browser| {
            for language in ["zh-CN", "en"] {
                let desk = at_the_counter(&browser, branch, "counter1", language).await?;
                let wall = open(&browser, branch, "display", "/display", language).await?;
                let window = open(&browser, branch, "counter2", "/display/counter/1", language).await?;
                serve_a_day(branch, &desk, &wall, &window).await?;
                everything_fits(&desk, "the counter", DESKS).await?;
                everything_fits(&wall, "the display", PANELS).await?;
                everything_fits(&window, "the window screen", PANELS).await?;
                for (page, node) in [(&desk, "counter1"), (&wall, "display"), (&window, "counter2")] {
                    nothing_wrong(page, &format!("http://{}", branch.node(node).place.http)).await?;
                }
            }
            Ok(())
        })
    })
}

/// Call, recall, no-show, reinstate, call by number, start, park, call again, transfer, finish and call next, finish.
async fn serve_a_day(branch: &Branch, desk: &Page, wall: &Page, window: &Page) -> Result<()> {
    wall.wait_for("document.querySelector('.recent') !== null").await?;
    let first = outside(|| branch.issue("kiosk", "cash"))?.number;
    desk.wait_for(&format!("document.querySelector('#desk-next')?.textContent === '{first}'")).await?;

    act(desk, "call-next", "F2").await?;
    number_is(desk, &first).await?;
    is_called(wall, &first).await?;
    window
        .wait_for(&format!("document.querySelector('.window[data-state=called] [data-number={first}]') !== null"))
        .await?;
    act(desk, "recall", "F3").await?;
    desk.wait_for("document.querySelectorAll('.now-facts dd')[1]?.textContent.startsWith('2')").await?;
    act(desk, "no-show", "F6").await?;
    nobody_in_service(desk).await?;
    is_not_called(wall, &first).await?;

    focus(desk, &format!("[data-held={first}] .btn")).await?;
    desk.press("Enter").await?;
    desk.wait_for(&format!("document.querySelector('[data-held={first}]') === null")).await?;
    act(desk, "call-number", "Shift+F2").await?;
    desk.wait_for("document.activeElement?.id === 'field-number'").await?;
    desk.type_text(&first).await?;
    desk.press("Enter").await?;
    number_is(desk, &first).await?;
    is_called(wall, &first).await?;

    act(desk, "start", "F4").await?;
    act(desk, "park", "F7").await?;
    desk.wait_for("document.activeElement?.id === 'field-reason'").await?;
    // A key of the counter is dead while a dialog asks.
    desk.press("F9").await?;
    desk.type_text("copies").await?;
    desk.press("Enter").await?;
    nobody_in_service(desk).await?;
    focus(desk, &format!("[data-held={first}] .btn")).await?;
    desk.press("Enter").await?;
    number_is(desk, &first).await?;

    act(desk, "start", "F4").await?;
    act(desk, "transfer", "F8").await?;
    desk.wait_for("document.activeElement?.id === 'select-target'").await?;
    desk.choose("#select-target", "service non_cash").await?;
    focus(desk, "dialog button[type=submit]").await?;
    desk.press("Enter").await?;
    nobody_in_service(desk).await?;
    dialog_closed(desk).await?;

    // The transferred customer keeps the number and waits for the other service, ahead of who came later.
    let second = outside(|| branch.issue("kiosk", "cash"))?.number;
    desk.wait_for(&format!("document.querySelector('[data-ticket={second}]') !== null")).await?;
    let mut left = vec![first, second];
    while !left.is_empty() {
        desk.wait_for("document.querySelector('#desk-next') !== null").await?;
        let named = desk.text("#desk-next").await?;
        act(desk, "call-next", "F2").await?;
        desk.wait_for("document.querySelector('#desk-start')?.disabled === false").await?;
        let called = desk.text("#desk-number").await?;
        ensure!(called == named, "the key named {named}, and {called} was called");
        let at = left.iter().position(|number| *number == called).with_context(|| format!("{called} was called"))?;
        left.swap_remove(at);
        is_called(wall, &called).await?;
        act(desk, "start", "F4").await?;
        desk.wait_for("document.querySelector('#desk-finish')?.disabled === false").await?;
    }
    identify(desk).await?;
    call_for_help(branch, desk).await?;
    act(desk, "finish", "F9").await?;
    nobody_in_service(desk).await?;
    wall.wait_for("document.querySelector('.newest.quiet') !== null").await
}

/// Writes down who is served; the card then shows the end of the number alone.
async fn identify(desk: &Page) -> Result<()> {
    focus(desk, "#card-identify").await?;
    desk.press("Enter").await?;
    desk.wait_for("document.activeElement?.id === 'field-identity'").await?;
    desk.type_text("330102198001010421").await?;
    desk.press("Enter").await?;
    dialog_closed(desk).await?;
    desk.wait_for("document.querySelector('.cust .facts')?.textContent.includes('0421')").await?;
    ensure!(!desk.text(".cust").await?.contains("3301"), "the number is masked");
    Ok(())
}

/// Calls the lobby manager; the tablet hears of it.
async fn call_for_help(branch: &Branch, desk: &Page) -> Result<()> {
    act(desk, "assist", "F10").await?;
    desk.wait_for("document.querySelector('.answer') !== null").await?;
    desk.press("1").await?;
    desk.wait_for("document.querySelector('.answer :checked') !== null").await?;
    desk.press("Enter").await?;
    dialog_closed(desk).await?;
    let reminders = || branch.node("tablet").client.list("reminders");
    let told = || -> Result<bool> { Ok(reminders()?.iter().any(|r| r["kind"] == "assistance" && r["counter"] == 1)) };
    let heard = || -> Result<()> {
        ensure!(told()?, "the tablet shows {:?}", reminders()?);
        Ok(())
    };
    outside(|| branch.wait_until("the call for help at the tablet", heard))?;
    Ok(())
}

#[test]
fn keys_can_be_changed_and_are_remembered() -> Result<()> {
    tell(Network::Loopback, &FIVE[..3], |branch| {
        in_browser(async |browser| {
            let desk = at_the_counter(&browser, branch, "counter1", "en").await?;
            let first = outside(|| branch.issue("kiosk", "cash"))?.number;
            desk.wait_for("document.querySelector('#desk-next') !== null").await?;
            desk.press("F1").await?;
            focus(&desk, "[data-key=call-next]").await?;
            desk.press("Enter").await?;
            desk.wait_for("document.querySelector('[data-key=call-next]')?.getAttribute('aria-pressed') === 'true'")
                .await?;
            desk.press("F8").await?;
            desk.wait_for("document.querySelector('[data-key=call-next]')?.textContent.trim() === 'F8'").await?;
            let swapped = desk.text("[data-key=transfer]").await?;
            ensure!(swapped.trim() == "F2", "the keys swap: {swapped}");
            desk.press("Escape").await?;
            dialog_closed(&desk).await?;

            let desk = at_the_counter(&browser, branch, "counter1", "en").await?;
            act(&desk, "call-next", "F8").await?;
            number_is(&desk, &first).await
        })
    })
}

#[test]
fn a_split_an_override_and_its_double_call_are_seen_at_the_counters() -> Result<()> {
    tell(Network::Lan, &FIVE, |branch| {
        branch.open_counter("counter1", 1)?;
        branch.open_counter("counter2", 2)?;
        let ticket = branch.issue("kiosk", "cash")?;
        branch.wait_for_equal_tables()?;
        in_browser(async |browser| {
            let desk = open_second_counter(&browser, branch).await?;
            outside(|| branch.split(&[&["counter1", "kiosk", "display"], &["counter2", "tablet"]]))?;
            desk.wait_for("document.querySelector('.banner[data-tone=warn]') !== null").await?;
            desk.click("[data-tab=all]").await?;
            let row = format!("[data-ticket={}][aria-disabled=true]", ticket.number);
            desk.wait_for(&format!("document.querySelector('{row}') !== null")).await?;

            desk.click(&format!("{row} .link")).await?;
            call_anyway(&desk, &ticket.number).await?;
            let call = format!("/tickets/{}/call", ticket.id);
            let other = &branch.node("counter1").client;
            outside(|| insist(&[other], &call, &json!({ "counter": 1 }))?.ticket(200))?;

            outside(|| branch.heal())?;
            outside(|| branch.wait_for_one_steward())?;
            desk.wait_for("document.querySelector('.banner[data-tone=warn]') === null").await?;
            desk.wait_for("document.querySelector('.banner[data-tone=bad]') !== null").await?;
            let said = desk.text(".banner[data-tone=bad]").await?;
            ensure!(said.contains(&ticket.number), "the double call names its number: {said}");
            desk.click(".banner[data-tone=bad] .btn").await?;
            desk.wait_for("document.querySelector('.banner[data-tone=bad]') === null").await
        })
    })
}

/// The page of counter 2, reached from another machine: it has no counter of its own until somebody signs in.
async fn open_second_counter(browser: &Browser, branch: &Branch) -> Result<Page> {
    let desk = open(browser, branch, "counter2", "/counter", "en").await?;
    desk.click("#sign-in").await?;
    desk.type_into("#field-staff", MANAGER).await?;
    desk.type_into("#field-pin", MANAGER_PIN).await?;
    desk.press("Enter").await?;
    desk.wait_for("document.querySelector('#desk-call-next')?.disabled === false").await?;
    Ok(desk)
}

/// Calls the ticket looked at. Before the node has noticed the cut it answers that no steward can be reached; the call is
/// then given again, as a teller would.
async fn call_anyway(desk: &Page, number: &str) -> Result<()> {
    while desk.eval("document.querySelector('#field-reason') === null").await? == true {
        desk.click("#card-call").await?;
        desk.wait_for("document.querySelector('#field-reason, .cust .refusal') !== null").await?;
    }
    let asked = desk.text("dialog").await?;
    ensure!(asked.contains("counter1") || asked.contains("kiosk"), "it names who may call: {asked}");
    desk.type_into("#field-reason", "the customer stands here").await?;
    desk.press("Enter").await?;
    dialog_closed(desk).await?;
    number_is(desk, number).await
}

/// The queue is a pure module: its rules are checked where it runs, in the browser.
#[test]
fn announcements_never_overlap_and_stand_in_their_order() -> Result<()> {
    tell(Network::Loopback, &FIVE[..1], |branch| {
        in_browser(async |browser| {
            let page = open(&browser, branch, "counter1", "/display", "en").await?;
            let wrong = page.eval(include_str!("announce.js")).await?;
            ensure!(wrong == json!([]), "the announcement queue: {wrong:#}");
            Ok(())
        })
    })
}
