//! Staff members created and changed.

use crate::command::{Done, Rejection};
use crate::config::{Staff, StaffRole, check_staff, staff_key};
use crate::schema::{DocId, Write};
use crate::view::BranchView;

/// A branch has a few dozen staff; this bound only stops a runaway program.
const MAX_STAFF: usize = 1000;

pub(super) fn put(view: &BranchView, staff: &Staff) -> Result<(Vec<Write>, Done), Rejection> {
    check_staff(staff)?;
    let known = &view.config().staff;
    if !known.contains_key(&staff.id) && known.len() >= MAX_STAFF {
        return Err(Rejection::invalid("id", format!("at most {MAX_STAFF} staff members are allowed")));
    }
    let others = known.values().filter(|s| s.id != staff.id);
    let is_admin = |s: &Staff| !s.disabled && s.roles.contains(&StaffRole::Admin);
    if !is_admin(staff) && !others.into_iter().any(is_admin) {
        return Err(Rejection::invalid("roles", "the last administrator cannot give up the role"));
    }
    let write = Write { doc: DocId::config(), key: staff_key(&staff.id), value: super::json(staff) };
    Ok((vec![write], Done::Changed))
}
