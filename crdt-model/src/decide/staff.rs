//! Staff members created and changed.

use crate::command::{Done, Rejection};
use crate::config::{Staff, staff_key};
use crate::schema::{DocId, Write};
use crate::view::BranchView;

pub(super) fn put(view: &BranchView, staff: &Staff) -> Result<(Vec<Write>, Done), Rejection> {
    Ok((put_all(view, std::slice::from_ref(staff))?, Done::Changed))
}

/// Staff members as they shall be, checked together; those that are so already need no writing.
pub(super) fn put_all(view: &BranchView, staff: &[Staff]) -> Result<Vec<Write>, Rejection> {
    let present = view.config();
    present.with_staff(staff)?;
    let changed = staff.iter().filter(|s| present.staff.get(&s.id) != Some(s));
    let write = |s: &Staff| Write { doc: DocId::config(), key: staff_key(&s.id), value: super::json(s) };
    Ok(changed.map(write).collect())
}
