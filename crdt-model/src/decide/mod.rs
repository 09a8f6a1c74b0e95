//! The rules, one file a feature.
//!
//! [`permit`] says who may ask. [`ordinary`] answers a command that decides for nobody else with facts to write.
//! [`guarded`] is asked by the steward alone: it answers with a log [`Entry`], which becomes facts by [`materialise`]
//! once a quorum holds it.

mod abandon;
mod book;
mod call;
mod call_next;
mod close_day;
mod config;
mod conflicts;
mod counters;
mod desk;
mod devices;
mod identify;
mod issue;
mod lobby;
mod materialise;
mod move_ticket;
mod permit;
mod rate;
mod reinstate;
mod serve;
mod staff;
mod transfer;

use jiff::tz::TimeZone;

pub use book::Book;
pub use close_day::day_close_due;
pub use devices::check_new_device;
pub use identify::taken_with;
pub use materialise::{day_closed_writes, materialise};
pub use permit::{permit, permit_take_over};

use crate::command::{Ask, Command, Done, Guarded, Ordinary, Rejection};
use crate::schema::Write;
use crate::ticket::Entry;
use crate::time::UnixMs;
use crate::view::BranchView;

use desk::Desk;

/// What a decision needs from the device it is made on.
#[derive(Clone, Debug)]
pub struct Context {
    /// The branch's time zone: the one its configuration names, else the device's.
    pub zone: TimeZone,
}

/// Longest reason a person may give, in characters.
const MAX_REASON_CHARS: usize = 200;

/// Decides a command that decides for nobody else. A command that was carried out before answers the same again and
/// writes nothing.
///
/// # Errors
/// The rejection, with nothing to write.
pub fn ordinary(
    view: &BranchView,
    command: &Command,
    now: UnixMs,
    ctx: &Context,
) -> Result<(Vec<Write>, Done), Rejection> {
    permit(view, command)?;
    let Ask::Ordinary(ask) = &command.ask else {
        return Err(Rejection::invalid("command", "this command goes through the steward"));
    };
    if let Some(done) = repeated(view, command)? {
        return Ok((vec![], done));
    }
    let decided = decide_ordinary(view, command, ask, now, ctx)?;
    permit::permit_writes(view, &command.caller.device, &decided.0)?;
    Ok(decided)
}

fn decide_ordinary(
    view: &BranchView,
    command: &Command,
    ask: &Ordinary,
    now: UnixMs,
    ctx: &Context,
) -> Result<(Vec<Write>, Done), Rejection> {
    match ask {
        Ordinary::Recall { ticket } => serve::recall(view, command, ticket, now),
        Ordinary::Start { ticket } => serve::start(view, command, ticket, now),
        Ordinary::Finish { ticket, outcome } => serve::finish(view, command, ticket, outcome.as_deref(), now),
        Ordinary::NoShow { ticket } => serve::no_show(view, command, ticket, now),
        Ordinary::Park { ticket, reason } => serve::park(view, command, ticket, reason.as_deref(), now),
        Ordinary::Rate { ticket, level } => rate::rate(view, command, ticket, *level, now),
        Ordinary::Identify { ticket, told } => identify::identify(view, command, ticket, told, now),
        Ordinary::OpenCounter { counter, services, profile } => {
            counters::open(view, command, *counter, (services.as_deref(), profile.as_deref()), (now, ctx))
        }
        Ordinary::CloseCounter { counter } => counters::close(view, command, *counter, (now, ctx)),
        Ordinary::PauseCounter { counter, reason } => counters::pause(view, command, *counter, reason, (now, ctx)),
        Ordinary::ResumeCounter { counter } => counters::resume(view, command, *counter, (now, ctx)),
        Ordinary::AcknowledgeConflict { conflict } => conflicts::acknowledge(view, command, conflict, now),
        Ordinary::CallAssistance { counter, reason } => {
            lobby::call_assistance(view, command, (*counter, reason.as_deref()), (now, ctx))
        }
        Ordinary::AcknowledgeReminder { reminder } => lobby::acknowledge(view, command, reminder, now),
        Ordinary::ReportPrinter { state } => lobby::report_printer(view, command, *state, (now, ctx)),
        Ordinary::PutConfig { section, value } => config::put(view, section, value),
        Ordinary::ImportConfig { sections, staff } => config::import(view, sections, staff),
        Ordinary::PutStaff { staff } => staff::put(view, staff),
        Ordinary::PutDeviceSettings { settings } => devices::put_settings(command, settings),
        Ordinary::Enrol { device, role, name, counter } => {
            devices::enrol(view, command, (device, *role, name, *counter), now)
        }
        Ordinary::Revoke { device, last } => devices::revoke(view, command, device, *last, now),
        Ordinary::GrantAdmin { device } => devices::grant_admin(view, command, device, now),
    }
}

/// What the same command has already done; a key that was used for something else is refused.
fn repeated(view: &BranchView, command: &Command) -> Result<Option<Done>, Rejection> {
    match view.find_command(&command.id) {
        Some(prior) if command.ask.fits(prior.verb, &prior.done) => Ok(Some(prior.done)),
        Some(_) => Err(Rejection::KeyReused),
        None => Ok(None),
    }
}

/// Decides a guarded command; asked by the steward, whose log `book` is. `lane` is empty for the main lane. `None`: nobody
/// waits for this counter. The entry must be appended, and folded into the book, before the next decision.
///
/// # Errors
/// The rejection, with nothing to append. [`Rejection::NoAuthority`] leaves the holders to the hub, which knows the mesh.
pub fn guarded(
    view: &BranchView,
    book: &mut Book,
    lane: &str,
    command: &Command,
    now: UnixMs,
    ctx: &Context,
) -> Result<Option<Entry>, Rejection> {
    permit(view, command)?;
    let Ask::Guarded(ask) = &command.ask else {
        return Err(Rejection::invalid("command", "this command is decided by the node that is asked"));
    };
    let desk = Desk::new(view, book, lane, now, ctx);
    let act = match ask {
        Guarded::Issue { service, category, language, identified, status_digest } => {
            let wish = issue::Wish { service, category: category.as_deref(), language: language.as_deref() };
            issue::issue(&desk, &wish, *identified, status_digest.as_deref()).map(Some)
        }
        Guarded::CallNext { counter } => call_next::call_next(&desk, command, *counter),
        Guarded::Call { ticket, counter, override_reason } => {
            call::call(&desk, command, ticket, *counter, override_reason.as_deref()).map(Some)
        }
        Guarded::Move { ticket, service } => move_ticket::move_ticket(&desk, ticket, service).map(Some),
        Guarded::Abandon { ticket, reason } => abandon::abandon(&desk, ticket, reason.as_deref()).map(Some),
        Guarded::Reinstate { ticket } => reinstate::reinstate(&desk, ticket).map(Some),
        Guarded::Transfer { ticket, service, counter, staff, position } => {
            let target = transfer::Target { service: service.as_deref(), counter: *counter, staff: staff.as_deref() };
            transfer::transfer(&desk, ticket, &target, *position).map(Some)
        }
        Guarded::CloseDay { date } => close_day::close_day(&desk, *date).map(Some),
    }?;
    Ok(act.map(|act| Entry { cmd: command.id.clone(), by: command.caller.actor(now), act }))
}

/// A reason a person typed: trimmed, not endless, no control characters; nothing typed is no reason.
fn reason(field: &str, text: Option<&str>) -> Result<Option<String>, Rejection> {
    let Some(text) = text.map(str::trim).filter(|t| !t.is_empty()) else { return Ok(None) };
    if text.chars().count() > MAX_REASON_CHARS || text.chars().any(char::is_control) {
        return Err(Rejection::invalid(field, format!("at most {MAX_REASON_CHARS} printable characters are allowed")));
    }
    Ok(Some(text.to_owned()))
}

/// A fact as a document keeps it.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("facts have text keys and no failing serialiser")
}
