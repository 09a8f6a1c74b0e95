//! Devices: settings, enrolment, revocation and the admin right.

use crate::command::{Command, Done, Rejection};
use crate::config::{DeviceSettings, MAX_TEXT_CHARS, check_settings, device_key};
use crate::ids::{CounterNo, DeviceId};
use crate::roster::{AdminGrant, Enrolment, Revocation};
use crate::schema::{DocId, Role, Write};
use crate::time::UnixMs;
use crate::view::BranchView;

type Decided = Result<(Vec<Write>, Done), Rejection>;

pub(super) fn put_settings(command: &Command, settings: &DeviceSettings) -> Decided {
    check_settings(settings)?;
    let key = device_key(&command.caller.device);
    Ok((vec![Write { doc: DocId::config(), key, value: super::json(settings) }], Done::Changed))
}

pub(super) fn enrol(
    view: &BranchView,
    command: &Command,
    (device, role, name, counter): (&DeviceId, Role, &str, Option<CounterNo>),
    now: UnixMs,
) -> Decided {
    let by = admin_device(view, command)?;
    check_new_device(view, name, counter)?;
    let name = name.trim();
    match view.roster().devices.get(device) {
        Some(known) if known.revoked.is_some() => {
            return Err(Rejection::invalid("device", "this device was revoked; it can join again with a new identity"));
        }
        Some(known) if known.enrolment.role == role => return Ok((vec![], Done::Changed)),
        Some(known) => {
            let detail = format!("this device is enrolled already, as {}", known.enrolment.role);
            return Err(Rejection::invalid("device", detail));
        }
        None => {}
    }
    let lane = view.roster().next_lane(&by);
    let enrolment = Enrolment { device: *device, role, name: name.to_owned(), counter, lane, at: now, by };
    Ok(roster_write(format!("e/{device}"), super::json(&enrolment)))
}

/// Whether a device may be enrolled, or invited, under this name and at this counter.
///
/// # Errors
/// The wrong field, or the counter that does not exist.
pub fn check_new_device(view: &BranchView, name: &str, counter: Option<CounterNo>) -> Result<(), Rejection> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_TEXT_CHARS || name.chars().any(char::is_control) {
        return Err(Rejection::invalid("name", format!("1 to {MAX_TEXT_CHARS} printable characters are expected")));
    }
    match counter.filter(|c| view.config().counter(*c).is_none()) {
        Some(missing) => Err(Rejection::not_found("counter", &missing.to_string())),
        None => Ok(()),
    }
}

pub(super) fn revoke(view: &BranchView, command: &Command, device: &DeviceId, last: u64, now: UnixMs) -> Decided {
    let by = admin_device(view, command)?;
    let roster = view.roster();
    let known = roster.devices.get(device).ok_or_else(|| Rejection::not_found("device", &device.to_string()))?;
    if known.revoked.is_some() {
        return Ok((vec![], Done::Changed));
    }
    let admins = roster.devices.values().filter(|d| d.admin).count();
    if known.admin && admins == 1 {
        let detail = "this is the only admin device; give the right to another one first";
        return Err(Rejection::invalid("device", detail));
    }
    let revocation = Revocation { device: *device, last, at: now, by };
    Ok(roster_write(format!("v/{device}"), super::json(&revocation)))
}

pub(super) fn grant_admin(view: &BranchView, command: &Command, device: &DeviceId, now: UnixMs) -> Decided {
    let by = admin_device(view, command)?;
    let known = view.roster().active(device).ok_or_else(|| Rejection::not_found("device", &device.to_string()))?;
    if known.admin {
        return Ok((vec![], Done::Changed));
    }
    let grant = AdminGrant { device: *device, at: now, by };
    Ok(roster_write(format!("a/{device}"), super::json(&grant)))
}

/// Roster statements count only with an admin device's signature.
fn admin_device(view: &BranchView, command: &Command) -> Result<DeviceId, Rejection> {
    let device = command.caller.device;
    if view.roster().is_admin(&device) {
        return Ok(device);
    }
    let roster = view.roster();
    let names: Vec<&str> = roster.devices.values().filter(|d| d.admin).map(|d| d.enrolment.name.as_str()).collect();
    let detail = format!("only an admin device may do this: {}", names.join(", "));
    Err(Rejection::NotPermitted { detail })
}

fn roster_write(key: String, value: String) -> (Vec<Write>, Done) {
    (vec![Write { doc: DocId::roster(), key, value }], Done::Changed)
}
