//! The configuration and its keys in the `config` document: `section/{name}`, `staff/{id}`, `device/{id}`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::command::Rejection;
use crate::ids::DeviceId;
use crate::roster::Enrolment;
use crate::schema::{DocId, Write};

use super::{Config, DeviceSettings, Staff, check_staff};

/// One line a section: its name is its field of [`Config`].
macro_rules! sections {
    ($($name:ident),*) => {
        /// Names of the sections.
        pub const SECTIONS: &[&str] = &[$(stringify!($name)),*];

        impl Config {
            /// Replaces a section without looking at the others.
            pub(super) fn set(&mut self, section: &str, value: Value) -> Result<(), Rejection> {
                match section {
                    $(stringify!($name) => self.$name = typed(section, value)?,)*
                    _ => return Err(Rejection::not_found("section", section)),
                }
                Ok(())
            }

            /// A section as JSON; `None` if there is no such section.
            pub fn section(&self, name: &str) -> Option<Value> {
                Some(match name {
                    $(stringify!($name) => json(&self.$name),)*
                    _ => return None,
                })
            }
        }
    };
}

sections!(
    branch, services, groups, queues, counters, profiles, zones, hours, screens, thresholds, themes, kiosk, voice,
    ticker, ranks, webhooks
);

/// The key of a section.
pub fn section_key(name: &str) -> String {
    format!("section/{name}")
}

/// The key of a staff member.
pub fn staff_key(id: &str) -> String {
    format!("staff/{id}")
}

/// The key of a device's settings.
pub fn device_key(device: &DeviceId) -> String {
    format!("device/{device}")
}

impl Config {
    /// Reads the keys of the config document; also names the keys that could not be read, which count as not written.
    pub fn fold(facts: &BTreeMap<String, String>) -> (Self, Vec<String>) {
        let mut config = Config::default();
        let mut bad = vec![];
        for (key, text) in facts {
            if config.take(key, text).is_none() {
                bad.push(key.clone());
            }
        }
        (config, bad)
    }

    fn take(&mut self, key: &str, text: &str) -> Option<()> {
        match key.split_once('/')? {
            ("section", name) => self.set(name, serde_json::from_str(text).ok()?).ok(),
            ("staff", id) => {
                let staff: Staff = serde_json::from_str(text).ok()?;
                (staff.id == id).then(|| self.staff.insert(staff.id.clone(), staff))?;
                Some(())
            }
            ("device", id) => {
                let settings: DeviceSettings = serde_json::from_str(text).ok()?;
                self.devices.insert(id.parse().ok()?, settings);
                Some(())
            }
            _ => None,
        }
    }

    /// The configuration with `section` replaced, checked whole.
    ///
    /// # Errors
    /// [`Rejection::NotFound`] for an unknown section, [`Rejection::Invalid`] with the place of the first mistake.
    pub fn with_section(&self, section: &str, value: Value) -> Result<Config, Rejection> {
        let mut config = self.clone();
        config.set(section, value)?;
        config.check()?;
        Ok(config)
    }
}

fn typed<T: DeserializeOwned>(section: &str, value: Value) -> Result<T, Rejection> {
    serde_json::from_value(value).map_err(|e| Rejection::invalid(section, e.to_string()))
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("the configuration's types have text keys and no failing serialiser")
}

fn write(key: String, value: &impl Serialize) -> Write {
    Write { doc: DocId::config(), key, value: json(value).to_string() }
}

impl Config {
    /// The fact that stores a section; `None` if there is no such section.
    pub fn section_write(&self, name: &str) -> Option<Write> {
        self.section(name).map(|value| write(section_key(name), &value))
    }
}

/// The facts of a configuration file: a table of sections, each as `PUT /config/{section}` takes it. Sections that are
/// not named keep their default; all are checked together.
///
/// # Errors
/// [`Rejection::Invalid`] with the place of the first mistake.
pub fn config_from_value(value: Value) -> Result<Vec<Write>, Rejection> {
    let Value::Object(sections) = value else {
        return Err(Rejection::invalid("config", "a table of sections is expected"));
    };
    let mut config = Config::default();
    let mut named = vec![];
    for (name, content) in sections {
        config.set(&name, content)?;
        named.push(name);
    }
    config.check()?;
    Ok(named.iter().filter_map(|n| config.section_write(n)).collect())
}

/// The first device and the first sign-in of a branch.
#[derive(Clone, Debug)]
pub struct Founder {
    /// The branch's name.
    pub branch_name: String,
    /// The founding device's own enrolment.
    pub enrolment: Enrolment,
    /// The first staff member, with every right.
    pub manager: Staff,
}

/// The first facts of a branch: its founder's enrolment, its name, the configuration file if there is one, and the first
/// sign-in.
///
/// # Errors
/// [`Rejection::Invalid`] with the place of the first mistake.
pub fn founding(founder: &Founder, file: Option<Value>) -> Result<Vec<Write>, Rejection> {
    check_staff(&founder.manager)?;
    let mut file = file.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    let Value::Object(sections) = &mut file else {
        return Err(Rejection::invalid("config", "a table of sections is expected"));
    };
    let branch = sections.entry("branch").or_insert_with(|| Value::Object(serde_json::Map::new()));
    let Value::Object(branch) = branch else {
        return Err(Rejection::invalid("branch", "a table is expected"));
    };
    branch.insert("name".into(), founder.branch_name.clone().into());
    let mut writes = vec![Write {
        doc: DocId::roster(),
        key: format!("e/{}", founder.enrolment.device),
        value: json(&founder.enrolment).to_string(),
    }];
    writes.extend(config_from_value(file)?);
    writes.push(write(staff_key(&founder.manager.id), &founder.manager));
    Ok(writes)
}
