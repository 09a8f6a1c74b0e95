//! `doctor`: what is wrong with this device, and what to do about it. One line a check.

use std::fmt::Display;
use std::fs;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use super::super::api::Api;
use super::super::error::Outcome;
use super::super::say;
use super::super::terminal::Terminal;
use super::super::text::{Lang, Text};
use super::{block_on, data};
use crate::node;
use crate::settings::Settings;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Grade {
    Ok,
    Warn,
    Fail,
}

/// One line.
struct Finding {
    grade: Grade,
    sentence: String,
}

struct Findings {
    lang: Lang,
    list: Vec<Finding>,
}

impl Findings {
    fn add(&mut self, grade: Grade, text: Text, values: &[(&str, &dyn Display)]) {
        self.list.push(Finding { grade, sentence: text.with(self.lang, values) });
    }
}

/// A store with less room than this stops taking tickets soon.
const LITTLE_ROOM_MIB: u64 = 1024;
/// With less room than this nothing should be started at all.
const NO_ROOM_MIB: u64 = 100;
/// Clocks further apart than this confuse people who compare times.
const SKEW_MS: i64 = 60_000;
/// 2026-01-01: no clock that is right is before this program was written.
const EARLIEST_S: i64 = 1_767_225_600;
/// 2100-01-01.
const LATEST_S: i64 = 4_102_444_800;

pub(in super::super) fn doctor(settings: &Settings, terminal: Terminal) -> Outcome {
    let data = data(settings)?;
    let mut findings = Findings { lang: terminal.lang, list: Vec::new() };
    let mesh = block_on(async {
        Ok(match Api::of_folder(data, terminal.lang).await {
            Ok(api) => Some(api.get("/mesh").await.unwrap_or(Value::Null)),
            Err(_) => None,
        })
    })?;
    check_folder(data, &mut findings);
    check_disk(data, &mut findings);
    check_clock(jiff::Timestamp::now().as_second(), &mut findings);
    check_routes(fs::read_to_string("/proc/net/route").ok().as_deref(), &mut findings);
    match &mesh {
        Some(mesh) => check_mesh(mesh, &mut findings),
        None => {
            check_store(data, &mut findings);
            check_ports(settings, &mut findings);
            findings.add(Grade::Warn, say::DOC_NOT_RUNNING, &[("data", &data.display())]);
        }
    }
    for finding in &findings.list {
        let mark = match finding.grade {
            Grade::Ok => "OK  ",
            Grade::Warn => "WARN",
            Grade::Fail => "FAIL",
        };
        terminal.result(&format!("{mark}  {}", finding.sentence));
    }
    Ok(if findings.list.iter().any(|f| f.grade == Grade::Fail) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn check_folder(data: &Path, findings: &mut Findings) {
    if !data.is_dir() {
        return findings.add(Grade::Fail, say::DOC_NO_FOLDER, &[("data", &data.display())]);
    }
    let probe = data.join(".doctor");
    let written = fs::write(&probe, b"x").and_then(|()| fs::remove_file(&probe));
    match written {
        Ok(()) => findings.add(Grade::Ok, say::DOC_FOLDER, &[("data", &data.display())]),
        Err(error) => findings.add(Grade::Fail, say::DOC_READ_ONLY, &[("data", &data.display()), ("reason", &error)]),
    }
    check_key(data, findings);
}

fn check_key(data: &Path, findings: &mut Findings) {
    let key = data.join("device.key");
    let Ok(_metadata) = key.metadata() else {
        return findings.add(Grade::Fail, say::DOC_NO_KEY, &[("data", &data.display())]);
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if _metadata.permissions().mode() & 0o077 != 0 {
            return findings.add(Grade::Fail, say::DOC_OPEN_KEY, &[("key", &key.display())]);
        }
    }
    findings.add(Grade::Ok, say::DOC_KEY, &[]);
}

fn check_store(data: &Path, findings: &mut Findings) {
    if !data.is_dir() {
        return;
    }
    match node::inspect(data) {
        Ok(identity) => findings.add(Grade::Ok, say::DOC_STORE, &[("name", &identity.name), ("role", &identity.role)]),
        Err(error) => findings.add(Grade::Fail, say::DOC_BAD_STORE, &[("reason", &format!("{error:#}"))]),
    }
}

fn check_disk(data: &Path, findings: &mut Findings) {
    let existing = data.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
    let Some(free) = free_mib(existing) else {
        return findings.add(Grade::Warn, say::DOC_ROOM_UNKNOWN, &[("data", &data.display())]);
    };
    let (grade, text) = match free {
        _ if free < NO_ROOM_MIB => (Grade::Fail, say::DOC_NO_ROOM),
        _ if free < LITTLE_ROOM_MIB => (Grade::Warn, say::DOC_LITTLE_ROOM),
        _ => (Grade::Ok, say::DOC_ROOM),
    };
    findings.add(grade, text, &[("mib", &free)]);
}

#[cfg(unix)]
fn free_mib(folder: &Path) -> Option<u64> {
    let stat = nix::sys::statvfs::statvfs(folder).ok()?;
    // Both are of platform-dependent width.
    #[allow(clippy::useless_conversion)]
    let (blocks, size) = (u64::from(stat.blocks_available()), u64::from(stat.fragment_size()));
    Some(blocks.saturating_mul(size) / 1024 / 1024)
}

#[cfg(not(unix))]
fn free_mib(_folder: &Path) -> Option<u64> {
    None
}

fn check_clock(now_s: i64, findings: &mut Findings) {
    if (EARLIEST_S..LATEST_S).contains(&now_s) {
        findings.add(Grade::Ok, say::DOC_CLOCK, &[("now", &jiff::Zoned::now().strftime("%Y-%m-%d %H:%M %Z"))]);
    } else {
        findings.add(Grade::Fail, say::DOC_WRONG_CLOCK, &[]);
    }
}

/// Multicast DNS fails entirely without a route for 224.0.0.0/4, which a default route is too.
fn check_routes(table: Option<&str>, findings: &mut Findings) {
    let Some(table) = table else {
        return findings.add(Grade::Warn, say::DOC_ROUTES_UNKNOWN, &[]);
    };
    if carries_multicast(table) {
        findings.add(Grade::Ok, say::DOC_MULTICAST, &[]);
    } else {
        findings.add(Grade::Warn, say::DOC_NO_MULTICAST, &[]);
    }
}

/// Reads the kernel's IPv4 routes: destination and mask are hexadecimal, least significant byte first.
fn carries_multicast(table: &str) -> bool {
    table.lines().skip(1).any(|line| {
        let columns: Vec<_> = line.split_ascii_whitespace().collect();
        let (Some(destination), Some(mask)) = (columns.get(1), columns.get(7)) else { return false };
        let number = |text: &str| u32::from_str_radix(text, 16).map(u32::swap_bytes).ok();
        let (Some(destination), Some(mask)) = (number(destination), number(mask)) else { return false };
        // The group of multicast DNS, 224.0.0.251.
        0xe000_00fb & mask == destination
    })
}

fn check_ports(settings: &Settings, findings: &mut Findings) {
    let http = settings.run.http.iter().map(|addr| ("TCP", *addr, TcpListener::bind(addr).err()));
    let mesh = settings.run.listen.iter().map(|addr| ("UDP", *addr, UdpSocket::bind(addr).err()));
    for (protocol, address, error) in http.chain(mesh) {
        report_port(protocol, address, error, findings);
    }
}

fn report_port(protocol: &str, address: SocketAddr, error: Option<std::io::Error>, findings: &mut Findings) {
    match error {
        None => findings.add(Grade::Ok, say::DOC_PORT, &[("protocol", &protocol), ("address", &address)]),
        Some(error) => findings.add(
            Grade::Fail,
            say::DOC_PORT_TAKEN,
            &[("protocol", &protocol), ("address", &address), ("reason", &error)],
        ),
    }
}

fn check_mesh(mesh: &Value, findings: &mut Findings) {
    findings.add(Grade::Ok, say::DOC_RUNNING, &[]);
    let peers = mesh["peers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let up = |peer: &&Value| {
        peer["connected"] == true
            || peer["in_group"] == true
            || matches!(peer["state"].as_str(), Some("connected" | "up" | "in_group" | "reachable"))
    };
    let (all, reached) = (peers.len(), peers.iter().filter(up).count());
    let grade = if all == reached { Grade::Ok } else { Grade::Warn };
    let text = if all == reached { say::DOC_PEERS } else { say::DOC_PEERS_AWAY };
    findings.add(grade, text, &[("reached", &reached), ("all", &all)]);
    for peer in peers.iter().filter(|p| p["clock_skew_ms"].as_i64().is_some_and(|ms| ms.abs() > SKEW_MS)) {
        let seconds = peer["clock_skew_ms"].as_i64().unwrap_or(0) / 1000;
        let name = peer["name"].as_str().or(peer["id"].as_str()).unwrap_or_default();
        findings.add(Grade::Warn, say::DOC_SKEW, &[("name", &name), ("seconds", &seconds)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";

    fn grades(check: impl FnOnce(&mut Findings)) -> Vec<Grade> {
        let mut findings = Findings { lang: Lang::En, list: vec![] };
        check(&mut findings);
        findings.list.iter().map(|f| f.grade).collect()
    }

    #[test]
    fn a_default_or_multicast_route_carries_multicast_and_a_subnet_does_not() {
        let subnet = "eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        let default = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n";
        let multicast = "eth0\t000000E0\t00000000\t0001\t0\t0\t0\t000000F0\t0\t0\t0\n";
        assert!(!carries_multicast(&format!("{HEAD}{subnet}")));
        assert!(carries_multicast(&format!("{HEAD}{subnet}{default}")));
        assert!(carries_multicast(&format!("{HEAD}{subnet}{multicast}")));
        assert!(!carries_multicast("nonsense\nx\n"));
    }

    #[test]
    fn a_missing_folder_and_a_key_open_to_others_fail() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(grades(|f| check_folder(&folder.path().join("none"), f)), [Grade::Fail]);
        assert_eq!(grades(|f| check_folder(folder.path(), f)), [Grade::Ok, Grade::Fail]);
        let key = folder.path().join("device.key");
        fs::write(&key, b"k").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
            assert_eq!(grades(|f| check_key(folder.path(), f)), [Grade::Fail]);
            fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        }
        assert_eq!(grades(|f| check_key(folder.path(), f)), [Grade::Ok]);
    }

    #[test]
    fn a_taken_port_and_a_wrong_clock_fail() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut settings = Settings::default();
        settings.run.http = Some(taken.local_addr().unwrap());
        assert_eq!(grades(|f| check_ports(&settings, f)), [Grade::Fail]);
        assert_eq!(grades(|f| check_clock(0, f)), [Grade::Fail]);
        assert_eq!(grades(|f| check_clock(EARLIEST_S, f)), [Grade::Ok]);
    }

    #[test]
    fn peers_away_and_skewed_clocks_are_warned_of() {
        let mesh = serde_json::json!({"peers": [
            {"id": "a", "name": "A", "state": "connected", "clock_skew_ms": 90_000},
            {"id": "b", "name": "B", "state": "away"},
        ]});
        assert_eq!(grades(|f| check_mesh(&mesh, f)), [Grade::Ok, Grade::Warn, Grade::Warn]);
    }
}
