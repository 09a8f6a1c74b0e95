//! Every screen looked at: nothing overflows, nobody is shut out, a first visit stays small.

use anyhow::{Context, Result, ensure};
use branchmesh_tests::branch::{Branch, FIVE, Network, tell};
use branchmesh_tests::browser::{Browser, Page, in_browser};
use branchmesh_tests::client::insist;
use branchmesh_tests::node::{MANAGER, MANAGER_PIN};
use branchmesh_tests::report;
use serde_json::json;

/// What a first visit may load, compressed.
const FIRST_LOAD_BYTES: u64 = 150_000;
/// A queue longer than any screen.
const CROWD: usize = 999;

/// A screen at its real size, served by the node it belongs to; who is signed in there is up to the node.
struct Screen {
    name: &'static str,
    node: &'static str,
    path: &'static str,
    size: (u32, u32),
}

const fn screen(name: &'static str, node: &'static str, size: (u32, u32)) -> Screen {
    Screen { name, node, path: "", size }
}

const SCREENS: &[Screen] = &[
    Screen { path: "/#menu", ..screen("start", "counter2", (1366, 768)) },
    Screen { path: "/#menu", ..screen("start", "counter1", (1366, 768)) },
    Screen { path: "/kiosk", ..screen("kiosk", "kiosk", (1080, 1920)) },
    Screen { path: "/counter", ..screen("counter", "counter1", (1366, 768)) },
    Screen { path: "/display", ..screen("display", "display", (1920, 1080)) },
    Screen { path: "/display/counter/1", ..screen("window", "display", (1920, 1080)) },
    Screen { path: "/lobby", ..screen("lobby", "tablet", (1024, 768)) },
    Screen { path: "/rating", ..screen("rating", "counter2", (1024, 768)) },
    Screen { path: "/mesh", ..screen("mesh", "counter1", (1366, 768)) },
    Screen { path: "/admin", ..screen("admin", "counter1", (1366, 768)) },
    Screen { path: "/live", ..screen("live", "counter1", (1366, 768)) },
];

impl Screen {
    fn url(&self, branch: &Branch) -> String {
        format!("http://{}{}", branch.node(self.node).place.http, self.path)
    }

    async fn open(&self, page: &Page, branch: &Branch, language: &str, theme: &str) -> Result<()> {
        page.resize(self.size.0, self.size.1).await?;
        page.open(&self.url(branch), language, theme).await
    }
}

/// Somebody called, somebody waiting, and names as long as a branch may give them.
fn long_names(branch: &Branch) -> Result<String> {
    let client = &branch.node("counter1").client;
    let mut services = client.get("/config")?.expect(200)?["services"].take();
    let name = json!({
        "zh": "对公开户及账户信息变更与年检综合服务业务办理",
        "en": "Corporate account opening, changes and yearly review of account data",
    });
    *services.pointer_mut("/1/name").context("there is a second service")? = name;
    client.put("/config/services", &services)?.expect(200)?;
    branch.open_counter("counter1", 1)?;
    let called = branch.issue("kiosk", "non_cash")?;
    insist(&[client], &format!("/tickets/{}/call", called.id), &json!({ "counter": 1 }))?.ticket(200)?;
    let kiosk = branch.node("kiosk").anonymous();
    let waiting = insist(&[&kiosk], "/tickets", &json!({ "service": "non_cash" }))?.expect(201)?;
    branch.wait_for_equal_tables()?;
    Ok(waiting["status_token"].as_str().context("a customer gets a token")?.to_owned())
}

/// Looks at a screen in both languages and themes; returns what is wrong.
async fn faults(page: &Page, screen: &Screen, branch: &Branch) -> Result<Vec<String>> {
    let mut found = vec![];
    for (language, theme) in [("zh-CN", "light"), ("en", "dark"), ("en", "light"), ("zh-CN", "dark")] {
        screen.open(page, branch, language, theme).await?;
        let here = format!("{} {language} {theme}", screen.name);
        if let Some(folder) = std::env::var_os("BRANCHMESH_PICTURES") {
            let file = std::path::PathBuf::from(folder).join(format!("{}.png", here.replace(' ', "-")));
            page.screenshot(&file, screen.size.0, screen.size.1).await?;
        }
        found.extend(page.overflowing().await?.into_iter().map(|text| format!("{here} overflows: {text}")));
        found.extend(page.shuts_out().await?.into_iter().map(|fault| format!("{here} axe: {fault}")));
    }
    let foreign = page.foreign_requests(&format!("http://{}", branch.node(screen.node).place.http));
    found.extend(foreign.into_iter().map(|url| format!("{} asks {url}", screen.name)));
    found.extend(page.errors().into_iter().map(|error| format!("{} console: {error}", screen.name)));
    Ok(found)
}

async fn sign_in_everywhere(browser: &Browser, branch: &Branch) -> Result<()> {
    for node in ["counter1", "tablet"] {
        let page = browser.page().await?;
        page.goto(&format!("http://{}/live", branch.node(node).place.http)).await?;
        page.sign_in_quietly(MANAGER, MANAGER_PIN).await?;
    }
    Ok(())
}

#[test]
fn every_screen_fits_and_shuts_nobody_out() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        let token = long_names(branch)?;
        let path = format!("/t/{token}");
        let status = Screen { path: path.leak(), ..screen("status", "kiosk", (390, 844)) };
        in_browser(async |browser| {
            sign_in_everywhere(&browser, branch).await?;
            let mut found = vec![];
            for screen in SCREENS.iter().chain([&status]) {
                let page = browser.page().await?;
                found.extend(faults(&page, screen, branch).await?);
                page.goto("about:blank").await?;
            }
            ensure!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
            Ok(())
        })
    })
}

#[test]
fn a_first_visit_loads_little() -> Result<()> {
    tell(Network::Loopback, &FIVE[..3], |branch| {
        tokio::runtime::Runtime::new()?.block_on(async {
            let mut found = vec![];
            let base = format!("http://{}", branch.node("counter1").place.http);
            for path in
                ["/#menu", "/kiosk", "/counter", "/display", "/lobby", "/rating", "/t/none", "/mesh", "/admin", "/live"]
            {
                // A browser of its own each: nothing is kept from the visit before.
                let fresh = Browser::launch().await?;
                let page = fresh.page().await?;
                page.goto(&format!("{base}{path}")).await?;
                page.drawn().await?;
                let bytes = page.loaded_bytes().await?;
                report::figure(&format!("first load of {path}, bytes"), bytes);
                if bytes > FIRST_LOAD_BYTES {
                    found.push(format!("{path} loads {bytes} bytes"));
                }
            }
            ensure!(found.is_empty(), "{}", found.join("\n"));
            Ok(())
        })
    })
}

#[test]
fn a_crowd_moves_no_layout() -> Result<()> {
    tell(Network::Loopback, &FIVE, |branch| {
        branch.open_counter("counter1", 1)?;
        for _ in 0..CROWD {
            branch.issue("kiosk", "cash")?;
        }
        branch.wait_for_equal_tables()?;
        in_browser(async |browser| {
            sign_in_everywhere(&browser, branch).await?;
            let mut found = vec![];
            let crowded = |screen: &&Screen| ["kiosk", "counter", "display", "lobby", "live"].contains(&screen.name);
            for screen in SCREENS.iter().filter(crowded) {
                let page = browser.page().await?;
                screen.open(&page, branch, "en", "light").await?;
                page.wait_for(&format!("document.body.innerText.includes('{CROWD}')")).await?;
                found.extend(
                    page.overflowing().await?.into_iter().map(|text| format!("{} overflows: {text}", screen.name)),
                );
                page.goto("about:blank").await?;
            }
            ensure!(found.is_empty(), "{}", found.join("\n"));
            Ok(())
        })
    })
}
