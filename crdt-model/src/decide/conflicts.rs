//! Somebody has seen to a double call.

use crate::command::{Command, Done, Rejection};
use crate::ids::RecordKey;
use crate::schema::{DocId, Write};
use crate::time::UnixMs;
use crate::view::BranchView;

pub(super) fn acknowledge(
    view: &BranchView,
    command: &Command,
    id: &RecordKey,
    now: UnixMs,
) -> Result<(Vec<Write>, Done), Rejection> {
    let found = view.find_conflict(id).ok_or_else(|| Rejection::not_found("conflict", &id.to_string()));
    let (date, conflict) = found?;
    if conflict.acknowledged.is_some() {
        return Ok((vec![], Done::Conflict(*id)));
    }
    let value = super::json(&command.caller.actor(now));
    let write = Write { doc: DocId::queue(date, &conflict.ticket), key: format!("k:{id}"), value };
    Ok((vec![write], Done::Conflict(*id)))
}
