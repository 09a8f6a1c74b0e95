//! Importing: several sections and staff members at once, checked together with what stays as it is.

use serde_json::{Map, Value};

use crate::command::Rejection;

use super::{Config, Staff, StaffRole, check_staff};

/// A branch has a few dozen staff; this bound only stops a runaway program.
const MAX_STAFF: usize = 1000;

impl Config {
    /// The configuration with these staff members added or replaced, checked together.
    ///
    /// # Errors
    /// [`Rejection::Invalid`] with the place of the first mistake.
    pub fn with_staff(&self, staff: &[Staff]) -> Result<Config, Rejection> {
        staff.iter().try_for_each(check_staff)?;
        let mut config = self.clone();
        config.staff.extend(staff.iter().map(|s| (s.id.clone(), s.clone())));
        if config.staff.len() > MAX_STAFF && config.staff.len() > self.staff.len() {
            return Err(Rejection::invalid("id", format!("at most {MAX_STAFF} staff members are allowed")));
        }
        let is_admin = |s: &Staff| !s.disabled && s.roles.contains(&StaffRole::Admin);
        if !staff.is_empty() && !config.staff.values().any(is_admin) {
            return Err(Rejection::invalid("roles", "the last administrator cannot give up the role"));
        }
        Ok(config)
    }

    /// The configuration with all of `sections` replaced, checked whole. A webhook without a secret keeps the one that
    /// the webhook of the same id has here, since exported files hold none.
    ///
    /// # Errors
    /// [`Rejection::NotFound`] for an unknown section, [`Rejection::Invalid`] with the place of the first mistake.
    pub fn with_sections(&self, sections: &Map<String, Value>) -> Result<Config, Rejection> {
        let mut config = self.clone();
        for (name, content) in sections {
            let mut content = content.clone();
            if name == "webhooks" {
                self.lend_secrets(&mut content);
            }
            config.set(name, content)?;
        }
        config.check()?;
        Ok(config)
    }

    fn lend_secrets(&self, webhooks: &mut Value) {
        for hook in webhooks.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            let known = self.webhooks.iter().find(|w| hook.get("id").and_then(Value::as_str) == Some(&w.id));
            if let (Some(known), false) = (known, hook.contains_key("secret")) {
                hook.insert("secret".into(), known.secret.as_str().into());
            }
        }
    }
}
