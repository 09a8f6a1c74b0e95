//! Who may ask for what.

use crate::command::{Ask, Caller, Command, Guarded, Ordinary, Rejection};
use crate::config::StaffRole;
use crate::ids::{DeviceId, TicketId};
use crate::schema::{Role, Write};
use crate::ticket::TicketState;
use crate::view::{BranchView, Ticket};

const LOBBY: &[StaffRole] = &[StaffRole::LobbyManager, StaffRole::BranchHead, StaffRole::Admin];
const CONFIGURE: &[StaffRole] = &[StaffRole::BranchHead, StaffRole::Admin];
const ADMINISTER: &[StaffRole] = &[StaffRole::Admin];

/// The section that sends what happens to other machines.
const WEBHOOKS: &str = "webhooks";

type Permitted = Result<(), Rejection>;

/// Whether the caller may ask for this. A kiosk issues and a rating device rates without a sign-in; everything else
/// needs a signed-in staff member with the role.
///
/// # Errors
/// [`Rejection::NotSignedIn`] or [`Rejection::NotPermitted`].
pub fn permit(view: &BranchView, command: &Command) -> Permitted {
    let caller = &command.caller;
    let disabled = |id: &String| view.config().staff.get(id).is_some_and(|s| s.disabled);
    if caller.staff.as_ref().is_some_and(disabled) {
        return Err(Rejection::NotPermitted { detail: "this sign-in was disabled".into() });
    }
    let device = view.roster().active(&caller.device);
    if caller.device_role.is_some() && device.map(|d| d.enrolment.role) != caller.device_role {
        return Err(Rejection::NotPermitted { detail: "this device does not have the role it speaks for".into() });
    }
    match &command.ask {
        Ask::Guarded(ask) => permit_guarded(view, caller, ask),
        Ask::Ordinary(ask) => permit_ordinary(caller, ask),
    }
}

/// Whether the device that would write these facts may: its peers would drop what it may not write.
pub(super) fn permit_writes(view: &BranchView, device: &DeviceId, writes: &[Write]) -> Permitted {
    let Some(known) = view.roster().active(device) else {
        return Err(Rejection::NotPermitted { detail: "this device does not belong to the branch".into() });
    };
    let role = known.enrolment.role;
    let refused = |w: &&Write| !w.doc.family().may_write(role, known.admin, &w.key);
    match writes.iter().find(refused) {
        None => Ok(()),
        Some(_) => Err(Rejection::NotPermitted {
            detail: format!("a {role} device may not do this; use a counter or a tablet"),
        }),
    }
}

/// Whether the caller may take the queue over.
///
/// # Errors
/// [`Rejection::NotSignedIn`] or [`Rejection::NotPermitted`].
pub fn permit_take_over(caller: &Caller) -> Permitted {
    one_of(caller, LOBBY)
}

fn permit_guarded(view: &BranchView, caller: &Caller, ask: &Guarded) -> Permitted {
    match ask {
        Guarded::Issue { .. } => device_or_staff(caller, Role::Kiosk),
        Guarded::CallNext { .. } | Guarded::Call { .. } | Guarded::Transfer { .. } => any_staff(caller),
        Guarded::Abandon { ticket, .. } if is_ghost(view, caller, ticket) => Ok(()),
        Guarded::Move { .. } | Guarded::Abandon { .. } | Guarded::Reinstate { .. } => one_of(caller, LOBBY),
        Guarded::CloseDay { .. } if caller.staff.is_none() && caller.device_role.is_some() => Ok(()),
        Guarded::CloseDay { .. } => one_of(caller, ADMINISTER),
    }
}

fn permit_ordinary(caller: &Caller, ask: &Ordinary) -> Permitted {
    match ask {
        Ordinary::Recall { .. }
        | Ordinary::Start { .. }
        | Ordinary::Finish { .. }
        | Ordinary::NoShow { .. }
        | Ordinary::Park { .. }
        | Ordinary::Identify { .. }
        | Ordinary::OpenCounter { .. }
        | Ordinary::CloseCounter { .. }
        | Ordinary::PauseCounter { .. }
        | Ordinary::ResumeCounter { .. }
        | Ordinary::AcknowledgeConflict { .. }
        | Ordinary::AcknowledgeReminder { .. } => any_staff(caller),
        Ordinary::CallAssistance { .. } => device_or_staff(caller, Role::Kiosk),
        Ordinary::Rate { .. } => device_or_staff(caller, Role::Rating),
        Ordinary::PutConfig { section, .. } if section == WEBHOOKS => one_of(caller, ADMINISTER),
        Ordinary::ImportConfig { sections, staff } if sections.contains_key(WEBHOOKS) || !staff.is_empty() => {
            one_of(caller, ADMINISTER)
        }
        Ordinary::PutConfig { .. } | Ordinary::ImportConfig { .. } => one_of(caller, CONFIGURE),
        // The node itself enrols a device that holds an invitation; making the invitation needed the right.
        Ordinary::PutDeviceSettings { .. } | Ordinary::Enrol { .. } if caller.device_role.is_some() => Ok(()),
        // Only the node itself knows its printer.
        Ordinary::ReportPrinter { .. } if caller.device_role.is_some() && caller.staff.is_none() => Ok(()),
        Ordinary::PutDeviceSettings { .. } => any_staff(caller),
        Ordinary::PutStaff { .. }
        | Ordinary::ReportPrinter { .. }
        | Ordinary::Enrol { .. }
        | Ordinary::Revoke { .. }
        | Ordinary::GrantAdmin { .. } => one_of(caller, ADMINISTER),
    }
}

/// After a lost answer and a split a command may have run on both sides; the device that gave the customer the other
/// ticket then gives this one up, as long as nobody has called it.
fn is_ghost(view: &BranchView, caller: &Caller, ticket: &TicketId) -> bool {
    let Some(ticket) = view.ticket(ticket) else { return false };
    let twin = |t: &Ticket| t.issued_for == ticket.issued_for && t.id != ticket.id;
    let has_twin = || view.days().get(&ticket.date).is_some_and(|day| day.tickets.values().any(|t| twin(t)));
    caller.device_role.is_some() && ticket.state == TicketState::Waiting && ticket.calls == 0 && has_twin()
}

fn any_staff(caller: &Caller) -> Permitted {
    if caller.staff.is_none() {
        return Err(Rejection::NotSignedIn);
    }
    if caller.roles.is_empty() {
        return Err(Rejection::NotPermitted { detail: "this sign-in has no role".into() });
    }
    Ok(())
}

fn device_or_staff(caller: &Caller, role: Role) -> Permitted {
    if caller.device_role == Some(role) { Ok(()) } else { any_staff(caller) }
}

fn one_of(caller: &Caller, roles: &[StaffRole]) -> Permitted {
    any_staff(caller)?;
    if caller.roles.iter().any(|r| roles.contains(r)) {
        return Ok(());
    }
    let names: Vec<&str> = roles.iter().map(|r| r.as_str()).collect();
    Err(Rejection::NotPermitted { detail: format!("this needs one of the roles {}", names.join(", ")) })
}
