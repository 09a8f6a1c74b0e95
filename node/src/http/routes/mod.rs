//! The calls of the contract, one file a resource.

pub(crate) mod config;
pub(crate) mod config_file;
pub(crate) mod conflicts;
pub(crate) mod counters;
pub(crate) mod device;
pub(crate) mod devices;
pub(crate) mod mesh;
pub(crate) mod operations;
pub(crate) mod pages;
pub(crate) mod printing;
pub(crate) mod qr;
pub(crate) mod reads;
pub(crate) mod reminders;
pub(crate) mod session;
pub(crate) mod staff;
pub(crate) mod tickets;
pub(crate) mod verbs;

use branchmesh_model::command::{Ask, Command, Guarded, Ordinary};
use branchmesh_model::ids::CommandId;

use super::ApiState;
use super::extract::Key;
use super::problem::Problem;
use super::who::Who;
use crate::handle::Answer;

/// Asks the core; a caller without any standing is refused before.
async fn ask(api: &ApiState, who: Who, key: CommandId, ask: Ask) -> Result<Answer, Problem> {
    who.need_device_or_staff()?;
    Ok(api.handle.command(Command { id: key, caller: who.caller, ask }).await?)
}

async fn guarded(api: &ApiState, who: Who, key: Key, what: Guarded) -> Result<Answer, Problem> {
    ask(api, who, key.0, Ask::Guarded(what)).await
}

async fn ordinary(api: &ApiState, who: Who, key: Key, what: Ordinary) -> Result<Answer, Problem> {
    ask(api, who, key.0, Ask::Ordinary(what)).await
}
