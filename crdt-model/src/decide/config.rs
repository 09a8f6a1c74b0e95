//! A section of the configuration replaced: checked whole, refused whole.

use serde_json::Value;

use crate::command::{Done, Rejection};
use crate::schema::Write;
use crate::view::BranchView;

pub(super) fn put(view: &BranchView, section: &str, value: &Value) -> Result<(Vec<Write>, Done), Rejection> {
    let config = view.config().with_section(section, value.clone())?;
    let write = config.section_write(section).ok_or_else(|| Rejection::not_found("section", section))?;
    Ok((vec![write], Done::Changed))
}
