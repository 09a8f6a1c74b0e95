//! Sections of the configuration replaced: checked whole, refused whole.

use serde_json::{Map, Value};

use crate::command::{Done, Rejection};
use crate::config::Staff;
use crate::schema::Write;
use crate::view::BranchView;

pub(super) fn put(view: &BranchView, section: &str, value: &Value) -> Result<(Vec<Write>, Done), Rejection> {
    let config = view.config().with_section(section, value.clone())?;
    let write = config.section_write(section).ok_or_else(|| Rejection::not_found("section", section))?;
    Ok((vec![write], Done::Changed))
}

/// Several sections and staff members in one change: all of it or nothing.
pub(super) fn import(
    view: &BranchView,
    sections: &Map<String, Value>,
    staff: &[Staff],
) -> Result<(Vec<Write>, Done), Rejection> {
    let present = view.config();
    let config = present.with_sections(sections)?;
    let changed = sections.keys().filter(|name| present.section(name) != config.section(name));
    let mut writes: Vec<Write> = changed.filter_map(|name| config.section_write(name)).collect();
    writes.extend(super::staff::put_all(view, staff)?);
    Ok((writes, Done::Changed))
}
