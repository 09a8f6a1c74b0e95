//! Customers in real browsers at real nodes: a number at the kiosk, the ticket on a phone, the rating pad at the counter.

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{Branch, Network, tell};
use branchmesh_tests::browser::{Hall, Screen};
use branchmesh_tests::node::{Node, Spec};
use branchmesh_tests::printer::{Condition, VirtualPrinter};
use serde_json::{Value, json};

const DEVICES: [Spec; 3] = [
    Spec { name: "counter1", role: "counter", counter: Some(1) },
    Spec { name: "kiosk", role: "kiosk", counter: None },
    Spec { name: "pad", role: "rating", counter: Some(1) },
];

/// A portrait kiosk, one on its side, and a phone.
const KIOSK: (u32, u32) = (1080, 1920);
const KIOSKS: &[(u32, u32)] = &[KIOSK, (1920, 1080), (768, 1024), (390, 844)];
const PHONE: (u32, u32) = (390, 844);
const PAD: (u32, u32) = (1024, 600);

/// Outside opening hours, but for the first second of each day.
fn never_open() -> Value {
    let day = |weekday| json!({ "weekday": weekday, "opens": "00:00:00", "closes": "00:00:01" });
    (1..=7).map(day).collect()
}

/// Types on the kiosk's own keypad.
fn key_in(kiosk: &Screen<'_>, within: &str, digits: &str) -> Result<()> {
    digits.chars().try_for_each(|digit| kiosk.click(&format!("{within} [data-key='{digit}']")))
}

/// Chooses cash without a business type and reads the number.
fn take_a_number(kiosk: &Screen<'_>) -> Result<String> {
    kiosk.click("[data-tile='service-cash']")?;
    kiosk.click("#kiosk-unsure")?;
    kiosk.text("#kiosk-number")
}

/// Five taps on the corners, clockwise and back.
fn exit_gesture(kiosk: &Screen<'_>) -> Result<()> {
    let (right, bottom) = (KIOSK.0 - 10, KIOSK.1 - 10);
    let corners = [(10, 10), (right, 10), (right, bottom), (10, bottom), (10, 10)];
    corners.into_iter().try_for_each(|(x, y)| kiosk.click_at(x, y))
}

/// The ticket with this number as staff see it at the counter, once it has come there.
fn ticket_at_the_counter(branch: &Branch, number: &str) -> Result<Value> {
    let mut found = None;
    branch.wait_until(&format!("{number} at the counter"), || {
        let tickets = branch.node("counter1").client.list("tickets")?;
        found = tickets.into_iter().find(|ticket| ticket["number"] == number);
        ensure!(found.is_some(), "not there yet");
        Ok(())
    })?;
    found.context("waited for just now")
}

fn set(branch: &Branch, section: &str, value: &Value) -> Result<()> {
    branch.node("counter1").client.put(&format!("/config/{section}"), value)?.expect(200)?;
    Ok(())
}

/// How long numbers stay and when it is asked who is there; nobody is hurried elsewhere.
fn set_times(branch: &Branch, kiosk: &Node, (result_s, warn_s): (u32, u32)) -> Result<()> {
    set(branch, "kiosk", &json!({ "exit_code": "13579", "idle_s": 600, "result_s": result_s, "warn_s": warn_s }))?;
    branch.wait_until("the kiosk knows its times", || {
        let told = kiosk.anonymous().get("/branch")?.json()?["kiosk"]["result_s"].clone();
        ensure!(told == result_s, "{told}");
        Ok(())
    })?;
    Ok(())
}

#[test]
fn a_customer_takes_a_number_follows_it_on_a_phone_and_rates_the_service() -> Result<()> {
    tell(Network::Loopback, &DEVICES, |branch| {
        set_times(branch, branch.node("kiosk"), (600, 5))?;
        let hall = Hall::new()?;
        let kiosk = hall.open(branch.node("kiosk"), "/kiosk", KIOSK)?;
        let mut phones = Vec::new();
        for (language, service) in [("zh-CN", "现金业务"), ("en", "Cash")] {
            kiosk.speak(language)?;
            let number = take_a_number(&kiosk)?;
            let ticket = ticket_at_the_counter(branch, &number)?;
            ensure!(ticket["service"] == "cash" && ticket["language"] == language, "{ticket}");
            kiosk.reads(".no .svc", service)?;
            kiosk.reads("#kiosk-ahead", &phones.len().to_string())?;
            kiosk.fits("the number", KIOSKS)?;
            phones.push((number, phone_from_the_code(&hall, branch, &kiosk, language)?));
            kiosk.click("#kiosk-done")?;
            kiosk.shows("[data-view='home']")?;
        }
        let (first, phone) = &phones[0];
        phone.reads("#status-number", first)?;
        phone.reads("#status-ahead", "0")?;
        phones[1].1.reads("#status-ahead", "1")?;

        let pad = hall.open(branch.node("pad"), "/rating", PAD)?;
        pad.shows("#rating-idle")?;
        serve_the_first(branch, first, phone)?;
        rate(branch, &pad, first)?;
        for screen in [&kiosk, phone, &pad] {
            screen.kept_to_itself()?;
        }
        let stranger = hall.open(branch.node("kiosk"), "/t/nonsense", PHONE)?;
        stranger.shows("#status-nothing")
    })
}

/// The page that the code on the kiosk leads to.
fn phone_from_the_code<'a>(hall: &'a Hall, branch: &Branch, kiosk: &Screen<'_>, language: &str) -> Result<Screen<'a>> {
    kiosk.holds("document.querySelector('#kiosk-qr')?.naturalWidth > 0")?;
    let address = kiosk.value("new URL(document.querySelector('#kiosk-qr').src).searchParams.get('text')")?;
    let address = address.as_str().context("the code holds an address")?;
    let path = address.find("/t/").map(|at| &address[at..]).with_context(|| format!("a ticket's page: {address}"))?;
    let phone = hall.open(branch.node("kiosk"), path, PHONE)?;
    phone.speak(language)?;
    phone.fits("the ticket on a phone", &[PHONE, (320, 568)])?;
    Ok(phone)
}

/// Counter 1 calls and serves `number`, which sees it on its phone.
fn serve_the_first(branch: &Branch, number: &str, phone: &Screen<'_>) -> Result<()> {
    branch.open_counter("counter1", 1)?;
    let called = branch.call_next("counter1", 1)?.context("somebody waits")?;
    ensure!(called.number == number, "{} was called before {number}", called.number);
    phone.shows(".slip[data-state='called']")?;
    phone.reads("#status-counter strong", "1")?;
    branch.serve("counter1", &called.id)?;
    phone.shows(".slip[data-state='served']")
}

/// The pad asks about the ticket just finished and thanks; the rating stands on the ticket everywhere.
fn rate(branch: &Branch, pad: &Screen<'_>, number: &str) -> Result<()> {
    pad.reads("#rating-number", number)?;
    for language in ["zh-CN", "en"] {
        pad.speak(language)?;
        pad.fits("the rating pad", &[PAD, (600, 1024), (390, 844)])?;
    }
    pad.click(".level[data-level='3']")?;
    pad.shows("#rating-thanks")?;
    branch.wait_until("the rating at the counter", || {
        let ticket = ticket_at_the_counter(branch, number)?;
        ensure!(ticket["rating"] == 3, "{ticket}");
        Ok(())
    })?;
    pad.shows("#rating-idle")
}

#[test]
fn one_press_is_one_ticket_while_the_kiosks_node_is_away() -> Result<()> {
    tell(Network::Loopback, &DEVICES[..2], |branch| {
        let hall = Hall::new()?;
        let node = branch.node("kiosk");
        set_times(branch, node, (600, 5))?;
        let kiosk = hall.open(node, "/kiosk", KIOSK)?;
        kiosk.shows("[data-tile='service-cash']")?;
        node.kill()?;
        kiosk.shows("#kiosk-lost")?;
        kiosk.click("[data-tile='service-cash']")?;
        kiosk.click("#kiosk-unsure")?;
        kiosk.shows("#kiosk-waits")?;
        node.start()?;
        let number = kiosk.text("#kiosk-number")?;
        ticket_at_the_counter(branch, &number)?;

        kiosk.reload("/kiosk")?;
        kiosk.reads("#kiosk-number", &number)?;
        let tickets = branch.wait_for_equal_tables().and_then(|_| branch.node("counter1").client.list("tickets"))?;
        ensure!(tickets.len() == 1, "one press made {} tickets", tickets.len());
        Ok(())
    })
}

#[test]
fn the_kiosk_returns_by_itself_keeps_hours_and_lets_staff_out() -> Result<()> {
    tell(Network::Loopback, &DEVICES[..2], |branch| {
        set_times(branch, branch.node("kiosk"), (24, 18))?;
        let hall = Hall::new()?;
        let kiosk = hall.open(branch.node("kiosk"), "/kiosk", KIOSK)?;
        kiosk.speak("en")?;
        let wrong = kiosk.value(include_str!("hours.js"))?;
        ensure!(wrong == json!([]), "quiet hours: {wrong:#}");
        kiosk.fits("the choices", KIOSKS)?;
        let number = known_by_card(&kiosk)?;
        kiosk.shows("#kiosk-stay")?;
        kiosk.click("#kiosk-keep-on")?;
        kiosk.gone("#kiosk-stay")?;
        kiosk.reads("#kiosk-number", &number)?;
        // The second time nobody is there: the next customer finds nothing of this one.
        kiosk.shows("#kiosk-stay")?;
        kiosk.shows("[data-view='home'] #kiosk-identify")?;
        kiosk.holds("sessionStorage.getItem('bm.kiosk.press') === null")?;
        let ticket = ticket_at_the_counter(branch, &number)?;
        ensure!(ticket["identified"] == true, "{ticket}");

        kiosk.speak("en")?;
        help_for_eyes_and_ears(&kiosk)?;
        set(branch, "hours", &never_open())?;
        kiosk.reads("#kiosk-opens", "00:00")?;
        kiosk.fits("the closed kiosk", KIOSKS)?;
        set(branch, "hours", &json!([]))?;
        kiosk.shows("[data-view='home']")?;
        leave(&kiosk)
    })
}

/// A card number from the keypad goes with the ticket; the kiosk shows no more of it than tells it apart.
fn known_by_card(kiosk: &Screen<'_>) -> Result<String> {
    kiosk.click("#kiosk-identify")?;
    key_in(kiosk, ".view", "33010619900101123")?;
    kiosk.click(".view [data-key='X']")?;
    kiosk.fits("the keypad", KIOSKS)?;
    kiosk.holds("!document.querySelector('#kiosk-known').disabled")?;
    kiosk.click("#kiosk-known")?;
    kiosk.reads(".idstrip", "123X")?;
    kiosk.holds("!document.body.textContent.includes('33010619')")?;
    take_a_number(kiosk)
}

fn help_for_eyes_and_ears(kiosk: &Screen<'_>) -> Result<()> {
    kiosk.click("#kiosk-large")?;
    kiosk.holds("document.documentElement.dataset.contrast === 'more'")?;
    kiosk.click("#kiosk-aloud")?;
    // What is read aloud stands there, whether or not this machine has a voice.
    kiosk.reads("#kiosk-caption", "waiting")?;
    kiosk.fits("large text with captions", KIOSKS)?;
    kiosk.click("#kiosk-home")?;
    kiosk.gone("#kiosk-caption")?;
    kiosk.holds("document.documentElement.dataset.contrast !== 'more'")
}

/// The gesture asks for the code; a wrong one stays, the right one leaves.
fn leave(kiosk: &Screen<'_>) -> Result<()> {
    exit_gesture(kiosk)?;
    key_in(kiosk, "#kiosk-exit", "0000")?;
    kiosk.click("#kiosk-exit-go")?;
    kiosk.shows("#kiosk-exit .said .icon")?;
    key_in(kiosk, "#kiosk-exit", "13579")?;
    kiosk.click("#kiosk-exit-go")?;
    kiosk.holds("location.pathname === '/'")
}

#[test]
fn a_printer_that_cannot_print_costs_nobody_a_number() -> Result<()> {
    tell(Network::Loopback, &DEVICES[..1], |branch| {
        let printer = VirtualPrinter::start(Condition::Fine)?;
        let plain = branch.newcomer(Spec { name: "printing", role: "kiosk", counter: None })?;
        let extra = vec!["--no-mdns".into(), "--printer".into(), printer.address().to_string()];
        let node = Node::new(plain.spec.clone(), plain.place.clone(), plain.data.clone(), extra);
        node.join(branch.node("counter1"))?;
        node.start()?;
        set_times(branch, &node, (600, 5))?;
        let hall = Hall::new()?;
        let kiosk = hall.open(&node, "/kiosk", KIOSK)?;
        let printed = take_a_number(&kiosk)?;
        kiosk.shows("[data-print='printing']")?;
        branch.wait_until("the slip", || {
            ensure!(printer.slips().iter().any(|slip| slip.contains(&printed)), "{:?}", printer.slips());
            Ok(())
        })?;
        kiosk.click("#kiosk-done")?;

        printer.set(Condition::PaperOut);
        let number = take_a_number(&kiosk)?;
        ensure!(number != printed, "a ticket of its own");
        kiosk.shows("[data-print='failed']")?;
        ticket_at_the_counter(branch, &number)?;
        node.stop()
    })
}
